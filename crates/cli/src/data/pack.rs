//! `clip-lab data pack`.

use std::{num::NonZeroU32, path::PathBuf};

use clap::{Args, ValueEnum};

/// The encoding of resized images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PackFormat {
    /// Small, lossy
    Jpg,
    /// Large, lossless
    Png,
}

/// `clip-lab data pack`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct PackArgs {
    /// A spec, whose [data.*] are packed; a folder: images with a caption list, or one folder per class; or a data set
    /// of the Hugging Face Hub, hf:datasets/ORGANISATION/NAME
    #[arg(value_name = "SPEC|FOLDER")]
    pub data: PathBuf,
    /// The output folder
    #[arg(long, value_name = "FOLDER")]
    pub out: PathBuf,
    /// The largest size of a shard
    #[arg(long, value_name = "SIZE", default_value = "256MB", value_parser = size)]
    pub shard_size: u64,
    /// Shrink images until their shorter side has this many pixels; smaller images are not changed
    #[arg(long, value_name = "PIXELS")]
    pub resize: Option<NonZeroU32>,
    /// The format of resized images
    #[arg(long, value_enum, default_value = "jpg")]
    pub format: PackFormat,
    /// JPEG quality, from 1 to 100
    #[arg(long, value_name = "N", default_value_t = 92, value_parser = clap::value_parser!(u8).range(1..=100))]
    pub quality: u8,
    /// The fraction of images that may be unreadable; those are left out and listed (default: of the data set)
    #[arg(long, value_name = "SHARE")]
    pub tolerate: Option<f64>,
    /// Override a setting of the spec
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
        other => return Err(format!("unknown unit `{other}`: use KB, MB or GB")),
    };
    let number: f64 = digits.trim().parse().map_err(|_| "a size must be written like 256MB".to_owned())?;
    let bytes = number * factor;
    if !(1e3..=1e15).contains(&bytes) {
        return Err("must be from 1KB to 1000000GB".to_owned());
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
