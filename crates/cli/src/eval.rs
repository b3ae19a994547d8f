//! `clip-lab eval`.

use std::path::PathBuf;

use clap::Args;

use crate::ModelWeights;

/// What `clip-lab eval --help` ends with.
pub const EXAMPLES: &str = "Examples:
  clip-lab eval lit                                             what its spec evaluates, on its own val and test
  clip-lab eval lit --data flickr8k --suite retrieval           captions and pictures of another data set
  clip-lab eval lit --data cifar10/test --templates openai80    zero-shot over class folders, eighty templates
  clip-lab eval lit --data cifar10/test --confusion cifar.png   which classes are taken for which
  clip-lab eval cifar-finetune --data cifar10/test              a classifier on other folders of its classes
  clip-lab eval hf:openai/clip-vit-base-patch32 --data imagenet-v2 --classes names.txt --templates openai7
  clip-lab compare lit clip-scratch --metric cifar10-test/zero_shot/top1
  clip-lab eval --interpolate experiments/lit.toml lit          weights between two models (WiSE-FT)

Results of a run are kept in the store as an evaluation of it, with the ranks of all queries: `clip-lab runs show RUN`.";

/// `clip-lab eval`.
#[derive(Debug, Args)]
pub struct EvalArgs {
    /// A run (uid, its beginning or a name: its best weights, else its last), a checkpoint file in a run's folder, a spec
    /// (the weights that a run of it begins with, such as a zero-shot classifier), or a folder, a file or a name of the
    /// hub (hf:ORGANISATION/NAME) in any layout that `from` reads
    #[arg(required_unless_present = "interpolate", conflicts_with = "interpolate")]
    pub model: Option<String>,
    /// Interpolate the weights of two models, each named as MODEL is (WiSE-FT): `(1 - alpha) A + alpha B`; B's spec says on
    /// which data
    #[arg(long, num_args = 2, value_names = ["A", "B"])]
    pub interpolate: Vec<String>,
    /// The share of B; the best is chosen on val and reported on test
    #[arg(
        long,
        value_delimiter = ',',
        requires = "interpolate",
        default_values_t = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
    )]
    pub alpha: Vec<f64>,
    /// How a model is evaluated otherwise than its spec says
    #[command(flatten)]
    pub other: OtherArgs,
    /// Change a setting of the spec first, such as the data set: `--set data.test.root=DIR`
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// What is evaluated, and on what.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Other data and evaluators")]
pub struct OtherArgs {
    /// The data and how classes are written
    #[command(flatten)]
    pub data: DataArgs,
    /// The part of the data; left out, test, else val, else all of it
    #[arg(long, value_parser = ["test", "val", "train", "all"])]
    pub split: Option<String>,
    /// Evaluators, such as retrieval,zero_shot; left out, all that model and data can serve (classification for a classifier)
    #[arg(long, value_delimiter = ',', value_name = "NAME")]
    pub suite: Vec<String>,
    /// Draw which classes were taken for which, as .png, .svg or .pdf
    #[arg(long, value_name = "FILE")]
    pub confusion: Option<PathBuf>,
    /// Where to write what the picture is drawn from
    #[arg(long, hide = true)]
    pub confusion_data: Option<PathBuf>,
    /// Which weights of a run; left out, the best, or the last where no evaluation chose any
    #[arg(long, value_enum)]
    pub weights: Option<ModelWeights>,
    /// What the evaluation is called in the store, before the names of its metrics; left out, after the data
    #[arg(long = "as", value_name = "NAME")]
    pub name: Option<String>,
    /// Keep nothing in the store
    #[arg(long)]
    pub no_record: bool,
}

/// A data set with the words for its classes.
#[derive(Debug, Clone, Default, Args)]
pub struct DataArgs {
    /// Another data set: a folder with a list of captions, with a folder for each class, or with tar shards; or a spec whose
    /// data is meant. Left out, that of the model's own spec
    #[arg(long, value_name = "DATA")]
    pub data: Option<PathBuf>,
    /// Prompt templates: photo, plain, openai7 or openai80, or a file: TOML with `templates = [...]`, or text with one a line
    #[arg(long, value_name = "NAME|FILE")]
    pub templates: Option<String>,
    /// What classes are called: text with one name a line in the order of the classes, or TOML with `folder = "name"` for
    /// those that are called otherwise
    #[arg(long, value_name = "FILE")]
    pub classes: Option<PathBuf>,
}

impl OtherArgs {
    /// Whether anything was asked for that the model's spec does not say.
    pub fn asked(&self) -> bool {
        let DataArgs { data, templates, classes } = &self.data;
        let words = data.is_some() || templates.is_some() || classes.is_some() || self.split.is_some();
        words
            || !self.suite.is_empty()
            || self.confusion.is_some()
            || self.weights.is_some()
            || self.name.is_some()
    }
}
