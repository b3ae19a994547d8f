//! `clip-lab runs import`.

use std::path::PathBuf;

use clap::Args;

/// `clip-lab runs import`.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = EXAMPLES)]
pub struct ImportArgs {
    /// Event files, log folders, or folders that contain them; CSV files are named one by one
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// The name of the run; with several runs, what their names begin with
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Add a tag to the runs
    #[arg(long, value_name = "TAG")]
    pub tag: Vec<String>,
    /// Rename a metric; charts and tables put metrics of equal names together
    #[arg(long, value_name = "OLD=NEW", value_parser = renaming)]
    pub rename: Vec<(String, String)>,
    /// The column of steps of a CSV file (default: `step`, `global_step`, `iteration` or `epoch`)
    #[arg(long = "step", value_name = "COLUMN")]
    pub step_column: Option<String>,
    /// The column of times, in seconds or milliseconds since 1970 (default: `time`, `wall_time` or `timestamp`)
    #[arg(long = "time", value_name = "COLUMN")]
    pub time_column: Option<String>,
    /// The column that splits the rows into runs (default: `run`, `run_name` or `name`)
    #[arg(long = "run", value_name = "COLUMN")]
    pub run_column: Option<String>,
    /// Print what would be imported, and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

const EXAMPLES: &str = "Examples:
  clip-lab runs import logs/                    every run below, as TensorBoard shows them
  clip-lab runs import open_clip/logs/ --tag open_clip
  clip-lab runs import wandb/ --rename val_acc=val/zero_shot/top1
  clip-lab runs import metrics.csv --name baseline --step epoch
  clip-lab runs import logs/ --dry-run";

/// `OLD=NEW`.
fn renaming(text: &str) -> Result<(String, String), String> {
    let parts = text.split_once('=').filter(|(old, new)| !old.is_empty() && !new.is_empty());
    let (old, new) = parts.ok_or("must be written OLD=NEW, such as val_acc=val/zero_shot/top1")?;
    Ok((old.into(), new.into()))
}

#[cfg(test)]
mod tests {
    use super::renaming;

    #[test]
    fn a_renaming_has_two_names() {
        assert_eq!(renaming("a=b"), Ok(("a".into(), "b".into())));
        assert!(["a", "a=", "=b", ""].iter().all(|text| renaming(text).is_err()));
    }
}
