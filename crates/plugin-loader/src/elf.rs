//! Reads the fingerprint from a library's file.

use anyhow::{Context as _, Result, bail};
use clip_lab_plugin_api::export::{LENGTH, MAGIC, SECTION};
use object::{File, Object as _, ObjectSection as _};

/// The fingerprint at the start of a library's plugin section. Runs no code of the library.
///
/// # Errors
/// If the file is not a shared library, or contains no plugins.
pub fn fingerprint(bytes: &[u8]) -> Result<String> {
    let file = File::parse(bytes).context("it is not a shared library")?;
    let Some(section) = file.section_by_name(SECTION) else {
        bail!("it is not a plugin library: its crate needs `clip_lab_plugin_api::export_plugin!(register);`")
    };
    let data = section.data().context("its file is corrupt")?;
    let text = data.get(..LENGTH).unwrap_or(data).split(|&byte| byte == 0).next().unwrap_or_default();
    let text = String::from_utf8_lossy(text).into_owned();
    if !text.starts_with(MAGIC) {
        bail!("it was built for a clip-lab with another library format: rebuild it with this version")
    }
    Ok(text)
}
