//! The macros: their documentation, and the path of this crate for the function-like ones.

/// Declares a struct or an enum as a command and states its whole contract.
///
/// | key | default | meaning |
/// | --- | --- | --- |
/// | `output = T` | `()` | what a dispatch answers |
/// | `error = E` | [`BoxError`](crate::BoxError) | what the handler fails with; the default takes any error |
/// | `name = "…"` | `crate::module::Type` | the stored name |
/// | `version = n` | 1 | the version of the payload's shape |
/// | `remote` | | the handler lives in another crate, found by the linker |
/// | `authorize = path` | | `fn(&Self, &Context) -> bool`, or `-> Result<(), Denied>` |
/// | `rate = "100/s burst 20 per account"` | | at most so many in a period, per value of the fields |
/// | `timeout = "5s"` | | drops the handler's future after so long |
/// | `retries = 3`, `backoff = "…"` | | runs the handler again after it failed; needs `Clone` |
/// | `throttle = "5 failures/10m"` | | refuses for a while after so many failures |
/// | `middleware = [Audit]` | | around this command only, outermost first |
/// | `validate` | | calls the type's own `Validate` (rules on fields need no key) |
/// | `crate = path` | `::bus` | where this crate is, if it was renamed |
///
/// Fields take `#[sanitize(trim, lowercase, uppercase, collapse_whitespace, with = path, nested)]`
/// and the `#[validate(…)]` rules of the `validator` crate. A dispatch goes through what is
/// declared in this order: middleware → sanitize → validate → authorize → rate → timeout →
/// retries → throttle → handler. What is not declared leaves no code behind.
///
/// A mistake is a build error with a number, explained in `docs/errors.md`.
///
/// ```
/// use bus::prelude::*;
///
/// /// Places an order.
/// #[command(output = u64, rate = "100/s", timeout = "5s")]
/// struct PlaceOrder {
///     #[validate(range(min = 1, max = 100))]
///     quantity: u32,
///     #[sanitize(trim, lowercase)]
///     #[validate(email)]
///     email: String,
/// }
///
/// #[handler]
/// async fn place_order(order: PlaceOrder) -> u64 {
///     assert_eq!(order.email, "a@b.example");
///     u64::from(order.quantity)
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), bus::Error> {
/// let order = PlaceOrder { quantity: 2, email: " A@B.example ".into() };
/// assert_eq!(bus::dispatch(order).await?, 2);
/// let none = PlaceOrder { quantity: 0, email: "a@b.example".into() };
/// assert!(bus::dispatch(none).await.is_err());
/// # Ok(()) }
/// ```
pub use bus_macros::command;

/// Declares a struct or an enum as a job: a command that is stored when it is dispatched, and run
/// by a worker, here or on another machine.
///
/// All that [`command`](macro@command) takes, and:
///
/// | key | default | meaning |
/// | --- | --- | --- |
/// | `queue = "…"` | `default` | where it waits |
/// | `retries = n`, `backoff = "…"` | 0; 1 s doubling to 1 h, with jitter | attempts after the first, stored with their due time |
/// | `timeout = "5s"` | | an execution is ended after so long, and counts as a failure |
/// | `priority = n` | 0 | -100 to 100, higher is sooner |
/// | `delay = "5m"` | | due so long after its dispatch |
/// | `retry_until = "1d"` | | no retry later than so long after its dispatch |
/// | `retain = "7d"` | 5 m with an output, else not at all | kept so long once completed |
/// | `tags = ["…"]` | | words to find it by |
/// | `no_retry(Declined)` | | errors after which it is dead at once |
/// | `at_most_once` | a lost job runs again | if its worker is lost it is dead rather than run a second time; excludes `retries` |
/// | `on_failure = Alert` | | the job that is stored when this one is dead; `Alert: From<JobFailed>` |
/// | `remote` | | the handler lives in another crate, or in another program alone |
///
/// `serde`'s traits are derived where the type does not derive them itself. What breaks its rules
/// or is not authorized is not stored. A handler may return [`Outcome`](crate::job::Outcome) to say
/// more than `Result` can; `impl` [`Classify`](crate::job::Classify) for the error to decide per
/// error.
///
/// ```
/// use bus::prelude::*;
///
/// /// Sends the receipt of an order.
/// #[job(queue = "emails", retries = 3, timeout = "30s")]
/// struct SendReceipt {
///     order: u64,
/// }
///
/// #[handler]
/// async fn send_receipt(job: SendReceipt) -> Result<(), std::io::Error> {
///     println!("order {} is on its way", job.order);
///     Ok(())
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let bus = Bus::connect("memory:").await?;
/// let ticket = bus.dispatch(SendReceipt { order: 7 }).await?;
/// bus.worker().until_empty().run().await?;
/// ticket.wait().await?;
/// # Ok(()) }
/// ```
pub use bus_macros::job;

/// Makes a free function, `async` or not, the handler of the command it takes.
///
/// The first argument is the command by value. The others are injected: `&T` is the state of
/// the bus of that type, anything else implements [`FromContext`](crate::FromContext):
/// [`State`](crate::State), `&`[`Context`](crate::Context), [`Principal`](crate::Principal),
/// `Option` of these, and your own. It returns the declared output, or a `Result` of the
/// declared output and error (a type whose name ends in `Result` is taken as one).
///
/// For a command that is not `remote` it stands in the command's crate.
///
/// ```standalone_crate
/// use bus::prelude::*;
///
/// struct Greeting(&'static str);
///
/// #[command(output = String)]
/// struct Greet(String);
///
/// #[handler]
/// fn greet(greet: Greet, greeting: &Greeting) -> String {
///     format!("{}, {}!", greeting.0, greet.0)
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), bus::BoxError> {
/// let bus = Bus::builder().state(Greeting("Hello")).build().await?;
/// assert_eq!(bus.dispatch(Greet("world".into())).await?, "Hello, world!");
/// # Ok(()) }
/// ```
pub use bus_macros::handler;

/// Makes methods handlers: on an `impl` block, whose methods with `#[handler]` take `&self`,
/// the service, from the state of the bus. Methods without it stay what they are.
///
/// ```standalone_crate
/// use bus::prelude::*;
///
/// #[command(output = u32)]
/// struct Next;
///
/// #[derive(Default)]
/// struct Counter(std::sync::atomic::AtomicU32);
///
/// #[handlers]
/// impl Counter {
///     #[handler]
///     async fn next(&self, _: Next) -> u32 {
///         self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), bus::BoxError> {
/// let bus = Bus::builder().state(Counter::default()).build().await?;
/// assert_eq!(bus.dispatch(Next).await?, 1);
/// # Ok(()) }
/// ```
pub use bus_macros::handlers;

/// Implements [`Sanitize`](crate::Sanitize) by the `#[sanitize(…)]` of the fields, for what is
/// nested in commands (`#[sanitize(nested)]`). A command needs it not.
///
/// ```
/// use bus::{Sanitize, sanitized};
///
/// #[sanitized]
/// struct Address {
///     #[sanitize(trim, collapse_whitespace)]
///     street: String,
/// }
///
/// let mut address = Address { street: "  Long   Road 1 ".into() };
/// address.sanitize();
/// assert_eq!(address.street, "Long Road 1");
/// ```
pub use bus_macros::sanitized;

/// Makes a command whose literals are compared with the rules of their fields when it is built:
/// a value that `range` or `length` refuses is a build error at that value. Text literals become
/// whatever the field is (`.into()`). What is not a literal, rules whose bounds are not, and
/// fields with a sanitizer are left to the dispatch.
///
/// ```
/// use bus::prelude::*;
///
/// #[command]
/// struct PlaceOrder {
///     #[validate(range(min = 1, max = 100))]
///     quantity: u32,
///     email: String,
/// }
/// # #[handler] fn place_order(_: PlaceOrder) {}
///
/// let order = bus::checked!(PlaceOrder { quantity: 2, email: "a@b.example" });
/// assert_eq!(order.email.len(), 11);
/// ```
///
/// ```compile_fail
/// # use bus::prelude::*;
/// # #[command]
/// # struct PlaceOrder { #[validate(range(min = 1, max = 100))] quantity: u32, email: String }
/// # #[handler] fn place_order(_: PlaceOrder) {}
/// let order = bus::checked!(PlaceOrder { quantity: 0, email: "a@b.example" });
/// ```
#[macro_export]
macro_rules! checked {
    ($($call:tt)*) => { $crate::__private::checked! { [$crate] $($call)* } };
}

/// Links the crates that have the handlers: `wire!(app, billing)`, once, in the binary. A crate
/// that stands in Cargo.toml only, and nowhere in the code, is not linked.
///
/// With `wire!(app, billing; contracts)` the commands that `contracts` lists in a
/// [`contract!`](crate::contract) are checked under `cargo check` too: each has a handler in the
/// wired crates, and one only. It also adds a test that calls [`verify`](crate::verify).
#[macro_export]
macro_rules! wire {
    ($($call:tt)*) => { $crate::__private::wire! { [$crate] $($call)* } };
}

/// Lists the remote commands of a crate for [`wire!`](crate::wire), once a crate, by their paths
/// from the crate's root: `contract! { PlaceOrder, billing::Charge }`.
#[macro_export]
macro_rules! contract {
    ($($call:tt)*) => { $crate::__private::contract! { [$crate] $($call)* } };
}
