//! The struct or enum under `#[command]` or `#[sanitized]`.
use super::owned::owned;
use super::rules::{is_nested, literal_rules};
use super::sanitize::sanitizers;
use crate::codes;
use crate::errors::{Errors, Mistake};
use crate::model::{Command, Derived, Field, Member, Options, Rules, Shape, Variant};
use crate::names::Bus;
use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Attribute, Data, DeriveInput, Fields, Path, Token, Visibility};

/// The item of `#[command]`, with our attributes taken off.
pub(crate) fn command(
    tokens: TokenStream,
    options: Options,
    errors: &mut Errors,
) -> Result<Command, Mistake> {
    let mut input: DeriveInput =
        syn::parse2(tokens.clone()).map_err(|error| wrong_item(tokens, error, "command"))?;
    if let Data::Union(data) = &input.data {
        let message = "a command can't be a union; `#[command]` goes on a struct or an enum";
        return Err(Mistake::at(&codes::WRONG_ITEM, data.union_token, message));
    }
    let shape = shape(&input.data, errors);
    let rules = rules(&input);
    let mut options = options;
    if let Some(job) = &mut options.job {
        job.serde = Derived {
            serialize: derives(&input.attrs, "Serialize"),
            deserialize: derives(&input.attrs, "Deserialize"),
        };
        let bus = Bus::new(options.bus.as_ref().map(|path| &path.value));
        owned(&mut input, &bus, errors);
    }
    twice(&input.attrs, &["sanitized"], errors);
    let mut command = Command {
        options,
        cfgs: cfgs(&input.attrs),
        ident: input.ident.clone(),
        vis: input.vis.clone(),
        generics: input.generics.clone(),
        shape,
        rules,
        item: TokenStream::new(),
    };
    // A derive needs its attributes; without one nobody knows them.
    let keep_rules = command.rules.derived || command.derives_rules();
    strip(&mut input, |attribute| {
        attribute.path().is_ident("sanitize")
            || (attribute.path().is_ident("validate") && !keep_rules)
    });
    command.item = input.into_token_stream();
    Ok(command)
}

/// The item of `#[sanitized]`, and without the attributes that are ours.
pub(crate) fn sanitized(
    tokens: TokenStream,
    errors: &mut Errors,
) -> Result<(DeriveInput, Shape), Mistake> {
    let mut input: DeriveInput =
        syn::parse2(tokens.clone()).map_err(|error| wrong_item(tokens, error, "sanitized"))?;
    if let Data::Union(data) = &input.data {
        let message = "a union can't be sanitized: which of its fields is set is not known";
        return Err(Mistake::at(&codes::WRONG_ITEM, data.union_token, message));
    }
    twice(&input.attrs, &["command", "job"], errors);
    let shape = shape(&input.data, errors);
    strip(&mut input, |attribute| {
        attribute.path().is_ident("sanitize")
    });
    Ok((input, shape))
}

/// A command sanitizes its fields by itself.
fn twice(attributes: &[Attribute], others: &[&str], errors: &mut Errors) {
    let named = |attribute: &&Attribute| {
        let last = attribute.path().segments.last();
        last.is_some_and(|last| others.iter().any(|other| last.ident == other))
    };
    if let Some(other) = attributes.iter().find(named) {
        let message = "a command sanitizes its fields by itself: remove `#[sanitized]`";
        errors.at(&codes::CONTRADICTION, other.path(), message);
    }
}

fn shape(data: &Data, errors: &mut Errors) -> Shape {
    match data {
        Data::Enum(data) => Shape {
            is_enum: true,
            variants: data
                .variants
                .iter()
                .map(|variant| Variant {
                    ident: Some(variant.ident.clone()),
                    cfgs: cfgs(&variant.attrs),
                    fields: fields(&variant.fields, errors),
                })
                .collect(),
        },
        Data::Struct(data) => Shape {
            is_enum: false,
            variants: vec![Variant {
                ident: None,
                cfgs: Vec::new(),
                fields: fields(&data.fields, errors),
            }],
        },
        Data::Union(_) => Shape {
            is_enum: false,
            variants: Vec::new(),
        },
    }
}

