//! Tests of the evaluators.

mod classification;
mod ensemble;
mod faiss;
mod properties;
mod retrieval;
mod support;
mod zero_shot;
