//! Image and text encoders: the two towers.

use anyhow::Result;
use tch::{Tensor, nn};

use crate::Kind;

/// Training (dropout, batch statistics) or evaluation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Dropout is active; batch norm uses the batch's statistics.
    Train,
    /// Deterministic.
    Eval,
}

impl Mode {
    /// `true` for training, as tch's functions expect.
    pub fn train(self) -> bool {
        self == Mode::Train
    }
}

/// Encodes images into features.
pub trait ImageEncoder: Send {
    /// `[B, 3, H, W]`, normalised, to `[B, width]`, not L2-normalised.
    ///
    /// # Errors
    /// If the encoder does not support the image size.
    fn encode(&self, images: &Tensor, mode: Mode) -> Result<Tensor>;
    /// Width of the features.
    fn width(&self) -> i64;
    /// Prefixes of parameter names from input to output, without the tower's own name: every parameter is below exactly
    /// one of them. Used for freezing and layer-wise decay.
    fn layers(&self) -> Vec<String>;
}

/// Properties of an image encoder.
#[derive(Debug, Clone, Default)]
pub struct ImageProperties {
    /// Width of the features.
    pub width: i64,
    /// Side of its square input images, in pixels.
    pub image_size: i64,
}

impl Kind for dyn ImageEncoder {
    const NAME: &'static str = "image encoder";
    type Properties = ImageProperties;
    type BuildContext<'a> = nn::Path<'a>;
}

/// A batch of token ids, padded to a common length.
#[derive(Debug)]
pub struct Tokens {
    /// `[B, L]`, int64.
    pub ids: Tensor,
    /// `[B, L]`, bool: true for tokens, false for padding.
    pub mask: Tensor,
}

/// Encodes token ids into features.
pub trait TextEncoder: Send {
    /// `[B, L]` ids to `[B, width]`, not L2-normalised. Padding does not change the result.
    ///
    /// # Errors
    /// If a text is longer than the encoder's context.
    fn encode(&self, tokens: &Tokens, mode: Mode) -> Result<Tensor>;
    /// Width of the features.
    fn width(&self) -> i64;
    /// As [`ImageEncoder::layers`].
    fn layers(&self) -> Vec<String>;
}

/// Properties of a text encoder.
#[derive(Debug, Clone, Default)]
pub struct TextProperties {
    /// Width of the features.
    pub width: i64,
    /// Maximum number of tokens of a text.
    pub context: i64,
    /// Vocabulary size: the number of token embeddings.
    pub vocab: i64,
}

impl Kind for dyn TextEncoder {
    const NAME: &'static str = "text encoder";
    type Properties = TextProperties;
    type BuildContext<'a> = nn::Path<'a>;
}
