//! Features of a whole data set, computed once and kept.
//!
//! A locked tower without random augmentation gives the same features in every epoch. They are kept in the user's cache
//! under a key of everything they depend on (weights, preprocessing, data) and checked by a digest when read back.

use std::{path::Path, sync::Arc};

use anyhow::{Context as _, Result, bail};
use clip_lab_checkpoint::{TensorFile, cache_dir, save};
use clip_lab_plugin_api::{Dataset, Mode};
use tch::{Device, Tensor, nn};

use clip_lab_model::ImageTower;

use super::monitor::Monitor;
use clip_lab_input::{Item, Loader, Source, Unreadable};

/// Images that go through the tower together.
pub const IMAGES_TOGETHER: usize = 64;

/// `[N, width]` features of all images of a data set.
#[derive(Debug)]
pub struct Features {
    /// One row for each image; zeros for one that could not be read.
    pub rows: Tensor,
    /// Images that could not be read.
    pub broken: Vec<Unreadable>,
}

impl Features {
    /// Runs every image that `source` reads through the tower. None when `stop` says so on the way.
    ///
    /// # Errors
    /// Those of the tower, or when more images cannot be read than the data set allows, or none can.
    pub fn compute(
        tower: &ImageTower,
        source: Source,
        workers: usize,
        device: Device,
        monitor: &mut dyn Monitor,
        stop: &dyn Fn() -> bool,
    ) -> Result<Option<Self>> {
        Self::compute_telling(tower, source, workers, device, monitor, stop, &mut |_| ())
    }

    /// As [`Self::compute`]; `tell` hears of each image that cannot be read when that is found out.
    ///
    /// # Errors
    /// Likewise.
    pub fn compute_telling(
        tower: &ImageTower,
        source: Source,
        workers: usize,
        device: Device,
        monitor: &mut dyn Monitor,
        stop: &dyn Fn() -> bool,
        tell: &mut dyn FnMut(&Unreadable),
    ) -> Result<Option<Self>> {
        let data = source.data.clone();
        let batches: Vec<Vec<Item>> =
            items(data.len()).chunks(IMAGES_TOGETHER).map(<[Item]>::to_vec).collect();
        let mut loader = Loader::new(source, batches.into_iter(), workers, device);
        let rows = Tensor::zeros([data.len() as i64, tower.encoder().width()], (tch::Kind::Float, device));
        let (mut done, mut faults) = (0, Vec::<Unreadable>::new());
        while let Some(batch) = loader.next_batch_unless(stop)? {
            if stop() {
                return Ok(None);
            }
            done += batch.len() as usize + batch.broken.len();
            if !batch.broken.is_empty() {
                batch.broken.iter().for_each(&mut *tell);
                faults.extend(batch.broken);
                Unreadable::within(&faults, data.as_ref())?;
            }
            if let Some(images) = batch.images.filter(|_| batch.indices.numel() > 0) {
                let features = tch::no_grad(|| tower.features(&images, Mode::Eval))?;
                let _ = rows.shallow_clone().f_index_copy_(0, &batch.indices, &features)?;
            }
            monitor.images(done, data.len());
        }
        if done < data.len() {
            return Ok(None); // stopped while a image was waited for
        }
        if faults.len() == data.len() {
            let first = faults.first().map(ToString::to_string);
            bail!("no image can be read; the first: {}", first.as_deref().unwrap_or("none"));
        }
        Ok(Some(Self { rows, broken: faults }))
    }

    /// The features under `key` and whether they were there already; else what `compute` gives, which is then kept.
    ///
    /// # Errors
    /// Those of `compute`. A cache that cannot be written or is damaged costs time, never the run.
    pub fn cached(
        key: &str,
        images: usize,
        device: Device,
        compute: impl FnOnce() -> Result<Option<Self>>,
    ) -> Result<Option<(Self, bool)>> {
        let path = cache_dir().join("features").join(format!("{key}.safetensors"));
        if let Ok(found) = read(&path, images, device) {
            return Ok(Some((found, true)));
        }
        let Some(fresh) = compute()? else { return Ok(None) };
        if fresh.broken.is_empty() {
            // Damaged images may be mended behind our back: then nothing is kept.
            let _ = write(&path, &fresh.rows);
        }
        Ok(Some((fresh, false)))
    }
}

