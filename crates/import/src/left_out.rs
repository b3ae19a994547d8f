//! What an import left out.

use std::{collections::BTreeMap, fmt};

/// Counts of what was left out, such as images and histograms.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeftOut(BTreeMap<&'static str, u64>);

impl LeftOut {
    /// Counts one; `what` is a singular whose plural has an `s`, such as `image`.
    pub(crate) fn add(&mut self, what: &'static str) {
        self.add_many(what, 1);
    }

    /// Counts `count` of them.
    pub(crate) fn add_many(&mut self, what: &'static str, count: u64) {
        if count > 0 {
            *self.0.entry(what).or_default() += count;
        }
    }

    /// The counts by singular, such as `image`.
    pub fn counts(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        self.0.iter().map(|(what, count)| (*what, *count))
    }
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (what, count)) in self.0.iter().enumerate() {
            let (comma, plural) = (if at > 0 { ", " } else { "" }, if *count == 1 { "" } else { "s" });
            write!(f, "{comma}{count} {what}{plural}")?;
        }
        Ok(())
    }
}
