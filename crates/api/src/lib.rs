//! The contract between clip-lab and its plugins.
