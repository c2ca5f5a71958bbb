//! A job owns its data: fields that borrow for `'static` can't be read back from a store.
use crate::codes;
use crate::errors::Errors;
use crate::names::Bus;
use quote::ToTokens;
use syn::{
    Attribute, Data, DeriveInput, Field, GenericArgument, PathArguments, Type, TypeReference,
    parse_quote,
};

/// Tells every field that borrows, and keeps serde from telling it again.
///
/// One with an attribute of serde is left to that: it may be skipped, or have a function that
/// reads it; so are all of a type that is read `from` another. Lifetimes with other names are told by the compiler, or as those of a generic job.
pub(super) fn owned(input: &mut DeriveInput, bus: &Bus, errors: &mut Errors) {
    let read_otherwise = |attribute: &Attribute| {
        attribute.path().is_ident("serde")
            && attribute.to_token_stream().to_string().contains("from")
    };
    if input.attrs.iter().any(read_otherwise) {
        return;
    }
    let never = bus.private_text("never");
    for field in all(&mut input.data) {
        let by_serde = field.attrs.iter().any(|a| a.path().is_ident("serde"));
        let Some(reference) = borrowed(&field.ty).filter(|_| !by_serde) else {
            continue;
        };
        let instead = match &*reference.elem {
            Type::Path(path) if path.path.is_ident("str") => "a `String` instead of this reference",
            Type::Slice(_) => "a `Vec` instead of this reference",
            _ => "the type without the reference",
        };
        let message = format!("a stored job owns its data: write {instead}");
        errors.at(&codes::BORROWED_FIELD, reference, message);
        field
            .attrs
            .push(parse_quote!(#[serde(skip, default = #never)]));
    }
}

fn all(data: &mut Data) -> Vec<&mut Field> {
    match data {
        Data::Struct(data) => data.fields.iter_mut().collect(),
        Data::Enum(data) => {
            let variants = data.variants.iter_mut();
            variants.flat_map(|variant| &mut variant.fields).collect()
        }
        Data::Union(_) => Vec::new(),
    }
}

/// The `&'static` in a type that is one, or holds one as serde would have to make it.
fn borrowed(ty: &Type) -> Option<&TypeReference> {
    match ty {
        Type::Group(group) => borrowed(&group.elem),
        Type::Paren(paren) => borrowed(&paren.elem),
        Type::Array(array) => borrowed(&array.elem),
        Type::Tuple(tuple) => tuple.elems.iter().find_map(borrowed),
        Type::Reference(reference) => {
            let lifetime = reference.lifetime.as_ref();
            lifetime
                .is_some_and(|lifetime| lifetime.ident == "static")
                .then_some(reference)
        }
        Type::Path(path) => {
            let last = path.path.segments.last()?;
            let PathArguments::AngleBracketed(arguments) = &last.arguments else {
                return None;
            };
            // What else is generic may hold nothing of its parameter, as `PhantomData`.
            let holds = ["Option", "Vec", "Box"]
                .iter()
                .any(|name| last.ident == name);
            let mut arguments = arguments.args.iter().filter(|_| holds);
            arguments.find_map(|argument| match argument {
                GenericArgument::Type(ty) => borrowed(ty),
                _ => None,
            })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_serde_could_not_read_back() {
        for (ty, borrows) in [
            ("&'static str", true),
            ("Option<&'static str>", true),
            ("std::vec::Vec<(u8, &'static [u8])>", true),
            ("[&'static str; 2]", true),
            ("String", false),
            ("Cow<'static, str>", false),
            ("PhantomData<&'static str>", false),
            ("PhantomData<fn(&'static str)>", false),
            // The compiler asks for the lifetime, and a generic job is a mistake of its own.
            ("&str", false),
            ("&'a str", false),
        ] {
            let parsed: Type = syn::parse_str(ty).expect("is a type");
            assert_eq!(borrowed(&parsed).is_some(), borrows, "{ty}");
        }
    }
}
