//! The plugins that clip-lab brings: one line for each crate of them.

use clip_lab_plugin_api::Catalog;

/// Every built-in plugin. Registration is explicit: what is not called here does not exist.
pub fn catalog() -> Catalog {
    let mut catalog = Catalog::default();
    register(&mut catalog);
    catalog
}

/// Puts every built-in plugin on its shelf.
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
