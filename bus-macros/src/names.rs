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
        format!("{}::__private::{rest}", written(self.0.clone()))
    }
}

impl Bus {
    /// The clause that lets a body take it as given that `command` is `Send`. Only `impl Command`
    /// goes without, so that the compiler asks there, and nowhere else.
    pub(crate) fn given_send(&self, command: &TokenStream) -> TokenStream {
        quote_spanned! {Span::mixed_site()=>
            where for<'a> <#command as #self::Same<'a>>::It: ::core::marker::Send
        }
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
    if !proc_macro::is_available() {
        // Unit tests and snapshots: always the same.
        return String::from("app");
    }
    std::env::var("CARGO_CRATE_NAME").unwrap_or_default()
}

/// The version of the package that is compiled: two of one crate may be linked together.
fn this_version() -> String {
    if !proc_macro::is_available() {
        return String::new();
    }
    std::env::var("CARGO_PKG_VERSION").unwrap_or_default()
}

/// Tokens as one writes them: spaces only between words and after commas.
pub(crate) fn written(tokens: TokenStream) -> String {
    use proc_macro2::{Delimiter, TokenTree};
    let mut text = String::new();
    for token in tokens {
        let piece = match &token {
            TokenTree::Group(group) => {
                let inside = written(group.stream());
                match group.delimiter() {
                    Delimiter::Parenthesis => format!("({inside})"),
                    Delimiter::Bracket => format!("[{inside}]"),
                    Delimiter::Brace => format!("{{ {inside} }}"),
                    Delimiter::None => inside,
                }
            }
            other => other.to_string(),
        };
        let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '"' | '\'');
        let apart = text.ends_with(',')
            || (text.ends_with(is_word) && piece.starts_with(is_word))
            || piece.starts_with('{');
        if apart && !text.is_empty() {
            text.push(' ');
        }
        text.push_str(&piece);
    }
    text
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
        let version = this_version();
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

#[cfg(test)]
mod tests {
    use super::*;
    use quote::quote;

    #[test]
    fn tokens_are_written_as_people_do() {
        for (tokens, text) in [
            (quote!(Cache::new(3, "a b")), "Cache::new(3, \"a b\")"),
            (quote!(my::path::<u8>), "my::path::<u8>"),
            (quote!(Audit { level: 3 }), "Audit { level:3 }"),
            (quote!(async move |x| x.y), "async move|x|x.y"),
        ] {
            assert_eq!(written(tokens), text);
        }
    }
}
