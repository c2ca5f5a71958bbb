//! Rules on fields: cleaned first, then checked, all broken ones told at once with their paths.
//!
//! `cargo run --example validation`
use bus::prelude::*;
use bus::{Error, Sanitize, sanitized};

/// Opens an account.
#[command(output = String)]
struct OpenAccount {
    #[sanitize(trim, collapse_whitespace)]
    #[validate(length(min = 1, max = 40))]
    name: String,
    #[sanitize(trim, lowercase)]
    #[validate(email)]
    email: String,
    #[validate(range(min = 18, message = "must be of age"))]
    age: u8,
    #[sanitize(with = only_letters)]
    country: String,
    #[sanitize(nested)]
    #[validate(nested)]
    addresses: Vec<Address>,
}

/// What is nested cleans itself by `#[sanitized]` and derives its rules.
#[sanitized]
#[derive(bus::validator::Validate)]
#[validate(crate = "bus::validator")]
struct Address {
    #[sanitize(trim, uppercase)]
    #[validate(length(equal = 5))]
    zip: String,
}

/// A sanitizer of one's own is any `fn(&mut T)`.
fn only_letters(country: &mut String) {
    country.retain(char::is_alphabetic);
}

#[handler]
fn open_account(account: OpenAccount) -> String {
    format!(
        "{} <{}> in {} {}",
        account.name, account.email, account.country, account.addresses[0].zip
    )
}

#[tokio::main]
async fn main() -> Result<(), bus::BoxError> {
    let opened = bus::dispatch(OpenAccount {
        name: "  Ann   Lee ".into(),
        email: " Ann@Example.org".into(),
        age: 30,
        country: "N-Z!".into(),
        addresses: vec![Address {
            zip: " ab123".into(),
        }],
    })
    .await?;
    println!("opened: {opened}");
    assert_eq!(opened, "Ann Lee <ann@example.org> in NZ AB123");

    let refused = bus::dispatch(OpenAccount {
        name: "   ".into(),
        email: "nobody".into(),
        age: 7,
        country: String::new(),
        addresses: vec![
            Address {
                zip: "12345".into(),
            },
            Address { zip: "1".into() },
        ],
    })
    .await;
    let Err(Error::Invalid(invalid)) = refused else {
        panic!("four rules are broken");
    };
    println!("refused: {invalid}");
    let told: Vec<_> = invalid
        .fields()
        .into_iter()
        .map(|(path, error)| format!("{path}: {}", error.code))
        .collect();
    assert_eq!(
        told,
        [
            "addresses[1].zip: length",
            "age: range",
            "email: email",
            "name: length"
        ]
    );

    // Of literals the compiler knows as much: an age of 7 would not build here.
    let ann = bus::checked!(Rename {
        name: "Ann",
        age: 30
    });
    bus::dispatch(ann).await?;

    // Cleaning is a trait too, for use elsewhere.
    let mut address = Address {
        zip: " ab1 ".into(),
    };
    address.sanitize();
    assert_eq!(address.zip, "AB1");
    Ok(())
}

/// Has rules that `checked!` can compare literals with.
#[command]
struct Rename {
    #[validate(length(max = 40))]
    name: String,
    #[validate(range(min = 18))]
    age: u8,
}

#[handler]
fn rename(rename: Rename) {
    println!("renamed to {}, {}", rename.name, rename.age);
}
