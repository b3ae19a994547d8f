//! `clip-lab search`.

use std::{num::NonZeroUsize, path::PathBuf};

use clap::{Args, ValueEnum};

use crate::{Images, ModelWeights};

/// `clip-lab search`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct SearchArgs {
    /// The model: a run, a spec, or a folder or file in any layout that `from` reads
    pub model: String,
    /// Texts to search for; each is a query
    #[arg(value_name = "TEXT")]
    pub texts: Vec<String>,
    /// Search for images similar to this one; may be repeated
    #[arg(long, value_name = "FILE")]
    pub image: Vec<PathBuf>,
    /// A file of texts to search for, one per line
    #[arg(long, value_name = "FILE")]
    pub queries: Option<PathBuf>,
    /// The number of results of a query
    #[arg(short = 'k', long, value_name = "K", default_value = "10")]
    pub top: NonZeroUsize,
    /// The images to search
    #[command(flatten)]
    pub gallery: GalleryArgs,
    /// Output
    #[command(flatten)]
    pub answers: AnswerArgs,
    /// Missed queries of an evaluation
    #[command(flatten)]
    pub wrong: WrongArgs,
    /// Approximate search
    #[command(flatten)]
    pub approximate: ApproximateArgs,
    /// The weights of the run (default: best, or last if no evaluation selected any)
    #[arg(long, value_enum)]
    pub weights: Option<ModelWeights>,
    /// Override a setting of the model's spec
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Answer JSON requests on standard input, for the front-end process
    #[arg(long, hide = true)]
    pub serve: bool,
}

/// The images to search.
#[derive(Debug, Args)]
#[command(next_help_heading = "Gallery")]
pub struct GalleryArgs {
    /// Search the images below this folder
    #[arg(long, value_name = "DIR", conflicts_with = "data")]
    pub images: Option<PathBuf>,
    /// Search a data set of this spec (default: of the model's spec)
    #[arg(long, value_name = "SPEC")]
    pub data: Option<PathBuf>,
    /// The split to search (default: test, else val, else train)
    #[arg(long, value_enum, conflicts_with = "images")]
    pub split: Option<SearchSplit>,
    /// Store the embeddings in this file instead of the cache
    #[arg(long, value_name = "FILE")]
    pub index: Option<PathBuf>,
    /// Embed every image again
    #[arg(long)]
    pub fresh: bool,
}

/// Output.
#[derive(Debug, Args)]
#[command(next_help_heading = "Answers")]
pub struct AnswerArgs {
    /// Type queries on an interactive screen; the default on a terminal if no query is given
    #[arg(short, long, conflicts_with_all = ["out", "json", "show"])]
    pub interactive: bool,
    /// Draw the images in the terminal, not only their names
    #[arg(long, conflicts_with = "json")]
    pub show: bool,
    /// How to draw images in the terminal
    #[arg(long, alias = "pictures", value_enum, default_value_t, value_name = "HOW")]
    pub protocol: Images,
    /// Write a contact sheet: .png, or .html with embedded images
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `--wrong` and its options.
#[derive(Debug, Args)]
#[command(next_help_heading = "Missed queries of an evaluated run")]
pub struct WrongArgs {
    /// Show the queries that the run's evaluation missed, worst rank first, with what it found instead
    #[arg(long, conflicts_with_all = ["texts", "image", "queries", "images", "data", "approximate"])]
    pub wrong: bool,
    /// The direction of retrieval
    #[arg(long, value_enum, default_value_t, requires = "wrong")]
    pub direction: SearchDirection,
    /// The number of queries
    #[arg(long, value_name = "N", default_value = "20", requires = "wrong")]
    pub worst: NonZeroUsize,
}

/// `--approximate` and its options.
#[derive(Debug, Args)]
#[command(next_help_heading = "Approximate search")]
pub struct ApproximateArgs {
    /// Search an HNSW graph, and print its recall against exact search
    #[arg(long)]
    pub approximate: bool,
    /// Candidates of a search (efSearch): higher recall, slower search
    #[arg(long, value_name = "N", default_value = "128", requires = "approximate")]
    pub expansion: NonZeroUsize,
    /// Candidates while building the graph (efConstruction); another value builds another graph
    #[arg(long, value_name = "N", default_value = "128", requires = "approximate")]
    pub build_expansion: NonZeroUsize,
}

/// A data set of a spec.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SearchSplit {
    /// `[data.train]`
    Train,
    /// `[data.val]`
    Val,
    /// `[data.test]`
    Test,
}

impl SearchSplit {
    /// The name in specs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Val => "val",
            Self::Test => "test",
        }
    }
}

/// A direction of retrieval.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum SearchDirection {
    /// Texts to images
    #[default]
    T2i,
    /// Images to texts
    I2t,
}

impl SearchDirection {
    /// The name in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::T2i => "t2i",
            Self::I2t => "i2t",
        }
    }
}

const EXAMPLES: &str = "Examples:
  clip-lab search lit --images ~/photos \"a dog on a beach\"      the ten nearest images
  clip-lab search lit --images ~/photos                         interactive, on a terminal
  clip-lab search lit --images ~/photos --image dog.jpg --show  similar images, in the terminal
  clip-lab search lit --queries texts.txt --out sheet.html      a page of the run's test images
  clip-lab search lit --wrong --direction i2t                   missed queries of the evaluation

Embeddings are cached: the next search embeds only new and changed images.";
