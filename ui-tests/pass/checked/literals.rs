//! `checked!` of every shape of a command; what is no literal is left to the dispatch.
use bus::prelude::*;
use std::borrow::Cow;

mod orders {
    #[bus::command]
    #[derive(Clone, Default)]
    pub struct Place {
        #[validate(range(min = 1, max = 100))]
        pub quantity: i32,
        #[validate(length(min = 2))]
        pub name: String,
        #[sanitize(trim)]
        #[validate(length(max = 3))]
        pub code: String,
        pub note: std::borrow::Cow<'static, str>,
    }

    #[bus::handler]
    fn place(_: Place) {}
}

#[command]
struct Pair(u8, String);

#[handler]
fn pair(_: Pair) {}

#[command]
enum Shape {
    Circle { name: String },
}

#[handler]
fn shape(_: Shape) {}

fn main() {
    let quantity = 0;
    let order = bus::checked!(orders::Place { quantity, name: "ab", code: " abc ", note: "n" });
    assert_eq!((order.name.as_str(), order.note), ("ab", Cow::Borrowed("n")));
    let order = bus::checked!(orders::Place { quantity: 100, ..Default::default() });
    assert_eq!(order.quantity, 100);
    assert_eq!(bus::checked!(Pair(1, "x")).1, "x");
    let Shape::Circle { name } = bus::checked!(Shape::Circle { name: "c" });
    assert_eq!(name, "c");
}
