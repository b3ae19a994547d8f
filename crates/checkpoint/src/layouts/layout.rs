//! What a layout reads from a checkpoint.

use anyhow::Result;

use crate::{Classifier, Import, Preprocess};

/// A checkpoint in a tool's layout. Parts that it does not have are none.
pub(crate) trait Layout: Send + Sync {
    /// As [`crate::Checkpoint::image`].
    fn image(&self) -> Result<Option<Import>> {
        Ok(None)
    }
    /// As [`crate::Checkpoint::text`].
    fn text(&self) -> Result<Option<Import>> {
        Ok(None)
    }
    /// As [`crate::Checkpoint::image_projection`].
    fn image_projection(&self) -> Result<Option<Import>> {
        Ok(None)
    }
    /// As [`crate::Checkpoint::text_projection`].
    fn text_projection(&self) -> Result<Option<Import>> {
        Ok(None)
    }
    /// As [`crate::Checkpoint::tokenizer`].
    fn tokenizer(&self) -> Result<Option<Import>> {
        Ok(None)
    }
    /// As [`crate::Checkpoint::classifier`].
    fn classifier(&self) -> Result<Option<Classifier>> {
        Ok(None)
    }
    /// As [`crate::Checkpoint::loss`].
    fn loss(&self) -> Result<Option<Import>> {
        Ok(None)
    }
    /// As [`crate::Checkpoint::preprocess`].
    fn preprocess(&self) -> Result<Option<Preprocess>> {
        Ok(None)
    }
    /// Layout and path, in one line.
    fn describe(&self) -> String;
}
