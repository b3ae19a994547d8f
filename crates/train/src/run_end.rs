//! The end of a run.

/// How a run ended.
#[derive(Debug, Clone, PartialEq)]
pub enum RunEnd {
    /// All steps done.
    Finished,
    /// Stopped on request, after saving a checkpoint.
    Stopped {
        /// Updates done.
        step: u64,
    },
    /// The loss became NaN or infinite.
    NonFinite {
        /// The update that was not applied.
        step: u64,
        /// The message for the user.
        message: String,
    },
}
