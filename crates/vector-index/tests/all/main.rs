//! Tests of the index of embeddings.

mod approximate;
mod search;
mod update;
