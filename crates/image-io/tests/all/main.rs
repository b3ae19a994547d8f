//! Tests of decoding and cropping images.

mod common;
mod geometry;
mod images;
mod parts;
