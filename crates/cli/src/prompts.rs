//! `clip-lab prompts`.

use clap::Args;

use crate::{DataArgs, ModelWeights};

/// What `clip-lab prompts --help` ends with.
pub const EXAMPLES: &str = "Examples:
  clip-lab prompts lit --data cifar10/test                       the eighty of CLIP's authors, each by itself, and the best few
  clip-lab prompts lit --data imagenet --templates mine.toml     templates of your own: `templates = [\"a photo of a {}.\"]`
  clip-lab prompts lit --data birds --select val --report test --classes names.txt --json

Templates are added to the ensemble one by one, each time the one that helps most on the part that selects, until none
helps; accuracy is then told on the other part. Where the data has one part only, a hash of the pictures' names halves it.";

/// `clip-lab prompts`.
#[derive(Debug, Args)]
pub struct PromptsArgs {
    /// A run, a spec, or a folder, a file or a name of the hub in any layout that `from` reads
    pub model: String,
    /// The data and how classes are written; left out, the templates are openai80
    #[command(flatten)]
    pub data: DataArgs,
    /// The part of the data that chooses templates
    #[arg(long, default_value = "val", value_parser = ["test", "val", "train", "all"])]
    pub select: String,
    /// The part that accuracy is told of
    #[arg(long, default_value = "test", value_parser = ["test", "val", "train", "all"])]
    pub report: String,
    /// The most templates of the ensemble
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    pub most: u64,
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
