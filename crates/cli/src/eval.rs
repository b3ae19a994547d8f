//! `clip-lab eval`.

use std::path::PathBuf;

use clap::Args;

use crate::ModelWeights;

/// The examples of `clip-lab eval --help`.
pub const EXAMPLES: &str = "Examples:
  clip-lab eval lit                                             its own evaluation, on val and test
  clip-lab eval lit --data flickr8k --suite retrieval           retrieval on another data set
  clip-lab eval lit --data cifar10/test --templates openai80    zero-shot with 80 templates
  clip-lab eval lit --data cifar10/test --confusion cifar.png   a confusion matrix
  clip-lab eval cifar-finetune --data cifar10/test              a classifier on other images
  clip-lab eval hf:openai/clip-vit-base-patch32 --data imagenet-v2 --classes names.txt
  clip-lab compare lit clip-scratch --metric cifar10-test/zero_shot/top1
  clip-lab eval --interpolate experiments/lit.toml lit          interpolated weights (WiSE-FT)

Results of a run are recorded in the store with the ranks of all queries: `clip-lab runs show RUN`.";

/// `clip-lab eval`.
#[derive(Debug, Args)]
pub struct EvalArgs {
    /// A run (uid, uid prefix or name), a checkpoint file in a run's folder, a spec (its initial weights, such as a
    /// zero-shot classifier), or a model in any layout that `from` reads: a folder, a file or hf:ORGANISATION/NAME
    #[arg(required_unless_present = "interpolate", conflicts_with = "interpolate")]
    pub model: Option<String>,
    /// Interpolate the weights of two models, `(1 - alpha) A + alpha B` (WiSE-FT); each is named as MODEL, and the data
    /// is that of B's spec
    #[arg(long, num_args = 2, value_names = ["A", "B"])]
    pub interpolate: Vec<String>,
    /// The weight of B; the best is selected on val and reported on test
    #[arg(
        long,
        num_args = 1..,
        value_delimiter = ',',
        requires = "interpolate",
        default_values_t = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
    )]
    pub alpha: Vec<f64>,
    /// Data and evaluators other than those of the spec
    #[command(flatten)]
    pub other: OtherArgs,
    /// Override a setting of the spec, such as `data.test.root=DIR`
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Data and evaluators other than those of the spec.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Other data and evaluators")]
pub struct OtherArgs {
    /// The data set and its classes
    #[command(flatten)]
    pub data: DataArgs,
    /// The split (default: test, else val, else all)
    #[arg(long, value_parser = ["test", "val", "train", "all"])]
    pub split: Option<String>,
    /// Evaluators, such as retrieval,zero_shot (default: all that fit the model and the data)
    #[arg(long, value_delimiter = ',', value_name = "NAME")]
    pub suite: Vec<String>,
    /// Draw the confusion matrix, as .png, .svg or .pdf
    #[arg(long, value_name = "FILE")]
    pub confusion: Option<PathBuf>,
    /// Write the counts of the confusion matrix to this file
    #[arg(long, hide = true)]
    pub confusion_data: Option<PathBuf>,
    /// The weights of the run (default: best, or last if no evaluation selected any)
    #[arg(long, value_enum)]
    pub weights: Option<ModelWeights>,
    /// The name of the evaluation in the store, which prefixes its metrics (default: from the data)
    #[arg(long = "as", value_name = "NAME")]
    pub name: Option<String>,
    /// Do not record the results in the store
    #[arg(long)]
    pub no_record: bool,
}

/// A data set, and how its classes are written.
#[derive(Debug, Clone, Default, Args)]
pub struct DataArgs {
    /// Another data set: a folder with a caption list, with one folder per class or with tar shards, or a spec that
    /// names one (default: of the model's spec)
    #[arg(long, value_name = "DATA")]
    pub data: Option<PathBuf>,
    /// Prompt templates: photo, plain, openai7, openai80, or a file (TOML with `templates = [...]`, or text, one per
    /// line)
    #[arg(long, value_name = "NAME|FILE")]
    pub templates: Option<String>,
    /// Class names: a text file with one name a line in class order, or TOML with `folder = "name"` for those that
    /// differ from their folder
    #[arg(long, value_name = "FILE")]
    pub classes: Option<PathBuf>,
}

impl OtherArgs {
    /// Whether any of these was given.
    pub fn is_set(&self) -> bool {
        let DataArgs { data, templates, classes } = &self.data;
        let other = data.is_some() || templates.is_some() || classes.is_some() || self.split.is_some();
        other
            || !self.suite.is_empty()
            || self.confusion.is_some()
            || self.weights.is_some()
            || self.name.is_some()
    }
}
