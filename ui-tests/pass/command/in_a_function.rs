//! Commands and handlers inside a function, public ones and remote ones too.
use bus::prelude::*;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    #[command(output = u8)]
    struct Local(u8);

    #[handler]
    fn local(local: Local) -> u8 {
        local.0
    }

    #[command(output = u8, remote)]
    pub struct Far(u8);

    #[handler]
    async fn far(far: Far) -> Result<u8, bus::BoxError> {
        Ok("1".parse::<u8>()? + far.0)
    }

    assert!(matches!(bus::dispatch(Local(3)).await, Ok(3)));
    assert!(matches!(bus::dispatch(Far(3)).await, Ok(4)));
}
