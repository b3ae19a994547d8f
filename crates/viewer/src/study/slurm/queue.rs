//! What `squeue` knows of the submissions of a store.

use std::{collections::BTreeMap, env, path::Path};

use anyhow::Result;

use super::{
    program::{command, output},
    submission::{SCRIPT, elements},
};

/// An array element that is queued or runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Queued {
    /// `pending` or `running`.
    pub state: &'static str,
    /// The number of the job, and the reason or the node.
    pub detail: String,
}

/// The elements of the study by arm and seed.
pub type Queue = BTreeMap<(String, u64), Queued>;

/// One line of `squeue`.
#[derive(Debug, PartialEq)]
struct Line<'a> {
    job: &'a str,
    index: usize,
    state: &'static str,
    detail: String,
    /// The uid of the submission.
    submission: &'a str,
}

/// Array job, index, state, reason, nodes, and the script, which may contain any character.
const FORMAT: &str = "--format=%F|%K|%T|%r|%N|%o";

/// Asks `squeue` for the elements of `study` that were submitted to the store in `folder`.
///
/// # Errors
/// If it cannot be asked: what is queued is then not known.
pub fn read(folder: &Path, study: &str) -> Result<Queue> {
    let mut squeue = command("squeue")?;
    // Each element on a line of its own, of all users and partitions, whatever the user's defaults are.
    squeue.args(["--noheader", "--array", "--all", FORMAT]);
    for (name, _) in env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"SQUEUE_")) {
        squeue.env_remove(name);
    }
    Ok(queue(&output(squeue)?, |submission| elements(folder, submission, study)))
}

/// The queue from the output of `squeue`. `elements` reads the arms and seeds of a submission, by index.
fn queue(lines: &str, elements: impl Fn(&str) -> Vec<(String, u64)>) -> Queue {
    let (mut read, mut queue) = (BTreeMap::new(), Queue::new());
    for line in lines.lines().filter_map(line) {
        let elements = read.entry(line.submission).or_insert_with(|| elements(line.submission));
        if let Some(element) = elements.get(line.index) {
            let detail = format!("job {}_{}{}", line.job, line.index, line.detail);
            queue.insert(element.clone(), Queued { state: line.state, detail });
        }
    }
    queue
}

/// Parses a line; none if it is not of a submission.
fn line(text: &str) -> Option<Line<'_>> {
    let mut fields = text.trim().splitn(6, '|');
    let [job, index, state, reason, node, script] = std::array::from_fn(|_| fields.next());
    let folder = script?.strip_suffix(SCRIPT)?.strip_suffix('/')?;
    let state = match state? {
        "PENDING" | "REQUEUED" | "REQUEUE_HOLD" | "REQUEUE_FED" | "SPECIAL_EXIT" => "pending",
        _ => "running",
    };
    let detail = match (state, reason?, node?) {
        ("pending", "" | "None", _) | ("running", _, "") => String::new(),
        ("pending", reason, _) => format!(", {reason}"),
        (_, _, node) => format!(" on {node}"),
    };
    let submission = folder.rsplit('/').next()?;
    Some(Line { job: job?, index: index?.parse().ok()?, state, detail, submission })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_known_by_the_folder_of_their_script() {
        let uid = "01KSTX0000000000000000000A";
        let lines = format!(
            "7|0|PENDING|Resources||/data/my|runs/slurm/{uid}/job.sh\n\
             7|1|RUNNING|None|node[1-2]|/other/mount/slurm/{uid}/job.sh\n\
             7|2|COMPLETING|None||/data/runs/slurm/{uid}/job.sh\n\
             7|3|PENDING|BeginTime||/data/runs/slurm/{uid}/job.sh\n\
             7|9|RUNNING|None|n|/data/runs/slurm/{uid}/job.sh\n\
             8|N/A|RUNNING|None|n|/data/runs/slurm/{uid}/job.sh\n\
             9|0|RUNNING|None|n|/home/other/train.sh\n\
             9|0|RUNNING|None|n|(null)\nnonsense\n"
        );
        let arms = [("a b", 0), ("a|b", 0), ("c", 0), ("c", 1)].map(|(arm, seed)| (arm.to_owned(), seed));
        let queue = queue(&lines, |submission| {
            assert_eq!(submission, uid);
            arms.to_vec()
        });
        let shown = |index: usize| {
            let found = &queue[&arms[index]];
            format!("{} {}", found.state, found.detail)
        };
        assert_eq!(queue.len(), 4);
        assert_eq!(
            [0, 1, 2, 3].map(shown),
            [
                "pending job 7_0, Resources",
                "running job 7_1 on node[1-2]",
                "running job 7_2",
                "pending job 7_3, BeginTime"
            ]
        );
    }
}
