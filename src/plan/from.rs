//! `from`: what a checkpoint says about towers, heads, tokenizer and preprocessing.

/// Weights that a tower, a head or a loss starts from.
#[derive(Debug)]
pub enum Weights {}
