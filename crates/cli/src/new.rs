//! `clip-lab new`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// `clip-lab new`.
#[derive(Debug, Args)]
#[command(after_help = NEW)]
pub struct NewArgs {
    /// A folder of images with a caption list, or of class folders
    #[arg(long, value_name = "FOLDER")]
    pub data: PathBuf,
    /// What to train (default: `lit` with captions, `classify` with class folders)
    #[arg(long, value_enum)]
    pub task: Option<NewTask>,
    /// The file to write; an existing one is never replaced
    #[arg(long, value_name = "FILE", default_value = "spec.toml")]
    pub out: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// What a new spec trains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum NewTask {
    /// A text tower against a locked, pretrained image tower
    Lit,
    /// Both towers from random weights
    Clip,
    /// A pretrained image tower with a new classifier
    Classify,
}

const NEW: &str = "Examples:
  clip-lab new --data photos                                       photos with captions: LiT
  clip-lab new --data flowers --out flowers.toml                   class folders: classification";
