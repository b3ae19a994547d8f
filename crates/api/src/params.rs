//! The trainable tensors of a model, by name.

use anyhow::{Result, bail};
use tch::{Tensor, nn};

/// One trainable tensor and what may happen to it.
#[derive(Debug)]
pub struct Param {
    /// Path in the model, such as `image.blocks.0.attn.qkv.weight`.
    pub name: String,
    /// The tensor itself; shares storage with the module that uses it.
    pub tensor: Tensor,
    /// Multiplies the learning rate of the step.
    pub lr_scale: f64,
    /// Whether weight decay applies. Starts as "of rank two or more", the rule of open_clip.
    pub decay: bool,
    /// Never updated, and needs no gradient.
    pub frozen: bool,
    /// Needs no gradient before this step (from 0) and is trained from then on; 0: trained from the start.
    pub locked_until: u64,
}

/// All parameters of a model sorted by name, and the buffers (batch-norm statistics) beside them.
#[derive(Debug)]
pub struct Params {
    list: Vec<Param>,
    buffers: Vec<(String, Tensor)>,
    layers: Vec<(String, Vec<String>)>,
}

impl Params {
    /// Takes what was made under `vars`. Call it before anything is frozen: what needs no gradient then is a buffer.
    ///
    /// `layers` names for each tower its parameter prefixes from input to output.
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

    /// Every parameter, frozen ones too.
    pub fn iter(&self) -> impl Iterator<Item = &Param> {
        self.list.iter()
    }

    /// Every parameter, to be changed.
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

    /// The prefixes of a tower (`image` or `text`) from input to output, each with the tower's name before it.
    ///
    /// # Errors
    /// When there is no such tower.
    pub fn layers(&self, tower: &str) -> Result<&[String]> {
        match self.layers.iter().find(|(name, _)| name == tower) {
            Some((_, layers)) => Ok(layers),
            None => bail!("there is no tower called `{tower}`; towers: image, text"),
        }
    }

    /// The factor on the learning rate of each layer of the towers and of each part beside them (`image_projection`,
    /// `loss`), by prefix; that of its largest tensor where they differ within. Empty where all learn alike.
    pub fn lr_scales(&self) -> Vec<(&str, f64)> {
        if self.trained().all(|param| param.lr_scale == 1.0) {
            return Vec::new();
        }
        let layers = self.layers.iter().flat_map(|(_, layers)| layers.iter().map(String::as_str));
        let towers: Vec<&str> = self.layers.iter().map(|(tower, _)| tower.as_str()).collect();
        let mut parts: Vec<&str> =
            self.list.iter().filter_map(|param| param.name.split('.').next()).collect();
        parts.dedup();
        let beside = parts.into_iter().filter(|part| !towers.contains(part));
        layers.chain(beside).filter_map(|prefix| Some((prefix, self.lr_scale(prefix)?))).collect()
    }

    fn lr_scale(&self, prefix: &str) -> Option<f64> {
        let below = self.trained().filter(|param| is_under(&param.name, prefix));
        below.max_by_key(|param| param.tensor.numel()).map(|param| param.lr_scale)
    }

    /// Whether everything below `prefix` is frozen (and there is something).
    pub fn is_frozen(&self, prefix: &str) -> bool {
        let mut below = self.list.iter().filter(|param| is_under(&param.name, prefix)).peekable();
        below.peek().is_some() && below.all(|param| param.frozen)
    }
}

fn is_under(name: &str, prefix: &str) -> bool {
    name.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}
