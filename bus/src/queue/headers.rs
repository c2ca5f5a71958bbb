//! From a context to headers, and back where the job runs.

use std::sync::Arc;

use super::baggage::{Baggage, TraceContext};
use super::info::Execution;
use super::principal::PrincipalCodec;
use crate::codec::Headers;
use crate::command::{Context, MessageId};

/// What travels with a job that is dispatched in `cx`. Nothing, if the dispatch is the root of its
/// request and carries nothing: the job's own id is then the correlation id.
pub(super) fn headers(cx: &Context, principal: Option<&PrincipalCodec>) -> Option<Box<Headers>> {
    let trace = cx.extension::<TraceContext>();
    let nested = cx.causation_id().is_some();
    let correlated = nested || cx.correlation_id() != cx.id();
    let headers = Headers {
        correlation: correlated.then(|| cx.correlation_id().to_string()),
        causation: cx.causation_id().map(|id| id.to_string()),
        traceparent: trace.map(|trace| trace.parent.clone()),
        tracestate: trace.and_then(|trace| trace.state.clone()),
        principal: principal.and_then(|codec| codec.encode(cx)),
        baggage: cx
            .extension::<Baggage>()
            .map(|baggage| baggage.0.clone())
            .unwrap_or_default(),
    };
    (!headers.is_empty()).then(|| Box::new(headers))
}

/// The context of a job that runs.
pub(crate) fn restore(principal: Option<&PrincipalCodec>, execution: &Arc<Execution>) -> Context {
    let job = execution.claimed();
    let id = MessageId::from_u128(job.id().as_uuid().as_u128());
    let origin = Arc::clone(execution);
    let Some(headers) = job.envelope.headers.as_deref() else {
        return Context::restored(id, id, None, origin);
    };
    let read = |text: &Option<String>| text.as_deref().and_then(|text| text.parse().ok());
    let correlation = read(&headers.correlation).unwrap_or(id);
    let mut cx = Context::restored(id, correlation, read(&headers.causation), origin);
    if let Some(parent) = &headers.traceparent {
        cx = cx.with_extension(TraceContext {
            parent: parent.clone(),
            state: headers.tracestate.clone(),
        });
    }
    if !headers.baggage.is_empty() {
        cx = cx.with_extension(Baggage(headers.baggage.clone()));
    }
    match (&headers.principal, principal) {
        (Some(text), Some(codec)) => codec.decode(text, cx),
        _ => cx,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::JobId;

    fn execution(job: JobId, headers: Headers) -> Arc<Execution> {
        let lease = crate::driver::Lease {
            job,
            queue: crate::id::QueueName::DEFAULT,
            delivery: 1,
            token: 0,
        };
        let name = crate::id::CommandName::UNREADABLE;
        let claimed = crate::driver::Claimed {
            lease,
            envelope: crate::codec::Envelope::new(name, 1, "").with_headers(headers),
            priority: crate::job::Priority::NORMAL,
            run_at: crate::clock::Timestamp::EPOCH,
            created_at: crate::clock::Timestamp::EPOCH,
            attempts: 0,
            deferrals: 0,
            max_attempts: 1,
            extras: None,
            cancel_requested: false,
            damage: None,
        };
        Arc::new(Execution::new(claimed, Arc::default()))
    }

    #[test]
    fn what_a_context_carries_survives_the_store() {
        let cx = Context::root()
            .with_extension(Baggage::of("tenant", "acme"))
            .with_extension(TraceContext {
                parent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned(),
                state: None,
            })
            .with_principal(7_u32)
            .child();
        let codec = PrincipalCodec::of::<u32>();
        let headers = headers(&cx, Some(&codec));
        let job = JobId::new();
        let there = restore(
            Some(&codec),
            &execution(job, headers.as_deref().cloned().unwrap_or_default()),
        );
        assert_eq!(there.correlation_id(), cx.correlation_id());
        assert_eq!(there.causation_id(), cx.causation_id());
        assert_eq!(there.extension::<Baggage>(), cx.extension::<Baggage>());
        assert_eq!(
            there.extension::<TraceContext>(),
            cx.extension::<TraceContext>()
        );
        assert_eq!(there.principal::<u32>(), Some(&7));
    }

    #[test]
    fn a_root_without_freight_costs_no_headers() {
        assert_eq!(headers(&Context::root(), None), None);
        let job = JobId::new();
        let there = restore(None, &execution(job, Headers::default()));
        assert_eq!(there.correlation_id().as_u128(), job.as_uuid().as_u128());
    }
}
