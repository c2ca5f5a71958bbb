//! A `#[command]`: the type, its fields and what was declared.
use super::job::JobKeys;
use super::policy::{Backoff, Period, Rate, Throttle};
use super::sanitize::Sanitizer;
use crate::names::unraw;
use proc_macro2::{Ident, Span, TokenStream};
use syn::{Attribute, Expr, Generics, Path, Type, Visibility};

/// The value of a key, with the key to complain at.
#[derive(Clone, Debug)]
pub(crate) struct Set<T> {
    pub(crate) key: Ident,
    pub(crate) value: T,
    /// The tokens of the value.
    pub(crate) at: TokenStream,
}

/// What the attribute says.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) name: Option<Set<String>>,
    pub(crate) version: Option<Set<u16>>,
    pub(crate) output: Option<Set<Type>>,
    pub(crate) error: Option<Set<Type>>,
    pub(crate) remote: Option<Set<()>>,
    pub(crate) validate: Option<Set<()>>,
    pub(crate) authorize: Option<Set<Path>>,
    pub(crate) rate: Option<Set<Rate>>,
    pub(crate) timeout: Option<Set<Period>>,
    pub(crate) retries: Option<Set<u32>>,
    pub(crate) backoff: Option<Set<Backoff>>,
    pub(crate) throttle: Option<Set<Throttle>>,
    pub(crate) middleware: Option<Set<Vec<Expr>>>,
    pub(crate) bus: Option<Set<Path>>,
    /// What only a job declares; `None`: it is a command.
    pub(crate) job: Option<JobKeys>,
    /// Every key as written, unknown ones too: what an editor completes.
    pub(crate) keys: Vec<Ident>,
}

/// A command and its declaration.
pub(crate) struct Command {
    pub(crate) options: Options,
    pub(crate) ident: Ident,
    pub(crate) vis: Visibility,
    pub(crate) generics: Generics,
    /// The `#[cfg]`s of the item: what goes with it is there when it is.
    pub(crate) cfgs: Vec<Attribute>,
    pub(crate) shape: Shape,
    /// The item without the attributes that are ours.
    pub(crate) item: TokenStream,
    pub(crate) rules: Rules,
}

/// Where the validation rules of a command are.
#[derive(Default)]
pub(crate) struct Rules {
    /// The first `#[validate]`, if any.
    pub(crate) first: Option<Span>,
    /// The user derives `Validate` himself.
    pub(crate) derived: bool,
    /// A field has `#[validate(nested)]`.
    pub(crate) nested: bool,
}

/// The variants of an enum; a struct is one without a name.
pub(crate) struct Shape {
    pub(crate) is_enum: bool,
    pub(crate) variants: Vec<Variant>,
}

/// One variant of an enum, or a struct.
pub(crate) struct Variant {
    pub(crate) ident: Option<Ident>,
    pub(crate) cfgs: Vec<Attribute>,
    pub(crate) fields: Vec<Field>,
}

/// One field.
pub(crate) struct Field {
    pub(crate) member: Member,
    pub(crate) cfgs: Vec<Attribute>,
    pub(crate) sanitizers: Vec<Sanitizer>,
    /// The `range` and `length` rules as written, for literals.
    pub(crate) rules: TokenStream,
}

/// The name or the index of a field.
#[derive(Clone, Debug)]
pub(crate) enum Member {
    Named(Ident),
    Indexed(u32),
}

impl Member {
    /// As one writes it.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Named(ident) => unraw(ident),
            Self::Indexed(index) => index.to_string(),
        }
    }
}

impl Shape {
    /// Whether any field is sanitized.
    pub(crate) fn sanitizes(&self) -> bool {
        self.fields().any(|field| !field.sanitizers.is_empty())
    }

    /// All fields of all variants.
    pub(crate) fn fields(&self) -> impl Iterator<Item = &Field> {
        self.variants.iter().flat_map(|variant| &variant.fields)
    }

    /// The field of that name, of a struct.
    pub(crate) fn field(&self, name: &str) -> Option<&Field> {
        if self.is_enum {
            return None;
        }
        self.fields().find(|field| field.member.text() == name)
    }
}

impl Command {
    /// Whether it is a struct whose fields have names.
    pub(crate) fn has_named_fields(&self) -> bool {
        let mut fields = self.shape.fields();
        !self.shape.is_enum
            && fields
                .next()
                .is_some_and(|field| matches!(field.member, Member::Named(_)))
    }

    /// Whether the derive of `Validate` is ours to add.
    pub(crate) fn derives_rules(&self) -> bool {
        self.rules.first.is_some() && !self.rules.derived && self.has_named_fields()
    }
}
