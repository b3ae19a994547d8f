//! `clip-lab embed`.

use std::path::PathBuf;

use clap::Args;

use crate::ModelWeights;

/// `clip-lab embed`.
#[derive(Debug, Args)]
#[command(after_help = EMBED)]
pub struct EmbedArgs {
    /// A run, a spec, or a model in any layout that `from` reads: a folder, a file or hf:ORGANISATION/NAME
    #[arg(value_name = "RUN|SPEC|FOLDER")]
    pub model: String,
    /// A folder of images to embed, in name order
    #[arg(long, value_name = "FOLDER")]
    pub images: Option<PathBuf>,
    /// A file of texts to embed, one per line
    #[arg(long, value_name = "FILE")]
    pub texts: Option<PathBuf>,
    /// The output file: .safetensors, .npz, or .npy for a single array
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Do not L2-normalise the embeddings
    #[arg(long)]
    pub raw: bool,
    /// The fraction of images that may be unreadable; those are left out and listed
    #[arg(long, value_name = "SHARE", default_value_t = 0.05)]
    pub tolerate: f64,
    /// The weights of the run (default: best, or last if no evaluation selected any)
    #[arg(long, value_enum)]
    pub weights: Option<ModelWeights>,
    /// Override a setting of the spec
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

const EMBED: &str = "Examples:
  clip-lab embed lit --images photos --out photos.safetensors
  clip-lab embed hf:openai/clip-vit-base-patch32 --texts captions.txt --out texts.npy";
