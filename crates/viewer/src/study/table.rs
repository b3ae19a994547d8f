//! The final table of a study: a line for each run, and the next commands.

use std::path::Path;

use clip_lab_cli::{DEFAULT_STORE, Launcher, RunArgs, json_document, shown};
use clip_lab_spec::Study;
use serde_json::{Value, json};

use super::matrix::Job;

/// The outcome of one arm and seed.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// Not started.
    NotRun,
    /// It has a result.
    Done {
        /// The run.
        uid: String,
        /// The metric of the study, if recorded.
        value: Option<f64>,
        /// Whether the result is from an earlier call.
        earlier: bool,
    },
    /// It failed.
    Failed {
        /// The run, if it was recorded.
        uid: Option<String>,
        /// The error.
        reason: String,
    },
    /// It was stopped and can be resumed.
    Stopped {
        /// The run.
        uid: String,
    },
    /// It runs in another process.
    Elsewhere {
        /// The run.
        uid: String,
        /// Its status, process and host.
        detail: String,
    },
    /// A job of a cluster.
    Job {
        /// `submitted`, `pending` or `running`.
        state: &'static str,
        /// The run, if it has begun.
        uid: Option<String>,
        /// The number of the job, and where or why.
        detail: String,
    },
}

impl Outcome {
    /// Whether there is a result.
    pub fn is_done(&self) -> bool {
        matches!(self, Outcome::Done { .. })
    }

    fn cells(&self) -> [String; 4] {
        let cells = |state: &str, value: String, uid: &str, detail: &str| {
            [state.to_owned(), value, uid.to_owned(), detail.to_owned()]
        };
        let none = || "-".to_owned();
        match self {
            Outcome::NotRun => cells("not run", none(), "-", ""),
            Outcome::Done { uid, value, earlier } => {
                let value = value.map_or_else(|| "not recorded".to_owned(), |value| format!("{value:.4}"));
                cells("done", value, uid, if *earlier { "earlier" } else { "" })
            }
            Outcome::Failed { uid, reason } => {
                let reason = reason.lines().map(str::trim).filter(|line| !line.is_empty());
                cells("failed", none(), uid.as_deref().unwrap_or("-"), &reason.collect::<Vec<_>>().join(" "))
            }
            Outcome::Stopped { uid } => cells("stopped", none(), uid, "resumes at the next call"),
            Outcome::Elsewhere { uid, detail } => cells("elsewhere", none(), uid, detail),
            Outcome::Job { state, uid, detail } => {
                cells(state, none(), uid.as_deref().unwrap_or("-"), detail)
            }
        }
    }
}

/// The table, the counts, and the next command.
pub fn table(study: &Study, jobs: &[Job], outcomes: &[Outcome], next: &NextCommands) -> String {
    let head = ["arm", "seed", "state", study.metric.as_str(), "run", ""].map(str::to_owned);
    let rows = jobs.iter().zip(outcomes).map(|(job, outcome)| {
        let [state, value, uid, detail] = outcome.cells();
        [job.arm.clone(), job.seed.to_string(), state, value, uid, detail]
    });
    let rows = [head].into_iter().chain(rows).map(|row| row.map(|cell| shown(cell).to_string()));
    let rows: Vec<[String; 6]> = rows.collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 6] = std::array::from_fn(width);
    let mut out = format!("\nstudy {}\n", shown(&study.name));
    for row in &rows {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
        out += format!("  {}", cells.collect::<Vec<_>>().join("  ")).trim_end();
        out.push('\n');
    }
    let done = outcomes.iter().filter(|outcome| outcome.is_done()).count();
    let earlier =
        outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Done { earlier: true, .. })).count();
    let failed = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Failed { .. })).count();
    out += &format!("{done} of {} done ({earlier} earlier), {failed} failed\n", outcomes.len());
    if done < outcomes.len() {
        out += &format!("resume   {}\n", next.run);
    }
    out + &format!("compare  {}\n", next.compare)
}

/// The table as JSON.
pub fn json(study: &Study, jobs: &[Job], outcomes: &[Outcome]) -> String {
    let rows: Vec<Value> = jobs
        .iter()
        .zip(outcomes)
        .map(|(job, outcome)| {
            let [state, _, uid, detail] = outcome.cells();
            let value = if let Outcome::Done { value, .. } = outcome { *value } else { None };
            let run = Some(uid).filter(|uid| uid != "-");
            json!({ "arm": job.arm, "seed": job.seed, "state": state, "value": value, "run": run, "words": detail })
        })
        .collect();
    json_document(json!({ "study": study.name, "metric": study.metric, "runs": rows }))
}

/// Commands to type next.
pub struct NextCommands {
    /// Runs the study again, with the same settings.
    pub run: String,
    /// Compares its arms.
    pub compare: String,
}

impl NextCommands {
    /// The commands for a study that was run with `args`.
    pub fn new(study: &Study, store: &Path, args: &RunArgs) -> Self {
        let (file, store) = (study.file.display(), store_flag(store));
        let sets: String = args.set.iter().map(|set| format!(" --set '{set}'")).collect();
        let launcher = launcher_flags(args);
        Self {
            run: format!("clip-lab run {file}{sets}{launcher}{store}"),
            compare: format!("clip-lab compare {file}{store}"),
        }
    }
}

/// `--launcher` and its options.
fn launcher_flags(args: &RunArgs) -> String {
    let Some(Launcher::Slurm) = args.study.launcher else { return String::new() };
    let options = args.study.sbatch.as_deref();
    let options = options.map(|options| format!(" --sbatch {}", shell_words::quote(options)));
    format!(" --launcher slurm{}", options.unwrap_or_default())
}

/// `--store`, unless the store is the default or set by the environment.
fn store_flag(store: &Path) -> String {
    let from_env = std::env::var_os("CLIP_LAB_STORE").is_some_and(|named| Path::new(&named) == store);
    if from_env || store == Path::new(DEFAULT_STORE) {
        String::new()
    } else {
        format!(" --store {}", store.display())
    }
}
