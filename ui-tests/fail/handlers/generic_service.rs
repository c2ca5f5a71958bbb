//! Which of its types is meant?
use bus::prelude::*;

#[command]
struct PlaceOrder;

struct Shop<D>(D);

#[handlers]
impl<D: Send + Sync> Shop<D> {
    #[handler]
    async fn place_order(&self, _: PlaceOrder) {}
}

fn main() {}
