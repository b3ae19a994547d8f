//! From tokens to one feature.

use clip_lab_nn::{LayerNorm, Linear, Mask, Mlp, attend, normal};
use clip_lab_plugin_api::prelude::*;

use super::{FinalNorm, Pool, Vit};

/// The final norm and the pooling. Variables: `norm`, `pooler` (with `pool = "pooler"`) and `pool` (with
/// `pool = "attention"`).
#[derive(Debug)]
pub(super) struct Head {
    norm: Option<LayerNorm>,
    pooler: Option<Linear>,
    pool: Option<AttentionPool>,
    settings: Vit,
}

impl Head {
    pub(super) fn new(vars: &nn::Path<'_>, settings: &Vit) -> Result<Self> {
        let norm = || LayerNorm::new(&(vars / "norm"), settings.width, settings.norm_eps());
        let (width, init) = (settings.width, settings.block_init().out);
        let pooler = || Linear::new(&(vars / "pooler"), width, width, true, init);
        let pool = || AttentionPool::new(&(vars / "pool"), settings);
        Ok(Self {
            norm: (settings.final_norm() != FinalNorm::None).then(norm).transpose()?,
            pooler: (settings.pool == Pool::Pooler).then(pooler).transpose()?,
            pool: (settings.pool == Pool::Attention).then(pool).transpose()?,
            settings: settings.clone(),
        })
    }

    /// `[B, L, W]` to `[B, W]`.
    pub(super) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        // The norm acts on each token alone, so only the pooled token is normalised.
        let x = if self.settings.pools_cls() { x.f_narrow(1, 0, 1)? } else { x.shallow_clone() };
        if self.settings.final_norm() == FinalNorm::Tokens {
            self.pooled(&self.normed(&x)?)
        } else {
            self.normed(&self.pooled(&x)?)
        }
    }

    fn normed(&self, x: &Tensor) -> Result<Tensor> {
        self.norm.as_ref().map_or(Ok(x.shallow_clone()), |norm| norm.forward(x))
    }

    fn pooled(&self, x: &Tensor) -> Result<Tensor> {
        let prefix = i64::from(self.settings.cls_token);
        let patches = || x.f_narrow(1, prefix, x.size()[1] - prefix);
        match (&self.pooler, &self.pool) {
            (Some(pooler), _) => Ok(pooler.forward(&x.f_select(1, 0)?)?.f_tanh()?),
            (_, Some(pool)) => pool.forward(x),
            _ if self.settings.pools_cls() => Ok(x.f_select(1, 0)?),
            _ => Ok(patches()?.f_mean_dim(1, false, None)?),
        }
    }
}

/// A learned query attends to all tokens, followed by an MLP with a residual connection (timm's `AttentionPoolLatent`,
/// big_vision's MAP head). Variables: `latent` `[1, W]`, `q`, `kv`, `out`, `norm`, `mlp`.
#[derive(Debug)]
struct AttentionPool {
    latent: Tensor,
    q: Linear,
    kv: Linear,
    out: Linear,
    norm: LayerNorm,
    mlp: Mlp,
    heads: i64,
}

impl AttentionPool {
    fn new(vars: &nn::Path<'_>, settings: &Vit) -> Result<Self> {
        let (width, init) = (settings.width, settings.block_init());
        let linear = |name, output, init| Linear::new(&(vars / name), width, output, true, init);
        let mlp_init = (init.fc1, init.fc2);
        Ok(Self {
            latent: vars.f_var("latent", &[1, width], normal((width as f64).powf(-0.5)))?,
            q: linear("q", width, init.qkv)?,
            kv: linear("kv", 2 * width, init.qkv)?,
            out: linear("out", width, init.out)?,
            norm: LayerNorm::new(&(vars / "norm"), width, settings.norm_eps())?,
            mlp: Mlp::new(&(vars / "mlp"), width, settings.mlp_dim(), settings.activation, mlp_init)?,
            heads: settings.heads,
        })
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let q = self.q.forward(&self.latent)?.f_expand_as(&x.f_narrow(1, 0, 1)?)?; // [B, 1, W]
        let kv = self.kv.forward(x)?.f_chunk(2, -1)?;
        let x = self.out.forward(&attend((&q, &kv[0], &kv[1]), self.heads, Mask::None, 0.0)?)?;
        let x = x.f_add(&self.mlp.forward(&self.norm.forward(&x)?)?)?;
        Ok(x.f_select(1, 0)?)
    }
}
