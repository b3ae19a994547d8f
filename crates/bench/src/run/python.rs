//! The rivals in Python.

use std::process::Command;

use anyhow::Context;

use super::{Failure, Sample, output};
use crate::lab::Lab;

/// The number that a script of `rivals/` prints last.
pub fn python(lab: &Lab, script: &str, args: &[String]) -> Result<Sample, Failure> {
    let numbers = python_numbers(lab, script, args)?;
    let value = numbers.first().with_context(|| format!("{script} printed no number"))?;
    Ok((*value).into())
}

/// The numbers on the last line that a script of `rivals/` prints.
pub fn python_numbers(lab: &Lab, script: &str, args: &[String]) -> Result<Vec<f64>, Failure> {
    let by_path = lab.python.components().count() > 1;
    if by_path && !lab.python.is_file() {
        return Err(Failure::Skipped(format!("no {}; `cargo xtask python` makes it", lab.python.display())));
    }
    let mut command = Command::new(&lab.python);
    command.arg(lab.here.join("rivals").join(script));
    command.arg(format!("--threads={}", lab.threads)).args(args);
    // Models come from folders; without this transformers asks the hub for some of their files.
    command.env("HF_HUB_OFFLINE", "1").env("TOKENIZERS_PARALLELISM", "false");
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    let text = output(lab, &mut command, |_| ())?;
    let last = text.lines().last().unwrap_or_default();
    let numbers = last.split_whitespace().map(str::parse::<f64>).collect::<Result<Vec<_>, _>>();
    Ok(numbers.with_context(|| format!("{script} printed `{last}`, not numbers"))?)
}
