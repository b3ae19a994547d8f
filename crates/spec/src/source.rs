//! The text of a spec after `--set`, and its file.

/// The text of a spec.
#[derive(Debug, Clone, Default)]
pub struct Source {
    /// The file, as given by the user.
    pub file: String,
    /// The text after every `--set`: the spec that runs.
    pub text: String,
}
