//! Image and text encoders: the two towers.

use anyhow::Result;
use tch::{Tensor, nn};

use crate::Kind;

/// Whether a module trains (dropout, batch statistics) or only computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Dropout is drawn, batch-norm takes the batch's statistics.
    Train,
    /// Deterministic.
    Eval,
}

impl Mode {
    /// `true` when training, as tch's functions want it.
    pub fn train(self) -> bool {
        self == Mode::Train
    }
}

/// Turns images into features.
pub trait ImageEncoder: Send {
    /// `[B, 3, H, W]`, normalised, to `[B, width]`, not unit length.
    ///
    /// # Errors
    /// When the images' size does not fit.
    fn encode(&self, images: &Tensor, mode: Mode) -> Result<Tensor>;
    /// Width of the features.
    fn width(&self) -> i64;
    /// Parameter-name prefixes from input to output, without the tower's own name: every parameter is below exactly
    /// one of them. Freezing and layer-wise decay read this list.
    fn layers(&self) -> Vec<String>;
}

/// What an image encoder's settings alone say.
#[derive(Debug, Clone, Default)]
pub struct ImageFacts {
    /// Width of the features.
    pub width: i64,
    /// Side of the square images it wants, in pixels.
    pub image_size: i64,
}

impl Kind for dyn ImageEncoder {
    const NAME: &'static str = "image encoder";
    type Facts = ImageFacts;
    type Scope<'a> = nn::Path<'a>;
}

/// A batch of token ids, padded to its longest text.
#[derive(Debug)]
pub struct Tokens {
    /// `[B, L]`, int64.
    pub ids: Tensor,
    /// `[B, L]`, bool: true where a token is, false where padding is.
    pub mask: Tensor,
}

/// Turns token ids into features.
pub trait TextEncoder: Send {
    /// `[B, L]` ids to `[B, width]`, not unit length. More padding never changes the result.
    ///
    /// # Errors
    /// When a text is longer than the encoder's context.
    fn encode(&self, tokens: &Tokens, mode: Mode) -> Result<Tensor>;
    /// Width of the features.
    fn width(&self) -> i64;
    /// As [`ImageEncoder::layers`].
    fn layers(&self) -> Vec<String>;
}

/// What a text encoder's settings alone say.
#[derive(Debug, Clone, Default)]
pub struct TextFacts {
    /// Width of the features.
    pub width: i64,
    /// The most tokens a text may have.
    pub context: i64,
    /// Number of token ids it has embeddings for.
    pub vocab: i64,
}

impl Kind for dyn TextEncoder {
    const NAME: &'static str = "text encoder";
    type Facts = TextFacts;
    type Scope<'a> = nn::Path<'a>;
}
