//! Commands of one name in several modules, handlers of one name in several blocks.
use bus::prelude::*;

mod orders {
    #[bus::command(output = u8)]
    pub struct Place;

    #[bus::handler]
    fn place(_: Place) -> u8 {
        1
    }
}

mod adverts {
    #[bus::command(output = u8, remote)]
    pub struct Place;

    #[bus::handler]
    fn place(_: Place) -> u8 {
        2
    }
}

#[command(output = u8)]
struct Place;

#[handler]
fn place(_: Place) -> u8 {
    3
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    #[command(output = u8, remote)]
    struct Inner;

    #[handler]
    async fn inner(_: Inner) -> u8 {
        4
    }

    {
        #[command(output = u8, remote)]
        struct Innermost;

        #[handler]
        async fn inner(_: Innermost) -> u8 {
            5
        }

        assert_eq!(bus::dispatch(Innermost).await.expect("runs"), 5);
    }
    assert_eq!(bus::dispatch(Inner).await.expect("runs"), 4);
    assert_eq!(bus::dispatch(Place).await.expect("runs"), 3);
    assert_eq!(bus::dispatch(adverts::Place).await.expect("runs"), 2);
    assert_eq!(bus::dispatch(orders::Place).await.expect("runs"), 1);
}
