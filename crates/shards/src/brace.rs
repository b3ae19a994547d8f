//! Brace patterns: `shard-{000000..000012}.tar`.

use anyhow::{Context, Result, bail, ensure};

/// Largest number of names: more is a typo.
const MAX_NAMES: usize = 1_000_000;
/// Largest total size of the names, bytes.
const MAX_BYTES: usize = 256 << 20;
/// Largest number of braces.
const MAX_BRACES: usize = 20;

/// Expands a pattern, in order: `{000..012}` is a range, zero-padded as written, `{a,b}` a list; several braces are
/// combined, the last one varying fastest.
///
/// # Errors
/// If a brace is not closed, or contains neither a range nor a list.
pub fn expand(pattern: &str) -> Result<Vec<String>> {
    ensure!(pattern.matches('{').count() <= MAX_BRACES, "a pattern has more than {MAX_BRACES} braces");
    expanded(pattern)
}

fn expanded(pattern: &str) -> Result<Vec<String>> {
    // Redacted for messages.
    let redacted = clip_lab_redact::text(pattern);
    let Some((head, rest)) = pattern.split_once('{') else {
        ensure!(!pattern.contains('}'), "`{redacted}` closes a brace that was never opened");
        return Ok(vec![pattern.to_owned()]);
    };
    ensure!(!head.contains('}'), "`{redacted}` closes a brace that was never opened");
    let (inside, tail) = rest.split_once('}').with_context(|| format!("`{redacted}` leaves a brace open"))?;
    let choices = choices(inside)?;
    let tails = expanded(tail)?;
    let count = choices.len().saturating_mul(tails.len());
    ensure!(count <= MAX_NAMES, "`{redacted}` expands to more than {MAX_NAMES} names");
    let bytes = count.saturating_mul(pattern.len());
    ensure!(
        bytes <= MAX_BYTES,
        "a pattern of {} bytes expands to {count} names, which is too much",
        pattern.len()
    );
    Ok(choices.iter().flat_map(|choice| tails.iter().map(move |t| format!("{head}{choice}{t}"))).collect())
}

fn choices(inside: &str) -> Result<Vec<String>> {
    if let Some((from, to)) = inside.split_once("..") {
        return range(from, to).with_context(|| format!("in `{{{inside}}}`"));
    }
    ensure!(
        inside.contains(','),
        "`{{{inside}}}` is neither a range such as {{000..012}} nor a list such as {{a,b}}"
    );
    ensure!(!inside.contains('{'), "`{{{inside}}}` contains another brace; braces cannot be nested");
    Ok(inside.split(',').map(str::to_owned).collect())
}

fn range(from: &str, to: &str) -> Result<Vec<String>> {
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        digits
            .then(|| text.parse::<u64>().ok())
            .flatten()
            .with_context(|| format!("`{text}` is not a number"))
    };
    let (first, last) = (number(from)?, number(to)?);
    if last < first {
        bail!("{from} is more than {to}");
    }
    ensure!(last - first < MAX_NAMES as u64, "that is more than {MAX_NAMES} names");
    let width = from.len();
    Ok((first..=last).map(|number| format!("{number:0width$}")).collect())
}

#[cfg(test)]
mod tests {
    use super::expand;

    #[test]
    fn ranges_keep_their_zeros_and_lists_their_order() {
        assert_eq!(expand("a-{008..011}.tar").unwrap(), ["a-008.tar", "a-009.tar", "a-010.tar", "a-011.tar"]);
        assert_eq!(expand("{b,a}/{1..2}.tar").unwrap(), ["b/1.tar", "b/2.tar", "a/1.tar", "a/2.tar"]);
        assert_eq!(expand("{9..10}").unwrap(), ["9", "10"]);
        assert_eq!(expand("plain.tar").unwrap(), ["plain.tar"]);
    }

    #[test]
    fn errors_are_reported() {
        let message = |pattern: &str| format!("{:#}", expand(pattern).unwrap_err());
        assert!(message("a{0..").contains("leaves a brace open"));
        assert!(message("a}").contains("never opened"));
        assert!(message("a{5..2}").contains("5 is more than 2"));
        assert!(message("a{b..2}").contains("`b` is not a number"));
        assert!(message("a{b}").contains("neither a range"));
        assert!(message("{0..999999}{0..9}").contains("more than 1000000"));
        assert!(message(&"{a,b}".repeat(100_000)).contains("more than 20 braces"));
        assert!(message(&format!("{{0..999999}}{}", "x".repeat(1000))).contains("too much"));
        let secret = message("https://me:hunter2@host/{0..1?token=hunter3");
        assert!(secret.contains("leaves a brace open") && !secret.contains("hunter"), "{secret}");
    }
}
