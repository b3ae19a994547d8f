//! `clip-lab data inspect`.

use std::path::PathBuf;

use clap::Args;

/// `clip-lab data inspect`.
#[derive(Debug, Args)]
#[command(after_help = "\
Every picture and every caption is read once, with all cores. Pictures are the same when their bytes are; captions,
when their words are, capitals and spaces aside. What is broken is no error: the exit status is 0.

Examples:
  clip-lab data inspect experiments/lit.toml
  clip-lab data inspect data/flickr30k --sheet sheet.png
  clip-lab data inspect shards/ --quick --json")]
pub struct InspectArgs {
    /// A spec, whose [data.*] are looked at, or a folder: of pictures with a list of captions, of a folder for each class,
    /// of tar shards, or of pictures alone
    #[arg(value_name = "SPEC|FOLDER")]
    pub data: PathBuf,
    /// Write a contact sheet: pictures drawn at random, with what is said of them
    #[arg(long, value_name = "FILE.png")]
    pub sheet: Option<PathBuf>,
    /// Pictures on the contact sheet
    #[arg(long, value_name = "N", default_value_t = 24, value_parser = clap::value_parser!(u16).range(1..=400))]
    pub pictures: u16,
    /// Which pictures are drawn for the contact sheet
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// Read headers only: several times as fast, but a JPEG whose data is broken further on is not found
    #[arg(long)]
    pub quick: bool,
    /// Print one JSON object, with every broken file and every repetition
    #[arg(long)]
    pub json: bool,
    /// Change a setting of the spec first
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
}
