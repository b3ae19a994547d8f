//! Batches of a run.

use anyhow::Result;
use clip_lab_plugin_api::Tokens;
use tch::{Kind, Tensor};

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
    /// other. With several processes those of the global batch.
    pub group: Tensor,
    /// The classes, `[B]` int64; zeros when training on captions.
    pub classes: Tensor,
    /// The slot of each row, ascending: its row in the global batch if every image were readable.
    pub slots: Vec<i64>,
    /// Digests of the captions, ignoring case and spaces, `[B]`; zeros when training on classes.
    pub captions: Vec<[i64; 2]>,
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
    /// If the range exceeds the batch.
    pub fn rows(&self, start: i64, len: i64) -> Result<Self> {
        let rows = |tensor: &Tensor| tensor.f_narrow(0, start, len);
        let range = start as usize..(start + len) as usize;
        Ok(Self {
            images: self.images.as_ref().map(rows).transpose()?,
            features: self.features.as_ref().map(rows).transpose()?,
            indices: rows(&self.indices)?,
            tokens: Tokens { ids: rows(&self.tokens.ids)?, mask: rows(&self.tokens.mask)? },
            group: rows(&self.group)?,
            classes: rows(&self.classes)?,
            slots: self.slots[range.clone()].to_vec(),
            captions: self.captions[range].to_vec(),
            unreadable: Vec::new(),
        })
    }

    /// Splits the batch into micro-batches of `size` slots, with their numbers in the global batch. Those without a readable
    /// image are left out.
    pub fn micro_batches(&self, size: i64) -> Result<Vec<(usize, Self)>> {
        let (size, mut start, mut parts) = (size.max(1), 0, Vec::new());
        for slots in self.slots.chunk_by(|a, b| a / size == b / size) {
            let rows = slots.len() as i64;
            parts.push(((slots[0] / size) as usize, self.rows(start, rows)?));
            start += rows;
        }
        Ok(parts)
    }

    /// Pads the captions with token `id` to `length` tokens, if they are shorter.
    pub fn pad_captions(&mut self, length: i64, id: i64) -> Result<()> {
        let missing = length - self.tokens.ids.size2()?.1;
        if missing > 0 {
            let (rows, Tokens { ids, mask }) = (self.len(), &self.tokens);
            let padding = Tensor::f_full([rows, missing], id, (Kind::Int64, ids.device()))?;
            let ids = Tensor::f_cat(&[ids, &padding], 1)?;
            let unused = Tensor::f_zeros([rows, missing], (Kind::Bool, mask.device()))?;
            self.tokens = Tokens { mask: Tensor::f_cat(&[mask, &unused], 1)?, ids };
        }
        Ok(())
    }
}
