//! Tests of the evaluators.

mod classification;
mod retrieval;
mod support;
mod zero_shot;
