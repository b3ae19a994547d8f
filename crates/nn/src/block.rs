//! The transformer block: attention and MLP, each with a norm and a residual connection.

use anyhow::Result;
use tch::{
    Tensor,
    nn::{self, Init},
};

use crate::{
    Activation, Attention, AttentionConfig, BlockInit, LayerNorm, Mask, Mlp, Packing, Stage,
    drop::drop_path_packed, drop_path_rate, dropout,
};

/// Position of the norms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NormOrder {
    /// `x + f(norm(x))`: ViT, CLIP.
    Pre,
    /// `norm(x + f(x))`: BERT.
    Post,
}

/// Configuration of a block.
#[derive(Debug, Clone, Copy)]
pub struct BlockConfig {
    /// Its attention, including the width.
    pub attention: AttentionConfig,
    /// Hidden width of the MLP.
    pub mlp_dim: i64,
    /// Activation of the MLP.
    pub activation: Activation,
    /// Epsilon of the norms.
    pub norm_eps: f64,
    /// Position of the norms.
    pub order: NormOrder,
    /// Initial value of a learned scale on each residual branch; none without LayerScale.
    pub layer_scale: Option<f64>,
    /// Dropout probability at the end of each residual branch.
    pub dropout: f64,
    /// Stochastic depth: probability of dropping a residual branch of a sample; for [`blocks`] that of the last block.
    pub drop_path: f64,
    /// Initial values.
    pub init: BlockInit,
}

/// A transformer block. Variables: `norm1`, `attn.qkv`, `attn.out`, `ls1`, `norm2`, `mlp.fc1`, `mlp.fc2`, `ls2`.
#[derive(Debug)]
pub struct Block(Stage<Layers>);

#[derive(Debug)]
struct Layers {
    norm1: LayerNorm,
    attn: Attention,
    ls1: Option<Tensor>,
    norm2: LayerNorm,
    mlp: Mlp,
    ls2: Option<Tensor>,
    order: NormOrder,
    dropout: f64,
    drop_path: f64,
}

impl Block {
    /// Creates the variables.
    ///
    /// # Errors
    /// If libtorch cannot allocate the variables.
    pub fn new(vars: &nn::Path<'_>, config: &BlockConfig) -> Result<Self> {
        Ok(Self(Stage::new(Layers::new(vars, config)?)))
    }

    /// `[B, L, W]` to the same shape.
    ///
    /// # Errors
    /// If the shapes do not fit.
    pub fn forward(&self, x: &Tensor, mask: Mask<'_>, train: bool) -> Result<Tensor> {
        self.forward_packed(x, mask, &Packing::none(), train)
    }

    /// Packed tokens `[T, W]` to the same shape; `mask` is of the padded batch.
    ///
    /// # Errors
    /// If the shapes do not fit.
    pub fn forward_packed(
        &self,
        x: &Tensor,
        mask: Mask<'_>,
        packing: &Packing,
        train: bool,
    ) -> Result<Tensor> {
        let packing = packing.clone();
        let (causal, keys) = match mask {
            Mask::None => (false, None),
            Mask::Causal => (true, None),
            Mask::Keys(keys) => (false, Some(keys.shallow_clone())),
        };
        self.0.forward(x, move |layers, x| {
            let free = if causal { Mask::Causal } else { Mask::None };
            layers.forward(x, keys.as_ref().map_or(free, Mask::Keys), &packing, train)
        })
    }
}

impl Layers {
    fn new(vars: &nn::Path<'_>, config: &BlockConfig) -> Result<Self> {
        let (width, init) = (config.attention.width, config.init);
        let norm = |name| LayerNorm::new(&(vars / name), width, config.norm_eps);
        let scale = |name| -> Result<Option<Tensor>> {
            let value = config.layer_scale.map(Init::Const);
            Ok(value.map(|init| vars.f_var(name, &[width], init)).transpose()?)
        };
        let mlp_init = (init.fc1, init.fc2);
        Ok(Self {
            norm1: norm("norm1")?,
            attn: Attention::new(&(vars / "attn"), config.attention, (init.qkv, init.out))?,
            ls1: scale("ls1")?,
            norm2: norm("norm2")?,
            mlp: Mlp::new(&(vars / "mlp"), width, config.mlp_dim, config.activation, mlp_init)?,
            ls2: scale("ls2")?,
            order: config.order,
            dropout: config.dropout,
            drop_path: config.drop_path,
        })
    }

    fn forward(&self, x: &Tensor, mask: Mask<'_>, packing: &Packing, train: bool) -> Result<Tensor> {
        let drop = |x: Tensor| drop_path_packed(x, packing, self.drop_path, train);
        let attn = |x: &Tensor| self.attn.forward(x, mask, packing, train);
        let x = self.residual(x, &self.norm1, self.ls1.as_ref(), attn, (&drop, train))?;
        self.residual(&x, &self.norm2, self.ls2.as_ref(), |x| self.mlp.forward(x), (&drop, train))
    }

    fn residual(
        &self,
        x: &Tensor,
        norm: &LayerNorm,
        scale: Option<&Tensor>,
        branch: impl Fn(&Tensor) -> Result<Tensor>,
        (drop_path, train): (&dyn Fn(Tensor) -> Result<Tensor>, bool),
    ) -> Result<Tensor> {
        let inner = match self.order {
            NormOrder::Pre => branch(&norm.forward(x)?)?,
            NormOrder::Post => branch(x)?,
        };
        let inner = match scale {
            Some(scale) => inner.f_mul(scale)?,
            None => inner,
        };
        let inner = drop_path(dropout(inner, self.dropout, train)?)?;
        let sum = x.f_add(&inner)?;
        if self.order == NormOrder::Post { norm.forward(&sum) } else { Ok(sum) }
    }
}

/// `depth` blocks, named by index below `vars`. Their `drop_path` rises linearly from 0 to that of `config`.
///
/// # Errors
/// If libtorch cannot allocate the variables.
pub fn blocks(vars: &nn::Path<'_>, depth: i64, config: &BlockConfig) -> Result<Vec<Block>> {
    let config = |i| BlockConfig { drop_path: drop_path_rate(config.drop_path, i, depth), ..*config };
    (0..depth).map(|i| Block::new(&(vars / i), &config(i))).collect()
}
