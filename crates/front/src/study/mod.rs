//! `clip-lab run STUDY`: every run that a study lacks, one process each.
//!
//! ```text
//! study file -> wanted (arm x seed: spec text, code, data) --with--> past runs of the store -> todo -> children
//! ```

mod checkpoint;
mod child;
mod past;
mod refusal;
mod runner;
mod signals;
mod table;
mod todo;
mod wanted;

use std::path::Path;

use anyhow::{Result, anyhow, bail, ensure};
use clip_lab_cli::{Exit, RunArgs, Ui, answer, print, shown};
use clip_lab_spec::{Study, study::is_study, text_of};
use clip_lab_store::{Reader, RunRow, recorder_ended};

use serde_json::json;

use past::{Past, pasts};
use todo::{Todo, todo};
use wanted::{Wanted, wanted};

use crate::Mistakes;

/// Runs with this tag were run anew: they belong to the study no more.
pub const SUPERSEDED: &str = "superseded";

/// Whether a run has been run anew.
///
/// # Errors
/// Those of the store.
pub fn is_superseded(reader: &Reader, run: &RunRow) -> Result<bool> {
    Ok(reader.tags(run.id)?.iter().any(|tag| tag == SUPERSEDED))
}

/// Whether a file holds a study. One that cannot be read is told of by whoever reads it as a spec.
pub fn holds_study(file: &Path) -> bool {
    text_of(file).is_ok_and(|text| is_study(&text))
}

/// Runs what the study in `args.spec` lacks, with `trust_code` the code that checkpoints name too. Success when all that was
/// asked for has a result.
///
/// # Errors
/// When the study is wrong, when results of before do not fit what would run now, and those of the store.
pub fn run(store: &Path, args: &RunArgs, trust_code: bool) -> Result<Exit> {
    refuse_flags(args)?;
    let study = Study::read(&args.spec)
        .map_err(|report| Mistakes::error(format_args!("the study cannot be run\n\n{report}")))?;
    for arm in &args.study.only {
        study.arm(arm).map_err(|why| anyhow!("--only {arm}: {why}"))?;
    }
    let wanted = match wanted(&study, args, trust_code)? {
        Ok(wanted) => wanted,
        Err(told) => return Ok(told),
    };
    if args.study.fresh {
        refusal::supersede(store, &study, &wanted, args.study.dry_run)?;
    } else {
        refusal::refuse_mixing(store, &study, &wanted, args)?;
    }
    if args.study.dry_run {
        print(dry(store, &study, &wanted, args)?);
        return Ok(Exit::Fine);
    }
    runner::run(store, &study, wanted, args, trust_code)
}

/// What makes no sense for many runs at once.
fn refuse_flags(args: &RunArgs) -> Result<()> {
    let study = args.spec.display();
    ensure!(args.resume.is_none(), "{study} is a study: it resumes what was interrupted by itself");
    ensure!(args.name.is_none(), "{study} is a study: its runs are named after it, their arm and seed");
    match args.ui() {
        Some(Ui::Dashboard) => {
            bail!("{study} is a study: leave `--ui` out, and watch its runs with `clip-lab dashboard`")
        }
        _ => Ok(()),
    }
}

/// What would be done, a line for each run, or as JSON.
fn dry(store: &Path, study: &Study, wanted: &[Wanted], args: &RunArgs) -> Result<String> {
    let (mut out, mut rows) = (String::new(), Vec::new());
    for want in wanted {
        let pasts = if args.study.fresh { Vec::new() } else { pasts(store, study, want)? };
        let words = match todo(pasts, args.study.allow_changed, recorder_ended) {
            Todo::Done(past) => format!("has a result, run {}", past.row.uid),
            Todo::Elsewhere(row) => format!("is {} elsewhere, run {}", row.status, row.uid),
            Todo::Silent(Past { row, checkpoint: Some(step), .. }) => {
                format!("ended without a word: would resume at step {step}, run {}", row.uid)
            }
            Todo::Silent(past) => format!("ended without a word or a checkpoint, run {}", past.row.uid),
            Todo::Resume(past, step) => format!("would resume at step {step}, run {}", past.row.uid),
            Todo::Diverged(row) => format!("diverged, run {}; the same again would, too", row.uid),
            Todo::Start => "would run".to_owned(),
        };
        out += &format!("{}  {}\n", want.label(), shown(&words));
        rows.push(json!({ "arm": want.arm, "seed": want.seed, "would": words }));
    }
    Ok(if args.ui() == Some(Ui::Json) { answer(json!({ "study": study.name, "runs": rows })) } else { out })
}
