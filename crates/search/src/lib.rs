//! What the two programs say to each other when pictures are searched. `clip-lab` draws and asks; `clip-lab-core search
//! --serve` has the tensors and answers.
//!
//! ```text
//! clip-lab        --Request, one JSON object a line-->  standard input of clip-lab-core
//!                 <--Reply, one JSON object a line----  its standard output; progress is on standard error
//! ```
//! The first reply is [`Answer::Ready`]. Every request gets one reply with its `id`; replies may overtake each other, as
//! thumbnails are made while a query is embedded. When standard input ends, so does the core.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// Chosen by who asks; the reply repeats it.
    pub id: u64,
    /// What is asked.
    pub ask: Ask,
}

/// What can be asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ask {
    /// The pictures nearest to a query, the nearest first.
    Nearest {
        /// To what.
        to: Query,
        /// How many.
        top: usize,
        /// Whether an approximate answer is compared with the exact one, which takes the time of that.
        check: bool,
    },
    /// A small JPEG of a picture.
    Thumbnail {
        /// Which.
        of: Picture,
        /// The most pixels of its longer side.
        side: u32,
    },
    /// The queries of an evaluation that missed, the worst rank first.
    Misses {
        /// How many queries.
        count: usize,
        /// How many answers of each.
        top: usize,
    },
}

/// What pictures are compared with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Query {
    /// A text.
    Text(String),
    /// A picture.
    Picture(Picture),
}

/// A picture that is meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Picture {
    /// One of the gallery, by the number that hits have.
    Gallery(usize),
    /// A file.
    File(PathBuf),
}

/// An answer to a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    /// That of the request; 0 for [`Answer::Ready`].
    pub id: u64,
    /// The answer.
    pub answer: Answer,
}

/// What is answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// The index is up to date: questions may come.
    Ready(Ready),
    /// To [`Ask::Nearest`].
    Found(Found),
    /// To [`Ask::Thumbnail`].
    Thumbnail {
        /// A JPEG in base64.
        jpeg: String,
    },
    /// To [`Ask::Misses`].
    Misses(Misses),
    /// To any, when it cannot be answered: why.
    Failed(String),
}

/// What is searched.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ready {
    /// Which pictures these are, in words.
    pub gallery: String,
    /// Pictures that can be found.
    pub pictures: usize,
    /// Pictures that could not be read.
    pub broken: usize,
    /// Numbers of an embedding.
    pub dim: usize,
    /// Whether the model embeds texts; else only pictures can be asked for.
    pub texts: bool,
    /// The file of the index.
    pub index: PathBuf,
    /// What the approximate index finds, where one is used.
    pub approximate: Option<Approximate>,
}

/// How good an approximate index is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Approximate {
    /// The share of the exact `at` nearest pictures that it finds.
    pub recall: f64,
    /// How many nearest ones were compared.
    pub at: usize,
    /// Over how many queries, pictures of the gallery.
    pub queries: usize,
    /// Candidates that a search keeps.
    pub expansion: usize,
    /// Mean seconds of an approximate search.
    pub seconds: f64,
    /// Mean seconds of an exact one.
    pub exact_seconds: f64,
}

/// The pictures nearest to a query.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// The nearest first.
    pub hits: Vec<Hit>,
    /// Seconds to embed the query.
    pub embed_seconds: f64,
    /// Seconds to search.
    pub search_seconds: f64,
    /// The share of the exact nearest that an approximate search found, where that was asked for.
    pub recall: Option<f64>,
}

/// A picture that was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hit {
    /// Its number in the gallery.
    pub picture: usize,
    /// Its file, or what the data set calls it.
    pub name: String,
    /// The cosine of its embedding with the query's.
    pub score: f32,
}

/// Queries of an evaluation that missed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Misses {
    /// The split that was evaluated.
    pub split: String,
    /// `t2i`: texts that look for their picture; `i2t`: pictures that look for a text of theirs.
    pub direction: String,
    /// Whose ranks these are: `raw` or `ema`.
    pub weights: String,
    /// The step of the evaluation.
    pub step: u64,
    /// All its queries.
    pub queries: usize,
    /// Those whose first answer was wrong.
    pub missed: usize,
    /// How many of `worst` have another rank now than was recorded.
    pub moved: usize,
    /// The worst rank first.
    pub worst: Vec<Miss>,
}

/// A query that missed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Miss {
    /// Who asked.
    pub query: Item,
    /// The rank of the first right answer as it was recorded, counted from 1.
    pub rank: u32,
    /// The first answers, and the first right one if it is not among them.
    pub answers: Vec<Judged>,
}

/// An answer to a query of an evaluation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    /// What was found.
    pub item: Item,
    /// Its rank, counted from 1.
    pub rank: u32,
    /// Its cosine with the query.
    pub score: f32,
    /// Whether it is right.
    pub right: bool,
}

/// A text or a picture of an evaluation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Item {
    /// A caption.
    Text(String),
    /// A picture.
    Picture {
        /// Its number in the gallery.
        picture: usize,
        /// What the data set calls it.
        name: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_reads_as_documented() {
        let ask = Ask::Nearest { to: Query::Text("a dog".to_owned()), top: 3, check: false };
        let line = serde_json::to_string(&Request { id: 7, ask: ask.clone() }).unwrap();
        assert_eq!(line, r#"{"id":7,"ask":{"nearest":{"to":{"text":"a dog"},"top":3,"check":false}}}"#);
        assert_eq!(serde_json::from_str::<Request>(&line).unwrap().ask, ask);
    }
}
