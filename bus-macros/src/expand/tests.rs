//! What each macro expands to, as golden files; and that hostile input never panics.
//!
//! `UPDATE=1 cargo test -p bus-macros` writes the files anew.
use crate::entry;
use proc_macro2::TokenStream;
use quote::quote;

mod hostile;

/// The expansion as formatted source; macro definitions inside are left as they are.
fn source(tokens: TokenStream) -> String {
    let text = tokens.to_string();
    let file = syn::parse2(tokens).unwrap_or_else(|error| panic!("{error}: {text}"));
    prettyplease::unparse(&file)
}

fn snapshot(name: &str, tokens: TokenStream) {
    let purpose = "//! What an entry point expands to: kept by `snapshot` in `../tests.rs`, written with UPDATE=1.";
    let expanded = format!("{purpose}\n{}", source(tokens));
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("src/expand/snapshots")
        .join(format!("{name}.rs"));
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &expanded).expect("the golden file can be written");
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        golden == expanded,
        "{name} expands to something else than {}; run with UPDATE=1 and look at the difference\n{expanded}",
        path.display(),
    );
}

#[test]
fn command_without_policies() {
    let item = quote! {
        /// Adds.
        #[derive(Debug)]
        pub struct Add(pub u64, u64);
    };
    snapshot("command", entry::command(quote!(output = u64), item));
}

#[test]
fn command_with_every_policy() {
    let attribute = quote! {
        name = "orders.place", version = 2, output = OrderId, error = OrderError, authorize = auth::buyers,
        rate = "100/s burst 20 per account, quantity", timeout = "1m 500ms", retries = 3,
        backoff = "exponential(1s, max = 1h, jitter)", throttle("5 failures/10m", only(OrderError::Store)),
        middleware = [Audit, Cache::new(3)], crate = my::bus
    };
    let item = quote! {
        #[cfg(feature = "orders")]
        #[derive(Clone)]
        pub(crate) struct PlaceOrder {
            #[validate(range(min = 1, max = 100))]
            quantity: u32,
            #[sanitize(trim, lowercase)]
            #[validate(email)]
            email: String,
            #[sanitize(nested)]
            #[validate(nested)]
            address: Address,
            account: u64,
        }
    };
    snapshot("command_policies", entry::command(attribute, item));
}

#[test]
fn job_with_every_key() {
    let attribute = quote! {
        queue = "emails", priority = -3, delay = "5m", retries = 3, backoff = "fixed(30s)", timeout = "5s",
        retry_until = "1d", retain = "7d", tags = ["mail"], error = MailError, output = u64,
        authorize = auth::senders, rate = "10/s", no_retry(Declined, MailError::Gone), on_failure = ops::Alert
    };
    let item = quote! {
        #[derive(Clone, serde::Serialize)]
        pub struct SendReceipt {
            #[sanitize(trim)]
            #[validate(email)]
            to: String,
        }
    };
    snapshot("job", entry::job(attribute, item));
}

#[test]
fn remote_command() {
    let item = quote!(
        pub enum Charge {
            Card {
                #[sanitize(with = digits)]
                number: String,
            },
            Cash(u8),
        }
    );
    snapshot("command_remote", entry::command(quote!(remote), item));
}

#[test]
fn command_with_mistakes() {
    let attribute = quote!(outptu = u8, rate = "10/fortnight");
    let item = quote!(
        struct Add<T> {
            #[validate(range(min = 1))]
            #[sanitize(trm)]
            value: T,
        }
    );
    snapshot("command_mistakes", entry::command(attribute, item));
}

#[test]
fn async_handler() {
    let item = quote! {
        async fn place<'a>(order: contracts::PlaceOrder, db: &'a Db, who: Principal<User>) -> Result<OrderId, OrderError> {
            db.insert(order).await
        }
    };
    snapshot("handler_async", entry::handler(quote!(), item));
}

#[test]
fn plain_handler() {
    snapshot(
        "handler_plain",
        entry::handler(
            quote!(),
            quote!(
                fn add(add: Add) -> u64 {
                    add.0 + add.1
                }
            ),
        ),
    );
}

#[test]
fn handler_with_a_mistake() {
    let item = quote!(
        async fn add(db: &Db, add: Add) -> u64 {
            1
        }
    );
    snapshot("handler_mistake", entry::handler(quote!(), item));
}

#[test]
fn handlers_of_a_service() {
    let item = quote! {
        impl Shop {
            const SIZE: usize = 3;
            #[handler]
            pub async fn place(&self, order: PlaceOrder) -> Result<Self::Id, OrderError> { self.insert(order).await }
            fn insert(&self) {}
        }
    };
    snapshot("handlers", entry::handlers(quote!(), item));
}

#[test]
fn sanitized_type() {
    let item = quote! {
        struct Address<T> {
            #[sanitize(trim, collapse_whitespace)]
            street: String,
            #[sanitize(nested)]
            rest: T,
        }
    };
    snapshot("sanitized", entry::sanitized(quote!(), item));
}

#[test]
fn checked_value() {
    let value = entry::checked(quote!([::bus] PlaceOrder { quantity: 2, email: "a@b", address }));
    snapshot("checked", quote!(fn value() -> PlaceOrder { #value }));
}

#[test]
fn broken_rule() {
    let call = quote!({ quantity (0) email ("a") } { quantity { range(min = 1), } });
    let told = entry::rules(call).to_string();
    assert!(told.contains("must be at least 1"), "{told}");
    assert!(told.contains("[BUS033]"), "{told}");
}

#[test]
fn wired_crates() {
    snapshot("wire", entry::wire(quote!([::bus] app, billing; contracts)));
}

#[test]
fn contract_of_a_crate() {
    snapshot(
        "contract",
        entry::contract(quote!([::bus] PlaceOrder, billing::Charge)),
    );
}
