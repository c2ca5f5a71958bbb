//! The shop's HTTP API: `cargo run -p shop-web`.
#![forbid(unsafe_code)]
mod api;
mod error;
#[cfg(test)]
mod tests;

use bus::Bus;
use shop_app::Shop;

// Links the crate with the handlers, and checks that every command of the contracts has one.
bus::wire!(shop_app; shop_contracts);

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let bus = Bus::builder()
        .state(Shop::with([("tea", 10), ("cup", 3)]))
        .build()
        .await?;
    println!("{}", bus::registry());
    let address = std::env::args().nth(1);
    let address = address.as_deref().unwrap_or("127.0.0.1:3000");
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, api::router(bus))
        .with_graceful_shutdown(async {
            tokio::signal::ctrl_c().await.ok();
        })
        .await?;
    Ok(())
}
