//! Keywords as names of commands, fields, variants and handlers.
use bus::prelude::*;

#[allow(non_camel_case_types)]
#[command(output = String, rate = "100/s per type")]
struct r#move {
    #[sanitize(trim)]
    #[validate(length(min = 1))]
    r#type: String,
}

#[handler]
async fn r#match(r#move { r#type }: r#move) -> String {
    r#type
}

#[command(output = u8, remote)]
enum Choice {
    #[allow(non_camel_case_types)]
    r#fn {
        #[sanitize(uppercase)]
        r#in: String,
    },
}

#[handler]
fn r#use(choice: Choice) -> u8 {
    let Choice::r#fn { r#in } = choice;
    r#in.parse().expect("a number")
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let answer = bus::dispatch(r#move { r#type: " a ".into() }).await;
    assert_eq!(answer.expect("runs"), "a");
    let answer = bus::dispatch(Choice::r#fn { r#in: "3".into() }).await;
    assert_eq!(answer.expect("runs"), 3);
}
