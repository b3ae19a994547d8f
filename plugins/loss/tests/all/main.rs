//! Tests of the losses.

mod classes;
mod goldens;
mod groups;
mod properties;
mod support;
mod tiles;
