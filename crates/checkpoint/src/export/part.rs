//! One part of a model: plugin, settings and tensors, and their renaming.

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use tch::{Device, Kind, Tensor};

use crate::rename::{Row, theirs};

/// A tower, projection or tokenizer.
#[derive(Debug)]
pub struct Part {
    /// Name of the plugin in the catalog.
    pub plugin: String,
    /// All settings, defaults included.
    pub settings: Value,
    /// Tensors by our names, without the part's prefix.
    pub tensors: Vec<(String, Tensor)>,
}

impl Part {
    pub(super) fn int(&self, key: &str) -> i64 {
        self.settings[key].as_i64().unwrap_or_default()
    }

    pub(super) fn float(&self, key: &str) -> f64 {
        self.settings[key].as_f64().unwrap_or_default()
    }

    pub(super) fn str(&self, key: &str) -> &str {
        self.settings[key].as_str().unwrap_or_default()
    }

    pub(super) fn is(&self, key: &str) -> bool {
        self.settings[key].as_bool().unwrap_or_default()
    }

    /// Epsilon of the norms. Where `vit` leaves it unset it is that of the initialisation.
    pub(super) fn norm_eps(&self) -> f64 {
        let unset = if self.str("init") == "clip" { 1e-5 } else { 1e-6 };
        self.settings["norm_eps"].as_f64().unwrap_or(unset)
    }

    /// Inner width of a transformer's MLPs.
    pub(super) fn mlp_dim(&self) -> i64 {
        (self.int("width") as f64 * self.float("mlp_ratio")).round() as i64
    }

    /// Tensors by the other tool's names: `prefix` and the mapped name. `three_dims` lists those that have three
    /// dimensions there and fewer here.
    pub(super) fn renamed(
        &self,
        prefix: &str,
        table: &[Row],
        three_dims: &[&str],
    ) -> Result<Vec<(String, Tensor)>> {
        let mut all = Vec::new();
        for (ours, tensor) in &self.tensors {
            let theirs = theirs(table, ours)
                .with_context(|| format!("`{ours}` of `{}` has no name in that layout", self.plugin))?;
            let oriented = if theirs.transposed { tensor.f_transpose(0, 1)? } else { tensor.shallow_clone() };
            let pieces = oriented.f_chunk(theirs.names.len() as i64, 0)?;
            ensure!(
                pieces.len() == theirs.names.len(),
                "`{ours}` cannot be split into {}",
                theirs.names.len()
            );
            for (name, piece) in theirs.names.into_iter().zip(pieces) {
                let piece = if three_dims.contains(&name.as_str()) { to_three_dims(&piece)? } else { piece };
                all.push((format!("{prefix}{name}"), piece.f_contiguous()?));
            }
        }
        Ok(all)
    }
}

/// Adds leading dimensions of 1, up to three dimensions.
fn to_three_dims(tensor: &Tensor) -> Result<Tensor> {
    let size = tensor.size();
    let ones = vec![1; 3usize.saturating_sub(size.len())];
    Ok(tensor.f_reshape([ones, size].concat())?)
}

/// The identity matrix.
pub(super) fn eye(width: i64) -> Result<Tensor> {
    Ok(Tensor::f_eye(width, (Kind::Float, Device::Cpu))?)
}

/// A scalar tensor.
pub(super) fn scalar(value: f64) -> Result<Tensor> {
    Ok(Tensor::f_scalar_tensor(value, (Kind::Float, Device::Cpu))?)
}

/// The matrix `[dim, width]` of a linear projection, called `name`; the identity matrix for `identity`.
pub(super) fn matrix(projection: &Part, width: i64, name: &str) -> Result<(String, Tensor)> {
    let weight = projection.tensors.iter().find(|(name, _)| name == "weight");
    let weight = weight.map_or_else(|| eye(width), |(_, tensor)| Ok(tensor.f_contiguous()?))?;
    Ok((name.to_owned(), weight))
}

/// Requires a projection that is a single matrix.
pub(super) fn matrix_conflict(projection: &Part, whose: &str) -> Option<String> {
    match projection.plugin.as_str() {
        "identity" => None,
        "linear" if !projection.is("bias") => None,
        "linear" => Some(format!("the {whose} projection has a bias, but the format's is a matrix only")),
        other => {
            Some(format!("the {whose} projection is `{other}`, but the format's is one matrix (`linear`)"))
        }
    }
}

/// The message if a requirement is not met.
pub(super) fn require(met: bool, message: impl Into<String>) -> Option<String> {
    (!met).then(|| message.into())
}
