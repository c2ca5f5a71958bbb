//! Every path and identifier that generated code uses.
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote_spanned};
use std::hash::{DefaultHasher, Hash, Hasher};
use syn::Path;

/// The path of the library in the user's crate: `::bus`, or what `crate = …` says.
/// Printed, it is the library's private module.
#[derive(Clone)]
pub(crate) struct Bus(TokenStream);

impl Bus {
    pub(crate) fn new(path: Option<&Path>) -> Self {
        match path {
            Some(path) => Self(respan(path.to_token_stream(), Span::call_site())),
            None => Self(quote_spanned!(Span::mixed_site()=> ::bus)),
        }
    }

    /// The path given by a `macro_rules!` of the library itself: its `$crate`.
    pub(crate) fn given(path: TokenStream) -> Self {
        Self(path)
    }

    /// A path in the private module, as the text that an attribute of another macro takes.
    pub(crate) fn private_text(&self, rest: &str) -> String {
        let root: String = self.0.to_string().split_whitespace().collect();
        format!("{root}::__private::{rest}")
    }
}

impl ToTokens for Bus {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.0.to_tokens(tokens);
        tokens.extend(quote_spanned!(Span::mixed_site()=> ::__private));
    }
}

/// The crate that is compiled: what tells a local handler from a foreign one.
pub(crate) fn this_crate() -> String {
    std::env::var("CARGO_CRATE_NAME").unwrap_or_default()
}

/// The hidden names that belong to one command.
pub(crate) struct CommandNames {
    /// The link symbol of a remote command; its text is the linker's error message.
    pub(crate) symbol: String,
    /// The real name of the companion macro, unique in the crate.
    pub(crate) companion: Ident,
}

impl CommandNames {
    pub(crate) fn of(command: &Ident) -> Self {
        let krate = this_crate();
        let version = std::env::var("CARGO_PKG_VERSION").unwrap_or_default();
        let mut hasher = DefaultHasher::new();
        (&krate, &version, place(command.span())).hash(&mut hasher);
        let hash = format!("{:08x}", hasher.finish() as u32);
        let name = unraw(command);
        Self {
            symbol: format!("bus_error__no_handler_is_linked_for_command__{krate}__{name}__{hash}"),
            companion: format_ident!("__bus_{krate}_{name}_{hash}", span = Span::mixed_site()),
        }
    }
}

/// File, line and column: two commands of one name in two modules differ by it.
fn place(span: Span) -> (String, usize, usize) {
    if !proc_macro::is_available() {
        // Unit tests and snapshots: always the same.
        return (String::new(), 0, 0);
    }
    let span = span.unwrap();
    (span.file(), span.line(), span.column())
}

/// The text of an identifier without `r#`.
pub(crate) fn unraw(ident: &Ident) -> String {
    let text = ident.to_string();
    text.strip_prefix("r#").map(str::to_owned).unwrap_or(text)
}

/// The same tokens, all with one span.
pub(crate) fn respan(tokens: TokenStream, span: Span) -> TokenStream {
    use proc_macro2::{Group, TokenTree};
    tokens
        .into_iter()
        .map(|token| match token {
            TokenTree::Group(old) => {
                let mut new = Group::new(old.delimiter(), respan(old.stream(), span));
                new.set_span(span);
                TokenTree::Group(new)
            }
            mut other => {
                other.set_span(span);
                other
            }
        })
        .collect()
}

/// The same identifier for generated code: resolved like the user's, shown nowhere.
pub(crate) fn quiet(ident: &Ident) -> Ident {
    let mut quiet = ident.clone();
    quiet.set_span(Span::mixed_site());
    quiet
}
