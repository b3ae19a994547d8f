//! Tests of the text encoders.

mod conformance;
mod torchscript;
