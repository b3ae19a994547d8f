//! Tests of the augmentations.

mod augment;
mod mixing;
mod strong;
