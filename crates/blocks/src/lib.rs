//! Layers that several plugins share.
