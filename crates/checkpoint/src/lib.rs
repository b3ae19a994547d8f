//! Weights on disk: safetensors, and the layouts of other tools.
