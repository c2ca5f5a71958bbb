//! Store URLs, good ones and bad ones, and that no password is ever seen.

use proptest::prelude::*;

use super::*;

fn ok(text: &str) -> StoreUrl {
    text.parse().unwrap()
}

fn problem(text: &str) -> String {
    text.parse::<StoreUrl>().unwrap_err().problem
}

#[test]
fn each_store_has_its_url() {
    assert_eq!(ok("memory:"), StoreUrl::Memory { name: None });
    assert_eq!(
        ok("memory://shop"),
        StoreUrl::Memory {
            name: Some("shop".to_owned())
        }
    );
    let sqlite = |path: &str, synchronous| StoreUrl::Sqlite {
        path: path.into(),
        synchronous,
    };
    assert_eq!(ok("sqlite://shop.db"), sqlite("shop.db", Synchronous::Full));
    assert_eq!(ok("sqlite:shop.db"), sqlite("shop.db", Synchronous::Full));
    assert_eq!(
        ok("sqlite:///var/my%20shop.db?synchronous=normal"),
        sqlite("/var/my shop.db", Synchronous::Normal)
    );
    let StoreUrl::Postgres { url, schema } = ok("postgresql://u:p@h/d?sslmode=require&schema=jobs")
    else {
        panic!("a postgres url")
    };
    assert_eq!(
        (url.expose(), &*schema),
        ("postgresql://u:p@h/d?sslmode=require", "jobs")
    );
    let StoreUrl::Redis { url, prefix } = ok("rediss://h:6380/2") else {
        panic!("a redis url")
    };
    assert_eq!((url.expose(), &*prefix), ("rediss://h:6380/2", "bus"));
    let StoreUrl::Redis { url, prefix } = ok("rediss://h/?sslrootcert=a&prefix=shop#insecure")
    else {
        panic!("a redis url")
    };
    assert_eq!(
        (url.expose(), &*prefix),
        ("rediss://h/?sslrootcert=a#insecure", "shop")
    );
}

#[test]
fn a_bad_url_says_what_is_wrong() {
    assert_eq!(problem("shop.db"), "it has no scheme");
    assert_eq!(problem("mysql://h/d"), "there is no store \"mysql\"");
    assert_eq!(problem("sqlite://"), "it names no file");
    assert_eq!(
        problem("sqlite::memory:"),
        "for a store in memory write memory:"
    );
    assert_eq!(
        problem("sqlite://a?sync=off"),
        "sqlite has no option \"sync\", only synchronous"
    );
    assert_eq!(
        problem("sqlite://a?synchronous=off"),
        "synchronous is full or normal"
    );
    assert_eq!(
        problem("sqlite://a%2"),
        "a % is followed by two hexadecimal digits"
    );
    assert_eq!(problem("postgres:h"), "after the scheme comes //");
    assert_eq!(problem("redis://"), "it names no host");
    assert!(problem("postgres://h/d?schema=a;drop").contains("is not of the form"));
    assert!(problem("redis://h?prefix={a}").contains("without braces"));
    let error = "mysql://u:secret@h"
        .parse::<StoreUrl>()
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("store url \"mysql://u:***@h\": there is no store"),
        "{error}"
    );
}

proptest! {
    #[test]
    fn a_password_is_never_printed(secret in "[A-Z@:/?#&%=]{0,8}SECRET[A-Z@:/?#&%=]{0,8}") {
        for url in [
            format!("postgres://user:{secret}@host/db"),
            format!("redis://:{secret}@host"),
            format!("nostore://user:{secret}@host"),
        ] {
            let shown = match url.parse::<StoreUrl>() {
                Ok(url) => format!("{url} {url:?}"),
                Err(error) => format!("{error} {error:?}"),
            };
            prop_assert!(!shown.contains("SECRET"), "{}", shown);
        }
        let shown = ok("postgres://host/db?user=u&password=SECRET").to_string();
        prop_assert!(!shown.contains("SECRET"), "{}", shown);
    }

    #[test]
    fn any_text_parses_or_fails_without_panic(text in ".*", tail in ".*") {
        let _ = text.parse::<StoreUrl>();
        for scheme in ["memory:", "sqlite://", "postgres://", "redis://"] {
            let _ = format!("{scheme}{tail}").parse::<StoreUrl>();
        }
    }
}
