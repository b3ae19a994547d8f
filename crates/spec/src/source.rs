//! Where a spec's text came from and what `--set` made of it.

/// The text of a spec.
#[derive(Debug, Clone, Default)]
pub struct Source {
    /// The file as the user named it.
    pub file: String,
    /// The text after every `--set`: exactly what runs.
    pub text: String,
}
