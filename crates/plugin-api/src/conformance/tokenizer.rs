//! Checks of tokenizers.

use anyhow::{Result, ensure};

use crate::Tokenizer;

/// Ordinary and unusual texts.
const TEXTS: [&str; 7] = [
    "",
    "a",
    "A photo of a dog, running on the beach.",
    "zwei Hunde – naïve café",
    "\u{1F600}\u{1F44D}\u{1F3FD} 日本語",
    "  tabs\tand\nlines  ",
    "word word word word word word word word word word word word word word word word word word word word word",
];

/// Checks a tokenizer: no more ids than the limit, every id below `vocab`, reproducible, and the end token kept when a
/// text is truncated.
///
/// # Errors
/// Names the failed check.
pub fn tokenizer(tokenizer: &dyn Tokenizer) -> Result<()> {
    let vocab = tokenizer.vocab();
    ensure!((0..vocab).contains(&tokenizer.pad()), "pad() is {}, not below vocab()", tokenizer.pad());
    for text in TEXTS {
        let whole = tokenizer.encode(text, 512)?;
        ensure!(whole == tokenizer.encode(text, 512)?, "{text:?} is encoded differently when encoded again");
        for limit in [3, 5, 8, 77] {
            let ids = tokenizer.encode(text, limit)?;
            ensure!(ids.len() <= limit, "{text:?} became {} ids where {limit} is the limit", ids.len());
            let invalid = ids.iter().find(|id| !(0..vocab).contains(*id));
            ensure!(invalid.is_none(), "{text:?} has the id {invalid:?}, but vocab() is {vocab}");
            let end = common_end(tokenizer)?;
            ensure!(
                end.is_none() || ids.last() == end.as_ref(),
                "truncated to {limit}, {text:?} loses its end token"
            );
        }
    }
    Ok(())
}

/// The id that all texts end with, if any.
fn common_end(tokenizer: &dyn Tokenizer) -> Result<Option<i64>> {
    let ends = TEXTS.iter().map(|text| Ok(tokenizer.encode(text, 512)?.last().copied()));
    let ends = ends.collect::<Result<Vec<_>>>()?;
    Ok(if ends.iter().all(|end| *end == ends[0]) { ends[0] } else { None })
}
