//! The API over real connections: each reason of the bus is its own status code.
use crate::api;
use bus::Bus;
use serde_json::{Value, json};
use shop_app::Shop;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

struct Reply {
    status: u16,
    head: String,
    body: Value,
}

/// One request to a server of its own for each test.
async fn serve() -> std::net::SocketAddr {
    let shop = Shop::with([("tea", 10)]);
    let bus = Bus::builder().state(shop).build().await.expect("wired");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(async move { axum::serve(listener, api::router(bus)).await });
    address
}

async fn ask(to: std::net::SocketAddr, line: &str, user: Option<&str>, body: Value) -> Reply {
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    let user = user.map_or(String::new(), |user| {
        format!("authorization: Bearer {user}\r\n")
    });
    let request = format!(
        "{line} HTTP/1.1\r\nhost: shop\r\nconnection: close\r\n{user}content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(to).await.expect("connects");
    stream.write_all(request.as_bytes()).await.expect("sends");
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await.expect("answers");
    let (head, body) = reply.split_once("\r\n\r\n").expect("a head and a body");
    Reply {
        status: head[9..12].parse().expect("a status"),
        head: head.to_lowercase(),
        body: serde_json::from_str(body).unwrap_or(Value::Null),
    }
}

fn order(quantity: u32, email: &str) -> Value {
    json!({ "sku": " TEA ", "quantity": quantity, "email": email })
}

// One test, as all dispatches of one command share its rate.
#[tokio::test]
async fn each_reason_has_its_status() {
    let shop = serve().await;
    let email = " Ann@Example.org ";

    let placed = ask(shop, "POST /orders", Some("ann"), order(2, email)).await;
    assert_eq!((placed.status, &placed.body), (201, &json!(1)));

    let found = ask(shop, "GET /orders/1", Some("ann"), Value::Null).await;
    assert_eq!(found.status, 200);
    assert_eq!(found.body["email"], "ann@example.org", "sanitized");

    let invalid = ask(shop, "POST /orders", Some("ann"), order(0, "nobody")).await;
    assert_eq!(invalid.status, 422);
    let paths: Vec<_> = invalid.body["fields"]
        .as_array()
        .expect("fields")
        .iter()
        .map(|field| field["path"].clone())
        .collect();
    assert_eq!(paths, ["email", "quantity"]);

    let stranger = ask(shop, "POST /orders", None, order(1, email)).await;
    assert_eq!(stranger.status, 403);
    let of_another = ask(shop, "GET /orders/1", Some("bob"), Value::Null).await;
    assert_eq!(of_another.status, 404);

    let too_many = ask(shop, "POST /orders", Some("ann"), order(99, email)).await;
    assert_eq!(too_many.status, 409);

    let slow = ask(shop, "GET /sales", None, Value::Null).await;
    assert_eq!(slow.status, 504);

    let mut limited = None;
    for _ in 0..10 {
        let reply = ask(shop, "POST /orders", Some("ann"), order(1, email)).await;
        if reply.status == 429 {
            limited = Some(reply);
            break;
        }
    }
    let limited = limited.expect("more than five at once are over the rate");
    assert!(limited.head.contains("retry-after: 1"), "{}", limited.head);
}
