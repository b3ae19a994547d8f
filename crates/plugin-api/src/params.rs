//! The parameters of a model, by name.

use anyhow::{Result, bail};
use tch::{Tensor, nn};

/// A trainable tensor and its training options.
#[derive(Debug)]
pub struct Param {
    /// Name in the model, such as `image.blocks.0.attn.qkv.weight`.
    pub name: String,
    /// The tensor; shares storage with the module that uses it.
    pub tensor: Tensor,
    /// Factor on the learning rate.
    pub lr_scale: f64,
    /// Whether weight decay applies. By default for tensors of rank two or more, as in open_clip.
    pub decay: bool,
    /// Never updated; needs no gradient.
    pub frozen: bool,
    /// Needs no gradient before this step (from 0) and is trained from then on; 0: trained from the start.
    pub locked_until: u64,
}

/// All parameters of a model sorted by name, and its buffers (batch-norm statistics).
#[derive(Debug)]
pub struct Params {
    list: Vec<Param>,
    buffers: Vec<(String, Tensor)>,
    layers: Vec<(String, Vec<String>)>,
}

impl Params {
    /// Collects the variables under `vars`. Call it before anything is frozen: variables that need no gradient count as
    /// buffers.
    ///
    /// `layers` lists the parameter prefixes of each tower from input to output.
    pub fn new(vars: &nn::VarStore, layers: Vec<(String, Vec<String>)>) -> Self {
        let mut all: Vec<(String, Tensor)> = vars.variables().into_iter().collect();
        all.sort_by(|a, b| a.0.cmp(&b.0));
        let (trained, buffers): (Vec<_>, Vec<_>) = all.into_iter().partition(|(_, t)| t.requires_grad());
        let list = trained.into_iter().map(|(name, tensor)| {
            let decay = tensor.dim() > 1;
            Param { name, tensor, lr_scale: 1.0, decay, frozen: false, locked_until: 0 }
        });
        Self { list: list.collect(), buffers, layers }
    }

    /// All parameters, including frozen ones.
    pub fn iter(&self) -> impl Iterator<Item = &Param> {
        self.list.iter()
    }

    /// All parameters, mutable.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Param> {
        self.list.iter_mut()
    }

    /// The parameters that are updated.
    pub fn trained(&self) -> impl Iterator<Item = &Param> {
        self.list.iter().filter(|param| !param.frozen)
    }

    /// Buffers: state that no gradient changes, such as running means.
    pub fn buffers(&self) -> &[(String, Tensor)] {
        &self.buffers
    }

    /// The parameters below `prefix`, which ends at a dot or at the end of a name.
    pub fn under<'a>(&'a mut self, prefix: &'a str) -> impl Iterator<Item = &'a mut Param> {
        self.list.iter_mut().filter(move |param| is_under(&param.name, prefix))
    }

    /// The prefixes of a tower (`image` or `text`) from input to output, including the tower's name.
    ///
    /// # Errors
    /// If the tower does not exist.
    pub fn layers(&self, tower: &str) -> Result<&[String]> {
        match self.layers.iter().find(|(name, _)| name == tower) {
            Some((_, layers)) => Ok(layers),
            None => bail!("there is no tower called `{tower}`; towers: image, text"),
        }
    }

    /// The learning rate factor of each layer of the towers and of each other part (`image_projection`, `loss`), by
    /// prefix; that of the largest tensor if they differ within a part. Empty if all factors are 1.
    pub fn lr_scales(&self) -> Vec<(&str, f64)> {
        if self.trained().all(|param| param.lr_scale == 1.0) {
            return Vec::new();
        }
        let layers = self.layers.iter().flat_map(|(_, layers)| layers.iter().map(String::as_str));
        let towers: Vec<&str> = self.layers.iter().map(|(tower, _)| tower.as_str()).collect();
        let mut parts: Vec<&str> =
            self.list.iter().filter_map(|param| param.name.split('.').next()).collect();
        parts.dedup();
        let other_parts = parts.into_iter().filter(|part| !towers.contains(part));
        layers.chain(other_parts).filter_map(|prefix| Some((prefix, self.lr_scale(prefix)?))).collect()
    }

    fn lr_scale(&self, prefix: &str) -> Option<f64> {
        let below = self.trained().filter(|param| is_under(&param.name, prefix));
        below.max_by_key(|param| param.tensor.numel()).map(|param| param.lr_scale)
    }

    /// Whether there are parameters below `prefix` and all of them are frozen.
    pub fn is_frozen(&self, prefix: &str) -> bool {
        let mut below = self.list.iter().filter(|param| is_under(&param.name, prefix)).peekable();
        below.peek().is_some() && below.all(|param| param.frozen)
    }
}

fn is_under(name: &str, prefix: &str) -> bool {
    name.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}
