//! Tests of the losses.

mod goldens;
mod properties;
mod support;
