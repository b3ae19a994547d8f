//! Files that are no libraries of plugins.

use std::{fs, path::Path};

use clip_lab_library::open;

#[test]
fn what_is_no_library_of_plugins_is_told_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let error = |path: &Path| format!("{:#}", open(path).unwrap_err());
    assert!(error(&folder.path().join("nowhere.so")).contains("it cannot be read: No such file"));
    let text = folder.path().join("text.so");
    fs::write(&text, "no library").unwrap();
    assert!(error(&text).contains("it is no shared library"), "{}", error(&text));
    // This test's own executable is an ELF file that exports nothing.
    let other = error(&std::env::current_exe().unwrap());
    assert!(other.contains("it is no library of plugins") && other.contains("export_plugin!"), "{other}");
}
