//! What a study wants to be run: every arm with every seed, and what decides the result of each.

use std::{collections::BTreeMap, process::Stdio};

use anyhow::{Context as _, Result};
use clip_lab_cli::{Exit, RunArgs, shown};
use clip_lab_spec::Study;
use serde_json::Value;

use crate::core;

/// One run that the study wants.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The arm.
    pub arm: String,
    /// The seed.
    pub seed: u64,
    /// The text of its spec.
    pub spec: String,
    /// `code`, `data.train`, ...: what decides the result besides.
    pub decisive: BTreeMap<String, String>,
}

impl Wanted {
    /// What lines about it begin with.
    pub fn label(&self) -> String {
        format!("[{} {}]", shown(&self.arm), self.seed)
    }
}

/// Every run that is asked for, the seeds outermost, so that every arm has a result early; or how the core ended that has
/// printed what is wrong with an arm.
pub fn wanted(study: &Study, args: &RunArgs, trust_code: bool) -> Result<Result<Vec<Wanted>, Exit>> {
    let decisive = match decisive(args, trust_code)? {
        Ok(decisive) => decisive,
        Err(told) => return Ok(Err(told)),
    };
    let mut all = Vec::new();
    for &seed in &study.seeds {
        for arm in &study.arms {
            if !args.study.only.is_empty() && !args.study.only.contains(&arm.name) {
                continue;
            }
            let spec = study.spec(arm, seed, &args.set)?.source.text;
            let decisive = decisive.get(&arm.name).cloned().unwrap_or_default();
            all.push(Wanted { arm: arm.name.clone(), seed, spec, decisive });
        }
    }
    Ok(Ok(all))
}

type Decisive = BTreeMap<String, BTreeMap<String, String>>;

/// Asks the core, which checks every arm on the way.
fn decisive(args: &RunArgs, trust_code: bool) -> Result<Result<Decisive, Exit>> {
    let mut command = core::command()?;
    command.arg("fingerprint").arg(&args.spec);
    command.args(args.set.iter().flat_map(|edit| ["--set", edit]));
    command.args(trust_code.then_some("--trust-code"));
    let output =
        command.stdin(Stdio::null()).stderr(Stdio::inherit()).output().context("asking clip-lab-core")?;
    if !output.status.success() {
        return Ok(Err(output.status.into()));
    }
    let told: Value =
        serde_json::from_slice(&output.stdout).context("reading what clip-lab-core answered")?;
    Ok(Ok(read(&told)))
}

/// Arm by arm. What could not be found out (`fault`) is no part of it: the run will tell.
fn read(told: &Value) -> Decisive {
    let arms = told["arms"].as_object().into_iter().flatten();
    let arm = |(name, data): (&String, &Value)| {
        let data = data.as_object().into_iter().flatten().filter(|(key, _)| *key != "fault");
        let code = [("code".to_owned(), &told["code"])];
        let all = data.map(|(key, value)| (key.clone(), value)).chain(code);
        let all = all.filter_map(|(key, value)| Some((key, value.as_str()?.to_owned())));
        (name.clone(), all.collect())
    };
    arms.map(arm).collect()
}
