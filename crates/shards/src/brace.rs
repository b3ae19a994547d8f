//! Brace patterns: `shard-{000000..000012}.tar`.

use anyhow::{Context, Result, bail, ensure};

/// More names than this are a slip of the pen.
const MOST: usize = 1_000_000;
/// More bytes of names than this as well.
const MOST_BYTES: usize = 256 << 20;
/// More braces than this stand for too many names, or for one.
const BRACES: usize = 20;

/// The names that a pattern stands for, in order: `{000..012}` counts (with as many digits as are written), `{a,b}`
/// lists; several braces are combined, the last turning fastest.
///
/// # Errors
/// When a brace is not closed or holds neither.
pub fn expand(pattern: &str) -> Result<Vec<String>> {
    ensure!(pattern.matches('{').count() <= BRACES, "a pattern holds more than {BRACES} braces");
    expanded(pattern)
}

fn expanded(pattern: &str) -> Result<Vec<String>> {
    // In messages without what may be secret in it.
    let told = clip_lab_redact::text(pattern);
    let Some((head, rest)) = pattern.split_once('{') else {
        ensure!(!pattern.contains('}'), "`{told}` closes a brace that was never opened");
        return Ok(vec![pattern.to_owned()]);
    };
    ensure!(!head.contains('}'), "`{told}` closes a brace that was never opened");
    let (inside, tail) = rest.split_once('}').with_context(|| format!("`{told}` leaves a brace open"))?;
    let choices = choices(inside)?;
    let tails = expanded(tail)?;
    let count = choices.len().saturating_mul(tails.len());
    ensure!(count <= MOST, "`{told}` stands for more than {MOST} names");
    let bytes = count.saturating_mul(pattern.len());
    ensure!(
        bytes <= MOST_BYTES,
        "a pattern of {} letters stands for {count} names, which is too much",
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
    ensure!(!inside.contains('{'), "`{{{inside}}}` holds another brace; braces stand beside each other");
    Ok(inside.split(',').map(str::to_owned).collect())
}

fn range(from: &str, to: &str) -> Result<Vec<String>> {
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse::<u64>().ok()).flatten().with_context(|| format!("`{text}` is no number"))
    };
    let (first, last) = (number(from)?, number(to)?);
    if last < first {
        bail!("{from} is more than {to}");
    }
    ensure!(last - first < MOST as u64, "that is more than {MOST} names");
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
    fn slips_are_told() {
        let told = |pattern: &str| format!("{:#}", expand(pattern).unwrap_err());
        assert!(told("a{0..").contains("leaves a brace open"));
        assert!(told("a}").contains("never opened"));
        assert!(told("a{5..2}").contains("5 is more than 2"));
        assert!(told("a{b..2}").contains("`b` is no number"));
        assert!(told("a{b}").contains("neither a range"));
        assert!(told("{0..999999}{0..9}").contains("more than 1000000"));
        assert!(told(&"{a,b}".repeat(100_000)).contains("more than 20 braces"));
        assert!(told(&format!("{{0..999999}}{}", "x".repeat(1000))).contains("too much"));
        let secret = told("https://me:hunter2@host/{0..1?token=hunter3");
        assert!(secret.contains("leaves a brace open") && !secret.contains("hunter"), "{secret}");
    }
}
