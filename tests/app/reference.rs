//! The generated pages of the documents are current.

use std::{fs, path::Path};

use clip_lab::{builtin, reference};

#[test]
fn the_reference_pages_are_current() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference");
    for (name, page) in reference::pages(&builtin::catalog()) {
        let path = folder.join(name);
        if std::env::var_os("UPDATE").is_some() {
            fs::create_dir_all(&folder).unwrap();
            fs::write(&path, &page).unwrap();
        }
        let current = fs::read_to_string(&path).unwrap_or_default();
        assert!(current == page, "docs/reference/{name} is not current: cargo xtask docs");
        assert!(page.lines().count() > 50 && !page.contains("\u{1b}"), "{name}");
    }
}
