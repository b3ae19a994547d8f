//! `clip-lab data inspect`.

use std::path::PathBuf;

use clap::Args;

/// `clip-lab data inspect`.
#[derive(Debug, Args)]
#[command(after_help = "\
Reads every image and every caption once, on all cores. Images are duplicates if their bytes are
equal; captions, if they differ only in case and spaces. Unreadable files do not make the
command fail: it exits with 0.

Examples:
  clip-lab data inspect experiments/lit.toml
  clip-lab data inspect data/flickr30k --sheet sheet.png
  clip-lab data inspect shards/ --quick --json")]
pub struct InspectArgs {
    /// A spec, whose [data.*] are inspected, or a folder: images with a caption list, one folder per class, tar shards,
    /// or images alone
    #[arg(value_name = "SPEC|FOLDER")]
    pub data: PathBuf,
    /// Write a contact sheet of random images with their captions or classes
    #[arg(long, value_name = "FILE.png")]
    pub sheet: Option<PathBuf>,
    /// Number of images on the contact sheet
    #[arg(
        long = "images",
        alias = "pictures",
        value_name = "N",
        default_value_t = 24,
        value_parser = clap::value_parser!(u16).range(1..=400)
    )]
    pub images: u16,
    /// Seed of the random choice for the contact sheet
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// Read headers only: several times faster, but JPEGs with corrupt data after the header are not found
    #[arg(long)]
    pub quick: bool,
    /// Print one JSON object with every unreadable file and every duplicate
    #[arg(long)]
    pub json: bool,
    /// Override a setting of the spec
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
}
