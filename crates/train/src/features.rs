//! Cached features of a whole data set.
//!
//! A locked tower without random augmentation computes the same features in every epoch. They are stored in the user's
//! cache under a key of everything they depend on (`feature_key.rs`), with a digest that is checked on read.

use std::{path::Path, sync::Arc};

use anyhow::{Context as _, Result, bail};
use clip_lab_checkpoint::{TensorFile, cache_dir, for_each_piece, save};
use clip_lab_plugin_api::{Dataset, Mode};
use tch::{Device, Tensor};

use clip_lab_model::ImageTower;

use super::monitor::Monitor;
use clip_lab_input::{Item, Loader, Source, Unreadable};

/// Batch size of the image tower in evaluation.
pub const IMAGE_BATCH: usize = 64;

/// `[N, width]` features of all images of a data set.
#[derive(Debug)]
pub struct Features {
    /// One row per image; zeros for unreadable images.
    pub rows: Tensor,
    /// Images that could not be read.
    pub unreadable: Vec<Unreadable>,
}

impl Features {
    /// A copy that shares the rows.
    pub(crate) fn shallow_clone(&self) -> Self {
        Self { rows: self.rows.shallow_clone(), unreadable: self.unreadable.clone() }
    }

    /// Computes the features of every image of `source`. None if `stop` returns true meanwhile.
    ///
    /// # Errors
    /// If the tower fails, no image can be read, or more images are unreadable than the data set tolerates.
    pub fn compute(
        tower: &ImageTower,
        source: Source,
        workers: usize,
        device: Device,
        monitor: &mut dyn Monitor,
        stop: &dyn Fn() -> bool,
    ) -> Result<Option<Self>> {
        Self::compute_with(tower, source, workers, device, monitor, stop, &mut |_| ())
    }

    /// As [`Self::compute`]; calls `on_unreadable` for each unreadable image as soon as it is found.
    pub fn compute_with(
        tower: &ImageTower,
        source: Source,
        workers: usize,
        device: Device,
        monitor: &mut dyn Monitor,
        stop: &dyn Fn() -> bool,
        on_unreadable: &mut dyn FnMut(&Unreadable),
    ) -> Result<Option<Self>> {
        let data = source.data.clone();
        let batches: Vec<Vec<Item>> = items(data.len()).chunks(IMAGE_BATCH).map(<[Item]>::to_vec).collect();
        let mut loader = Loader::new(source, batches.into_iter(), workers, device)?;
        let rows = Tensor::zeros([data.len() as i64, tower.encoder().width()], (tch::Kind::Float, device));
        let (mut done, mut unreadable) = (0, Vec::<Unreadable>::new());
        while let Some(batch) = loader.next_batch_or_stop(stop)? {
            if stop() {
                return Ok(None);
            }
            done += batch.len() as usize + batch.unreadable.len();
            if !batch.unreadable.is_empty() {
                batch.unreadable.iter().for_each(&mut *on_unreadable);
                unreadable.extend(batch.unreadable);
                Unreadable::check_tolerance(&unreadable, data.as_ref())?;
            }
            if let Some(images) = batch.images.filter(|_| batch.indices.numel() > 0) {
                let features = tch::no_grad(|| tower.features(&images, Mode::Eval))?;
                let _ = rows.shallow_clone().f_index_copy_(0, &batch.indices, &features)?;
            }
            monitor.images(done, data.len());
        }
        if done < data.len() {
            return Ok(None); // stopped while waiting for an image
        }
        if unreadable.len() == data.len() {
            let first = unreadable.first().map(ToString::to_string);
            bail!("no image can be read; the first: {}", first.as_deref().unwrap_or("none"));
        }
        Ok(Some(Self { rows, unreadable }))
    }

    /// Reads the features under `key` from the cache, or computes and caches them. True if they were read.
    ///
    /// # Errors
    /// If `compute` fails. A cache that is damaged or not writable is no error.
    pub fn cached(
        key: &str,
        images: usize,
        device: Device,
        compute: impl FnOnce() -> Result<Option<Self>>,
    ) -> Result<Option<(Self, bool)>> {
        let path = cache_dir().join("features").join(format!("{key}.safetensors"));
        if let Ok(cached) = read(&path, images, device) {
            return Ok(Some((cached, true)));
        }
        let Some(computed) = compute()? else { return Ok(None) };
        if computed.unreadable.is_empty() {
            // Not cached with unreadable images: they may be repaired later.
            let _ = write(&path, &computed.rows);
        }
        Ok(Some((computed, false)))
    }
}

fn items(images: usize) -> Vec<Item> {
    let item = |image| Item { image, caption: None, index: image as u64, epoch: 0 };
    (0..images).map(item).collect()
}

/// Adds the values of a tensor to a hash.
pub(crate) fn update(hash: &mut blake3::Hasher, tensor: &Tensor) -> Result<()> {
    for_each_piece(tensor, |bytes| {
        hash.update(bytes);
        Ok(())
    })
}

fn digest(rows: &Tensor) -> Result<String> {
    let mut hash = blake3::Hasher::new();
    update(&mut hash, rows)?;
    Ok(hash.finalize().to_hex().to_string())
}

fn read(path: &Path, images: usize, device: Device) -> Result<Features> {
    let file = TensorFile::open(path)?;
    let rows = file.tensor("features")?;
    let stored = file.metadata().get("blake3").context("no digest")?;
    if rows.size()[0] != images as i64 || &digest(&rows)? != stored {
        bail!("{}: wrong size or digest", path.display());
    }
    Ok(Features { rows: rows.to_device(device), unreadable: Vec::new() })
}

fn write(path: &Path, rows: &Tensor) -> Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    save(path, &[("features".to_owned(), rows.shallow_clone())], &[("blake3".to_owned(), digest(rows)?)])
}

/// A data set without its unreadable images, for evaluation.
pub struct Filtered {
    data: Arc<dyn Dataset>,
    indices: Vec<usize>,
}

impl Filtered {
    /// `data` without the images `excluded`.
    pub fn new(data: Arc<dyn Dataset>, excluded: &[usize]) -> Self {
        let indices = (0..data.len()).filter(|index| !excluded.contains(index)).collect();
        Self { data, indices }
    }

    /// Indices of the remaining images in the whole data set.
    pub fn indices(&self) -> &[usize] {
        &self.indices
    }
}

impl Dataset for Filtered {
    fn len(&self) -> usize {
        self.indices.len()
    }
    fn image(&self, index: usize) -> Result<clip_lab_plugin_api::Image> {
        self.data.image(self.indices[index])
    }
    fn captions(&self, index: usize) -> &[String] {
        self.data.captions(self.indices[index])
    }
    fn name(&self, index: usize) -> String {
        self.data.name(self.indices[index])
    }
    fn classes(&self) -> &[String] {
        self.data.classes()
    }
    fn class(&self, index: usize) -> Option<usize> {
        self.data.class(self.indices[index])
    }
    fn fingerprint(&self) -> String {
        format!("{} without {}", self.data.fingerprint(), self.data.len() - self.indices.len())
    }
    fn tolerate(&self) -> f64 {
        self.data.tolerate()
    }
}
