//! The fingerprint in the file of a library.

use anyhow::{Context as _, Result, bail};
use clip_lab_api::export::{LENGTH, MAGIC, SECTION};
use object::{File, Object as _, ObjectSection as _};

/// The text that a library's section for plugins begins with. Nothing of the library runs.
///
/// # Errors
/// When the file is no shared library, or none of plugins.
pub fn fingerprint(bytes: &[u8]) -> Result<String> {
    let file = File::parse(bytes).context("it is no shared library")?;
    let Some(section) = file.section_by_name(SECTION) else {
        bail!("it is no library of plugins: its crate needs `clip_lab_api::export_plugin!(register);`")
    };
    let data = section.data().context("its file is damaged")?;
    let text = data.get(..LENGTH).unwrap_or(data).split(|&byte| byte == 0).next().unwrap_or_default();
    let text = String::from_utf8_lossy(text).into_owned();
    if !text.starts_with(MAGIC) {
        bail!("it was built for a clip-lab whose libraries look otherwise: build it again with this one")
    }
    Ok(text)
}
