//! Decides what to do for one arm and seed: a pure function of its past runs.

use clip_lab_store::{RunRow, Status};

use super::history::PastRun;

/// What to do for one arm and seed.
#[derive(Debug, Clone)]
pub enum Action {
    /// Nothing: this run is the result.
    Done(PastRun),
    /// Nothing: it runs in another process.
    Elsewhere(RunRow),
    /// Wait: its process has ended, and the store marks the run as crashed after a timeout.
    Crashed(PastRun),
    /// Resume this run at the step of its last checkpoint.
    Resume(PastRun, u64),
    /// Nothing: its loss became NaN or infinite, which would happen again with the same spec and code.
    Diverged(RunRow),
    /// Run it from the start.
    Start,
}

/// Decides from the past runs, newest first. `allow_changed` resumes runs of other code and data; `has_ended` tells
/// whether the process of a run has ended.
pub fn decide(runs: Vec<PastRun>, allow_changed: bool, has_ended: impl Fn(&RunRow) -> bool) -> Action {
    if let Some(done) = runs.iter().find(|past| past.row.status == Status::Finished) {
        return Action::Done(done.clone());
    }
    if let Some(live) = runs.iter().find(|past| past.row.status.is_live()) {
        return if has_ended(&live.row) {
            Action::Crashed(live.clone())
        } else {
            Action::Elsewhere(live.row.clone())
        };
    }
    let same =
        |past: &PastRun| past.changes.spec.is_empty() && (allow_changed || past.changes.other.is_empty());
    let mut same = runs.into_iter().filter(same);
    match same.find(|past| past.checkpoint.is_some() || past.row.status == Status::NonFinite) {
        Some(past) if past.row.status == Status::NonFinite => Action::Diverged(past.row),
        Some(past @ PastRun { checkpoint: Some(step), .. }) => Action::Resume(past, step),
        _ => Action::Start,
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use clip_lab_store::RunId;

    use super::*;
    use clip_lab_spec::Changes;

    fn past(id: i64, status: Status, checkpoint: bool) -> PastRun {
        let row = RunRow {
            id: RunId(id),
            uid: id.to_string(),
            name: String::new(),
            study: None,
            arm: None,
            seed: 0,
            status,
            reason: None,
            attempt: 1,
            started_ms: 0,
            ended_ms: None,
            heartbeat_ms: 0,
            step: 3,
            epoch: 0.0,
            samples: 0,
            total_steps: None,
            rate: None,
            active_ms: 0,
            goal_metric: None,
            dir: PathBuf::new(),
            host: String::new(),
            pid: 1,
        };
        PastRun { row, changes: Changes::default(), checkpoint: checkpoint.then_some(2) }
    }

    fn changed(mut past: PastRun, spec: bool) -> PastRun {
        let list = if spec { &mut past.changes.spec } else { &mut past.changes.other };
        list.push("something".into());
        past
    }

    fn action(runs: &[PastRun], allow_changed: bool) -> String {
        let row = |action: &str, row: &RunRow| format!("{action} {}", row.uid);
        match decide(runs.to_vec(), allow_changed, |row| row.uid == "9") {
            Action::Done(past) => row("done", &past.row),
            Action::Elsewhere(of) => row("elsewhere", &of),
            Action::Crashed(of) => row("crashed", &of.row),
            Action::Resume(of, step) => {
                assert_eq!(step, 2, "the step of the checkpoint, not of the last record");
                row("resume", &of.row)
            }
            Action::Diverged(of) => row("diverged", &of),
            Action::Start => "start".into(),
        }
    }

    #[test]
    fn a_result_is_kept_and_a_live_run_is_not_touched() {
        let (finished, live) = (past(1, Status::Finished, true), past(2, Status::Running, true));
        assert_eq!(action(&[], false), "start");
        assert_eq!(action(&[past(3, Status::Failed, true), finished.clone()], false), "done 1");
        assert_eq!(action(&[changed(finished, true)], false), "done 1");
        assert_eq!(action(&[live.clone(), past(1, Status::Interrupted, true)], false), "elsewhere 2");
        assert_eq!(action(&[past(9, Status::Running, true)], false), "crashed 9");
    }

    #[test]
    fn an_interrupted_run_resumes_if_unchanged() {
        for status in [Status::Interrupted, Status::Failed, Status::Crashed] {
            assert_eq!(action(&[past(1, status, true)], false), "resume 1");
            assert_eq!(action(&[past(1, status, false)], false), "start");
            assert_eq!(action(&[changed(past(1, status, true), true)], true), "start");
            assert_eq!(action(&[changed(past(1, status, true), false)], false), "start");
            assert_eq!(action(&[changed(past(1, status, true), false)], true), "resume 1");
        }
        assert_eq!(
            action(&[past(2, Status::Failed, false), past(1, Status::Crashed, true)], false),
            "resume 1"
        );
    }

    #[test]
    fn a_diverged_run_is_not_repeated() {
        assert_eq!(action(&[past(1, Status::NonFinite, true)], false), "diverged 1");
        assert_eq!(action(&[past(1, Status::NonFinite, false)], false), "diverged 1");
        assert_eq!(action(&[changed(past(1, Status::NonFinite, true), true)], false), "start");
    }
}
