//! Why a command was not answered: every reason can be matched, printed and traced.
//!
//! `cargo run --example errors`
use bus::layers::Catch;
use bus::prelude::*;
use bus::{BoxError, Error, ErrorKind};
use std::error::Error as _;

/// An error of the command's own is part of its contract: callers match it.
#[derive(Debug, PartialEq, thiserror::Error)]
enum ReadError {
    #[error("no book is called `{0}`")]
    NoSuchBook(String),
    #[error("page {page} can't be read")]
    Torn {
        page: u32,
        #[source]
        cause: std::num::ParseIntError,
    },
}

/// Reads one page.
#[command(output = u32, error = ReadError)]
struct ReadPage {
    book: &'static str,
    #[validate(range(min = 1))]
    page: u32,
}

#[handler]
fn read_page(read: ReadPage) -> Result<u32, ReadError> {
    match read.book {
        "torn" => "##".parse().map_err(|cause| ReadError::Torn {
            page: read.page,
            cause,
        }),
        "rust" => Ok(read.page * 2),
        other => Err(ReadError::NoSuchBook(other.into())),
    }
}

/// Without `error = …` any error will do, with `?`.
#[command(output = u32)]
struct Parse(&'static str);

#[handler]
fn parse(parse: Parse) -> Result<u32, BoxError> {
    Ok(parse.0.trim().parse()?)
}

/// A panic is the caller's, as with a direct call, unless `Catch` makes an error of it.
#[command(output = u32, middleware = [Catch::new()])]
struct Divide(u32, u32);

#[handler]
fn divide(divide: Divide) -> u32 {
    divide.0 / divide.1
}

/// For all commands in one place: what a client is told.
fn status<E>(error: &Error<E>) -> u16 {
    match error.kind() {
        ErrorKind::Invalid => 422,
        ErrorKind::Denied => 403,
        ErrorKind::RateLimited => 429,
        ErrorKind::TimedOut => 504,
        ErrorKind::CircuitOpen => 503,
        _ => 500,
    }
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let read = |book, page| bus::dispatch(ReadPage { book, page });

    // By variant, when the caller can do something about it.
    match read("rost", 1).await {
        Err(Error::Handler(ReadError::NoSuchBook(book))) => assert_eq!(book, "rost"),
        other => panic!("{other:?}"),
    }

    // In words, with the causes.
    let torn = read("torn", 3).await.expect_err("can't be read");
    println!("{torn}, because: {}", torn.source().expect("a cause"));
    assert_eq!(torn.to_string(), "page 3 can't be read");
    assert_eq!(status(&torn), 500);

    // By kind, for logs and status codes.
    let invalid = read("rust", 0).await.expect_err("there is no page 0");
    println!("{} is {}: {invalid}", status(&invalid), invalid.kind());
    assert_eq!(status(&invalid), 422);

    // Only the handler's own, or translated into another.
    let own = read("rost", 1).await.expect_err("no such book");
    assert_eq!(
        own.into_handler(),
        Some(ReadError::NoSuchBook("rost".into()))
    );
    let as_text = read("rost", 1)
        .await
        .map_err(|error| error.map_handler(|own| own.to_string()));
    assert!(matches!(as_text, Err(Error::Handler(text)) if text.contains("rost")));

    // A boxed error keeps its type.
    let unread = bus::dispatch(Parse("ten")).await.expect_err("no number");
    let parse = unread.into_handler().expect("the handler's");
    assert!(parse.is::<std::num::ParseIntError>());

    match bus::dispatch(Divide(1, 0)).await {
        Err(Error::Panicked(panic)) => println!("{panic}"),
        other => panic!("{other:?}"),
    }
    Ok(())
}