/// The key of what is computed from images or texts: changes with `words` (settings, preparation, data) and with every
/// weight whose name begins as one of `parts` says, such as `image.`.
///
/// # Errors
/// Those of libtorch.
pub fn key(vars: &nn::VarStore, parts: &[&str], message: &[&str]) -> Result<String> {
    let mut hash = blake3::Hasher::new();
    for word in message {
        hash.update(word.as_bytes()).update(&[0]);
    }
    let meant = |name: &str| parts.iter().any(|part| name.starts_with(part));
    let mut tensors: Vec<_> = vars.variables().into_iter().filter(|(name, _)| meant(name)).collect();
    tensors.sort_by(|a, b| a.0.cmp(&b.0));
    for (name, tensor) in tensors {
        hash.update(name.as_bytes()).update(&bytes(&tensor)?);
    }
    Ok(hash.finalize().to_hex()[..32].to_owned())
}

fn items(images: usize) -> Vec<Item> {
    let item = |image| Item { image, caption: None, index: image as u64, epoch: 0 };
    (0..images).map(item).collect()
}

fn bytes(tensor: &Tensor) -> Result<Vec<u8>> {
    let flat = tensor.detach().to_device(Device::Cpu).contiguous();
    let size = flat.numel() * flat.kind().elt_size_in_bytes();
    let mut bytes = vec![0; size];
    flat.f_copy_data_u8(&mut bytes, flat.numel())?;
    Ok(bytes)
}

fn digest(rows: &Tensor) -> Result<String> {
    Ok(blake3::hash(&bytes(rows)?).to_hex().to_string())
}

fn read(path: &Path, images: usize, device: Device) -> Result<Features> {
    let file = TensorFile::open(path)?;
    let rows = file.tensor("features")?;
    let kept = file.metadata().get("blake3").context("no digest")?;
    if rows.size()[0] != images as i64 || &digest(&rows)? != kept {
        bail!("{}: does not hold what it says", path.display());
    }
    Ok(Features { rows: rows.to_device(device), broken: Vec::new() })
}

fn write(path: &Path, rows: &Tensor) -> Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    save(path, &[("features".to_owned(), rows.shallow_clone())], &[("blake3".to_owned(), digest(rows)?)])
}

/// A data set without some of its images: evaluation leaves out what could not be read, and says so.
pub struct Without {
    data: Arc<dyn Dataset>,
    kept: Vec<usize>,
}

impl Without {
    /// `data` without the images `out`.
    pub fn new(data: Arc<dyn Dataset>, out: &[usize]) -> Self {
        let kept = (0..data.len()).filter(|index| !out.contains(index)).collect();
        Self { data, kept }
    }

    /// Indices in the whole data set of what is kept.
    pub fn kept(&self) -> &[usize] {
        &self.kept
    }
}

impl Dataset for Without {
    fn len(&self) -> usize {
        self.kept.len()
    }
    fn image(&self, index: usize) -> Result<clip_lab_plugin_api::Image> {
        self.data.image(self.kept[index])
    }
    fn captions(&self, index: usize) -> &[String] {
        self.data.captions(self.kept[index])
    }
    fn name(&self, index: usize) -> String {
        self.data.name(self.kept[index])
    }
    fn classes(&self) -> &[String] {
        self.data.classes()
    }
    fn class(&self, index: usize) -> Option<usize> {
        self.data.class(self.kept[index])
    }
    fn fingerprint(&self) -> String {
        format!("{} without {}", self.data.fingerprint(), self.data.len() - self.kept.len())
    }
    fn tolerate(&self) -> f64 {
        self.data.tolerate()
    }
}
