//! Methods as handlers: of a service in the state, beside other methods, remote ones too.
use bus::prelude::*;

#[command(output = String)]
struct Greet(String);

#[command(output = u8, remote)]
struct Count;

#[command]
struct Nothing;

struct Service<T> {
    greeting: T,
}

type Text = String;

#[handlers]
impl Service<Text> {
    const MANY: u8 = 3;

    fn greeting(&self) -> &str {
        &self.greeting
    }

    /// Greets.
    #[handler]
    async fn greet(&self, greet: Greet, other: &Self) -> Result<String, bus::BoxError> {
        assert_eq!(other.greeting, self.greeting);
        Ok(format!("{} {}", self.greeting(), greet.0))
    }

    #[handler]
    fn count(&self, _: Count) -> u8 {
        Self::MANY
    }

    #[handler]
    fn nothing(_: Nothing) {}

    #[cfg(any())]
    #[handler]
    fn absent(_: Absent) {}
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let service = Service { greeting: Text::from("Hello") };
    let bus = Bus::builder().state(service).build().await.expect("all is there");
    assert_eq!(bus.dispatch(Greet("you".into())).await.expect("greets"), "Hello you");
    assert!(matches!(bus.dispatch(Count).await, Ok(3)));
    bus.dispatch(Nothing).await.expect("does nothing");
}
