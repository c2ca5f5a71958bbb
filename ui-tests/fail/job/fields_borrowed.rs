// errors: 3, because each field has to be put right.
use bus::prelude::*;
use bus::serde::{Deserialize, Serialize};
use std::marker::PhantomData;

struct Place;

#[job]
#[derive(Serialize, Deserialize)]
#[serde(crate = "bus::serde")]
enum Send {
    Mail(Option<&'static [u8]>, PhantomData<&'static str>),
    Letter {
        to: &'static Place,
        #[serde(skip)]
        by: &'static str,
    },
    Call(Vec<(u8, &'static str)>),
}

#[handler]
async fn send(_: Send) {}

fn main() {}
