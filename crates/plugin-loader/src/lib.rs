//! Plugins in shared libraries. A library's fingerprint is read from its file and compared before it is opened, since
//! opening a library runs its code.

mod differences;
mod elf;

use std::path::Path;

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use clip_lab_plugin_api::{
    Catalog,
    export::{FINGERPRINT, Library, Register, SYMBOL},
};

/// An opened library.
#[derive(Debug, Clone)]
pub struct LoadedLibrary {
    register: Register,
    /// blake3 of the file, the first 16 hexadecimal digits, for a run's record.
    pub digest: String,
}

impl LoadedLibrary {
    /// Registers its plugins in `catalog`.
    ///
    /// # Errors
    /// If registering panics, or a plugin name is already taken.
    pub fn register(&self, catalog: &mut Catalog) -> Result<()> {
        (self.register)(catalog).map_err(|message| anyhow!(message))?;
        match catalog.clash() {
            None => Ok(()),
            Some((kind, name)) => {
                bail!(
                    "it registers the {kind} plugin `{name}`, but this name is taken: rename it in its `register`"
                )
            }
        }
    }
}

/// Opens a plugin library after checking that it was built like this program. It stays open until the process ends.
///
/// # Errors
/// If it cannot be read, is not a plugin library, was built differently, or cannot be linked. In the first three cases
/// none of its code has run.
pub fn open(path: &Path) -> Result<LoadedLibrary> {
    let path = path.canonicalize().context("it cannot be read")?;
    let bytes = std::fs::read(&path).context("it cannot be read")?;
    let fingerprint = elf::fingerprint(&bytes)?;
    differences::check(&fingerprint)?;
    let digest = blake3::hash(&bytes).to_hex()[..16].to_owned();
    Ok(LoadedLibrary { register: link(&path)?, digest })
}

/// Opens a library permanently and finds its exported symbol.
#[allow(unsafe_code)]
fn link(path: &Path) -> Result<Register> {
    use libloading::os::unix;
    // SAFETY: it was built with our compiler against our contract; its initialisers are trusted like its plugins.
    let library = unsafe { unix::Library::open(Some(path), unix::RTLD_NOW | unix::RTLD_LOCAL) };
    let library = Box::leak(Box::new(library.context("it cannot be linked")?));
    // SAFETY: by the fingerprint the symbol is a `Library` with our layout, and it lives as long as the process.
    let exported = unsafe { library.get::<*const Library>(SYMBOL.as_bytes()) };
    let exported: &'static Library = unsafe { &**exported.context("it exports no plugins")? };
    ensure!(exported.fingerprint == FINGERPRINT, "its file changed while it was being opened: try again");
    Ok(exported.register)
}
