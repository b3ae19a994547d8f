//! Splits of a data set.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A split of a data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Split {
    /// For training.
    #[default]
    Train,
    /// For validation.
    Val,
    /// For test.
    Test,
    /// All of them.
    All,
}

impl Split {
    /// The split of `key`: depends on its name alone, so adding or reordering others moves nothing. `val` and `test`
    /// are expected fractions.
    pub fn of(key: &str, val: f64, test: f64) -> Self {
        let hash = blake3::hash(key.as_bytes());
        let mut first = [0; 8];
        first.copy_from_slice(&hash.as_bytes()[..8]);
        let place = u64::from_le_bytes(first) as f64 / 2.0_f64.powi(64);
        if place < test {
            Self::Test
        } else if place < test + val {
            Self::Val
        } else {
            Self::Train
        }
    }

    /// The split that a caption file calls `name`. COCO's `restval` counts as training data, as is usual.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "train" | "training" | "restval" => Some(Self::Train),
            "val" | "valid" | "validation" | "dev" => Some(Self::Val),
            "test" | "testing" | "eval" | "evaluation" => Some(Self::Test),
            _ => None,
        }
    }

    /// The split in the path of a file, as Hugging Face reads it: a word of a folder's or the file's name, delimited by
    /// anything but letters (`data/train-00000-of-00002.parquet`, `captions_val2017.json`). None if it has no split, or
    /// several.
    pub fn in_path(path: &str) -> Option<Self> {
        let words = path.split(|c: char| !c.is_ascii_alphabetic());
        let mut found = words.filter_map(|word| Self::named(&word.to_ascii_lowercase()));
        let first = found.next()?;
        found.all(|other| other == first).then_some(first)
    }

    /// Whether it includes the split `part`.
    pub fn holds(self, part: Self) -> bool {
        self == Self::All || self == part
    }

    /// The name as written in a spec.
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Val => "val",
            Self::Test => "test",
            Self::All => "all",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Split;

    #[test]
    fn fractions_are_about_what_was_asked() {
        let count = |part| (0..10_000).filter(|i| Split::of(&i.to_string(), 0.1, 0.2) == part).count();
        assert!((850..1150).contains(&count(Split::Val)));
        assert!((1850..2150).contains(&count(Split::Test)));
        assert_eq!(count(Split::All), 0);
    }

    #[test]
    fn paths_name_splits() {
        for (path, part) in [
            ("data/train-00000-of-00002.parquet", Some(Split::Train)),
            ("captions_val2017.json", Some(Split::Val)),
            ("Test/metadata.jsonl", Some(Split::Test)),
            ("train/train.csv", Some(Split::Train)),
            ("validation1.tsv", Some(Split::Val)),
            ("train_test.csv", None),
            ("constrain.csv", None),
            ("captions.txt", None),
        ] {
            assert_eq!(Split::in_path(path), part, "{path}");
        }
    }

    #[test]
    fn no_fraction_is_all_training() {
        assert!((0..1000).all(|i| Split::of(&i.to_string(), 0.0, 0.0) == Split::Train));
    }
}
