//! The copy of runs from one store to another.

mod run;

use std::collections::HashMap;

use anyhow::Result;
use clip_lab_store::{Relation, relation};

use crate::{FileEntry, Listed, Source, Target, remote::Lost};

/// Which checkpoints are copied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Checkpoints {
    /// All.
    #[default]
    All,
    /// `last.safetensors`, from which a run resumes.
    Last,
    /// The best by the goal metric, `best*.safetensors`.
    Best,
    /// None.
    None,
}

impl Checkpoints {
    /// Whether the file of this name is copied; true for what is not a checkpoint.
    fn include(self, name: &str) -> bool {
        let Some(name) = name.strip_suffix(".safetensors") else { return true };
        match self {
            Checkpoints::All => true,
            Checkpoints::Last => name == "last",
            Checkpoints::Best => name == "best" || name.starts_with("best_"),
            Checkpoints::None => false,
        }
    }
}

/// What is copied.
#[derive(Clone, Copy, Debug, Default)]
pub struct Settings {
    /// No files.
    pub no_files: bool,
    /// Which checkpoints.
    pub checkpoints: Checkpoints,
    /// Compare the content of files of the same size and time.
    pub checksum: bool,
    /// Copy nothing.
    pub dry_run: bool,
}

/// What became of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The target did not have it.
    New,
    /// Something was missing in the target.
    Updated,
    /// Nothing was missing.
    Unchanged,
    /// Another process writes it.
    Skipped(String),
    /// It could not be copied.
    Failed(String),
}

/// The report on a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunReport {
    /// The run.
    pub uid: String,
    /// Its name.
    pub name: String,
    /// What became of it.
    pub outcome: Outcome,
    /// Log calls that were copied.
    pub log_calls: i64,
    /// Bytes of the files that were copied.
    pub bytes: u64,
    /// Whether its `spec.toml` was left out, because it has secrets.
    pub secret_spec: bool,
}

/// Copies the runs that match `filter`. `progress` is called with the number of runs done, that of all runs, and the bytes
/// of files so far.
///
/// # Errors
/// If a store cannot be read, or the connection is lost. What concerns one run is in its report.
pub fn copy(
    source: &mut dyn Source,
    target: &mut dyn Target,
    filter: &str,
    settings: &Settings,
    progress: &mut dyn FnMut(usize, usize, u64),
) -> Result<Vec<RunReport>> {
    let runs = source.list(filter)?;
    let uids: Vec<String> = runs.iter().map(|run| run.state.uid.clone()).collect();
    let there = target.states(&uids)?.into_iter().map(|run| (run.state.uid.clone(), run));
    let there: HashMap<String, Listed> = there.collect();
    let (mut reports, mut bytes) = (Vec::new(), 0);
    for (done, run) in runs.iter().enumerate() {
        let mut report = RunReport {
            uid: run.state.uid.clone(),
            name: run.state.name.clone(),
            outcome: Outcome::Unchanged,
            log_calls: 0,
            bytes: 0,
            secret_spec: run.secret_spec,
        };
        let plan = Plan::new(run, there.get(&run.state.uid), settings);
        let mut advance = |more: u64| {
            bytes += more;
            progress(done, runs.len(), bytes);
        };
        advance(0);
        report.outcome = match plan.outcome() {
            Some(outcome) => outcome,
            None if settings.dry_run => plan.expect(&mut report),
            None => {
                let copied = run::copy(source, target, &plan, settings, &mut report, &mut advance);
                let closed = target.close();
                match copied.and_then(|outcome| closed.map(|()| outcome)) {
                    Err(error) if error.is::<Lost>() => return Err(error),
                    Err(error) => Outcome::Failed(format!("{error:#}")),
                    Ok(outcome) => outcome,
                }
            }
        };
        reports.push(report);
    }
    Ok(reports)
}

/// What the states of a run say about its copy.
pub(crate) struct Plan<'a> {
    /// In the source.
    pub run: &'a Listed,
    /// In the target.
    pub there: Option<&'a Listed>,
    relation: Relation,
    files: Vec<&'a FileEntry>,
}

impl<'a> Plan<'a> {
    fn new(run: &'a Listed, there: Option<&'a Listed>, settings: &Settings) -> Plan<'a> {
        let relation = relation(&run.state, there.map(|there| &there.state));
        let files = wanted(&run.files, there.map_or(&[], |there| &there.files), relation, settings);
        Plan { run, there, relation, files }
    }

    /// The outcome, if nothing has to be copied.
    fn outcome(&self) -> Option<Outcome> {
        if self.relation == Relation::Diverged {
            return Some(Outcome::Failed(DIVERGED.into()));
        }
        let there = self.there?;
        let rows = self.relation != Relation::Ahead && self.run.state.digest == there.state.digest;
        (rows && self.files.is_empty()).then_some(Outcome::Unchanged)
    }

    /// What a copy would do.
    fn expect(&self, report: &mut RunReport) -> Outcome {
        let logged = self.there.map_or(0, |there| there.state.extent.logged);
        report.log_calls = (self.run.state.extent.logged - logged).max(0);
        report.bytes = self.files.iter().map(|file| file.bytes).sum();
        if self.there.is_some() { Outcome::Updated } else { Outcome::New }
    }
}

/// Why a run that was resumed in both stores is not copied.
pub(crate) const DIVERGED: &str =
    "it was resumed in both stores, so that their records differ: delete it in one of them, or keep both";

/// The files to copy: those that the target lacks, and those that differ, unless the target's are of a longer record.
/// Where both records are equal, the later file is kept.
pub(crate) fn wanted<'a>(
    here: &'a [FileEntry],
    there: &[FileEntry],
    relation: Relation,
    settings: &Settings,
) -> Vec<&'a FileEntry> {
    let there: HashMap<&str, &FileEntry> = there.iter().map(|file| (file.name.as_str(), file)).collect();
    let is_wanted = |file: &&FileEntry| {
        let Some(other) = there.get(file.name.as_str()) else { return true };
        let time = |file: &FileEntry| (file.modified_ns, file.bytes);
        match relation {
            _ if time(file) == time(other) => settings.checksum && relation != Relation::Behind,
            Relation::New | Relation::Ahead => true,
            Relation::Same => time(file) > time(other),
            Relation::Behind | Relation::Diverged => false,
        }
    };
    let included = |file: &&FileEntry| !settings.no_files && settings.checkpoints.include(&file.name);
    here.iter().filter(included).filter(is_wanted).collect()
}
