//! Workers are killed at random points under load: no job is lost, none is settled twice.
use super::audit::{all_over, audit};
use super::crew::{Hand, Told, jobs};
use super::place::Place;
use bus::Bus;
use bus::job::FailureKind;
use bus_tests::{Child, Dice, amount};
use std::time::{Duration, Instant};

/// So many processes are killed on each store.
pub(super) fn rounds() -> usize {
    amount("BUS_TEST_ROUNDS", 100)
}

const HANDS: usize = 3;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_loses_nothing_with_its_workers() {
    loses_nothing(&Place::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_loses_nothing_with_its_workers() {
    loses_nothing(&Place::postgres().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_loses_nothing_with_its_workers() {
    loses_nothing(&Place::redis()).await;
}

/// The processes that work, and what the dead ones said.
struct Crew<'p> {
    place: &'p Place,
    dice: Dice,
    hands: Vec<Child>,
    told: Told,
}

impl Crew<'_> {
    fn hire(&mut self, produces: bool) {
        let hand = Hand {
            url: self.place.url(),
            lease: Duration::from_secs(1),
            slots: 8,
            seed: produces.then(|| self.dice.roll() >> 1),
        };
        self.hands.push(hand.start());
    }

    /// Kills one, mostly while it works, now and then while it starts.
    async fn kill_one(&mut self) {
        let at = usize::try_from(self.dice.within(0..HANDS as u64)).unwrap();
        let victim = self.hands.swap_remove(at);
        if !self.dice.one_in(8) {
            victim.said().count(1).await;
        }
        tokio::time::sleep(self.dice.milliseconds(100)).await;
        self.told.hear(&victim.kill());
    }
}

async fn loses_nothing(place: &Place) {
    let began = Instant::now();
    let bus = place.bus().await;
    let mut crew = Crew {
        place,
        dice: Dice::new(),
        hands: Vec::new(),
        told: Told::default(),
    };
    (0..HANDS).for_each(|_| crew.hire(true));
    for _ in 0..rounds() {
        feed(&bus, &mut crew).await;
        crew.kill_one().await;
        if crew.dice.one_in(10) {
            // All at once: nobody is left to rescue.
            for victim in std::mem::take(&mut crew.hands) {
                crew.told.hear(&victim.kill());
            }
        }
        while crew.hands.len() < HANDS {
            crew.hire(true);
        }
    }
    for victim in std::mem::take(&mut crew.hands) {
        crew.told.hear(&victim.kill());
    }
    // Those that come now only finish.
    (0..HANDS).for_each(|_| crew.hire(false));
    all_over(&bus).await;
    for mut hand in std::mem::take(&mut crew.hands) {
        hand.said().count(1).await;
        hand.tell("end");
        let (status, said) = hand.ended();
        assert!(status.success(), "{status}: {said:?}");
        crew.told.hear(&said);
    }
    let rows = audit(&bus, &crew.told).await;
    let lost = rows.iter().flat_map(|row| &row.failures);
    let lost = lost.filter(|failure| failure.kind == FailureKind::Lost);
    let lost = lost.count();
    let again = crew
        .told
        .executed
        .values()
        .map(|deliveries| deliveries.len() - 1);
    println!(
        "{} kills, {} jobs, {lost} attempts lost, {} executions in vain, {:?}",
        rounds(),
        rows.len(),
        again.sum::<usize>(),
        began.elapsed()
    );
    assert!(lost > 0, "nobody was killed at work");
}

/// The parent dispatches as well: one by one and many at once.
async fn feed(bus: &Bus, crew: &mut Crew<'_>) {
    let many = usize::try_from(crew.dice.within(1..100)).unwrap();
    let many = bus.dispatch_all(jobs(&mut crew.dice, many)).await.unwrap();
    let mut singles = Vec::new();
    for _ in 0..5 {
        singles.push(jobs(&mut crew.dice, 1).remove(0));
    }
    let singles = singles.into_iter().map(|job| {
        let bus = bus.clone();
        tokio::spawn(async move { bus.dispatch(job).await.unwrap() })
    });
    let singles: Vec<_> = singles.collect();
    crew.told.stored.extend(many.iter().map(bus::Ticket::id));
    for single in singles {
        crew.told.stored.insert(single.await.unwrap().id());
    }
}
