//! Files that are not plugin libraries.

use std::{fs, path::Path};

use clip_lab_plugin_loader::open;

#[test]
fn files_that_are_not_plugin_libraries_are_rejected() {
    let folder = tempfile::tempdir().unwrap();
    let error = |path: &Path| format!("{:#}", open(path).unwrap_err());
    assert!(error(&folder.path().join("nowhere.so")).contains("it cannot be read: No such file"));
    let text = folder.path().join("text.so");
    fs::write(&text, "no library").unwrap();
    assert!(error(&text).contains("it is not a shared library"), "{}", error(&text));
    // This test's own executable is an ELF file that exports nothing.
    let other = error(&std::env::current_exe().unwrap());
    assert!(other.contains("it is not a plugin library") && other.contains("export_plugin!"), "{other}");
}
