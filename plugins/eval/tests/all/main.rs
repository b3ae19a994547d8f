//! Tests of the evaluators.

mod retrieval;
mod support;
mod zero_shot;
