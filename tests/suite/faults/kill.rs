//! Workers are killed at random points under load: no job is lost, none is settled twice.
use super::audit::{all_over, audit};
use super::crew::{Hand, Told, jobs};
use super::place::Place;
use bus::Bus;
use bus::job::FailureKind;
use bus_tests::{Child, Dice, amount};
use std::collections::HashSet;
use std::time::{Duration, Instant};

/// So many processes are killed on each store.
pub(super) fn rounds() -> usize {
    amount("BUS_TEST_ROUNDS", 100)
}

pub(super) const HANDS: usize = 3;

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
#[derive(Debug)]
pub(super) struct Crew<'p> {
    place: &'p Place,
    produces: bool,
    pub(super) dice: Dice,
    hands: Vec<Child>,
    pub(super) told: Told,
}

impl<'p> Crew<'p> {
    /// Of processes that work, and dispatch as well if it `produces`.
    pub(super) fn new(place: &'p Place, produces: bool) -> Self {
        let (dice, told) = (Dice::new(), Told::default());
        let mut crew = Self {
            place,
            produces,
            dice,
            hands: Vec::new(),
            told,
        };
        crew.hire_up_to(HANDS);
        crew
    }

    pub(super) fn hire_up_to(&mut self, count: usize) {
        while self.hands.len() < count {
            let hand = Hand {
                url: self.place.url(),
                lease: Duration::from_secs(1),
                slots: 8,
                seed: self.produces.then(|| self.dice.roll() >> 1),
            };
            self.hands.push(hand.start());
        }
    }

    /// Kills one, mostly while it works, now and then while it starts.
    pub(super) async fn kill_one(&mut self) {
        let at = usize::try_from(self.dice.within(0..HANDS as u64)).unwrap();
        let victim = self.hands.swap_remove(at);
        if !self.dice.one_in(8) {
            victim.said().count(1).await;
        }
        tokio::time::sleep(self.dice.milliseconds(100)).await;
        self.told.hear(&victim.kill());
    }

    fn kill_all(&mut self) {
        for victim in std::mem::take(&mut self.hands) {
            self.told.hear(&victim.kill());
        }
    }

    /// Ends all in order.
    pub(super) async fn end(&mut self) {
        for mut hand in std::mem::take(&mut self.hands) {
            hand.said().count(1).await;
            hand.tell("end");
            let (status, said) = hand.ended();
            assert!(status.success(), "{status}: {said:?}");
            self.told.hear(&said);
        }
    }
}

async fn loses_nothing(place: &Place) {
    let began = Instant::now();
    let bus = place.bus().await;
    let mut crew = Crew::new(place, true);
    for _ in 0..rounds() {
        feed(&bus, &mut crew).await;
        crew.kill_one().await;
        if crew.dice.one_in(10) {
            // All at once: nobody is left to rescue.
            crew.kill_all();
        }
        crew.hire_up_to(HANDS);
    }
    crew.kill_all();
    // Those that come now only finish.
    crew.produces = false;
    crew.hire_up_to(HANDS);
    all_over(&bus).await;
    crew.end().await;
    let rows = audit(&bus, &crew.told).await;
    for (job, deliveries) in &crew.told.executed {
        let different: HashSet<_> = deliveries.iter().collect();
        assert_eq!(
            different.len(),
            deliveries.len(),
            "one delivery of {job} ran twice"
        );
    }
    let lost = rows.iter().flat_map(|row| &row.failures);
    let lost = lost.filter(|failure| failure.kind == FailureKind::Lost);
    let lost = lost.count();
    let (kills, jobs, took) = (rounds(), rows.len(), began.elapsed());
    let told = format!("{kills} kills, {jobs} jobs in {took:?}, {lost} attempts lost");
    crew.told.report(&told);
    assert!(lost > 0, "nobody was killed at work");
}

/// The parent dispatches as well: one by one and many at once.
async fn feed(bus: &Bus, crew: &mut Crew<'_>) {
    let many = usize::try_from(crew.dice.within(1..100)).unwrap();
    let many = bus.dispatch_all(jobs(&mut crew.dice, many)).await.unwrap();
    let singles: Vec<_> = (0..5)
        .map(|_| {
            let (bus, job) = (bus.clone(), jobs(&mut crew.dice, 1).remove(0));
            tokio::spawn(async move { bus.dispatch(job).await.unwrap() })
        })
        .collect();
    crew.told.stored.extend(many.iter().map(bus::Ticket::id));
    for single in singles {
        crew.told.stored.insert(single.await.unwrap().id());
    }
}
