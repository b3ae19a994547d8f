//! `clip-lab prompts`.

use clap::Args;

use crate::{DataArgs, ModelWeights};

/// The examples of `clip-lab prompts --help`.
pub const EXAMPLES: &str = "Examples:
  clip-lab prompts lit --data cifar10/test                       OpenAI's 80 templates
  clip-lab prompts lit --data imagenet --templates mine.toml     your templates
  clip-lab prompts lit --data birds --select val --report test --classes names.txt --json

The templates are OpenAI's 80 unless --templates names others. Every template is evaluated alone. The ensemble grows greedily: each step adds the template that
improves accuracy on the --select split most, until none does. Its accuracy is then reported on the
--report split. Data with a single split is split in half by a hash of the image names.";

/// `clip-lab prompts`.
#[derive(Debug, Args)]
pub struct PromptsArgs {
    /// A run, a spec, or a model in any layout that `from` reads: a folder, a file or hf:ORGANISATION/NAME
    pub model: String,
    /// The data set and its classes
    #[command(flatten)]
    pub data: DataArgs,
    /// The split that templates are selected on
    #[arg(long, default_value = "val", value_parser = ["test", "val", "train", "all"])]
    pub select: String,
    /// The split that accuracy is reported on
    #[arg(long, default_value = "test", value_parser = ["test", "val", "train", "all"])]
    pub report: String,
    /// The largest number of templates in the ensemble
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    pub most: u64,
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
