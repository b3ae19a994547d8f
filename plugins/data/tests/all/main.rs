//! Tests of the data sets.

mod captions;
mod common;
mod emoji;
mod formats;
mod image_folder;
mod outside;
