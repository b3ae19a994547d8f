//! `clip-lab search`.

use std::{num::NonZeroUsize, path::PathBuf};

use clap::{Args, ValueEnum};

use crate::{Images, ModelWeights};

/// `clip-lab search`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct SearchArgs {
    /// What embeds: a run of the store, a spec, or a folder or file in any layout that `from` reads
    pub model: String,
    /// What to look for; several texts are answered one after the other
    #[arg(value_name = "TEXT")]
    pub texts: Vec<String>,
    /// Look for what resembles this picture; may be given several times
    #[arg(long, value_name = "FILE")]
    pub image: Vec<PathBuf>,
    /// A file with one text to look for on each line
    #[arg(long, value_name = "FILE")]
    pub queries: Option<PathBuf>,
    /// How many pictures to find
    #[arg(short = 'k', long, value_name = "K", default_value = "10")]
    pub top: NonZeroUsize,
    /// What is searched
    #[command(flatten)]
    pub gallery: GalleryArgs,
    /// How answers are shown
    #[command(flatten)]
    pub answers: AnswerArgs,
    /// The queries of an evaluation that missed
    #[command(flatten)]
    pub wrong: WrongArgs,
    /// Search by a graph that lies beside the index
    #[command(flatten)]
    pub approximate: ApproximateArgs,
    /// Which weights of a run; left out, the best, or the last where no evaluation chose any
    #[arg(long, value_enum)]
    pub weights: Option<ModelWeights>,
    /// Change a setting of the model's spec first
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Answer questions in JSON on standard input, for the program that draws
    #[arg(long, hide = true)]
    pub serve: bool,
}

/// Which pictures are searched.
#[derive(Debug, Args)]
#[command(next_help_heading = "Gallery")]
pub struct GalleryArgs {
    /// Search the pictures below this folder
    #[arg(long, value_name = "DIR", conflicts_with = "data")]
    pub images: Option<PathBuf>,
    /// Search a data set of this spec; left out with --images, that of the model's own spec
    #[arg(long, value_name = "SPEC")]
    pub data: Option<PathBuf>,
    /// Which of its data sets; left out, `test` if there is one, else `val`, else `train`
    #[arg(long, value_enum, conflicts_with = "images")]
    pub split: Option<SearchSplit>,
    /// Keep the embeddings in this file instead of the cache folder
    #[arg(long, value_name = "FILE")]
    pub index: Option<PathBuf>,
    /// Embed every picture anew
    #[arg(long)]
    pub fresh: bool,
}

/// How answers are shown.
#[derive(Debug, Args)]
#[command(next_help_heading = "Answers")]
pub struct AnswerArgs {
    /// Type queries and see what they find, until `q`; the default on a terminal where nothing is asked for
    #[arg(short, long, conflicts_with_all = ["out", "json", "show"])]
    pub interactive: bool,
    /// Show the pictures in the terminal, not only their names
    #[arg(long, conflicts_with = "json")]
    pub show: bool,
    /// How pictures are shown in the terminal
    #[arg(long, value_enum, default_value_t, value_name = "HOW")]
    pub pictures: Images,
    /// Write a contact sheet: a `.png`, or an `.html` page with the pictures in it that needs no network
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `--wrong` and what belongs to it.
#[derive(Debug, Args)]
#[command(next_help_heading = "Wrong matches of an evaluated run")]
pub struct WrongArgs {
    /// Show the queries of the run's evaluation that missed, the worst rank first, with what was found instead
    #[arg(long, conflicts_with_all = ["texts", "image", "queries", "images", "data", "approximate"])]
    pub wrong: bool,
    /// From texts to pictures, or from pictures to texts
    #[arg(long, value_enum, default_value_t, requires = "wrong")]
    pub direction: SearchDirection,
    /// How many queries
    #[arg(long, value_name = "N", default_value = "20", requires = "wrong")]
    pub worst: NonZeroUsize,
}

/// `--approximate` and what belongs to it.
#[derive(Debug, Args)]
#[command(next_help_heading = "Galleries past memory")]
pub struct ApproximateArgs {
    /// Search by a graph (HNSW) beside the exact embeddings, and print how much of the exact answer it finds
    #[arg(long)]
    pub approximate: bool,
    /// Candidates that a search keeps: more finds more and takes longer
    #[arg(long, value_name = "N", default_value = "128", requires = "approximate")]
    pub expansion: NonZeroUsize,
    /// Candidates kept while the graph is built; another number builds another graph
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
    /// As specs write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Val => "val",
            Self::Test => "test",
        }
    }
}

/// Who asks for what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum SearchDirection {
    /// Texts look for their picture
    #[default]
    T2i,
    /// Pictures look for a text of theirs
    I2t,
}

impl SearchDirection {
    /// As metric names write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::T2i => "t2i",
            Self::I2t => "i2t",
        }
    }
}

const EXAMPLES: &str = "Examples:
  clip-lab search lit --images ~/photos \"a dog on a beach\"      the ten nearest, as a table
  clip-lab search lit --images ~/photos                         type and see, on a terminal
  clip-lab search lit --images ~/photos --image dog.jpg --show  what resembles a picture, shown in the terminal
  clip-lab search lit --queries words.txt --out sheet.html      in the run's own test pictures, as a page
  clip-lab search lit --wrong --direction i2t                   where the run's evaluation went wrong

Embeddings are kept in the cache folder; the next search embeds only pictures that are new or have changed.";
