//! `clip-lab data pack`.

use std::{num::NonZeroU32, path::PathBuf};

use clap::{Args, ValueEnum};

/// How pictures that are made smaller are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PackFormat {
    /// JPEG: small, a little is lost
    Jpg,
    /// PNG: large, nothing is lost
    Png,
}

/// `clip-lab data pack`.
///
/// Every split of the data set becomes shards `train-000000.tar`, `val-000000.tar`, ... of samples `KEY.jpg`, `KEY.txt`
/// (the first caption), `KEY.json` (all of them, and the file's name) and `KEY.cls`. A picture that is not made smaller
/// stays as it is, byte for byte. A shard has its name once it is whole: stopped at any moment, the same command goes
/// on after the last one.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct PackArgs {
    /// A spec, whose [data.*] are packed, or a folder: of pictures with a list of captions, or of a folder for each
    /// class; also a data set of the hub, hf:datasets/ORGANISATION/NAME
    #[arg(value_name = "SPEC|FOLDER")]
    pub data: PathBuf,
    /// The folder to write the shards into
    #[arg(long, value_name = "FOLDER")]
    pub out: PathBuf,
    /// Begin a new shard before one is larger than this
    #[arg(long, value_name = "SIZE", default_value = "256MB", value_parser = size)]
    pub shard_size: u64,
    /// Make pictures smaller whose shorter side has more pixels than this, to just so many
    #[arg(long, value_name = "PIXELS")]
    pub resize: Option<NonZeroU32>,
    /// How pictures that are made smaller are written; others stay as they are
    #[arg(long, value_enum, default_value = "jpg")]
    pub format: PackFormat,
    /// Quality of JPEG, from 1 to 100
    #[arg(long, value_name = "N", default_value_t = 92, value_parser = clap::value_parser!(u8).range(1..=100))]
    pub quality: u8,
    /// The share of pictures that may be unreadable, instead of the data set's own; they are left out and named
    #[arg(long, value_name = "SHARE")]
    pub tolerate: Option<f64>,
    /// Change a setting of the spec first
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

const EXAMPLES: &str = "Examples:
  clip-lab data pack experiments/lit.toml --out shards
  clip-lab data pack flickr8k --out shards --resize 256 --shard-size 100MB";

/// `256MB`, `1.5GB`, `4096`.
fn size(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let factor = match text[digits.len()..].to_ascii_uppercase().as_str() {
        "" | "B" => 1.0,
        "K" | "KB" => 1e3,
        "M" | "MB" => 1e6,
        "G" | "GB" => 1e9,
        other => return Err(format!("`{other}` is no unit; KB, MB and GB are")),
    };
    let number: f64 = digits.trim().parse().map_err(|_| "a size is written like 256MB".to_owned())?;
    let bytes = number * factor;
    if !(1e3..=1e15).contains(&bytes) {
        return Err("a shard has from 1KB to 1000000GB".to_owned());
    }
    Ok(bytes as u64)
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        assert_eq!(
            (size("256MB"), size("1.5g"), size("4096")),
            (Ok(256_000_000), Ok(1_500_000_000), Ok(4096))
        );
        for wrong in ["", "MB", "-5MB", "5TBX", "12", "nanMB"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }
}
