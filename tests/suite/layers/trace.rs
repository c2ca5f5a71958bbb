//! `Trace`: each end of a dispatch is told.
use super::{Once, SECOND, Work, scripted};
use bus::layers::{Catch, Trace};
use bus_tests::Script;
use std::io::Write;
use std::sync::{Arc, Mutex};

/// What a subscriber wrote.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no writer panics").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Written {
    fn text(&self) -> String {
        let bytes = std::mem::take(&mut *self.0.lock().expect("no writer panics"));
        String::from_utf8(bytes).expect("text")
    }
}

#[tokio::test(start_paused = true)]
async fn trace_tells_each_end() {
    use tracing_subscriber::fmt::format::FmtSpan;
    use tracing_subscriber::util::SubscriberInitExt;
    let written = Written::default();
    let writer = written.clone();
    let _here = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_span_events(FmtSpan::CLOSE)
        .with_writer(move || writer.clone())
        .set_default();
    let script = Script::takes(SECOND);
    let bus = scripted(&script, |bus| {
        bus.middleware(Catch::new()).middleware(Trace::new())
    })
    .await;
    let cx = bus.context();
    cx.dispatch(Work(1)).await.unwrap();
    let text = written.text();
    assert!(text.contains("layers::Work"), "{text}");
    assert!(
        text.contains(&format!("correlation_id={}", cx.correlation_id())),
        "{text}"
    );
    assert!(text.contains(r#"outcome="ok""#), "{text}");
    assert!(text.contains("elapsed_us=1000000"), "{text}");
    assert!(!text.contains("WARN"), "{text}");

    script.set(&Script::fails());
    bus.dispatch(Work(1)).await.unwrap_err();
    let text = written.text();
    assert!(
        text.contains("WARN") && text.contains("dispatch failed"),
        "{text}"
    );
    assert!(text.contains(r#"outcome="handler""#), "{text}");
    assert!(
        text.contains("the script fails"),
        "the default error is shown: {text}"
    );
    bus.dispatch(Once(1)).await.unwrap_err();
    let text = written.text();
    assert!(
        text.contains("Refused`") && !text.contains("Refused("),
        "{text}"
    );

    script.set(&Script::panics("boom"));
    bus.dispatch(Work(1)).await.unwrap_err();
    assert!(written.text().contains(r#"outcome="panicked""#));
    script.set(&Script::takes(SECOND));
    assert!(
        tokio::time::timeout(SECOND / 2, bus.dispatch(Work(1)))
            .await
            .is_err()
    );
    let text = written.text();
    assert!(
        text.contains(r#"outcome="cancelled""#) && text.contains("dispatch cancelled"),
        "{text}"
    );
}
