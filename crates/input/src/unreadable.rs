//! Images that cannot be read.

use std::fmt;

use anyhow::Result;
use clip_lab_plugin_api::{Dataset, tolerated};

/// An unreadable image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Index in the data set.
    pub image: usize,
    /// Name of the image.
    pub name: String,
    /// The error.
    pub reason: String,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.reason)
    }
}

impl Unreadable {
    /// Fails if there are more unreadable images than the data set tolerates.
    ///
    /// # Errors
    /// With their list.
    pub fn check_tolerance(unreadable: &[Self], data: &dyn Dataset) -> Result<()> {
        let list: Vec<String> = unreadable.iter().map(ToString::to_string).collect();
        tolerated(data.tolerate(), &list, data.len(), "images")
    }
}
