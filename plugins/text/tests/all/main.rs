//! Tests of the text encoders.

mod conformance;
mod packing;
mod torchscript;
