//! One part of a model: its plugin, settings and tensors, and how it gets other names.

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
    /// Its tensors by our names, without the part's own.
    pub tensors: Vec<(String, Tensor)>,
}

impl Part {
    pub(super) fn int(&self, key: &str) -> i64 {
        self.settings[key].as_i64().unwrap_or_default()
    }

    pub(super) fn float(&self, key: &str) -> f64 {
        self.settings[key].as_f64().unwrap_or_default()
    }

    pub(super) fn word(&self, key: &str) -> &str {
        self.settings[key].as_str().unwrap_or_default()
    }

    pub(super) fn is(&self, key: &str) -> bool {
        self.settings[key].as_bool().unwrap_or_default()
    }

    /// Width inside the MLPs of a transformer.
    pub(super) fn mlp_dim(&self) -> i64 {
        (self.int("width") as f64 * self.float("mlp_ratio")).round() as i64
    }

    /// Its tensors by their names: `prefix` and what the table says. `deep` names those that have three dimensions there
    /// and fewer here.
    pub(super) fn renamed(
        &self,
        prefix: &str,
        table: &[Row],
        deep: &[&str],
    ) -> Result<Vec<(String, Tensor)>> {
        let mut all = Vec::new();
        for (ours, tensor) in &self.tensors {
            let theirs = theirs(table, ours)
                .with_context(|| format!("`{ours}` of `{}` has no name there", self.plugin))?;
            let turned = if theirs.transposed { tensor.f_transpose(0, 1)? } else { tensor.shallow_clone() };
            let pieces = turned.f_chunk(theirs.names.len() as i64, 0)?;
            ensure!(pieces.len() == theirs.names.len(), "`{ours}` cannot be cut into {}", theirs.names.len());
            for (name, piece) in theirs.names.into_iter().zip(pieces) {
                let piece = if deep.contains(&name.as_str()) { deepened(&piece)? } else { piece };
                all.push((format!("{prefix}{name}"), piece.f_contiguous()?));
            }
        }
        Ok(all)
    }
}

/// Ones before the shape, up to three dimensions.
fn deepened(tensor: &Tensor) -> Result<Tensor> {
    let size = tensor.size();
    let ones = vec![1; 3usize.saturating_sub(size.len())];
    Ok(tensor.f_reshape([ones, size].concat())?)
}

/// The square matrix that changes nothing.
pub(super) fn eye(width: i64) -> Result<Tensor> {
    Ok(Tensor::f_eye(width, (Kind::Float, Device::Cpu))?)
}

/// A number as a tensor without dimensions.
pub(super) fn scalar(value: f64) -> Result<Tensor> {
    Ok(Tensor::f_scalar_tensor(value, (Kind::Float, Device::Cpu))?)
}

/// The matrix `[dim, width]` of a projection that is one, called `name`; of one that changes nothing, the matrix that
/// does so.
pub(super) fn matrix(projection: &Part, width: i64, name: &str) -> Result<(String, Tensor)> {
    let weight = projection.tensors.iter().find(|(name, _)| name == "weight");
    let weight = weight.map_or_else(|| eye(width), |(_, tensor)| Ok(tensor.f_contiguous()?))?;
    Ok((name.to_owned(), weight))
}

/// What keeps a projection from being one matrix.
pub(super) fn no_matrix(projection: &Part, whose: &str) -> Option<String> {
    match projection.plugin.as_str() {
        "identity" => None,
        "linear" if !projection.is("bias") => None,
        "linear" => Some(format!("the {whose} projection adds a bias, and theirs is a matrix alone")),
        other => Some(format!("the {whose} projection is `{other}`, and theirs is one matrix (`linear`)")),
    }
}

/// Keeps what is wrong, in words.
pub(super) fn unless(right: bool, words: impl Into<String>) -> Option<String> {
    (!right).then(|| words.into())
}
