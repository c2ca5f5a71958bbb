//! Two processes on one SQLite file.
use super::audit::{all_over, audit};
use super::crew::{Hand, Told, Work};
use super::place::Place;
use bus_tests::Dice;
use std::time::{Duration, Instant};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_share_the_work_of_a_file() {
    let place = Place::sqlite();
    let bus = place.bus().await;
    let hand = Hand {
        url: place.url(),
        lease: Duration::from_secs(30),
        slots: 2,
        seed: None,
    };
    let mut hands = [hand.start(), hand.start()];
    for hand in &hands {
        hand.said().count(1).await;
    }
    let work = |_| Work {
        takes: 5,
        ..Work::quick()
    };
    let tickets = bus.dispatch_all((0..600).map(work)).await.unwrap();
    all_over(&bus).await;
    let mut told = Told::default();
    told.stored.extend(tickets.iter().map(bus::Ticket::id));
    for hand in &mut hands {
        hand.tell("end");
    }
    for hand in hands {
        let (status, said) = hand.ended();
        let mut own = Told::default();
        own.hear(&said);
        assert!(
            status.success() && own.executed.len() > 60,
            "{}",
            own.executed.len()
        );
        told.hear(&said);
    }
    audit(&bus, &told).await;
    assert!(
        told.executed
            .values()
            .all(|deliveries| deliveries.len() == 1),
        "none ran twice"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idle_process_notices_a_job_of_another_within_50_ms() {
    const TIMES: usize = 24;
    let place = Place::sqlite();
    let bus = place.bus().await;
    let hand = Hand {
        url: place.url(),
        lease: Duration::from_secs(30),
        slots: 2,
        seed: None,
    };
    let hand = hand.start();
    let mut dice = Dice::new();
    let mut waits = Vec::new();
    for time in 1..=TIMES {
        hand.said().count(time).await;
        tokio::time::sleep(dice.milliseconds(60)).await;
        bus.dispatch(Work::quick()).await.unwrap();
        let stored = Instant::now();
        hand.said().count(time + 1).await;
        waits.push(stored.elapsed());
    }
    waits.sort();
    // A machine that is busy with other things is late with all of it, but not always. Who polls
    // is late nearly each time.
    let quarter = waits[TIMES / 4];
    assert!(quarter <= Duration::from_millis(50), "{waits:?}");
}
