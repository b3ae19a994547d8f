//! The benchmarks that crates have as examples.

use std::process::Command;

use anyhow::{Context, Result};

use super::{Failure, Sample, cargo, output};
use crate::lab::Lab;

/// A number in what a program printed.
#[derive(Clone, Copy, Debug)]
pub struct Pick {
    /// The start of its line, without indentation.
    pub line: &'static str,
    /// Which number after that, from 0. A number is followed by a space or a comma.
    pub number: usize,
}

/// Builds and runs an example; the number is the sum of `picks`.
pub fn example(
    lab: &Lab,
    [package, name]: [&str; 2],
    args: &[String],
    picks: &[Pick],
) -> Result<Sample, Failure> {
    cargo::build(lab, &["--package", package, "--example", name])?;
    let program = lab.programs.join("examples").join(name);
    if !program.is_file() {
        return Err(Failure::Skipped(format!("no {}", program.display())));
    }
    let mut command = Command::new(program);
    command.args(args).current_dir(&lab.here);
    if lab.python.is_file() {
        command.env("CLIP_LAB_PYTHON", &lab.python);
    }
    let output = output(lab, &mut command, |_| ())?;
    Ok(Sample { value: Pick::sum(picks, &output)?, output })
}

impl Pick {
    /// The sum of the numbers that `picks` select.
    ///
    /// # Errors
    /// If a line or a number is missing.
    pub fn sum(picks: &[Self], output: &str) -> Result<f64> {
        picks.iter().map(|pick| pick.of(output)).sum()
    }

    fn of(self, output: &str) -> Result<f64> {
        let mut lines = output.lines().map(str::trim_start);
        let rest = lines.find_map(|line| line.strip_prefix(self.line));
        let rest = rest.with_context(|| format!("no line begins with `{}`", self.line))?;
        let words = rest.split_whitespace().map(|word| word.trim_end_matches(','));
        let number = words.filter_map(|word| word.parse::<f64>().ok()).nth(self.number);
        number.with_context(|| format!("`{}{rest}`: no such number", self.line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "\
5000 images x 25000 captions x 512, 2 cores
faiss IndexFlatIP, first 10 images of captions          1.020    0.76       274
faiss IndexFlatIP, first 10 captions of images          1.000    0.74       274
  training, from files                          596 images/s    90 % of bare
approximate, ef 128          3.40 ms   recall@10 0.996, 5 times faster; opened in 104.0 s
";

    fn pick(line: &'static str, number: usize) -> Result<f64> {
        Pick { line, number }.of(OUTPUT)
    }

    #[test]
    fn numbers_are_counted_after_the_start_of_the_line() {
        assert_eq!(pick("training, from files", 0).unwrap(), 596.0);
        assert_eq!(pick("approximate, ef 128", 0).unwrap(), 3.4);
        assert_eq!(pick("approximate, ef 128", 1).unwrap(), 0.996);
    }

    #[test]
    fn picks_are_summed() {
        let picks = [
            Pick { line: "faiss IndexFlatIP, first 10 images of captions", number: 0 },
            Pick { line: "faiss IndexFlatIP, first 10 captions of images", number: 0 },
        ];
        assert!((Pick::sum(&picks, OUTPUT).unwrap() - 2.02).abs() < 1e-12);
    }

    #[test]
    fn a_missing_line_or_number_is_an_error() {
        assert!(pick("evaluation", 0).unwrap_err().to_string().contains("`evaluation`"));
        assert!(pick("training, from files", 2).unwrap_err().to_string().contains("no such number"));
    }
}
