//! The mistakes with a number, put right: each example of `docs/errors.md` builds.
#![allow(dead_code)]

#[path = "../../fixed/at_most_once_with_retries.rs"]
mod at_most_once_with_retries;
#[path = "../../fixed/authorize_answers_otherwise.rs"]
mod authorize_answers_otherwise;
#[path = "../../fixed/backoff_without_retries.rs"]
mod backoff_without_retries;
#[path = "../../fixed/bad_backoff.rs"]
mod bad_backoff;
#[path = "../../fixed/bad_name.rs"]
mod bad_name;
#[path = "../../fixed/bad_rate.rs"]
mod bad_rate;
#[path = "../../fixed/bad_throttle.rs"]
mod bad_throttle;
#[path = "../../fixed/bad_timeout.rs"]
mod bad_timeout;
#[path = "../../fixed/below_the_range.rs"]
mod below_the_range;
#[path = "../../fixed/commit_not_seen.rs"]
mod commit_not_seen;
#[path = "../../fixed/derive_above.rs"]
mod derive_above;
#[path = "../../fixed/empty_queue.rs"]
mod empty_queue;
#[path = "../../fixed/field_borrowed.rs"]
mod field_borrowed;
#[path = "../../fixed/generic.rs"]
mod generic;
#[path = "../../fixed/key_twice.rs"]
mod key_twice;
#[path = "../../fixed/method.rs"]
mod method;
#[path = "../../fixed/middleware_is_none.rs"]
mod middleware_is_none;
#[path = "../../fixed/mutable_service.rs"]
mod mutable_service;
#[path = "../../fixed/nested_not_sanitized.rs"]
mod nested_not_sanitized;
#[path = "../../fixed/no_argument.rs"]
mod no_argument;
#[path = "../../fixed/no_handler.rs"]
mod no_handler;
#[path = "../../fixed/no_value.rs"]
mod no_value;
#[path = "../../fixed/not_a_command.rs"]
mod not_a_command;
#[path = "../../fixed/not_injectable.rs"]
mod not_injectable;
#[path = "../../fixed/nothing.rs"]
mod nothing;
#[path = "../../fixed/on_an_impl_block.rs"]
mod on_an_impl_block;
#[path = "../../fixed/on_failure_is_no_job.rs"]
mod on_failure_is_no_job;
#[path = "../../fixed/other_error.rs"]
mod other_error;
#[path = "../../fixed/other_output.rs"]
mod other_output;
#[path = "../../fixed/rate_per_unhashable_field.rs"]
mod rate_per_unhashable_field;
#[path = "../../fixed/rate_per_unknown_field.rs"]
mod rate_per_unknown_field;
#[path = "../../fixed/retries_without_clone.rs"]
mod retries_without_clone;
#[path = "../../fixed/returns_impl_trait.rs"]
mod returns_impl_trait;
#[path = "../../fixed/rules_on_an_enum.rs"]
mod rules_on_an_enum;
#[path = "../../fixed/sanitizer_on_a_number.rs"]
mod sanitizer_on_a_number;
#[path = "../../fixed/state_first.rs"]
mod state_first;
#[path = "../../fixed/too_many_retries.rs"]
mod too_many_retries;
#[path = "../../fixed/two_handlers.rs"]
mod two_handlers;
#[path = "../../fixed/unknown_key.rs"]
mod unknown_key;
#[path = "../../fixed/unknown_sanitizer.rs"]
mod unknown_sanitizer;
#[path = "../../fixed/validate_without_rules.rs"]
mod validate_without_rules;
#[path = "../../fixed/value_of_another_kind.rs"]
mod value_of_another_kind;

fn main() {}
