//! The kinds of plugins that a crate can be written for.

/// A kind, and the example that its crate begins with.
pub struct Template {
    /// As typed after `clip-lab plugin new`, and as `clip-lab plugins` lists it.
    pub key: &'static str,
    /// In words.
    pub words: &'static str,
    /// The example.
    pub source: &'static str,
    /// How a spec uses it.
    pub usage: &'static str,
}

macro_rules! template {
    ($key:literal, $words:literal, $usage:literal) => {
        Template {
            key: $key,
            words: $words,
            source: include_str!(concat!("../../templates/plugin/", $key, "/lib.rs")),
            usage: concat!($usage, "\nplugin = \"my_plugin\""),
        }
    };
}

/// Every kind, in the order of the catalog.
pub const KINDS: [Template; 11] = [
    template!("image", "image tower", "[model.image]"),
    template!("text", "text tower", "[model.text]"),
    template!("projection", "projection", "[model.image_projection]"),
    template!("tokenizer", "tokenizer", "[tokenizer]"),
    template!("loss", "loss", "[loss]"),
    template!("optimizer", "optimizer", "[optimizer]"),
    template!("schedule", "schedule", "[schedule]"),
    template!("trick", "trick", "[[trick]]"),
    template!("augment", "augmentation", "[[augment]]"),
    template!("data", "data", "[data.train]"),
    template!("eval", "evaluation", "[[eval]]"),
];
