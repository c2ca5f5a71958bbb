//! The routes: each makes a command of its request and dispatches it.
use crate::error::ApiError;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::routing::{get, post};
use axum::{Json, Router};
use bus::{Bus, Context};
use shop_contracts::{CountSales, FindOrder, Order, OrderId, PlaceOrder, User};
use std::convert::Infallible;

/// The API on this bus.
pub(crate) fn router(bus: Bus) -> Router {
    Router::new()
        .route("/orders", post(place))
        .route("/orders/{id}", get(find))
        .route("/sales", get(sales))
        .with_state(bus)
}

/// The context of one request: who asks comes from its header.
struct Asked(Context);

impl FromRequestParts<Bus> for Asked {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, bus: &Bus) -> Result<Self, Infallible> {
        let token = parts
            .headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
        let cx = bus.context();
        // An example's token is the user's name; a real one is looked up here.
        Ok(Self(match token {
            Some(name) => cx.with_principal(User(name.to_owned())),
            None => cx,
        }))
    }
}

async fn place(
    Asked(cx): Asked,
    Json(order): Json<PlaceOrder>,
) -> Result<(StatusCode, Json<OrderId>), ApiError> {
    let id = cx.dispatch(order).await?;
    Ok((StatusCode::CREATED, Json(id)))
}

async fn find(Asked(cx): Asked, Path(id): Path<u64>) -> Result<Json<Order>, ApiError> {
    Ok(Json(cx.dispatch(FindOrder(OrderId(id))).await?))
}

async fn sales(Asked(cx): Asked) -> Result<Json<u64>, ApiError> {
    Ok(Json(cx.dispatch(CountSales).await?))
}
