//! The console summary of a run.

use std::{
    env,
    path::{Path, PathBuf},
};

use clip_lab_cli::DEFAULT_STORE;
use clip_lab_store::natural;

use crate::train::{RunEnd, Summary};

/// Results, file locations and the next commands, line by line.
pub fn lines(summary: &Summary) -> Vec<String> {
    let Summary { ended, uid, store, metrics: latest, pairs_per_s: rate, .. } = summary;
    let dir = summary.dir.display();
    let mut out = vec![String::new()];
    out.push(match ended {
        RunEnd::Finished => "finished".to_owned(),
        RunEnd::Stopped { step } => format!("stopped at step {step}; a checkpoint is saved"),
        RunEnd::NonFinite { message, .. } => message.clone(),
    });
    for split in ["val", "test"] {
        let mut results: Vec<_> = latest.iter().filter(|(metric, _)| is_result(metric, split)).collect();
        results.sort_by(|a, b| natural(a.0, b.0));
        out.extend(results.into_iter().map(|(metric, value)| format!("  {metric:<36} {value:>8.4}")));
    }
    out.push(format!("  {:<36} {rate:>8.1}", "pairs/s in training"));
    out.push(format!("files      {dir}"));
    out.push(format!("store      {}", store.display()));
    let (program, store) = (program(), store_flag(store));
    match ended {
        RunEnd::Finished => out.extend([
            format!("show       {program} runs show {uid}{store}"),
            format!("chart      {program} export {uid} --metric train/loss --out loss.svg{store}"),
            format!("dashboard  {program} dashboard{store}"),
        ]),
        _ => out.push(format!("resume     {program} run {dir}/spec.toml --resume {uid}{store}")),
    }
    out
}

/// The command of this program: its name if it is on `PATH`, else its path.
fn program() -> String {
    const NAME: &str = "clip-lab";
    let path = env::var_os("PATH").unwrap_or_default();
    if env::split_paths(&path).any(|folder| folder.join(NAME).is_file()) {
        return NAME.to_owned();
    }
    let path = env::current_exe().map_or(PathBuf::from(NAME), |core| core.with_file_name(NAME));
    let relative =
        env::current_dir().ok().and_then(|folder| path.strip_prefix(folder).ok().map(Path::to_path_buf));
    relative.unwrap_or(path).display().to_string()
}

/// The `--store` flag, unless the store is the default or set in the environment.
fn store_flag(store: &Path) -> String {
    let from_environment = env::var_os("CLIP_LAB_STORE").is_some_and(|value| Path::new(&value) == store);
    if from_environment || store == Path::new(DEFAULT_STORE) {
        String::new()
    } else {
        format!(" --store {}", store.display())
    }
}

fn is_result(metric: &str, split: &str) -> bool {
    let rest = metric.strip_prefix(split).and_then(|rest| rest.strip_prefix('/'));
    rest.is_some_and(|rest| !rest.ends_with("seconds") && !rest.contains("mean_rank"))
}
