//! Tests of the layers.

mod generator;
mod layers;
mod packing;
mod precision;
mod randomness;
