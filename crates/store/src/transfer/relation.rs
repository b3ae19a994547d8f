//! How the records of one run in two stores relate.

use super::types::RunState;

/// The record of a run in one store, relative to that in another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Relation {
    /// The other store does not have the run.
    New,
    /// It begins with the other's record and is longer.
    Ahead,
    /// Both are equal.
    Same,
    /// The other's record is the longer one.
    Behind,
    /// The run was resumed in both stores: neither is the beginning of the other.
    Diverged,
}

/// How the record `source` relates to `target`.
pub fn relation(source: &RunState, target: Option<&RunState>) -> Relation {
    let Some(target) = target else { return Relation::New };
    let (from, to) = (&source.extent, &target.extent);
    let more_attempts = from.attempt.cmp(&to.attempt);
    let more_logged = from.logged.cmp(&to.logged);
    let recorded = from.complete && to.complete && from.status != "queued" && to.status != "queued";
    let other_process = more_attempts.is_eq() && recorded && source.process != target.process;
    if other_process || (more_attempts.is_ne() && more_logged == more_attempts.reverse()) {
        return Relation::Diverged;
    }
    match from.cmp(to) {
        std::cmp::Ordering::Greater => Relation::Ahead,
        std::cmp::Ordering::Equal => Relation::Same,
        std::cmp::Ordering::Less => Relation::Behind,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{db::Host, transfer::types::Extent};

    fn state(attempt: i64, logged: i64, pid: i64) -> RunState {
        let extent =
            Extent { attempt, logged, complete: true, status: "running".into(), ..Extent::default() };
        RunState {
            extent,
            process: Host { host: "a".into(), boot_id: String::new(), pid },
            ..RunState::default()
        }
    }

    #[test]
    fn the_longer_record_is_ahead() {
        let short = state(1, 10, 1);
        for long in [state(1, 20, 1), state(2, 10, 2), state(2, 30, 2)] {
            assert_eq!(relation(&long, Some(&short)), Relation::Ahead);
            assert_eq!(relation(&short, Some(&long)), Relation::Behind);
        }
        assert_eq!(relation(&short, Some(&short)), Relation::Same);
        assert_eq!(relation(&short, None), Relation::New);
    }

    #[test]
    fn a_run_resumed_in_both_stores_has_diverged() {
        for (a, b) in [(state(2, 20, 1), state(2, 20, 2)), (state(3, 20, 1), state(2, 30, 2))] {
            assert_eq!(relation(&a, Some(&b)), Relation::Diverged);
            assert_eq!(relation(&b, Some(&a)), Relation::Diverged);
        }
    }

    #[test]
    fn an_incomplete_copy_is_behind() {
        let (whole, mut part) = (state(2, 20, 2), state(1, 20, 0));
        (part.process.host, part.extent.complete) = (String::new(), false);
        assert_eq!(relation(&whole, Some(&part)), Relation::Ahead);
        part.extent.attempt = 2;
        part.extent.status = "interrupted".into();
        assert_eq!(relation(&whole, Some(&part)), Relation::Ahead);
    }
}
