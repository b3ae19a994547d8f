//! The plugin kinds, with their templates.

/// A plugin kind, with the example of its crate.
pub struct Template {
    /// The name in `clip-lab plugin new` and `clip-lab plugins`.
    pub key: &'static str,
    /// The name in prose.
    pub label: &'static str,
    /// The source of the example.
    pub source: &'static str,
    /// How a spec uses it.
    pub usage: &'static str,
}

macro_rules! template {
    ($key:literal, $label:literal, $usage:literal) => {
        Template {
            key: $key,
            label: $label,
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