fn fields(fields: &Fields, errors: &mut Errors) -> Vec<Field> {
    let mut index = 0;
    fields
        .iter()
        .map(|field| {
            let member = match &field.ident {
                Some(ident) => Member::Named(ident.clone()),
                None => Member::Indexed(index),
            };
            index += 1;
            let of =
                |name: &'static str| field.attrs.iter().filter(move |a| a.path().is_ident(name));
            Field {
                member,
                cfgs: cfgs(&field.attrs),
                sanitizers: of("sanitize").flat_map(|a| sanitizers(a, errors)).collect(),
                rules: of("validate").map(literal_rules).collect(),
            }
        })
        .collect()
}

fn rules(input: &DeriveInput) -> Rules {
    let own = input.attrs.iter();
    let fields: Vec<&Attribute> = match &input.data {
        Data::Struct(data) => data.fields.iter().flat_map(|field| &field.attrs).collect(),
        Data::Enum(data) => data
            .variants
            .iter()
            .flat_map(|variant| {
                variant
                    .attrs
                    .iter()
                    .chain(variant.fields.iter().flat_map(|f| &f.attrs))
            })
            .collect(),
        Data::Union(_) => Vec::new(),
    };
    let all: Vec<&Attribute> = own
        .chain(fields)
        .filter(|a| a.path().is_ident("validate"))
        .collect();
    Rules {
        first: all.first().map(|attribute| attribute.path().span()),
        derived: derives(&input.attrs, "Validate"),
        nested: all.iter().any(|attribute| is_nested(attribute)),
    }
}

/// Whether a `#[derive(…)]` has a trait of this name.
fn derives(attributes: &[Attribute], name: &str) -> bool {
    attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("derive"))
        .filter_map(|attribute| {
            attribute
                .parse_args_with(Punctuated::<Path, Token![,]>::parse_terminated)
                .ok()
        })
        .flatten()
        .any(|path| path.segments.last().is_some_and(|last| last.ident == name))
}

/// Takes attributes off the item, its variants and its fields.
fn strip(input: &mut DeriveInput, ours: impl Fn(&Attribute) -> bool) {
    input.attrs.retain(|attribute| !ours(attribute));
    let strip_fields = |fields: &mut Fields| {
        for field in fields.iter_mut() {
            field.attrs.retain(|attribute| !ours(attribute));
        }
    };
    match &mut input.data {
        Data::Struct(data) => strip_fields(&mut data.fields),
        Data::Enum(data) => {
            for variant in &mut data.variants {
                variant.attrs.retain(|attribute| !ours(attribute));
                strip_fields(&mut variant.fields);
            }
        }
        Data::Union(_) => {}
    }
}

/// The conditions under which something exists.
pub(crate) fn cfgs(attributes: &[Attribute]) -> Vec<Attribute> {
    attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("cfg"))
        .cloned()
        .collect()
}

/// What stands under our attribute instead of a struct or an enum.
fn wrong_item(tokens: TokenStream, error: syn::Error, ours: &str) -> Mistake {
    let keyword = (|input: ParseStream<'_>| {
        Attribute::parse_outer(input)?;
        input.parse::<Visibility>()?;
        let next = input.cursor().token_tree().map(|(token, _)| token);
        input.parse::<TokenStream>()?;
        Ok(next)
    })
    .parse2(tokens);
    let Ok(Some(keyword)) = keyword else {
        return Mistake::of(&codes::WRONG_ITEM, error);
    };
    let hint = match keyword.to_string().as_str() {
        "struct" | "enum" | "union" => return Mistake::of(&codes::WRONG_ITEM, error),
        "fn" | "async" | "unsafe" | "const" | "extern" if ours == "command" => {
            "; for the function that handles one write `#[handler]`"
        }
        "type" => ": put it on the type that this one names",
        _ => "",
    };
    let message = format!("`#[{ours}]` goes on a struct or an enum{hint}");
    Mistake::at(&codes::WRONG_ITEM, keyword, message)
}
