//! `clip-lab model`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// `clip-lab model`.
#[derive(Debug, Subcommand)]
pub enum ModelVerb {
    /// Say what a model is: layout, towers, parameters, preprocessing, tokenizer, and what `from` makes of it
    Show(ModelShowArgs),
    /// Write a model for other tools: a folder with weights, tokenizer, preprocessing and a model card
    #[command(after_help = FORMATS)]
    Export(ModelExportArgs),
}

const FORMATS: &str = "Formats:
  hf           what transformers loads: CLIPModel where both towers are CLIP's, else VisionTextDualEncoderModel (a ViT or
               CLIP's ViT with a BERT that pools by its pooler, or with CLIP's text transformer)
  open_clip    what open_clip loads as local-dir:DIR: CLIP's ViT or OpenAI's ResNet with CLIP's text transformer
  torchscript  one file, model.pt, with the methods encode_image and encode_text, or, of a classifier, encode_image,
               classify (also forward) and classes; holds every model

What a format cannot hold is refused with the reason. Every folder can be named by `from` in a spec again, but for
torchscript.

Examples:
  clip-lab model export lit --format torchscript --out lit
  clip-lab model export clip-scratch --format open_clip --weights ema --out clip";

/// `clip-lab model show`.
#[derive(Debug, Args)]
#[command(after_help = SHOW)]
pub struct ModelShowArgs {
    /// A run, or a folder, a file or a name of the hub (hf:ORGANISATION/NAME) in any layout that `from` reads
    #[arg(value_name = "RUN|FOLDER")]
    pub model: String,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

const SHOW: &str = "Examples:
  clip-lab model show lit
  clip-lab model show hf:openai/clip-vit-base-patch32              fetched once, into the hub's own cache
  clip-lab model show hf:org/private@v2 --json                     a revision; HF_TOKEN opens what is private";

/// `clip-lab model export`.
#[derive(Debug, Args)]
pub struct ModelExportArgs {
    /// A run (uid, its beginning or a name), a checkpoint file in a run's folder, or a folder or file in any layout that
    /// `from` reads
    #[arg(value_name = "RUN|FOLDER")]
    pub model: String,
    /// What to write
    #[arg(long, value_enum)]
    pub format: ModelFormat,
    /// The folder to write; it is made
    #[arg(long, value_name = "FOLDER")]
    pub out: PathBuf,
    /// Which weights of a run; left out, the best, or the last where no evaluation chose any
    #[arg(long, value_enum)]
    pub weights: Option<ModelWeights>,
    /// Replace the folder if an export stands there
    #[arg(long)]
    pub force: bool,
    /// Change a setting of the spec first, such as `preprocess.resized=224`
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// A layout that models are written in.
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

/// Weights that a run keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ModelWeights {
    /// The best by the run's goal
    #[value(alias = "best")]
    Raw,
    /// The best of the moving average
    Ema,
    /// Those of the last checkpoint
    Last,
}
