//! The table of behaviours: one line each, here and nowhere else.

use std::fmt;
use std::pin::Pin;

use super::kit::Subject;
use super::{
    claiming, fencing, handing, looking, model, news, people, race, rescuing, settling, storing,
    upkeep,
};

/// One thing that a store must do.
pub struct Behaviour {
    /// In words, as an identifier.
    pub name: &'static str,
    pub(super) check: fn(Subject) -> Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl fmt::Debug for Behaviour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Behaviour").field(&self.name).finish()
    }
}

/// Makes a `#[test]` of each behaviour, in the module where it stands.
///
/// The argument is the path of an `async fn(&'static str) -> impl Ground` that makes an empty store
/// for the behaviour of that name; see [`testing::conformance`](crate::testing::conformance).
#[macro_export]
macro_rules! driver_conformance {
    ($ground:path) => {
        $crate::__conformance! { @list tests $ground }
    };
}

/// The list, and what is made of it.
#[doc(hidden)]
#[macro_export]
macro_rules! __conformance {
    (@list $make:ident $($ground:path)?) => {
        $crate::__conformance! { @$make $($ground)?;
            storing {
                a_stored_job_is_kept_whole
                a_repeated_push_is_a_duplicate_and_changes_nothing
                two_jobs_of_one_call_with_one_id_are_one
                an_empty_push_does_nothing
                a_job_due_later_is_scheduled
                a_hundred_thousand_jobs_in_one_call_are_all_stored
                bodies_from_nothing_to_eight_mebibytes_come_back
                any_bytes_and_any_letters_come_back
                the_longest_names_are_kept
                what_the_store_cannot_keep_is_refused_whole
            }
            claiming {
                a_claim_leases_the_job
                each_job_goes_to_one_of_many_claimers
                jobs_come_by_priority_then_due_time_then_arrival
                shares_are_taken_in_the_order_of_the_request
                a_claim_takes_no_more_than_its_limits
                nothing_is_taken_from_a_paused_queue
                an_unknown_queue_and_an_empty_request_give_nothing
                jobs_that_are_not_due_stay
                workers_whose_clocks_differ_share_the_queue
            }
            settling {
                a_completed_job_is_gone_unless_it_is_kept
                a_retry_waits_for_its_time_and_keeps_its_failure
                a_retry_that_is_due_is_available_at_once
                a_deferral_costs_no_attempt
                a_released_job_keeps_its_place
                a_dead_job_keeps_reason_and_history
                a_parked_job_counts_no_attempt_and_is_kept
                a_cancelled_job_keeps_its_reason
                following_jobs_are_stored_if_and_only_if_the_settlement_is_applied
                settle_and_claim_settles_first
                a_history_keeps_the_newest_failures
                a_life_of_failures_counts_each_counter
            }
            fencing {
                a_stale_lease_changes_nothing
                a_repeated_settlement_changes_nothing
                another_workers_lease_is_not_valid
                one_lost_lease_does_not_harm_the_others
                a_thousand_settlements_in_one_call
            }
            rescuing {
                a_heartbeat_registers_and_prolongs
                a_living_workers_jobs_are_its_own
                a_dead_workers_jobs_wait_for_their_retry
                a_retry_after_a_rescue_may_be_due_at_once
                a_job_out_of_attempts_goes_to_the_rescuer
                a_job_out_of_attempts_may_run_again
                a_dead_rescuers_jobs_are_rescued_again
                a_lost_job_that_should_end_goes_to_the_rescuer
                a_rescue_is_bounded_and_buries_last
                several_rescuers_count_each_job_once
                jobs_of_a_forgotten_worker_are_rescued
                a_disowned_job_is_available_again
                a_retired_worker_leaves_nothing
                a_history_mixes_all_kinds_of_failure
            }
            upkeep {
                twelve_thousand_due_at_once_are_promoted_in_order
                a_promotion_tells_when_to_come_again
                paused_queues_are_promoted_too
                several_promoters_promote_each_job_once
                a_promoted_job_comes_by_its_priority
                ended_jobs_are_pruned_after_their_time
                a_migration_is_done_once
                a_closed_driver_refuses_and_its_wakes_end
                what_waits_and_what_ended_survives_a_restart
                running_jobs_come_back_after_a_restart
            }
            looking {
                an_unknown_job_is_none
                pages_hold_each_job_once_in_both_orders
                a_page_goes_on_though_its_last_job_is_gone
                each_filter_finds_its_jobs
                counts_follow_each_move
                queues_are_those_with_jobs_or_a_pause
            }
            people {
                a_person_retries_whatever_does_not_run
                a_person_cancels_what_waits
                a_person_cancels_what_runs
                a_job_may_complete_though_it_was_to_end
                a_person_deletes_whatever_does_not_run
                a_selection_is_worked_through_call_by_call
                a_retried_job_takes_its_place_by_its_new_time
            }
            news {
                a_push_wakes_its_queue
                a_promotion_wakes_its_queue
                a_settlement_wakes_for_what_it_gives_back_and_stores
                what_people_do_wakes
                what_a_worker_gives_back_wakes
                a_watcher_learns_the_end_and_the_output
                a_watcher_learns_that_a_waiting_job_was_cancelled
            }
            handing {
                a_job_handed_over_is_running_and_settles
                what_is_not_due_new_or_free_is_not_handed_over
                a_worker_that_is_gone_is_asked_no_more
                pushes_of_many_are_handed_over_or_wait
            }
            race {
                crashing_workers_lose_no_job_and_end_none_twice
                pushes_repeated_by_many_store_each_job_once
                one_of_many_settlements_of_a_delivery_is_applied
            }
            model {
                a_model_and_the_store_agree
            }
        }
    };
    (@tests $ground:path; $($file:ident { $($name:ident)* })*) => { $($(
        #[test]
        fn $name() {
            $crate::testing::conformance::run(stringify!($name), $ground);
        }
    )*)* };
    (@table; $($file:ident { $($name:ident)* })*) => { &[ $($(
        Behaviour {
            name: stringify!($name),
            check: |subject| Box::pin($file::$name(subject)),
        },
    )*)* ] };
}

/// All behaviours.
pub const BEHAVIOURS: &[Behaviour] = __conformance! { @list table };
