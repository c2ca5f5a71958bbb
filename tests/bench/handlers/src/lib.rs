//! The handlers of the remote commands of the benchmark.
use bench_contracts::{Refused, RemoteAsync, RemoteSync, price};

#[bus::handler]
fn remote_sync(order: RemoteSync) -> Result<u64, Refused> {
    price(order.sku, order.quantity)
}

#[bus::handler]
async fn remote_async(order: RemoteAsync) -> Result<u64, Refused> {
    price(order.sku, order.quantity)
}
