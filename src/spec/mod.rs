//! A spec: the text of an experiment, its tables, and the place of every key.

mod source;

pub use source::Source;
