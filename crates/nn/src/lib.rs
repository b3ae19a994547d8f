//! Layers shared by several plugins.
//!
//! Every layer creates its variables below a given path, and every `forward` returns an error where libtorch would
//! throw, so a wrong shape or an out-of-memory device does not abort the process.

mod activation;
mod attention;
mod batch_norm;
mod block;
mod checks;
mod conv;
mod drop;
mod init;
mod layer_norm;
mod linear;
mod mlp;
mod packing;
mod residual;
mod scripted;
mod stage;

pub use activation::Activation;
pub use attention::{Attention, AttentionConfig, Mask, attend};
pub use batch_norm::BatchNorm;
pub use block::{Block, BlockConfig, NormOrder, blocks};
pub use checks::{Problem, share, sizes};
pub use conv::{Conv, ConvConfig};
pub use drop::{drop_patches, drop_path, drop_path_rate, dropout};
pub use init::{BlockInit, LinearInit, normal};
pub use layer_norm::LayerNorm;
pub use linear::Linear;
pub use mlp::Mlp;
pub use packing::Packing;
pub use residual::as_tokens;
pub use scripted::Scripted;
pub use stage::Stage;
