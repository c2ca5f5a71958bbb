//! What people see and do, through the driver: a batch a lock, so that workers never wait long.

use super::driver::MemoryDriver;
use super::edit::Cursor;
use super::look::page_of;
use super::rows::Slot;
use super::store::{Store, Woken};
use crate::clock::Timestamp;
use crate::driver::{
    CancelCount, DriverFuture, Inspect, JobFilter, JobPage, Keep, MAX_BATCH, Page, QueueCounts,
    QueueInfo, Selection, WorkerInfo,
};
use crate::id::{JobId, QueueName};
use crate::job::JobRecord;

impl MemoryDriver {
    /// Works through a selection, a batch a lock; `step` works on one batch and says how much of
    /// the limit it used.
    async fn each_selected(
        &self,
        selection: &Selection,
        limit: usize,
        mut step: impl FnMut(&mut Store, Vec<Slot>, usize, &mut Woken) -> usize,
    ) {
        let mut left = limit.min(MAX_BATCH);
        let mut cursor = Cursor::start(selection);
        while left > 0 && !matches!(cursor, Cursor::End) {
            {
                let mut woken = Woken::default();
                let mut store = self.shared.lock();
                let slots = store.select(selection, &mut cursor);
                left -= step(&mut store, slots, left, &mut woken);
                self.shared.finish(store, &woken);
            }
            tokio::task::yield_now().await;
        }
    }
}

impl Inspect for MemoryDriver {
    fn get(&self, job: JobId) -> DriverFuture<'_, Option<JobRecord>> {
        Box::pin(async move {
            self.check("get")?;
            Ok(self.shared.lock().job(job).cloned())
        })
    }

    fn list<'a>(&'a self, filter: &'a JobFilter, page: Page) -> DriverFuture<'a, JobPage> {
        Box::pin(async move {
            self.check("list")?;
            let page = Page {
                limit: page.limit.min(MAX_BATCH),
                ..page
            };
            let mut found = Vec::new();
            let mut after = page.after;
            if page.limit > 0 {
                loop {
                    let next = self.shared.lock().look(filter, &page, after, &mut found);
                    if next.is_none() {
                        break;
                    }
                    after = next;
                    tokio::task::yield_now().await;
                }
            }
            Ok(page_of(found, page.limit))
        })
    }

    fn counts<'a>(&'a self, queue: Option<&'a QueueName>) -> DriverFuture<'a, Vec<QueueCounts>> {
        Box::pin(async move {
            self.check("counts")?;
            Ok(self.shared.lock().counts(queue))
        })
    }

    fn queues(&self) -> DriverFuture<'_, Vec<QueueInfo>> {
        Box::pin(async move {
            self.check("queues")?;
            Ok(self.shared.lock().queue_list())
        })
    }

    fn workers(&self) -> DriverFuture<'_, Vec<WorkerInfo>> {
        Box::pin(async move {
            self.check("workers")?;
            let store = self.shared.lock();
            let known = store.workers.values();
            Ok(known.filter_map(|worker| worker.info.clone()).collect())
        })
    }

    fn retry<'a>(
        &'a self,
        jobs: &'a Selection,
        limit: usize,
        now: Timestamp,
    ) -> DriverFuture<'a, u64> {
        Box::pin(async move {
            self.check("retry")?;
            let mut count = 0;
            self.each_selected(jobs, limit, |store, slots, left, woken| {
                let retried = slots
                    .into_iter()
                    .filter(|&slot| store.retry(slot, now, woken));
                let retried = retried.take(left).count();
                count += retried as u64;
                retried
            })
            .await;
            Ok(count)
        })
    }

    fn cancel<'a>(
        &'a self,
        jobs: &'a Selection,
        reason: &'a str,
        keep: Keep,
        limit: usize,
        now: Timestamp,
    ) -> DriverFuture<'a, CancelCount> {
        Box::pin(async move {
            self.check("cancel")?;
            let mut count = CancelCount::default();
            let mut ended = Vec::new();
            self.each_selected(jobs, limit, |store, slots, left, woken| {
                let before = count.cancelled + count.requested;
                for slot in slots {
                    let used = count.cancelled + count.requested - before;
                    if used >= left as u64 {
                        break;
                    }
                    let cancelled = count.cancelled;
                    store.cancel(slot, reason, keep, now, &mut count, woken);
                    if count.cancelled > cancelled {
                        ended.push(store.rows.get(slot).job.id);
                    }
                }
                usize::try_from(count.cancelled + count.requested - before)
                    .expect("no more than the limit")
            })
            .await;
            self.shared.each(|handle| {
                for &job in &ended {
                    handle.ends.look(job);
                }
            });
            Ok(count)
        })
    }

    fn delete<'a>(
        &'a self,
        jobs: &'a Selection,
        limit: usize,
        _now: Timestamp,
    ) -> DriverFuture<'a, u64> {
        Box::pin(async move {
            self.check("delete")?;
            let mut gone = Vec::new();
            self.each_selected(jobs, limit, |store, slots, left, _| {
                let before = gone.len();
                let deleted = slots.into_iter().filter_map(|slot| store.delete(slot));
                gone.extend(deleted.take(left));
                gone.len() - before
            })
            .await;
            self.shared.each(|handle| {
                for (id, _) in &gone {
                    handle.ends.look(*id);
                }
            });
            Ok(gone.len() as u64)
        })
    }

    fn pause<'a>(
        &'a self,
        queue: &'a QueueName,
        reason: Option<&'a str>,
        now: Timestamp,
    ) -> DriverFuture<'a, bool> {
        Box::pin(async move {
            self.check("pause")?;
            Ok(self.shared.lock().pause(queue, reason, now))
        })
    }

    fn resume<'a>(&'a self, queue: &'a QueueName) -> DriverFuture<'a, bool> {
        Box::pin(async move {
            self.check("resume")?;
            let mut woken = Woken::default();
            let mut store = self.shared.lock();
            let ended = store.resume(queue, &mut woken);
            self.shared.finish(store, &woken);
            Ok(ended)
        })
    }
}
