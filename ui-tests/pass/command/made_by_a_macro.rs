//! Commands and handlers that a `macro_rules!` of the user writes.
use bus::prelude::*;

macro_rules! order {
    ($name:ident, $handler:ident, $output:ty, $value:expr) => {
        #[command(output = $output)]
        #[derive(Debug)]
        struct $name {
            #[validate(range(min = 1))]
            quantity: u32,
        }

        #[handler]
        async fn $handler(order: $name) -> Result<$output, bus::BoxError> {
            let _ = order.quantity;
            Ok($value)
        }
    };
}

order!(Place, place, u8, 1);
order!(Cancel, cancel, Vec<u8>, vec![2]);

macro_rules! handle {
    ($command:ty) => {
        #[handler]
        fn handle(_: $command) {}
    };
}

#[command]
struct Third;

handle!(Third);

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(bus::dispatch(Place { quantity: 1 }).await.expect("runs"), 1);
    assert_eq!(bus::dispatch(Cancel { quantity: 1 }).await.expect("runs"), [2]);
    bus::dispatch(Third).await.expect("runs");
}
