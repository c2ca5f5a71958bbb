//! Reads orders from a file and dispatches each as a command: validation, state, an error of
//! its own, a middleware, a query, and the registry of what is linked.
//!
//! `cargo run --example quickstart [FILE]`
use bus::prelude::*;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

const ORDERS: &str = include_str!("data/orders.csv");

/// Takes goods off the shelf; answers how many are left.
#[command(output = u32, error = ShopError, timeout = "1s")]
struct PlaceOrder {
    #[sanitize(trim, lowercase)]
    #[validate(length(min = 1))]
    sku: String,
    #[validate(range(min = 1, max = 100))]
    quantity: u32,
    #[sanitize(trim, lowercase)]
    #[validate(email)]
    email: String,
}

/// Asks what is left on the shelf.
#[command(output = Vec<(String, u32)>)]
struct ListShelf;

/// Why the shop could not do it.
#[derive(Debug, thiserror::Error)]
enum ShopError {
    #[error("only {left} of `{sku}` left")]
    OutOfStock { sku: String, left: u32 },
}

/// The state that handlers take as `&Shelf`.
struct Shelf(Mutex<HashMap<String, u32>>);

#[handler]
async fn place_order(order: PlaceOrder, shelf: &Shelf) -> Result<u32, ShopError> {
    let mut goods = shelf.0.lock().unwrap_or_else(PoisonError::into_inner);
    let left = goods.get(&order.sku).copied().unwrap_or(0);
    if left < order.quantity {
        let sku = order.sku;
        return Err(ShopError::OutOfStock { sku, left });
    }
    goods.insert(order.sku, left - order.quantity);
    println!("    a receipt goes to {}", order.email);
    Ok(left - order.quantity)
}

#[handler]
fn list_shelf(_: ListShelf, shelf: &Shelf) -> Vec<(String, u32)> {
    let goods = shelf.0.lock().unwrap_or_else(PoisonError::into_inner);
    let mut goods: Vec<_> = goods.iter().map(|(sku, n)| (sku.clone(), *n)).collect();
    goods.sort();
    goods
}

static REFUSED: AtomicU32 = AtomicU32::new(0);

/// A function is a middleware: this one meets every dispatch of the bus.
async fn count_refused(call: Call<'_>, next: Next<'_>) -> Verdict {
    let begun = Instant::now();
    let verdict = next.run().await;
    if !verdict.is_ok() {
        REFUSED.fetch_add(1, Ordering::Relaxed);
    }
    let name = call.descriptor().short_name();
    println!("    {name} took {:?}", begun.elapsed());
    verdict
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let text = match std::env::args().nth(1) {
        Some(file) => std::fs::read_to_string(file)?,
        None => ORDERS.to_owned(),
    };

    let shelf = HashMap::from([("tea".to_owned(), 5), ("cup".to_owned(), 3)]);
    let bus = Bus::builder()
        .state(Shelf(Mutex::new(shelf)))
        .middleware(count_refused)
        .build()
        .await?;
    bus.install()?;

    println!("what is linked into this program:\n{}", bus::registry());

    let (mut placed, mut lines) = (0, 0);
    for line in text.lines().skip(1).filter(|line| !line.trim().is_empty()) {
        lines += 1;
        println!("{line}");
        let [sku, quantity, email] = line.split(',').collect::<Vec<_>>()[..] else {
            println!("  not an order: expected sku,quantity,email");
            continue;
        };
        let order = PlaceOrder {
            sku: sku.into(),
            quantity: quantity.trim().parse().unwrap_or(0),
            email: email.into(),
        };
        // Every reason can be matched; `Display` says of which command and why not.
        match bus::dispatch(order).await {
            Ok(left) => {
                placed += 1;
                println!("  placed, {left} left");
            }
            Err(bus::Error::Invalid(invalid)) => {
                for (path, error) in invalid.fields() {
                    println!("  `{path}` breaks its rule `{}`", error.code);
                }
            }
            Err(error) => println!("  refused: {error}"),
        }
    }

    let left = bus::dispatch(ListShelf).await?;
    println!("{placed} of {lines} orders placed; on the shelf: {left:?}");
    if std::env::args().len() == 1 {
        assert_eq!((placed, REFUSED.load(Ordering::Relaxed)), (3, 4));
        assert_eq!(left, [("cup".to_owned(), 2), ("tea".to_owned(), 2)]);
    }
    Ok(())
}
