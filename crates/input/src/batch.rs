//! Batches of a run.

use anyhow::Result;
use clip_lab_plugin_api::Tokens;
use tch::Tensor;

use super::Unreadable;

/// A batch on the device.
#[derive(Debug)]
pub struct Batch {
    /// Normalised images `[B, 3, H, W]`; none if the image features are cached.
    pub images: Option<Tensor>,
    /// Cached features of the image tower, `[B, width]`.
    pub features: Option<Tensor>,
    /// Indices of the images in the data set, `[B]` int64.
    pub indices: Tensor,
    /// The captions; empty when training on classes.
    pub tokens: Tokens,
    /// Duplicate groups, `[B]` int64: rows of a group have the same image or caption, so they are not negatives of each
    /// other.
    pub group: Tensor,
    /// The classes, `[B]` int64; zeros when training on captions.
    pub classes: Tensor,
    /// Unreadable images. Their pairs are not in the batch.
    pub unreadable: Vec<Unreadable>,
}

impl Batch {
    /// Number of items.
    pub fn len(&self) -> i64 {
        self.indices.size()[0]
    }

    /// Whether every image was unreadable.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Rows `start..start + len`, as views of the batch.
    ///
    /// # Errors
    /// When the range exceeds the batch.
    pub fn rows(&self, start: i64, len: i64) -> Result<Self> {
        let rows = |tensor: &Tensor| tensor.f_narrow(0, start, len);
        Ok(Self {
            images: self.images.as_ref().map(rows).transpose()?,
            features: self.features.as_ref().map(rows).transpose()?,
            indices: rows(&self.indices)?,
            tokens: Tokens { ids: rows(&self.tokens.ids)?, mask: rows(&self.tokens.mask)? },
            group: rows(&self.group)?,
            classes: rows(&self.classes)?,
            unreadable: Vec::new(),
        })
    }

    /// Splits the batch into parts of `size` rows; the last may be smaller.
    ///
    /// # Errors
    /// When libtorch fails.
    pub fn parts(&self, size: i64) -> Result<Vec<Self>> {
        let starts = (0..self.len()).step_by(size.max(1) as usize);
        starts.map(|start| self.rows(start, size.max(1).min(self.len() - start))).collect()
    }
}
