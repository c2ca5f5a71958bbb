//! Where the scan of a queue may begin.
//!
//! What was claimed leaves dead entries at the head of the index until vacuum comes by, and it
//! cannot come by while any session of the database holds an old snapshot. A claim that began at
//! the head each time would walk over all of them: quadratic work. So the driver remembers where
//! the last claim ended and begins there.
//!
//! The floor is a guess: other processes may store jobs below it. It is left out (a full scan)
//! when there is a sign of such jobs, when a scan from it came back short, and now and then; less
//! often if full scans turn out to be dear.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

/// A place in the order of claims: rank, due time, id.
pub(super) type Place = (i16, i64, Uuid);

/// Before every job.
pub(super) const START: Place = (i16::MIN, i64::MIN, Uuid::nil());

/// How long jobs of other processes may stay hidden below the floor.
const FULL_EVERY: Duration = Duration::from_millis(250);
/// A full scan that takes longer than this is dear.
const DEAR: Duration = Duration::from_millis(20);
/// Dear scans may take this part of the time at most.
const SHARE_OF_TIME: u32 = 20;

/// What is known of one queue.
#[derive(Debug)]
struct Floor {
    place: Place,
    /// There may be jobs below.
    doubted: bool,
    /// Moves with each doubt: a claim under way must not forget one.
    doubts: u64,
    full_at: Option<Instant>,
    full_took: Duration,
}

/// The floors of all queues.
#[derive(Debug, Default)]
pub(super) struct Floors {
    queues: Mutex<HashMap<i32, Floor>>,
}

/// Where one scan begins.
#[derive(Debug, Clone, Copy)]
pub(super) struct Start {
    pub(super) place: Place,
    pub(super) full: bool,
    doubts: u64,
}

impl Floors {
    fn lock(&self) -> MutexGuard<'_, HashMap<i32, Floor>> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where the next scan of the queue begins; `full` asks for a full one.
    pub(super) fn start(&self, queue: i32, full: bool, now: Instant) -> Start {
        let mut queues = self.lock();
        let floor = queues.entry(queue).or_insert(Floor {
            place: START,
            doubted: true,
            doubts: 0,
            full_at: None,
            full_took: Duration::ZERO,
        });
        let since = floor
            .full_at
            .map_or(Duration::MAX, |at| now.saturating_duration_since(at));
        let wanted = full || floor.doubted || since >= FULL_EVERY;
        let allowed = floor.full_took < DEAR || since >= floor.full_took * SHARE_OF_TIME;
        let full = floor.place == START || (wanted && allowed);
        let place = if full { START } else { floor.place };
        Start {
            place,
            full,
            doubts: floor.doubts,
        }
    }

    /// A scan is done: `last` is the last place it took from, `short` that it found the end.
    pub(super) fn scanned(
        &self,
        queue: i32,
        start: Start,
        last: Option<Place>,
        short: bool,
        at: Instant,
        took: Duration,
    ) {
        let mut queues = self.lock();
        let Some(floor) = queues.get_mut(&queue) else {
            return;
        };
        if start.full {
            floor.full_at = Some(at);
            floor.full_took = took;
        }
        let doubted_since = floor.doubts != start.doubts;
        if let Some(last) = last {
            floor.place = floor.place.max(last);
            if start.full {
                floor.place = last;
            }
        }
        // At the end of a queue the next scan looks at all again: what comes next may be anywhere.
        floor.doubted = doubted_since || short || (floor.doubted && !start.full);
    }

    /// Jobs may have appeared anywhere in the queue.
    pub(super) fn doubt(&self, queue: i32) {
        if let Some(floor) = self.lock().get_mut(&queue) {
            floor.doubted = true;
            floor.doubts += 1;
        }
    }

    /// A job has appeared at this place.
    pub(super) fn appeared(&self, queue: i32, place: Place) {
        if let Some(floor) = self.lock().get_mut(&queue) {
            // A claim under way may be about to raise the floor above the place.
            floor.doubts += 1;
            floor.doubted |= place < floor.place;
        }
    }

    /// Jobs may have appeared anywhere.
    pub(super) fn doubt_all(&self) {
        for floor in self.lock().values_mut() {
            floor.doubted = true;
            floor.doubts += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn place(at: i64) -> Place {
        (0, at, Uuid::nil())
    }

    /// Floors with one scan done that ended at 10 and found more.
    fn after_one_scan(now: Instant, took: Duration) -> Floors {
        let floors = Floors::default();
        let start = floors.start(1, false, now);
        assert!(start.full, "nothing is known yet");
        floors.scanned(1, start, Some(place(10)), false, now, took);
        floors
    }

    #[tokio::test]
    async fn a_scan_begins_where_the_last_one_ended_until_there_is_doubt() {
        let now = crate::clock::instant();
        let floors = after_one_scan(now, MS);
        assert_eq!(floors.start(1, false, now).place, place(10));
        floors.appeared(1, place(11));
        assert_eq!(
            floors.start(1, false, now).place,
            place(10),
            "above: no doubt"
        );
        floors.appeared(1, place(9));
        assert!(floors.start(1, false, now).full, "below: looked for");
        let floors = after_one_scan(now, MS);
        floors.doubt_all();
        assert!(floors.start(1, false, now).full);
        let floors = after_one_scan(now, MS);
        assert!(
            floors.start(1, false, now + FULL_EVERY).full,
            "now and then"
        );
    }

    #[tokio::test]
    async fn a_doubt_during_a_scan_outlives_it() {
        let now = crate::clock::instant();
        let floors = after_one_scan(now, MS);
        let start = floors.start(1, true, now);
        floors.appeared(1, place(12));
        floors.scanned(1, start, Some(place(20)), false, now, MS);
        assert!(floors.start(1, false, now).full, "12 may lie below 20");
    }

    #[tokio::test]
    async fn dear_scans_are_rare() {
        let now = crate::clock::instant();
        let floors = after_one_scan(now, 100 * MS);
        floors.doubt(1);
        assert!(!floors.start(1, true, now + 1_000 * MS).full);
        assert!(
            floors.start(1, true, now + 2_000 * MS).full,
            "a twentieth of the time"
        );
    }
}
