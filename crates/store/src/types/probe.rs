//! A probe: similarities and retrieval results on a few fixed pairs, small enough to draw for any data set size.

use serde::{Deserialize, Serialize};

/// The same few texts, images and queries at every evaluation of a split, so that evaluations and runs are comparable.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Probe {
    /// Step of the evaluated weights.
    pub step: u64,
    /// Split, such as `val` or `test`.
    pub split: String,
    /// `raw` or `ema`.
    pub weights: String,
    /// The texts of the similarity matrix: its rows.
    pub texts: Vec<String>,
    /// The images of the similarity matrix: its columns.
    pub pictures: Vec<Shown>,
    /// The matching image of each text, an index into `pictures`.
    pub owner: Vec<u32>,
    /// Cosine similarities, texts x images, row-major. Stored to four decimal places.
    #[serde(with = "four_places")]
    pub similarity: Vec<f32>,
    /// The logit scale of the loss; none if the loss has none.
    pub logit_scale: Option<f64>,
    /// The queries that all images of the split are ranked for.
    pub queries: Vec<String>,
    /// The top five images of each query, best first; all of them if there are fewer.
    pub top: Vec<Vec<Hit>>,
    /// For each query the rank of the first correct image, from 0.
    pub rank: Vec<u32>,
}

/// An image of the data set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Shown {
    /// Its name.
    pub name: String,
    /// Digest of its thumbnail, for [`crate::Reader::picture`]; none if the thumbnail could not be created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}

/// An image retrieved for a query.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Hit {
    /// The image.
    pub picture: Shown,
    /// Its cosine similarity to the query. Stored to four decimal places.
    #[serde(with = "four_places_of_one")]
    pub score: f32,
    /// Whether it is a correct answer.
    pub right: bool,
}

/// JSON has no NaN: it is written as null.
fn rounded(value: f32) -> Option<f64> {
    value.is_finite().then(|| (f64::from(value) * 1e4).round() / 1e4)
}

fn read(value: Option<f64>) -> f32 {
    value.map_or(f32::NAN, |value| value as f32)
}

mod four_places {
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(values: &[f32], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(values.iter().map(|value| super::rounded(*value)))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<f32>, D::Error> {
        Ok(Vec::<Option<f64>>::deserialize(from)?.into_iter().map(super::read).collect())
    }
}

mod four_places_of_one {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(value: &f32, to: S) -> Result<S::Ok, S::Error> {
        super::rounded(*value).serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<f32, D::Error> {
        Ok(super::read(Option::deserialize(from)?))
    }
}
