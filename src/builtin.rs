//! The built-in plugins, one line per plugin crate.

use clip_lab_plugin_api::Catalog;

/// The catalog of all built-in plugins. Registration is explicit: a plugin crate must be listed here.
pub fn catalog() -> Catalog {
    let mut catalog = Catalog::default();
    register(&mut catalog);
    catalog
}

/// Registers every built-in plugin.
pub fn register(catalog: &mut Catalog) {
    plugins_image::register(catalog);
    plugins_text::register(catalog);
    plugins_projection::register(catalog);
    plugins_tokenizer::register(catalog);
    plugins_loss::register(catalog);
    plugins_optimizer::register(catalog);
    plugins_schedule::register(catalog);
    plugins_trick::register(catalog);
    plugins_augment::register(catalog);
    plugins_data::register(catalog);
    plugins_eval::register(catalog);
}
