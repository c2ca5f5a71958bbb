//! The law, asked in every combination, and the page that draws it.

use std::collections::BTreeSet;

use super::*;

/// The rules in words, independent of the table.
fn lawful(step: Move) -> bool {
    use JobState::*;
    let Move { from, cause, to } = step;
    match (from, cause, to) {
        (None, Cause::Push, Some(to)) => matches!(to, Scheduled | Available | Running),
        (None, _, _) | (_, Cause::Push, _) => false,
        (Some(from), Cause::Delete, None) => from != Running,
        (Some(from), Cause::Prune, None) => from.is_final(),
        (Some(from), Cause::Settle, None) => from == Running,
        (_, Cause::Delete | Cause::Prune, _) | (_, _, None) => false,
        (Some(from), Cause::Settle, Some(to)) => from == Running && to != Running,
        (Some(from), Cause::Rescue, Some(to)) => {
            from == Running && matches!(to, Retryable | Available | Running)
        }
        (Some(from), Cause::Disown, Some(to)) => from == Running && to == Available,
        (Some(from), Cause::Claim, Some(to)) => from == Available && to == Running,
        (Some(from), Cause::Promote, Some(to)) => {
            matches!(from, Scheduled | Retryable) && to == Available
        }
        (Some(from), Cause::Replace, Some(to)) => {
            from.is_waiting() && matches!(to, Scheduled | Available)
        }
        (Some(Running), Cause::Cancel, Some(to)) => to == Running,
        (Some(from), Cause::Cancel, Some(to)) => from.is_waiting() && to == Cancelled,
        (Some(from), Cause::Retry, Some(to)) => {
            !matches!(from, Available | Running) && to == Available
        }
    }
}

fn ends() -> impl Iterator<Item = Option<JobState>> + Clone {
    JobState::ALL.into_iter().map(Some).chain([None])
}

#[test]
fn the_table_holds_exactly_the_lawful_moves() {
    for from in ends() {
        for cause in Cause::ALL {
            for to in ends() {
                let step = Move { from, cause, to };
                assert_eq!(MOVES.contains(&step), lawful(step), "{step:?}");
            }
        }
    }
    assert_eq!(
        MOVES.iter().collect::<BTreeSet<_>>().len(),
        MOVES.len(),
        "no move twice"
    );
}

#[test]
fn no_move_but_a_persons_leaves_a_final_state() {
    for step in MOVES
        .iter()
        .filter(|step| step.from.is_some_and(JobState::is_final))
    {
        assert!(
            matches!(step.cause, Cause::Retry | Cause::Delete | Cause::Prune),
            "{step:?}"
        );
    }
}

#[test]
fn names_and_codes_lead_back() {
    for state in JobState::ALL {
        assert_eq!(state.as_str().parse(), Ok(state));
        assert_eq!(JobState::from_code(state.code()), Ok(state));
        assert_eq!(
            serde_json::to_string(&state).unwrap(),
            format!("\"{state}\"")
        );
    }
    assert!(JobState::from_code(7).is_err());
    assert_eq!(
        "done".parse::<JobState>().unwrap_err().to_string(),
        "\"done\" is not a job state"
    );
}

#[test]
fn the_page_shows_the_table() {
    let page = include_str!("../../../../docs/lifecycle.md");
    let cell = |state: Option<JobState>| state.map_or("–", JobState::as_str);
    let table: BTreeSet<String> = MOVES
        .iter()
        .map(|step| {
            format!(
                "| {} | {} | {} |",
                cell(step.from),
                step.cause,
                cell(step.to)
            )
        })
        .collect();
    let (_, after) = page.split_once("<!-- moves -->\n").unwrap();
    let (rows, _) = after.split_once("<!-- /moves -->").unwrap();
    let shown: BTreeSet<String> = rows
        .lines()
        .skip(2) // head and rule
        .map(|row| row.rsplit_once(" | ").unwrap().0.to_owned() + " |")
        .collect();
    assert_eq!(shown, table);
}
