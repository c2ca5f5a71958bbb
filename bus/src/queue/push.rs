//! The one way into the store: check, encode, push.

use std::future::Future;
use std::sync::Arc;

use super::error::StoreError;
use super::headers::headers;
use super::pending::PendingJob;
use super::store::Store;
use super::ticket::Ticket;
use crate::clock::{self, Timestamp};
use crate::codec::Headers;
use crate::command::{Answer, Command, Context, Error};
use crate::dispatch::{Way, next_context, policy, run_in};
use crate::driver::MAX_BATCH;
use crate::error::BoxError;
use crate::job::{Job, NewJob, store_form};

/// The way of a job: into the store.
#[doc(hidden)]
#[derive(Debug)]
pub enum Stored {}

impl<J: Job> Way<J> for Stored {
    type Receipt = Ticket<J>;
    type Failure = J::Error;

    async fn dispatch(job: J) -> Result<Ticket<J>, Error<J::Error>> {
        push(job.into(), next_context()).await
    }

    fn dispatch_in(
        job: J,
        cx: Context,
    ) -> impl Future<Output = Result<Ticket<J>, Error<J::Error>>> + Send {
        push(job.into(), cx)
    }
}

impl<J: Job> Way<PendingJob<J>> for Stored {
    type Receipt = Ticket<J>;
    type Failure = J::Error;

    async fn dispatch(job: PendingJob<J>) -> Result<Ticket<J>, Error<J::Error>> {
        push(job, next_context()).await
    }

    fn dispatch_in(
        job: PendingJob<J>,
        cx: Context,
    ) -> impl Future<Output = Result<Ticket<J>, Error<J::Error>>> + Send {
        push(job, cx)
    }
}

/// Stores one job.
pub(super) async fn push<J: Job>(
    pending: PendingJob<J>,
    cx: Context,
) -> Result<Ticket<J>, Error<<J as Command>::Error>> {
    let mut tickets = push_all([pending], cx).await?;
    Ok(tickets.pop().expect("one job has one ticket"))
}

/// Stores jobs with one write; none, if one of them may not be stored.
pub(crate) async fn push_all<J: Job>(
    jobs: impl IntoIterator<Item = PendingJob<J>>,
    cx: Context,
) -> Result<Vec<Ticket<J>>, Error<<J as Command>::Error>> {
    let store = cx
        .state::<Store>()
        .ok_or_else(|| refused::<J>(StoreError::NoBus))?;
    // Opened first: only then the store's time is known.
    let driver = store.driver().await.map_err(refused::<J>)?;
    store.keep_time(&**driver).await;
    let now = store.now();
    let new = prepare_all(jobs, store, &cx, now)?;
    let ids: Vec<_> = new.iter().map(|job| job.id).collect();
    let pushed = match driver.push(new, now).await {
        Ok(pushed) => pushed,
        Err(error) => return Err(refused::<J>(error.into())),
    };
    let tickets = ids.into_iter().zip(pushed);
    Ok(tickets
        .map(|(id, pushed)| Ticket::new(id, pushed, Arc::clone(driver)))
        .collect())
}

/// The stored forms of all, or what is wrong with the first that has none.
fn prepare_all<J: Job>(
    jobs: impl IntoIterator<Item = PendingJob<J>>,
    store: &Store,
    cx: &Context,
    now: Timestamp,
) -> Result<Vec<NewJob>, Error<<J as Command>::Error>> {
    let travels = headers(cx, store.principal());
    let jobs = jobs.into_iter();
    // The iterator is the user's: what it promises is not believed without bound.
    let mut all = Vec::with_capacity(jobs.size_hint().0.min(100 * MAX_BATCH));
    for job in jobs {
        all.push(prepare(job, travels.clone(), cx, now)?);
    }
    Ok(all)
}

/// Cleans and checks a job and gives it its stored form; `travels` is what the context gives along.
pub(super) fn prepare<J: Job>(
    mut pending: PendingJob<J>,
    travels: Option<Box<Headers>>,
    cx: &Context,
    now: Timestamp,
) -> Result<NewJob, Error<<J as Command>::Error>> {
    pending.job.__check(cx)?;
    let new = store_form(&pending.job, now).map_err(|error| refused::<J>(error.into()))?;
    let mut new = PendingJob::apply(pending, new, now).map_err(refused::<J>)?;
    new.envelope.headers = travels;
    Ok(new)
}

#[cold]
pub(super) fn refused<J: Job>(error: StoreError) -> Error<<J as Command>::Error> {
    Error::Store {
        command: J::DESCRIPTOR,
        reason: BoxError::new(error),
    }
}

/// Runs a job here and now, behind its policies, without the store. Once: retries are the store's.
pub(crate) async fn run_now<J: Job>(job: J, cx: Context) -> Answer<J> {
    match J::OPTIONS.timeout {
        None => run_in(job, cx).await,
        Some(limit) => {
            let until = clock::instant() + limit;
            policy::before(until, J::DESCRIPTOR, run_in(job, cx)).await
        }
    }
}
