//! All that a handler can take beside its command, with lifetimes and aliases of `Result`.
use bus::prelude::*;
use bus::{FromContext, Rejection};

struct Db(u32);
struct User(&'static str);

struct Half(u32);

impl<'c> FromContext<'c> for Half {
    fn from_context(cx: &'c Context) -> Result<Self, Rejection> {
        <&Db>::from_context(cx).map(|db| Half(db.0 / 2))
    }
}

type ShopResult<T> = Result<T, std::num::ParseIntError>;

#[command(output = u32, error = std::num::ParseIntError)]
struct Sum(&'static str);

#[handler]
async fn sum<'a>(
    Sum(text): Sum,
    db: &'a Db,
    state: State<Db>,
    cx: &Context,
    who: Option<Principal<User>>,
    Half(half): Half,
    nobody: Option<&'a String>,
) -> ShopResult<u32> {
    assert!(who.is_none_or(|who| who.0.0 == "ann") && nobody.is_none());
    assert!(cx.correlation_id().to_string().len() == 32);
    Ok(text.parse::<u32>()? + db.0 + state.0.0 + half)
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let bus = Bus::builder().state(Db(4)).build().await.expect("all is there");
    assert!(matches!(bus.dispatch(Sum("1")).await, Ok(11)));
    assert!(matches!(bus.dispatch(Sum("x")).await, Err(bus::Error::Handler(_))));
    let _ = User("ann");
}
