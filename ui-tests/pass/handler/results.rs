//! All that a handler can return for a result, local and remote.
#![deny(warnings)]
use bus::prelude::*;
use std::num::ParseIntError;

type ShopResult<T, E = ParseIntError> = std::result::Result<T, E>;

mod io {
    pub type Result<T> = std::result::Result<T, std::num::ParseIntError>;
}

#[command(output = u8, error = ParseIntError)]
struct Parse(&'static str);

#[handler]
async fn parse(parse: Parse) -> ShopResult<u8> {
    parse.0.parse()
}

#[command(output = u8, error = ParseIntError, remote)]
struct Far(&'static str);

#[handler]
fn far(far: Far) -> io::Result<u8> {
    far.0.parse()
}

/// The default error takes every error, and texts.
#[command]
struct Any(u8);

#[handler]
async fn any(any: Any) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    match any.0 {
        0 => Ok(()),
        _ => Err("none")?,
    }
}

#[command]
struct Text;

#[handler]
fn text(_: Text) -> Result<(), String> {
    Err(String::from("text"))
}

/// A result as the output.
#[command(output = Result<u8, String>)]
struct Nested;

#[handler]
async fn nested(_: Nested) -> Result<Result<u8, String>, bus::BoxError> {
    Ok(Err(String::from("inner")))
}

/// An error without any trait.
struct Plain;

#[command(error = Plain)]
struct Fails;

#[handler]
async fn fails(_: Fails) -> Result<(), Plain> {
    Err(Plain)
}

/// It never answers.
#[command]
struct Never;

#[handler]
async fn never(_: Never) -> Result<(), std::convert::Infallible> {
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert!(matches!(bus::dispatch(Parse("1")).await, Ok(1)));
    assert!(matches!(bus::dispatch(Parse("x")).await, Err(bus::Error::Handler(_))));
    assert!(matches!(bus::dispatch(Far("1")).await, Ok(1)));
    assert!(matches!(bus::dispatch(Far("x")).await, Err(bus::Error::Handler(_))));
    assert!(bus::dispatch(Any(0)).await.is_ok());
    let error = bus::dispatch(Any(1)).await.expect_err("fails");
    assert_eq!(error.to_string(), "none");
    assert!(bus::dispatch(Text).await.is_err());
    assert!(matches!(bus::dispatch(Nested).await, Ok(Err(_))));
    assert!(matches!(bus::dispatch(Fails).await, Err(bus::Error::Handler(Plain))));
    assert!(bus::dispatch(Never).await.is_ok());
}
