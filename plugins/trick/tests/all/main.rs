//! Tests of the tricks.

mod ema;
mod layer_decay;
mod support;
mod tricks;
mod unlock;
