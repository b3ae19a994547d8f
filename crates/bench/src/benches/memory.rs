//! The estimate of memory of `check` beside the peak of a run.

use std::process::Command;

use anyhow::Context;
use serde_json::Value;

use crate::{
    bench::{Aim, Bench, Better, Rival},
    lab::Lab,
    run::{Failure, Job, Sample, output, python},
};

pub fn benches() -> Vec<Bench> {
    let rival = |job| Rival { name: "peak resident memory of a run", job, aim: Aim::between(0.75, 1.25) };
    let vit = Bench {
        name: "memory-vit",
        work: "the estimate of `check`, experiments/vit_scratch.toml",
        unit: "MiB",
        better: Better::More,
        ours: Job::Run(|lab| estimate(lab, "vit_scratch")),
        rivals: vec![rival(Job::Run(|lab| peak(lab, "vit_scratch")))],
        agreement: None,
    };
    vec![
        vit.clone(),
        Bench {
            name: "memory-resnet",
            work: "the estimate of `check`, experiments/resnet_scratch.toml",
            ours: Job::Run(|lab| estimate(lab, "resnet_scratch")),
            rivals: vec![rival(Job::Run(|lab| peak(lab, "resnet_scratch")))],
            ..vit
        },
    ]
}

fn experiment(lab: &Lab, name: &str) -> String {
    lab.here.join(format!("../../experiments/{name}.toml")).display().to_string()
}

fn estimate(lab: &Lab, name: &str) -> Result<Sample, Failure> {
    let mut command = Command::new(lab.program("clip-lab-core")?);
    command.args(["check", "--json", &experiment(lab, name)]);
    Ok(mib(&output(lab, &mut command, |_| ())?)?.into())
}

/// The total: training steps, evaluations and updates reuse each other's memory.
fn mib(json: &str) -> anyhow::Result<f64> {
    let json: Value = serde_json::from_str(json).context("`check --json`")?;
    let memory = json.pointer("/specs/0/cost/memory").context("no estimate of memory")?;
    let bytes = |name: &str| {
        memory
            .get(name)
            .and_then(Value::as_f64)
            .with_context(|| format!("no `{name}` in the estimate of memory"))
    };
    let alternating = bytes("activations")?.max(bytes("evaluation")?).max(bytes("update")?);
    let always = ["program", "weights", "gradients", "optimizer", "tricks", "batches", "fragmentation"];
    let always = always.into_iter().map(bytes).sum::<anyhow::Result<f64>>()?;
    Ok((always + alternating) / f64::from(1 << 20))
}

fn peak(lab: &Lab, name: &str) -> Result<Sample, Failure> {
    let _ = std::fs::remove_dir_all(lab.scratch("run"));
    let args = [
        lab.program("clip-lab-core")?.display().to_string(),
        "run".to_owned(),
        experiment(lab, name),
        format!("--set=run.steps={}", lab.amount(4, 24)),
        "--set=schedule.warmup=2".to_owned(),
        "--ui=none".to_owned(),
        format!("--store={}", lab.scratch("run/s.db").display()),
    ];
    python(lab, "peak.py", &args)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_alternates_counts_once() {
        let parts = ["program", "weights", "gradients", "optimizer", "tricks", "batches", "fragmentation"];
        let parts: String = parts.map(|name| format!(r#""{name}":1048576,"#)).concat();
        let rest = r#""activations":3145728,"evaluation":2097152,"update":5"#;
        let json = |memory: &str| format!(r#"{{"specs":[{{"cost":{{"memory":{memory}}}}}]}}"#);
        assert_eq!(mib(&json(&format!("{{{parts}{rest}}}"))).unwrap(), 10.0);
        assert!(mib(&json(&format!("{{{rest}}}"))).unwrap_err().to_string().contains("no `program`"));
        assert!(mib("{}").unwrap_err().to_string().contains("no estimate"));
    }
}
