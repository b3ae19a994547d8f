//! What to do about one arm with one seed: a pure function of what is recorded of it.

use clip_lab_store::{RunRow, Status};

use super::past::Past;

/// What to do.
#[derive(Debug, Clone)]
pub enum Todo {
    /// Nothing: this run is its result.
    Done(Past),
    /// Nothing: it is under way in another process.
    Elsewhere(RunRow),
    /// Wait: its process is gone, and the store will say so once it has been silent long enough.
    Silent(Past),
    /// Resume this run at the step of its checkpoint.
    Resume(Past, u64),
    /// Nothing: its loss became NaN or infinite, and the same spec and code would do the same.
    Diverged(RunRow),
    /// Run it from its start.
    Start,
}

/// Decides by the runs recorded so far, the newest first. `allow` goes on with runs of other code and data; `gone` says
/// whether the process of a run is known to be no more.
pub fn todo(pasts: Vec<Past>, allow: bool, gone: impl Fn(&RunRow) -> bool) -> Todo {
    if let Some(done) = pasts.iter().find(|past| past.row.status == Status::Finished) {
        return Todo::Done(done.clone());
    }
    if let Some(live) = pasts.iter().find(|past| past.row.status.is_live()) {
        return if gone(&live.row) { Todo::Silent(live.clone()) } else { Todo::Elsewhere(live.row.clone()) };
    }
    let same = |past: &Past| past.changes.spec.is_empty() && (allow || past.changes.other.is_empty());
    let mut same = pasts.into_iter().filter(same);
    match same.find(|past| past.checkpoint.is_some() || past.row.status == Status::NonFinite) {
        Some(past) if past.row.status == Status::NonFinite => Todo::Diverged(past.row),
        Some(past @ Past { checkpoint: Some(step), .. }) => Todo::Resume(past, step),
        _ => Todo::Start,
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use clip_lab_store::RunId;

    use super::*;
    use clip_lab_spec::Changes;

    fn past(id: i64, status: Status, checkpoint: bool) -> Past {
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
        Past { row, changes: Changes::default(), checkpoint: checkpoint.then_some(2) }
    }

    fn changed(mut past: Past, spec: bool) -> Past {
        let list = if spec { &mut past.changes.spec } else { &mut past.changes.other };
        list.push("something".into());
        past
    }

    fn decide(pasts: &[Past], allow: bool) -> String {
        let row = |word: &str, row: &RunRow| format!("{word} {}", row.uid);
        match todo(pasts.to_vec(), allow, |row| row.uid == "9") {
            Todo::Done(past) => row("done", &past.row),
            Todo::Elsewhere(of) => row("elsewhere", &of),
            Todo::Silent(of) => row("silent", &of.row),
            Todo::Resume(of, step) => {
                assert_eq!(step, 2, "of the checkpoint, not of the record");
                row("resume", &of.row)
            }
            Todo::Diverged(of) => row("diverged", &of),
            Todo::Start => "start".into(),
        }
    }

    #[test]
    fn a_result_stands_and_a_live_run_is_left_alone() {
        let (finished, live) = (past(1, Status::Finished, true), past(2, Status::Running, true));
        assert_eq!(decide(&[], false), "start");
        assert_eq!(decide(&[past(3, Status::Failed, true), finished.clone()], false), "done 1");
        assert_eq!(decide(&[changed(finished, true)], false), "done 1");
        assert_eq!(decide(&[live.clone(), past(1, Status::Interrupted, true)], false), "elsewhere 2");
        assert_eq!(decide(&[past(9, Status::Running, true)], false), "silent 9");
    }

    #[test]
    fn what_was_cut_off_goes_on_where_it_is_the_same() {
        for status in [Status::Interrupted, Status::Failed, Status::Crashed] {
            assert_eq!(decide(&[past(1, status, true)], false), "resume 1");
            assert_eq!(decide(&[past(1, status, false)], false), "start");
            assert_eq!(decide(&[changed(past(1, status, true), true)], true), "start");
            assert_eq!(decide(&[changed(past(1, status, true), false)], false), "start");
            assert_eq!(decide(&[changed(past(1, status, true), false)], true), "resume 1");
        }
        assert_eq!(
            decide(&[past(2, Status::Failed, false), past(1, Status::Crashed, true)], false),
            "resume 1"
        );
    }

    #[test]
    fn what_diverged_would_diverge_again() {
        assert_eq!(decide(&[past(1, Status::NonFinite, true)], false), "diverged 1");
        assert_eq!(decide(&[past(1, Status::NonFinite, false)], false), "diverged 1");
        assert_eq!(decide(&[changed(past(1, Status::NonFinite, true), true)], false), "start");
    }
}
