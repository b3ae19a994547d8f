//! The queries of the command line.

use anyhow::{Context as _, Result, ensure};
use clip_lab_cli::SearchArgs;
use clip_lab_files::{MIB, read_capped};
use clip_lab_search_protocol::{Image, Query};

/// The largest size of a file of queries.
const MAX_BYTES: u64 = 64 * MIB;

/// The texts, then the lines of the file, then the images.
///
/// # Errors
/// If a file cannot be read or contains no text, or a text is empty.
pub fn queries(args: &SearchArgs) -> Result<Vec<Query>> {
    let mut texts = args.texts.clone();
    if let Some(path) = &args.queries {
        let bytes = read_capped(path, MAX_BYTES).with_context(|| format!("--queries {}", path.display()))?;
        let text = String::from_utf8_lossy(&bytes);
        let lines: Vec<String> =
            text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
        ensure!(!lines.is_empty(), "--queries {}: the file contains no text", path.display());
        texts.extend(lines);
    }
    ensure!(texts.iter().all(|text| !text.trim().is_empty()), "a query must not be empty");
    for path in &args.image {
        ensure!(path.is_file(), "--image {}: no such file", path.display());
    }
    let images = args.image.iter().cloned().map(|path| Query::Image(Image::File(path)));
    Ok(texts.into_iter().map(Query::Text).chain(images).collect())
}
