//! Tests of the losses.

mod classes;
mod goldens;
mod groups;
mod properties;
mod stripes;
mod support;
mod tiles;
