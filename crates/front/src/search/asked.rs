//! What to look for.

use anyhow::{Context as _, Result, ensure};
use clip_lab_cli::SearchArgs;
use clip_lab_files::{MIB, read_capped};
use clip_lab_search::{Picture, Query};

/// The largest file of queries.
const MOST_QUERIES: u64 = 64 * MIB;

/// The texts, then the lines of the file, then the pictures.
///
/// # Errors
/// When the file cannot be read or holds no text, or a text is empty.
pub fn queries(args: &SearchArgs) -> Result<Vec<Query>> {
    let mut texts = args.texts.clone();
    if let Some(path) = &args.queries {
        let bytes =
            read_capped(path, MOST_QUERIES).with_context(|| format!("--queries {}", path.display()))?;
        let text = String::from_utf8_lossy(&bytes);
        let lines: Vec<String> =
            text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
        ensure!(!lines.is_empty(), "--queries {}: it holds no text", path.display());
        texts.extend(lines);
    }
    ensure!(texts.iter().all(|text| !text.trim().is_empty()), "an empty text looks for nothing");
    for path in &args.image {
        ensure!(path.is_file(), "--image {}: there is no such file", path.display());
    }
    let pictures = args.image.iter().cloned().map(|path| Query::Picture(Picture::File(path)));
    Ok(texts.into_iter().map(Query::Text).chain(pictures).collect())
}
