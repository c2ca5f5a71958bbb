//! Where the scan of a queue may begin.
//!
//! What was claimed leaves dead entries at the head of the index until vacuum comes by, and it
//! cannot come by while any session of the database holds an old snapshot. A claim that began at
//! the head each time would walk over all of them: quadratic work. So the driver remembers where
//! the last claim ended and begins there.
//!
//! The floor is a guess: other processes may store jobs below it. It is left out (a full scan)
//! when this process put a job below it, and when a scan from it came back short; also when other
//! processes stored something, and now and then, but then only if full scans are not dear.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

/// A place in the order of claims: rank, due time, id.
pub(super) type Place = (i16, i64, Uuid);

/// Before every job.
pub(super) const START: Place = (i16::MIN, i64::MIN, Uuid::nil());

/// Behind every job.
const END: Place = (i16::MAX, i64::MAX, Uuid::max());

/// How long jobs of other processes may stay hidden below the floor.
const FULL_EVERY: Duration = Duration::from_millis(250);
/// A full scan that takes longer than this is dear.
const DEAR: Duration = Duration::from_millis(20);
/// Dear scans may take this part of the time at most.
const SHARE_OF_TIME: u32 = 20;

/// Whether there may be jobs below the floor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Doubt {
    /// Not that anyone knows.
    None,
    /// Perhaps.
    Perhaps,
    /// This process put some there: the next scan must find them.
    Certain,
}

/// What is known of one queue.
#[derive(Debug)]
struct Floor {
    place: Place,
    doubt: Doubt,
    /// Moves with each doubt: a scan under way must not clear one.
    doubts: u64,
    /// The first place where this process stored a job since the last scan began.
    recent: Place,
    full_at: Instant,
    full_took: Duration,
}

/// The floors of all queues.
#[derive(Debug, Default)]
pub(super) struct Floors {
    queues: Mutex<HashMap<i32, Floor>>,
}

/// What came of a scan.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scan {
    /// The last place it took from.
    pub(super) last: Option<Place>,
    /// It found the end of the queue.
    pub(super) short: bool,
    /// When it began.
    pub(super) at: Instant,
    pub(super) took: Duration,
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

    /// Where the next scan of the queue begins; `full` demands a full one.
    pub(super) fn start(&self, queue: i32, full: bool, now: Instant) -> Start {
        let mut queues = self.lock();
        let floor = queues.entry(queue).or_insert(Floor {
            place: START,
            doubt: Doubt::None,
            doubts: 0,
            recent: END,
            full_at: now,
            full_took: Duration::ZERO,
        });
        let since = now.saturating_duration_since(floor.full_at);
        let wanted = floor.doubt == Doubt::Perhaps || since >= FULL_EVERY;
        let allowed = floor.full_took < DEAR || since >= floor.full_took * SHARE_OF_TIME;
        let full =
            full || floor.place == START || floor.doubt == Doubt::Certain || (wanted && allowed);
        floor.recent = END;
        Start {
            place: if full { START } else { floor.place },
            full,
            doubts: floor.doubts,
        }
    }

    /// A scan that began at `start` is done.
    pub(super) fn scanned(&self, queue: i32, start: Start, scan: Scan) {
        let mut queues = self.lock();
        let Some(floor) = queues.get_mut(&queue) else {
            return;
        };
        if start.full {
            floor.full_at = scan.at;
            floor.full_took = scan.took;
            if floor.doubts == start.doubts {
                floor.doubt = Doubt::None;
            }
        }
        match scan.last {
            Some(last) if start.full => floor.place = last,
            Some(last) => floor.place = floor.place.max(last),
            None => {}
        }
        if floor.recent < floor.place {
            floor.doubt = Doubt::Certain;
        }
        if scan.short {
            // What comes next may be anywhere.
            floor.doubt = floor.doubt.max(Doubt::Perhaps);
        }
    }

    /// Jobs may have appeared anywhere in the queue.
    pub(super) fn doubt(&self, queue: i32, doubt: Doubt) {
        if let Some(floor) = self.lock().get_mut(&queue) {
            floor.doubt = floor.doubt.max(doubt);
            floor.doubts += 1;
        }
    }

    /// This process stored a job at this place.
    pub(super) fn appeared(&self, queue: i32, place: Place) {
        if let Some(floor) = self.lock().get_mut(&queue) {
            // A claim under way may be about to raise the floor above the place.
            floor.recent = floor.recent.min(place);
            if place < floor.place {
                floor.doubt = Doubt::Certain;
                floor.doubts += 1;
            }
        }
    }

    /// Jobs may have appeared anywhere.
    pub(super) fn doubt_all(&self) {
        for floor in self.lock().values_mut() {
            floor.doubt = floor.doubt.max(Doubt::Perhaps);
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

    fn scan(last: i64, at: Instant, took: Duration) -> Scan {
        Scan {
            last: Some(place(last)),
            short: false,
            at,
            took,
        }
    }

    /// Floors with one scan done that ended at 10 and found more.
    fn after_one_scan(now: Instant, took: Duration) -> Floors {
        let floors = Floors::default();
        let start = floors.start(1, false, now);
        assert!(start.full, "nothing is known yet");
        floors.scanned(1, start, scan(10, now, took));
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
            "it lies above"
        );
        floors.appeared(1, place(9));
        let start = floors.start(1, false, now);
        assert!(start.full, "it lies below");
        floors.scanned(1, start, scan(20, now, MS));
        assert_eq!(
            floors.start(1, false, now).place,
            place(20),
            "all were seen"
        );
        floors.doubt_all();
        assert!(floors.start(1, false, now).full);
        let floors = after_one_scan(now, MS);
        assert!(
            floors.start(1, false, now + FULL_EVERY).full,
            "now and then"
        );
        assert!(floors.start(1, true, now).full, "on demand");
    }

    #[tokio::test]
    async fn what_comes_during_a_scan_is_not_forgotten() {
        let now = crate::clock::instant();
        let floors = after_one_scan(now, MS);
        let start = floors.start(1, false, now);
        floors.appeared(1, place(12));
        floors.scanned(1, start, scan(20, now, MS));
        assert!(floors.start(1, false, now).full, "12 lies below 20");
        let floors = after_one_scan(now, MS);
        let start = floors.start(1, true, now);
        floors.doubt(1, Doubt::Certain);
        floors.scanned(1, start, scan(20, now, MS));
        assert!(floors.start(1, false, now).full, "a doubt outlives a scan");
    }

    #[tokio::test]
    async fn dear_scans_are_rare_but_for_what_is_certain() {
        let now = crate::clock::instant();
        let floors = after_one_scan(now, 100 * MS);
        floors.doubt(1, Doubt::Perhaps);
        assert!(!floors.start(1, false, now + 1_000 * MS).full);
        assert!(
            floors.start(1, false, now + 2_000 * MS).full,
            "a twentieth of the time"
        );
        floors.doubt(1, Doubt::Certain);
        assert!(floors.start(1, false, now).full);
    }
}
