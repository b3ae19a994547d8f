//! `clip-lab embed`.

use std::path::PathBuf;

use clap::Args;

use crate::ModelWeights;

/// `clip-lab embed`.
///
/// Embeds pictures, texts or both with a model, and writes `image_embeds` and `text_embeds` into a safetensors file, whose
/// metadata names the pictures, or as NumPy's arrays. Pictures that cannot be read are left out and named.
#[derive(Debug, Args)]
#[command(after_help = EMBED)]
pub struct EmbedArgs {
    /// A run, a spec, or a folder, a file or a name of the hub (hf:ORGANISATION/NAME) in any layout that `from` reads
    #[arg(value_name = "RUN|SPEC|FOLDER")]
    pub model: String,
    /// A folder of pictures, embedded in name order as `image_embeds`
    #[arg(long, value_name = "FOLDER")]
    pub images: Option<PathBuf>,
    /// A file with one text a line, embedded in order as `text_embeds`
    #[arg(long, value_name = "FILE")]
    pub texts: Option<PathBuf>,
    /// The file to write: .safetensors, .npz, or .npy where there is one array
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Leave the embeddings as the projections give them instead of scaling them to unit length
    #[arg(long)]
    pub raw: bool,
    /// The share of pictures that may be unreadable; they are left out and named
    #[arg(long, value_name = "SHARE", default_value_t = 0.05)]
    pub tolerate: f64,
    /// Which weights of a run; left out, the best, or the last where no evaluation chose any
    #[arg(long, value_enum)]
    pub weights: Option<ModelWeights>,
    /// Change a setting of the spec first
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

const EMBED: &str = "Examples:
  clip-lab embed lit --images photos --out photos.safetensors
  clip-lab embed hf:openai/clip-vit-base-patch32 --texts captions.txt --out texts.npy";
