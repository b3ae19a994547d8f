//! Projection heads.
