//! The rules of a job across its keys.
use crate::codes;
use crate::errors::Errors;
use crate::model::{Command, JobKeys, Set};
use quote::quote;

/// Tells every contradiction of a job.
pub(crate) fn job(command: &Command, errors: &mut Errors) {
    super::command(command, errors);
    let options = &command.options;
    let Some(job) = &options.job else { return };
    needs_retries(job, options.retries.as_ref().map(|set| set.value), errors);
    runs_once(job, options.retries.as_ref(), errors);
    if let (Some(delay), Some(until)) = (&job.delay, &job.retry_until)
        && until.value <= delay.value
    {
        let message = "`retry_until` ends before `delay` has passed: no retry is ever possible";
        errors.at(&codes::CONTRADICTION, &until.key, message);
    }
    if let Some(on_failure) = &job.on_failure
        && on_failure.value.is_ident(&command.ident)
    {
        let message = "a job that follows its own failure would never end: name another job";
        errors.at(&codes::CONTRADICTION, &on_failure.at, message);
    }
}

/// What speaks of retries needs some.
fn needs_retries(job: &JobKeys, retries: Option<u32>, errors: &mut Errors) {
    let until = job
        .retry_until
        .as_ref()
        .map(|set| (&set.key, "retry_until"));
    let no_retry = job.no_retry.as_ref().map(|set| (&set.key, "no_retry"));
    for (key, name) in until.into_iter().chain(no_retry) {
        let message = match retries {
            Some(0) => format!("`{name}` contradicts `retries = 0`: remove one of them"),
            Some(_) => continue,
            None => format!("`{name}` limits retries, and there are none: add `retries = 3`"),
        };
        errors.at(&codes::CONTRADICTION, key, message);
    }
}

/// What must not run twice has no retries.
fn runs_once(job: &JobKeys, retries: Option<&Set<u32>>, errors: &mut Errors) {
    let (Some(once), Some(retries)) = (&job.at_most_once, retries) else {
        return;
    };
    if retries.value == 0 {
        return;
    }
    let number = retries.value;
    let message = format!(
        "`at_most_once` contradicts `retries = {number}`: each retry would run it again; \
         remove one of them"
    );
    let (once, retries) = (&once.key, &retries.key);
    errors.at(&codes::NO_SECOND_RUN, quote!(#retries #once), message);
}
