//! What a model sees in a few fixed pairs: enough to draw it, however large the data set.

use serde::{Deserialize, Serialize};

/// The same few texts, pictures and queries at every evaluation of a split, so that evaluations and runs compare.
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
    /// The pictures of the similarity matrix: its columns.
    pub pictures: Vec<Shown>,
    /// The right picture of each text, a place in `pictures`.
    pub owner: Vec<u32>,
    /// Cosine of each text with each picture, texts x pictures, row by row. Kept to four decimal places.
    #[serde(with = "four_places")]
    pub similarity: Vec<f32>,
    /// What the loss multiplies cosines with; none where it has no such number.
    pub logit_scale: Option<f64>,
    /// The texts that all pictures of the split are ranked for.
    pub queries: Vec<String>,
    /// For each query the pictures that fit it best, the best first: five, or all if there are fewer.
    pub top: Vec<Vec<Hit>>,
    /// For each query the rank of the first right picture, counted from 0.
    pub rank: Vec<u32>,
}

/// A picture of the data.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Shown {
    /// Its name in the data set.
    pub name: String,
    /// Its thumbnail, for [`crate::Reader::picture`]; none if it could not be made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}

/// A picture found for a query.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Hit {
    /// Which.
    pub picture: Shown,
    /// Its cosine with the query. Kept to four decimal places.
    #[serde(with = "four_places_of_one")]
    pub score: f32,
    /// Whether it is a right answer.
    pub right: bool,
}

/// JSON knows no NaN: it is written as null.
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
