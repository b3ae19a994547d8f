//! How a study stands when nothing more is to be done: a line for each run, and what to type next.

use std::path::Path;

use clip_lab_cli::{DEFAULT_STORE, answer, shown};
use clip_lab_spec::Study;
use serde_json::{Value, json};

use super::wanted::Wanted;

/// How it went with one arm and seed.
#[derive(Debug, Clone, PartialEq)]
pub enum End {
    /// Its turn did not come.
    Waiting,
    /// It has a result.
    Done {
        /// The run.
        uid: String,
        /// The metric of the study, where the run has it.
        value: Option<f64>,
        /// Whether it was there before.
        before: bool,
    },
    /// It ended with an error.
    Failed {
        /// The run, if it was recorded.
        uid: Option<String>,
        /// Why.
        reason: String,
    },
    /// It was stopped and can go on.
    Stopped {
        /// The run.
        uid: String,
    },
    /// Another process is at it.
    Elsewhere {
        /// The run.
        uid: String,
        /// What is known.
        words: String,
    },
}

impl End {
    /// Whether there is a result.
    pub fn is_done(&self) -> bool {
        matches!(self, End::Done { .. })
    }

    fn cells(&self) -> [String; 4] {
        let cell = |state: &str, value: String, uid: &str, words: &str| {
            [state.to_owned(), value, uid.to_owned(), words.to_owned()]
        };
        let none = || "-".to_owned();
        match self {
            End::Waiting => cell("not run", none(), "-", ""),
            End::Done { uid, value, before } => {
                let value = value.map_or_else(|| "not recorded".to_owned(), |value| format!("{value:.4}"));
                cell("done", value, uid, if *before { "before" } else { "" })
            }
            End::Failed { uid, reason } => {
                let reason = reason.lines().map(str::trim).filter(|line| !line.is_empty());
                cell("failed", none(), uid.as_deref().unwrap_or("-"), &reason.collect::<Vec<_>>().join(" "))
            }
            End::Stopped { uid } => cell("stopped", none(), uid, "goes on at the next call"),
            End::Elsewhere { uid, words } => cell("elsewhere", none(), uid, words),
        }
    }
}

/// The table, the counts, and the next command.
pub fn table(study: &Study, wanted: &[Wanted], ends: &[End], next: &Next) -> String {
    let head = ["arm", "seed", "state", study.metric.as_str(), "run", ""].map(str::to_owned);
    let rows = wanted.iter().zip(ends).map(|(want, end)| {
        let [state, value, uid, words] = end.cells();
        [want.arm.clone(), want.seed.to_string(), state, value, uid, words]
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
    let done = ends.iter().filter(|end| end.is_done()).count();
    let before = ends.iter().filter(|end| matches!(end, End::Done { before: true, .. })).count();
    let failed = ends.iter().filter(|end| matches!(end, End::Failed { .. })).count();
    out += &format!("{done} of {} done ({before} of them before), {failed} failed\n", ends.len());
    if done < ends.len() {
        out += &format!("go on    {}\n", next.run);
    }
    out + &format!("compare  {}\n", next.compare)
}

/// The same for programs.
pub fn json(study: &Study, wanted: &[Wanted], ends: &[End]) -> String {
    let rows: Vec<Value> = wanted
        .iter()
        .zip(ends)
        .map(|(want, end)| {
            let [state, _, uid, words] = end.cells();
            let value = if let End::Done { value, .. } = end { *value } else { None };
            let run = Some(uid).filter(|uid| uid != "-");
            json!({ "arm": want.arm, "seed": want.seed, "state": state, "value": value, "run": run, "words": words })
        })
        .collect();
    answer(json!({ "study": study.name, "metric": study.metric, "runs": rows }))
}

/// Commands that can be typed next.
pub struct Next {
    /// Runs the study, as it was run.
    pub run: String,
    /// Compares its arms.
    pub compare: String,
}

impl Next {
    /// The commands for a study that was run with `sets`.
    pub fn new(study: &Study, store: &Path, sets: &[String]) -> Self {
        let (file, store) = (study.file.display(), store_flag(store));
        let sets: String = sets.iter().map(|set| format!(" --set '{set}'")).collect();
        Self {
            run: format!("clip-lab run {file}{sets}{store}"),
            compare: format!("clip-lab compare {file}{store}"),
        }
    }
}

/// The flag that names the store, where neither the default nor the environment does.
fn store_flag(store: &Path) -> String {
    let known = std::env::var_os("CLIP_LAB_STORE").is_some_and(|named| Path::new(&named) == store);
    if known || store == Path::new(DEFAULT_STORE) {
        String::new()
    } else {
        format!(" --store {}", store.display())
    }
}
