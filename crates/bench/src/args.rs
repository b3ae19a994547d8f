//! The command line.

use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};

pub const USAGE: &str = "\
cargo xtask bench [FILTER...]   measure the benchmarks whose name contains a FILTER, else all

  --list            list the benchmarks
  --quick           one round, small sizes, about 5 minutes for all: shows that all works; figures are rough
  --rounds N        rounds; each measures ours and every rival once, in turn (default: 3, with --quick 1)
  --data FOLDER     Flickr8k: `Images/` and `captions.txt` (default: synthetic images and captions)
  --python PROGRAM  the Python with the rivals (default: $CLIP_LAB_PYTHON, else what `cargo xtask python` made)
  --programs FOLDER measure the built programs in FOLDER, with `examples/` in it, and build nothing
  --threads N       threads of ours and of the rivals (default: one per core)
  --json FILE       where the figures are written after every round (default: bench.json in the target folder)
  --markdown FILE   print the table of a JSON file as Markdown, and measure nothing
  --into DOCUMENT   with --markdown: write the table between the marks `figures: begin` and `figures: end` of a document

Ctrl-C ends the measurement; what was measured is printed and kept.";

/// The arguments after `cargo xtask bench`.
#[derive(Debug, Default, PartialEq)]
pub struct Args {
    pub filters: Vec<String>,
    pub help: bool,
    pub list: bool,
    pub quick: bool,
    rounds: Option<usize>,
    pub threads: Option<usize>,
    pub data: Option<PathBuf>,
    pub python: Option<PathBuf>,
    pub programs: Option<PathBuf>,
    pub json: Option<PathBuf>,
    pub markdown: Option<PathBuf>,
    pub into: Option<PathBuf>,
}

impl Args {
    /// # Errors
    /// For an option that does not exist, or has no value or a wrong one.
    pub fn parse(args: impl Iterator<Item = String>) -> Result<Self> {
        let (mut parsed, mut args) = (Self::default(), args);
        while let Some(arg) = args.next() {
            let mut value = || args.next().with_context(|| format!("`{arg}` needs a value"));
            match arg.as_str() {
                "--help" | "-h" => parsed.help = true,
                "--list" => parsed.list = true,
                "--quick" => parsed.quick = true,
                "--rounds" => parsed.rounds = Some(positive(&arg, &value()?)?),
                "--threads" => parsed.threads = Some(positive(&arg, &value()?)?),
                "--data" => parsed.data = Some(value()?.into()),
                "--python" => parsed.python = Some(value()?.into()),
                "--programs" => parsed.programs = Some(value()?.into()),
                "--json" => parsed.json = Some(value()?.into()),
                "--markdown" => parsed.markdown = Some(value()?.into()),
                "--into" => parsed.into = Some(value()?.into()),
                option if option.starts_with('-') => bail!("there is no option `{option}`\n\n{USAGE}"),
                _ => parsed.filters.push(arg),
            }
        }
        Ok(parsed)
    }

    /// Rounds of every benchmark.
    pub fn rounds(&self) -> usize {
        self.rounds.unwrap_or(if self.quick { 1 } else { 3 })
    }
}

fn positive(option: &str, value: &str) -> Result<usize> {
    let number = value.parse().with_context(|| format!("`{option} {value}`: not a whole number"))?;
    ensure!(number > 0, "`{option} {value}`: must be at least 1");
    Ok(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Args> {
        Args::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn filters_and_options_may_be_mixed() {
        let args = parse("lit --data flickr vit --quick --rounds 2 --json out.json").unwrap();
        assert_eq!(args.filters, ["lit", "vit"]);
        assert_eq!((args.data, args.json), (Some("flickr".into()), Some("out.json".into())));
        assert!(args.quick && !args.list);
        assert_eq!(args.rounds, Some(2));
    }

    #[test]
    fn quick_is_one_round_unless_more_are_wanted() {
        assert_eq!(parse("").unwrap().rounds(), 3);
        assert_eq!(parse("--quick").unwrap().rounds(), 1);
        assert_eq!(parse("--quick --rounds 5").unwrap().rounds(), 5);
    }

    #[test]
    fn mistakes_name_the_argument() {
        for (line, message) in [
            ("--fast", "there is no option `--fast`"),
            ("--data", "`--data` needs a value"),
            ("--rounds x", "`--rounds x`: not a whole number"),
            ("--threads 0", "`--threads 0`: must be at least 1"),
        ] {
            let error = parse(line).unwrap_err().to_string();
            assert!(error.starts_with(message), "{error}");
        }
    }
}
