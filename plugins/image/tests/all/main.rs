//! Tests of the image encoders.

mod conformance;
mod cost;
mod drops;
mod generator;
mod init;
mod torchscript;
