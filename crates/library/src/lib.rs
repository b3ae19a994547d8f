//! Plugins in shared libraries. What a library was built with is read from its file and compared before it is opened,
//! for opening one runs its code.

mod differences;
mod elf;

use std::path::Path;

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use clip_lab_api::{
    Catalog,
    export::{FINGERPRINT, Library, Register, SYMBOL},
};

/// A library that was opened, and what its file was.
#[derive(Debug, Clone)]
pub struct Opened {
    register: Register,
    /// blake3 of the file, the first 16 hexadecimal digits: what decides results is part of a run's record.
    pub digest: String,
}

impl Opened {
    /// Puts its plugins on the shelves of `catalog`.
    ///
    /// # Errors
    /// When it panics while registering, or brings a plugin whose name is taken.
    pub fn register(&self, catalog: &mut Catalog) -> Result<()> {
        (self.register)(catalog).map_err(|message| anyhow!(message))?;
        match catalog.clash() {
            None => Ok(()),
            Some((kind, name)) => {
                bail!(
                    "it brings the {kind} plugin `{name}`, a name that is taken: rename it in its `register`"
                )
            }
        }
    }
}

/// Opens a library of plugins, once it is known to have been built as this program was. It stays open until the
/// process ends.
///
/// # Errors
/// When it cannot be read, is no library of plugins, was built otherwise, or cannot be linked. In the first three cases
/// nothing of it has run.
pub fn open(path: &Path) -> Result<Opened> {
    let path = path.canonicalize().context("it cannot be read")?;
    let bytes = std::fs::read(&path).context("it cannot be read")?;
    let fingerprint = elf::fingerprint(&bytes)?;
    differences::check(&fingerprint)?;
    let digest = blake3::hash(&bytes).to_hex()[..16].to_owned();
    Ok(Opened { register: link(&path)?, digest })
}

/// Opens it for good and finds what it exports.
#[allow(unsafe_code)]
fn link(path: &Path) -> Result<Register> {
    use libloading::os::unix;
    // SAFETY: its initialisers are the author's; it was built with our compiler against our contract.
    let library = unsafe { unix::Library::open(Some(path), unix::RTLD_NOW | unix::RTLD_LOCAL) };
    let library = Box::leak(Box::new(library.context("it cannot be linked")?));
    // SAFETY: by its fingerprint the symbol is a `Library` of our layout, and it lives as long as the process.
    let exported = unsafe { library.get::<*const Library>(SYMBOL.as_bytes()) };
    let exported: &'static Library = unsafe { &**exported.context("it exports no plugins")? };
    ensure!(exported.fingerprint == FINGERPRINT, "its file changed while it was being opened: try again");
    Ok(exported.register)
}
