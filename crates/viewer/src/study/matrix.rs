//! The runs of a study: every arm with every seed, with the fingerprints of its code and data.

use std::{collections::BTreeMap, process::Stdio};

use anyhow::{Context as _, Result};
use clip_lab_cli::{Exit, RunArgs, shown};
use clip_lab_spec::Study;
use serde_json::Value;

use crate::core;

/// One arm and seed to run.
#[derive(Debug, Clone)]
pub struct Job {
    /// The arm.
    pub arm: String,
    /// The seed.
    pub seed: u64,
    /// The text of its spec.
    pub spec: String,
    /// Fingerprints of what decides the result besides the spec: `code`, `data.train`, ...
    pub fingerprints: BTreeMap<String, String>,
}

impl Job {
    /// The prefix of its output lines.
    pub fn label(&self) -> String {
        format!("[{} {}]", shown(&self.arm), self.seed)
    }
}

/// All requested jobs, ordered by seed, so that every arm has a result early; or the exit status of the core, if it has
/// printed the problems of an arm.
pub fn matrix(study: &Study, args: &RunArgs, trust_code: bool) -> Result<Result<Vec<Job>, Exit>> {
    let fingerprints = match fingerprints(args, trust_code)? {
        Ok(fingerprints) => fingerprints,
        Err(exit) => return Ok(Err(exit)),
    };
    let (wanted, mut jobs) = (&args.study.seeds, Vec::new());
    for &seed in study.seeds.iter().filter(|seed| wanted.is_empty() || wanted.contains(seed)) {
        for arm in &study.arms {
            if !args.study.only.is_empty() && !args.study.only.contains(&arm.name) {
                continue;
            }
            let spec = study.spec(arm, seed, &args.set)?.source.text;
            let fingerprints = fingerprints.get(&arm.name).cloned().unwrap_or_default();
            jobs.push(Job { arm: arm.name.clone(), seed, spec, fingerprints });
        }
    }
    Ok(Ok(jobs))
}

/// Fingerprints by arm.
type Fingerprints = BTreeMap<String, BTreeMap<String, String>>;

/// Runs `clip-lab-core fingerprint`, which also checks every arm.
fn fingerprints(args: &RunArgs, trust_code: bool) -> Result<Result<Fingerprints, Exit>> {
    let mut command = core::command()?;
    command.arg("fingerprint").arg(&args.spec);
    command.args(args.set.iter().flat_map(|edit| ["--set", edit]));
    command.args(trust_code.then_some("--trust-code"));
    let output =
        command.stdin(Stdio::null()).stderr(Stdio::inherit()).output().context("running clip-lab-core")?;
    if !output.status.success() {
        return Ok(Err(output.status.into()));
    }
    let answer: Value =
        serde_json::from_slice(&output.stdout).context("reading the answer of clip-lab-core")?;
    Ok(Ok(parse(&answer)))
}

/// Parses the answer. Data that could not be fingerprinted (`fault`) is left out: the run will report the error.
fn parse(answer: &Value) -> Fingerprints {
    let arms = answer["arms"].as_object().into_iter().flatten();
    let arm = |(name, data): (&String, &Value)| {
        let data = data.as_object().into_iter().flatten().filter(|(key, _)| *key != "fault");
        let code = [("code".to_owned(), &answer["code"])];
        let all = data.map(|(key, value)| (key.clone(), value)).chain(code);
        let all = all.filter_map(|(key, value)| Some((key, value.as_str()?.to_owned())));
        (name.clone(), all.collect())
    };
    arms.map(arm).collect()
}
