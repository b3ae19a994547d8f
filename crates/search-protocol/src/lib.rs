//! The image search protocol. `clip-lab`, the user interface, sends requests; `clip-lab-core search --serve`, which
//! holds the model and the index, replies.
//!
//! ```text
//! clip-lab        --Request, one JSON object a line-->  standard input of clip-lab-core
//!                 <--Reply, one JSON object a line----  its standard output; progress is on standard error
//! ```
//! The first reply is [`Answer::Ready`]. Every request gets one reply with its `id`, in any order: thumbnails are made
//! while a query is embedded. The core exits when its standard input closes.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// Chosen by the client; the reply repeats it.
    pub id: u64,
    /// The operation.
    #[serde(rename = "ask")]
    pub operation: Operation,
}

/// The operations of a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// The nearest images to a query, nearest first.
    Nearest {
        /// The query.
        to: Query,
        /// Number of hits.
        top: usize,
        /// Whether to measure the recall of an approximate search, which also runs an exact one.
        check: bool,
    },
    /// A small JPEG of an image.
    Thumbnail {
        /// The image.
        of: Image,
        /// Maximum length of the longer side in pixels.
        side: u32,
    },
    /// The queries of an evaluation without a top-1 hit, worst rank first.
    Misses {
        /// Number of queries.
        count: usize,
        /// Number of answers per query.
        top: usize,
    },
}

/// A search query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Query {
    /// A text.
    Text(String),
    /// An image.
    Image(Image),
}

/// A reference to an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Image {
    /// An image of the gallery, by its index as in [`Hit::image`].
    Gallery(usize),
    /// A file.
    File(PathBuf),
}

/// An answer to a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    /// The id of the request; 0 for [`Answer::Ready`].
    pub id: u64,
    /// The answer.
    pub answer: Answer,
}

/// The payload of a reply.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// The index is up to date: requests are accepted.
    Ready(Ready),
    /// Reply to [`Operation::Nearest`].
    Found(Found),
    /// Reply to [`Operation::Thumbnail`].
    Thumbnail {
        /// A JPEG in base64.
        jpeg: String,
    },
    /// Reply to [`Operation::Misses`].
    Misses(Misses),
    /// Reply to any request that failed: the error message.
    Failed(String),
}

/// The state of the index.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ready {
    /// Description of the gallery.
    pub gallery: String,
    /// Indexed images.
    pub images: usize,
    /// Unreadable images.
    #[serde(rename = "broken")]
    pub unreadable: usize,
    /// Embedding dimension.
    pub dim: usize,
    /// Whether the model has a text tower; else only image queries work.
    pub texts: bool,
    /// The index file.
    pub index: PathBuf,
    /// Quality of the approximate index, if one is used.
    pub approximate: Option<Approximate>,
}

/// Recall and speed of an approximate index.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Approximate {
    /// recall@`at`: the share of the exact `at` nearest images that it finds.
    pub recall: f64,
    /// The k of recall@k.
    pub at: usize,
    /// Number of queries, sampled from the gallery.
    pub queries: usize,
    /// Candidates per search (HNSW `ef`).
    pub expansion: usize,
    /// Mean seconds of an approximate search.
    pub seconds: f64,
    /// Mean seconds of an exact one.
    pub exact_seconds: f64,
}

/// The result of a search.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// Nearest first.
    pub hits: Vec<Hit>,
    /// Seconds to embed the query.
    pub embed_seconds: f64,
    /// Seconds to search.
    pub search_seconds: f64,
    /// Recall of the approximate search, if the request asked for a check.
    pub recall: Option<f64>,
}

/// A search hit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hit {
    /// Its index in the gallery.
    pub image: usize,
    /// Its file, or its name in the data set.
    pub name: String,
    /// Cosine similarity with the query.
    pub score: f32,
}

/// Misses of an evaluation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Misses {
    /// The split that was evaluated.
    pub split: String,
    /// `t2i`: text-to-image retrieval; `i2t`: image-to-text retrieval.
    pub direction: String,
    /// Evaluated weights: `raw` or `ema`.
    pub weights: String,
    /// The step of the evaluation.
    pub step: u64,
    /// Number of queries.
    pub queries: usize,
    /// Queries whose top-1 answer was wrong.
    pub missed: usize,
    /// How many of `worst` now have another rank than recorded.
    pub moved: usize,
    /// Worst rank first.
    pub worst: Vec<Miss>,
}

/// A query without a top-1 hit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Miss {
    /// The query.
    pub query: Item,
    /// The recorded rank of the best correct answer, from 1.
    pub rank: u32,
    /// The top answers, and the best correct one if it is not among them.
    pub answers: Vec<RankedItem>,
}

/// An answer to a query of an evaluation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RankedItem {
    /// The retrieved item.
    pub item: Item,
    /// Its rank, from 1.
    pub rank: u32,
    /// Cosine similarity with the query.
    pub score: f32,
    /// Whether it is a correct match.
    pub right: bool,
}

/// A caption or an image of an evaluation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Item {
    /// A caption.
    Text(String),
    /// An image.
    Image {
        /// Its index in the gallery.
        image: usize,
        /// Its name in the data set.
        name: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_reads_as_documented() {
        let operation = Operation::Nearest { to: Query::Text("a dog".to_owned()), top: 3, check: false };
        let line = serde_json::to_string(&Request { id: 7, operation: operation.clone() }).unwrap();
        assert_eq!(line, r#"{"id":7,"ask":{"nearest":{"to":{"text":"a dog"},"top":3,"check":false}}}"#);
        assert_eq!(serde_json::from_str::<Request>(&line).unwrap().operation, operation);
    }
}
