//! `#[sanitized]` on what is nested in a command, generic and enum.
use bus::prelude::*;
use bus::{Sanitize, sanitized};

#[sanitized]
#[derive(Debug, PartialEq)]
struct Address<T> {
    #[sanitize(trim, collapse_whitespace)]
    street: String,
    zip: T,
    #[sanitize(nested)]
    more: Vec<Line>,
}

#[sanitized]
#[derive(Debug, PartialEq)]
enum Line {
    Text(#[sanitize(uppercase)] String),
    Empty,
}

#[command]
struct Move(#[sanitize(nested)] Option<Address<u32>>);

#[handler]
fn moved(Move(to): Move) {
    let more = vec![Line::Text("A".into()), Line::Empty];
    assert_eq!(to, Some(Address { street: "a b".into(), zip: 7, more }));
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let more = vec![Line::Text("a".into()), Line::Empty];
    bus::dispatch(Move(Some(Address { street: " a  b".into(), zip: 7, more }))).await.expect("moves");
    let mut line = Line::Text("b".into());
    line.sanitize();
    assert_eq!(line, Line::Text("B".into()));
}
