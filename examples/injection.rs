//! What a handler may take beside its command: state, the context, who asks, your own.
//!
//! `cargo run --example injection`
use bus::prelude::*;
use std::sync::Mutex;

/// State: one value of each type, shared by all handlers.
struct Greeting(&'static str);

/// State behind a trait is an `Arc<dyn …>`, and a test gives another one.
trait Mailer: Send + Sync {
    fn send(&self, text: String);
}

#[derive(Default)]
struct Outbox(Mutex<Vec<String>>);

impl Mailer for std::sync::Arc<Outbox> {
    fn send(&self, text: String) {
        self.0.lock().expect("nobody panicked").push(text);
    }
}

/// State that may be absent.
struct Footer;

/// An extractor of one's own: from the context, or a reason why not.
struct Language(String);

impl FromContext<'_> for Language {
    fn from_context(cx: &Context) -> Result<Self, Rejection> {
        match cx.extension::<&'static str>() {
            Some(language) => Ok(Self((*language).to_owned())),
            None => Err(Rejection::new("no language in this request")),
        }
    }
}

/// Greets somebody.
#[command(output = String)]
struct Greet(&'static str);

#[handler]
async fn greet(
    greet: Greet,
    greeting: &Greeting,                  // state by reference
    mailer: State<Box<dyn Mailer>>,       // state, owned: for a spawned task
    footer: Option<&Footer>,              // state that may be absent
    language: Language,                   // your own
    who: Option<Principal<&'static str>>, // who asks, if it is known
    cx: &Context,                         // the rest
) -> String {
    let text = format!("{} {} ({})", greeting.0, greet.0, language.0);
    let copy = text.clone();
    tokio::spawn(async move { mailer.send(copy) })
        .await
        .expect("sends");
    assert!(footer.is_none() && !cx.correlation_id().is_nil());
    match who {
        Some(who) => format!("{text}, says {}", *who),
        None => text,
    }
}

#[tokio::main]
async fn main() -> Result<(), bus::BoxError> {
    // All that is missing is told at once, with the file and line of each handler.
    let unwired = Bus::builder().build().await.expect_err("no state is given");
    println!("{unwired}\n");
    assert_eq!(unwired.problems().count(), 2);

    let outbox = std::sync::Arc::new(Outbox::default());
    let mailer: Box<dyn Mailer> = Box::new(outbox.clone());
    let bus = Bus::builder()
        .state(Greeting("Kia ora"))
        .state(mailer)
        .build()
        .await?;

    let cx = bus.context().with_extension("mi").with_principal("Ann");
    let answer = cx.dispatch(Greet("Bob")).await?;
    println!("{answer}");
    assert_eq!(answer, "Kia ora Bob (mi), says Ann");

    let rejected = bus.dispatch(Greet("Bob")).await;
    assert!(matches!(rejected, Err(bus::Error::Rejected { .. })));
    assert_eq!(outbox.0.lock().expect("nobody panicked").len(), 1);
    Ok(())
}
