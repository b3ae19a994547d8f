//! Picture augmentations.
