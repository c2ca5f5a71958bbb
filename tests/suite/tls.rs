//! Encrypted connections: who is trusted, who is not, and what is said of it.
use super::work::beside;
use bus::prelude::*;
use bus_tests::{OwnServer, until};
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{ConnectOptions, Row};
use std::error::Error;

#[job(output = String)]
struct Whisper(String);

#[handler]
async fn whisper(job: Whisper) -> String {
    job.0.to_lowercase()
}

/// Dispatches a job over one connection and runs it over others.
async fn work(url: &str) -> Bus {
    let bus = Bus::builder().partial().store(url).build().await.unwrap();
    let worker = beside(bus.worker());
    let ticket = bus.dispatch(Whisper("PSST".into())).await.unwrap();
    assert_eq!(ticket.wait().await.unwrap(), "psst");
    worker.end().await;
    bus
}

/// What is said of a URL that is refused, cause by cause.
async fn refused(url: &str) -> String {
    let bus = Bus::builder().partial().store(url).build().await;
    let told: Box<dyn Error> = match bus {
        Err(error) => error.into(),
        Ok(bus) => bus
            .dispatch(Whisper(String::new()))
            .await
            .unwrap_err()
            .into(),
    };
    let mut text = told.to_string();
    let mut cause = told.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

#[track_caller]
fn says(told: &str, words: &str) {
    assert!(told.contains(words) && !told.contains("secret"), "{told}");
}

#[tokio::test]
async fn postgres_is_spoken_to_in_secret() {
    let server = OwnServer::postgres_tls();
    let url = server.url().replace("postgres@", "postgres:secret@");
    let with = |mode: &str, root: &str| {
        let root = server.file(root);
        format!("{url}?sslmode={mode}&sslrootcert={root}")
    };
    let options: PgConnectOptions = url.parse().unwrap();
    let options = options.ssl_mode(PgSslMode::Disable);
    let mut plain = until("it is up", async || {
        options.connect().await.map_err(|error| error.to_string())
    })
    .await;

    let bus = work(&with("verify-full", "root.pem")).await;
    let ours = "select bool_and(ssl), count(*) from pg_stat_ssl join pg_stat_activity using (pid) \
                where application_name = 'bus'";
    let row = sqlx::query(ours).fetch_one(&mut plain).await.unwrap();
    assert!(row.get::<bool, _>(0) && row.get::<i64, _>(1) >= 3);
    drop(bus);

    let stranger = refused(&with("verify-full", "stranger.pem")).await;
    says(&stranger, "invalid peer certificate");
    // Its name is not in the certificate.
    let elsewhere = |mode| with(mode, "root.pem").replace("127.0.0.1", "localhost");
    says(
        &refused(&elsewhere("verify-full")).await,
        "not valid for name",
    );
    work(&elsewhere("verify-ca")).await;
    // Unless a root is named, nobody is asked who they are.
    work(&format!("{url}?sslmode=require")).await;
    says(
        &refused(&with("require", "stranger.pem")).await,
        "invalid peer certificate",
    );
    check_roots(|root| with("verify-full", root), &server).await;
    says(
        &refused(&with("prefer", "root.pem")).await,
        "sslmode=verify-full",
    );
}

#[tokio::test]
async fn redis_is_spoken_to_in_secret() {
    let server = OwnServer::redis_tls();
    let with = |root: &str| format!("{}?sslrootcert={}", server.url(), server.file(root));
    work(&with("root.pem")).await;

    let secret = |url: &str| url.replace("://", "://default:secret@");
    let stranger = refused(&secret(&with("stranger.pem"))).await;
    says(&stranger, "invalid peer certificate");
    says(
        &refused(&secret(server.url())).await,
        "invalid peer certificate",
    );
    let elsewhere = with("root.pem").replace("127.0.0.1", "localhost");
    says(&refused(&elsewhere).await, "not valid for name");
    work(&format!("{}?prefix=other#insecure", server.url())).await;
    check_roots(|root| secret(&with(root)), &server).await;
    let clear = secret(&with("root.pem")).replace("rediss:", "redis:");
    says(&refused(&clear).await, "write rediss://");
}

/// A file that is no root is told by its name.
async fn check_roots(url: impl Fn(&str) -> String, server: &OwnServer) {
    for (root, words) in [
        ("missing.pem", "cannot be read"),
        ("log", "has no certificate"),
    ] {
        let words = format!("sslrootcert={} {words}", server.file(root));
        says(&refused(&url(root)).await, &words);
    }
}
