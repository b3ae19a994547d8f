//! The last words of a run.

use std::{collections::BTreeMap, fmt::Write as _, path::Path};

use super::trainer::Ended;

/// What came out, where it is, and what to type next.
pub fn summary(uid: &str, dir: &Path, ended: &Ended, latest: &BTreeMap<String, f64>, rate: f64) -> String {
    let mut out = String::from("\n");
    let _ = match ended {
        Ended::Finished => writeln!(out, "finished"),
        Ended::Stopped { step } => writeln!(out, "stopped at step {step}; a checkpoint is saved"),
        Ended::NonFinite { words, .. } => writeln!(out, "{words}"),
    };
    for split in ["val", "test"] {
        for (metric, value) in latest.iter().filter(|(metric, _)| is_result(metric, split)) {
            let _ = writeln!(out, "  {metric:<36} {value:>8.4}");
        }
    }
    let _ = writeln!(out, "  {:<36} {rate:>8.1}", "pairs/s in training");
    let _ = writeln!(out, "files    {}", dir.display());
    let _ = match ended {
        Ended::Finished => writeln!(
            out,
            "look     clip-lab runs show {uid}\nchart    clip-lab export {uid} --metric train/loss --out loss.svg\nwatch    clip-lab dashboard"
        ),
        _ => writeln!(out, "go on    clip-lab run {}/spec.toml --resume {uid}", dir.display()),
    };
    out.trim_end().to_owned()
}

fn is_result(metric: &str, split: &str) -> bool {
    let rest = metric.strip_prefix(split).and_then(|rest| rest.strip_prefix('/'));
    rest.is_some_and(|rest| rest != "seconds" && !rest.contains("mean_rank"))
}
