//! `clip-lab model`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// `clip-lab model`.
#[derive(Debug, Subcommand)]
pub enum ModelCommand {
    /// Describe a model: layout, towers, parameters, preprocessing, tokenizer, and how `from` loads it
    Show(ModelShowArgs),
    /// Export a model for other tools: weights, tokenizer, preprocessing and a model card
    #[command(after_help = FORMATS)]
    Export(ModelExportArgs),
}

const FORMATS: &str = "Formats:
  hf           for transformers: CLIPModel if both towers are CLIP's, else
               VisionTextDualEncoderModel (a ViT or CLIP's ViT with a BERT that has a pooler, or
               with CLIP's text transformer)
  open_clip    for open_clip, as local-dir:DIR: CLIP's ViT or OpenAI's ResNet with CLIP's text
               transformer
  torchscript  one file, model.pt, with the methods encode_image and encode_text; for a
               classifier, encode_image, classify (also forward) and classes; supports every model

A model that the format cannot represent is rejected with the reason. Except for torchscript,
`from` in a spec can load the exported folder.

Examples:
  clip-lab model export lit --format torchscript --out lit
  clip-lab model export clip-scratch --format open_clip --weights ema --out clip";

/// `clip-lab model show`.
#[derive(Debug, Args)]
#[command(after_help = SHOW)]
pub struct ModelShowArgs {
    /// A run, or a model in any layout that `from` reads: a folder, a file or hf:ORGANISATION/NAME
    #[arg(value_name = "RUN|FOLDER")]
    pub model: String,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

const SHOW: &str = "Examples:
  clip-lab model show lit
  clip-lab model show hf:openai/clip-vit-base-patch32              downloaded once, to the Hub cache
  clip-lab model show hf:org/private@v2 --json                     a revision, with HF_TOKEN";

/// `clip-lab model export`.
#[derive(Debug, Args)]
pub struct ModelExportArgs {
    /// A run (uid, uid prefix or name), a checkpoint file in a run's folder, or a model in any layout that `from` reads
    #[arg(value_name = "RUN|FOLDER")]
    pub model: String,
    /// The format
    #[arg(long, value_enum)]
    pub format: ModelFormat,
    /// The output folder
    #[arg(long, value_name = "FOLDER")]
    pub out: PathBuf,
    /// The weights of the run (default: best, or last if no evaluation selected any)
    #[arg(long, value_enum)]
    pub weights: Option<ModelWeights>,
    /// Replace an existing export
    #[arg(long)]
    pub force: bool,
    /// Override a setting of the spec, such as `preprocess.resized=224`
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// A model format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ModelFormat {
    /// Hugging Face transformers
    Hf,
    /// open_clip
    #[value(name = "open_clip")]
    OpenClip,
    /// TorchScript
    #[value(name = "torchscript")]
    TorchScript,
}

/// The weights that a run saves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ModelWeights {
    /// The best trained weights, by the run's goal metric
    #[value(alias = "best")]
    Raw,
    /// The best moving average
    Ema,
    /// The weights of the last checkpoint
    Last,
}
