//! The commands of the shop: what may be asked, and what is answered.
#![forbid(unsafe_code)]

use bus::prelude::*;
use serde::{Deserialize, Serialize};

/// Who asks. The web crate makes it of the request's header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User(
    /// The name.
    pub String,
);

/// The number of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct OrderId(
    /// Counted from 1.
    pub u64,
);

impl std::fmt::Display for OrderId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// An order as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Its number.
    pub id: OrderId,
    /// Who ordered.
    pub owner: String,
    /// What.
    pub sku: String,
    /// How many.
    pub quantity: u32,
    /// Where the receipt goes.
    pub email: String,
}

/// Why the shop could not do it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShopError {
    /// The goods are not on the shelf.
    #[error("only {left} of `{sku}` left")]
    OutOfStock {
        /// The goods.
        sku: String,
        /// How many are left.
        left: u32,
    },
    /// There is no such order, or it is somebody else's.
    #[error("there is no order {0}")]
    NoSuchOrder(OrderId),
}

/// Places an order; answers its number.
#[command(
    remote,
    output = OrderId,
    error = ShopError,
    authorize = a_user,
    rate = "5/s burst 5",
    timeout = "2s"
)]
#[derive(Debug, Deserialize)]
pub struct PlaceOrder {
    /// What.
    #[sanitize(trim, lowercase)]
    #[validate(length(min = 1, max = 40))]
    pub sku: String,
    /// How many.
    #[validate(range(min = 1, max = 100))]
    pub quantity: u32,
    /// Where the receipt goes.
    #[sanitize(trim, lowercase)]
    #[validate(email)]
    pub email: String,
}

/// Looks up one order of the user's.
#[command(remote, output = Order, error = ShopError, authorize = a_user_asks)]
#[derive(Debug)]
pub struct FindOrder(
    /// Its number.
    pub OrderId,
);

/// Sums up the sales: slow, so that it shows a time-out.
#[command(remote, output = u64, timeout = "50ms")]
#[derive(Debug)]
pub struct CountSales;

fn a_user(_: &PlaceOrder, cx: &Context) -> bool {
    cx.principal::<User>().is_some()
}

fn a_user_asks(_: &FindOrder, cx: &Context) -> Result<(), Denied> {
    match cx.principal::<User>() {
        Some(_) => Ok(()),
        None => Err(Denied::because("sign in to see your orders")),
    }
}

bus::contract! { PlaceOrder, FindOrder, CountSales }
