//! What a worker has in hand, looked over and counted.

use super::{Hub, Inner};
use crate::driver::Claimed;
use crate::id::JobId;

impl Hub {
    /// How many jobs are taken and not begun.
    pub(in super::super) fn waiting(&self, inner: &Inner) -> usize {
        let on_desks = self.desks(inner).map(|desk| desk.jobs.len());
        inner.ready.len() + on_desks.sum::<usize>()
    }

    /// Each job in hand, for the store to compare with what it leased.
    pub(in super::super) fn held(&self) -> Vec<JobId> {
        let inner = self.lock();
        let mut held: Vec<JobId> = inner
            .running
            .values()
            .map(|active| active.execution.claimed().id())
            .collect();
        held.extend(inner.ready.iter().map(Claimed::id));
        held.extend(inner.done.iter().map(|over| over.lease.job));
        held.extend(&inner.settling);
        for desk in self.desks(&inner) {
            held.extend(desk.jobs.iter().map(Claimed::id));
            held.extend(desk.current);
            held.extend(desk.done.iter().map(|over| over.lease.job));
        }
        held
    }

    /// How many more jobs there is a use for: free slots, and `ahead` to have at hand.
    pub(in super::super) fn room(&self, inner: &Inner, ahead: usize) -> usize {
        let free = inner.slots.saturating_sub(inner.active);
        (free + ahead).saturating_sub(self.waiting(inner) + inner.reserved)
    }

    /// Whether there are outcomes that nobody has taken to the store yet.
    pub(in super::super) fn has_outcomes(&self, inner: &Inner) -> bool {
        let mut desks = self.desks(inner);
        !inner.done.is_empty() || desks.any(|desk| !desk.done.is_empty())
    }

    /// Nothing is in hand: neither jobs nor outcomes nor promises. A lane has a slot while it has a
    /// job in its hands.
    pub(in super::super) fn is_idle(&self, inner: &Inner) -> bool {
        let used = inner.active + self.waiting(inner) + inner.reserved;
        used == 0 && !self.has_outcomes(inner)
    }

    /// Slots that nothing will use.
    pub(in super::super) fn free(&self, inner: &Inner) -> usize {
        let used = inner.active + self.waiting(inner) + inner.reserved;
        inner.slots.saturating_sub(used)
    }
}
