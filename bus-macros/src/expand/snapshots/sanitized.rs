//! What an entry point expands to: kept by `snapshot` in `../tests.rs`, written with UPDATE=1.
struct Address<T> {
    street: String,
    rest: T,
}
#[diagnostic::do_not_recommend]
#[allow(deprecated)]
impl<T> ::bus::__private::Sanitize for Address<T> {
    fn sanitize(&mut self) {
        match self {
            Self { street: field0, rest: field1, .. } => {
                {
                    ::bus::__private::trim(field0);
                    ::bus::__private::collapse_whitespace(field0);
                }
                {
                    ::bus::__private::Sanitize::sanitize(field1);
                }
            }
        }
    }
}
