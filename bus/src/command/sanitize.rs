//! Cleaning of fields before validation: `#[sanitize(trim, lowercase, …)]`.
use std::borrow::Cow;

/// A type that cleans itself: write [`#[sanitized]`](crate::sanitized) on what is nested in
/// commands, or implement it by hand. Commands need neither.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be sanitized: it does not implement `Sanitize` [BUS039]",
    label = "`nested` needs `Sanitize`",
    note = "put `#[bus::sanitized]` on the definition of `{Self}`, with `#[sanitize(…)]` on its fields, or drop `nested`"
)]
pub trait Sanitize {
    /// Cleans the value in place.
    fn sanitize(&mut self);
}

impl<T: Sanitize> Sanitize for Option<T> {
    fn sanitize(&mut self) {
        self.iter_mut().for_each(Sanitize::sanitize);
    }
}

impl<T: Sanitize> Sanitize for Vec<T> {
    fn sanitize(&mut self) {
        self.iter_mut().for_each(Sanitize::sanitize);
    }
}

impl<T: Sanitize> Sanitize for Box<T> {
    fn sanitize(&mut self) {
        (**self).sanitize();
    }
}

/// A field of text, or an `Option` or `Vec` of one: what the built-in sanitizers take.
///
/// None allocates when there is nothing to clean.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be sanitized as text [BUS038]",
    label = "for `String`, `Cow<str>`, `Box<str>`, and `Option` or `Vec` of these",
    note = "for another type write `#[sanitize(with = path)]` with a `fn(&mut {Self})`, or `#[sanitize(nested)]` if it implements `Sanitize`"
)]
pub trait SanitizeText {
    /// Replaces every text by what `clean` makes of it, where it makes something else.
    fn each(&mut self, clean: fn(&str) -> Cow<'_, str>);
}

impl SanitizeText for String {
    fn each(&mut self, clean: fn(&str) -> Cow<'_, str>) {
        let cleaned = match clean(self) {
            Cow::Borrowed(part) if part.len() == self.len() => return,
            Cow::Borrowed(part) => {
                // A part of the text: cut in place, from the end first.
                let start = part.as_ptr() as usize - self.as_ptr() as usize;
                let end = start + part.len();
                self.truncate(end);
                self.drain(..start);
                return;
            }
            Cow::Owned(new) => new,
        };
        *self = cleaned;
    }
}

impl SanitizeText for Cow<'static, str> {
    fn each(&mut self, clean: fn(&str) -> Cow<'_, str>) {
        let cleaned = clean(self);
        if *cleaned != **self {
            *self = Cow::Owned(cleaned.into_owned());
        }
    }
}

impl SanitizeText for Box<str> {
    fn each(&mut self, clean: fn(&str) -> Cow<'_, str>) {
        let cleaned = clean(self);
        if *cleaned != **self {
            *self = cleaned.into_owned().into_boxed_str();
        }
    }
}

impl<T: SanitizeText> SanitizeText for Option<T> {
    fn each(&mut self, clean: fn(&str) -> Cow<'_, str>) {
        self.iter_mut().for_each(|text| text.each(clean));
    }
}

impl<T: SanitizeText> SanitizeText for Vec<T> {
    fn each(&mut self, clean: fn(&str) -> Cow<'_, str>) {
        self.iter_mut().for_each(|text| text.each(clean));
    }
}

/// `#[sanitize(trim)]`: no white space at either end.
#[doc(hidden)]
pub fn trim(text: &mut impl SanitizeText) {
    text.each(|text| Cow::Borrowed(text.trim()));
}

/// `#[sanitize(lowercase)]`
#[doc(hidden)]
pub fn lowercase(text: &mut impl SanitizeText) {
    text.each(|text| match text.chars().any(char::is_uppercase) {
        true => Cow::Owned(text.to_lowercase()),
        false => Cow::Borrowed(text),
    });
}

/// `#[sanitize(uppercase)]`
#[doc(hidden)]
pub fn uppercase(text: &mut impl SanitizeText) {
    text.each(|text| match text.chars().any(char::is_lowercase) {
        true => Cow::Owned(text.to_uppercase()),
        false => Cow::Borrowed(text),
    });
}

/// `#[sanitize(collapse_whitespace)]`: every run of white space becomes one space.
#[doc(hidden)]
pub fn collapse_whitespace(text: &mut impl SanitizeText) {
    text.each(|text| {
        let mut before = 'x';
        let clean = text.chars().all(|c| {
            let doubled = c.is_whitespace() && (c != ' ' || before == ' ');
            before = c;
            !doubled
        });
        if clean {
            return Cow::Borrowed(text);
        }
        let mut collapsed = String::with_capacity(text.len());
        for c in text.chars() {
            if !c.is_whitespace() {
                collapsed.push(c);
            } else if !collapsed.ends_with(' ') {
                collapsed.push(' ');
            }
        }
        Cow::Owned(collapsed)
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(clean: fn(&mut String), text: &str) -> String {
        let mut text = text.to_owned();
        clean(&mut text);
        text
    }

    #[test]
    fn each_sanitizer_cleans_and_leaves_clean_text_alone() {
        assert_eq!(after(trim, "\t é x \n"), "é x");
        assert_eq!(after(trim, ""), "");
        assert_eq!(after(trim, "   "), "");
        assert_eq!(after(lowercase, "ÀB c"), "àb c");
        assert_eq!(after(uppercase, "straße"), "STRASSE");
        assert_eq!(after(collapse_whitespace, " a \n\t b  c"), " a b c");
        let mut kept = String::from("clean text");
        let before = kept.as_ptr();
        trim(&mut kept);
        lowercase(&mut kept);
        collapse_whitespace(&mut kept);
        assert_eq!(kept.as_ptr(), before, "clean text is not copied");
    }
}
