//! The handlers of the shop's commands and the state they need.
#![forbid(unsafe_code)]

use bus::prelude::*;
use shop_contracts::{CountSales, FindOrder, Order, OrderId, PlaceOrder, ShopError, User};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The shelf and the orders, in memory.
#[derive(Debug)]
pub struct Shop(Mutex<Books>);

#[derive(Debug, Default)]
struct Books {
    shelf: HashMap<String, u32>,
    orders: Vec<Order>,
}

impl Shop {
    /// A shop with these goods on the shelf.
    pub fn with(goods: impl IntoIterator<Item = (&'static str, u32)>) -> Self {
        let shelf = goods.into_iter().map(|(sku, n)| (sku.to_owned(), n));
        Self(Mutex::new(Books {
            shelf: shelf.collect(),
            orders: Vec::new(),
        }))
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[handlers]
impl Shop {
    #[handler]
    async fn place(&self, order: PlaceOrder, user: Principal<User>) -> Result<OrderId, ShopError> {
        let mut books = self.books();
        let left = books.shelf.get(&order.sku).copied().unwrap_or(0);
        if left < order.quantity {
            let sku = order.sku;
            return Err(ShopError::OutOfStock { sku, left });
        }
        books.shelf.insert(order.sku.clone(), left - order.quantity);
        let id = OrderId(books.orders.len() as u64 + 1);
        books.orders.push(Order {
            id,
            owner: user.0.0.clone(),
            sku: order.sku,
            quantity: order.quantity,
            email: order.email,
        });
        Ok(id)
    }

    #[handler]
    fn find(&self, command: FindOrder, user: Principal<User>) -> Result<Order, ShopError> {
        let books = self.books();
        let order = books.orders.iter().find(|order| order.id == command.0);
        match order {
            Some(order) if order.owner == user.0.0 => Ok(order.clone()),
            _ => Err(ShopError::NoSuchOrder(command.0)),
        }
    }
}

#[handler]
async fn count_sales(_: CountSales, shop: &Shop) -> u64 {
    tokio::time::sleep(Duration::from_secs(1)).await;
    let books = shop.books();
    books
        .orders
        .iter()
        .map(|order| u64::from(order.quantity))
        .sum()
}
