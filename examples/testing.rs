//! Testing: a bus of its own for each test, fakes as state, fakes of another crate's handlers.
//!
//! `cargo run --example testing`; in a program these are `#[tokio::test]` functions.
use bus::prelude::*;
use bus::{BoxError, Error};
use shop_contracts::{CountSales, FindOrder, Order, OrderId, PlaceOrder, ShopError, User};
use std::sync::Mutex;

// --- the program under test ------------------------------------------------------------------

/// Sends a reminder; needs a mailer.
#[command(output = bool)]
struct Remind(&'static str);

trait Mailer: Send + Sync {
    fn send(&self, to: &str) -> bool;
}

type AnyMailer = Box<dyn Mailer>;

#[handler]
async fn remind(remind: Remind, mailer: &AnyMailer) -> bool {
    mailer.send(remind.0)
}

/// Uses a remote command of the shop's contracts. This program links no handler of the shop.
#[command(output = OrderId)]
struct OrderTea;

#[handler]
async fn order_tea(_: OrderTea) -> Result<OrderId, BoxError> {
    let (sku, email) = ("tea".into(), "ann@example.org".into());
    let quantity = 1;
    Ok(bus::dispatch(PlaceOrder {
        sku,
        quantity,
        email,
    })
    .await?)
}

// --- fakes ------------------------------------------------------------------------------------

/// A fake of state is another value.
struct Deaf;

impl Mailer for Deaf {
    fn send(&self, _: &str) -> bool {
        false
    }
}

/// A fake of another crate's handlers is another handler: the linker takes these, as
/// `shop_app` is not linked here. The declared rules and policies stay the real ones.
#[derive(Default)]
struct FakeShop(Mutex<Vec<PlaceOrder>>);

#[handlers]
impl FakeShop {
    #[handler]
    fn place(&self, order: PlaceOrder) -> OrderId {
        let mut orders = self.0.lock().expect("nobody panicked");
        orders.push(order);
        OrderId(orders.len() as u64)
    }

    #[handler]
    fn find(&self, find: FindOrder) -> Result<Order, ShopError> {
        Err(ShopError::NoSuchOrder(find.0))
    }

    #[handler]
    fn count(&self, _: CountSales) -> u64 {
        self.0.lock().expect("nobody panicked").len() as u64
    }
}

// --- the tests --------------------------------------------------------------------------------

/// A test gives what it needs; `partial` admits that the rest is absent.
async fn a_test_has_its_own_bus() -> Result<(), BoxError> {
    let mailer: AnyMailer = Box::new(Deaf);
    let bus = Bus::builder().state(mailer).partial().build().await?;
    assert!(!bus.dispatch(Remind("ann")).await?);

    // Code that calls `bus::dispatch` is tested in the scope of the test's bus.
    let sent = bus
        .scope(async { bus::dispatch(Remind("bob")).await })
        .await?;
    assert!(!sent);

    // What is absent is an error, not a panic, when it is asked for.
    let cx = bus.context().with_principal(User("ann".into()));
    let absent = cx.dispatch(FindOrder(OrderId(1))).await;
    assert!(matches!(absent, Err(Error::Missing { .. })));
    println!("a test has its own bus: ok");
    Ok(())
}

async fn a_remote_handler_is_faked() -> Result<(), BoxError> {
    let shop = FakeShop::default();
    let bus = Bus::builder().state(shop).partial().build().await?;
    let cx = bus.context().with_principal(User("ann".into()));
    assert_eq!(cx.dispatch(OrderTea).await?, OrderId(1));

    // Nobody asks: the policy of the contract refuses before the fake is called.
    let denied = bus.dispatch(OrderTea).await.expect_err("denied");
    println!("{denied}");
    let shop = bus.state::<FakeShop>().expect("given above");
    let orders = shop.0.lock().expect("nobody panicked");
    assert_eq!(orders.len(), 1);
    assert_eq!(orders[0].sku, "tea");
    println!("a remote handler is faked: ok");
    Ok(())
}

/// The wiring of the whole program, with everything it needs: one test finds all that lacks.
async fn the_program_is_wired() -> Result<(), BoxError> {
    bus::verify()?;
    let mailer: AnyMailer = Box::new(Deaf);
    let whole = Bus::builder().state(mailer).state(FakeShop::default());
    whole.build().await?;
    println!("the program is wired: ok");
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    a_test_has_its_own_bus().await?;
    a_remote_handler_is_faked().await?;
    the_program_is_wired().await
}
