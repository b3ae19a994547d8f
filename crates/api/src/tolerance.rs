//! How much of a data set may be bad.

use anyhow::{Result, bail};

/// The share of a data set that may be unusable where nobody says another.
pub const TOLERATE: f64 = 0.05;

/// Names that are listed in one message.
const LISTED: usize = 20;

/// Refuses what is `bad` once it is more than `share` of `all`. `what` says of what in the plural, such as "images".
///
/// # Errors
/// With the list, one on a line.
pub fn tolerated(share: f64, bad: &[String], all: usize, what: &str) -> Result<()> {
    if bad.len() as f64 <= share * all as f64 {
        return Ok(());
    }
    let count = bad.len();
    bail!(
        "{count} of {all} {what} cannot be used, more than tolerate = {share} allows:\n  {}",
        few(bad, "\n  ")
    )
}

/// The first of a list, and how many more there are.
pub fn few<S: AsRef<str>>(list: &[S], separator: &str) -> String {
    let mut words: Vec<String> = list.iter().take(LISTED).map(|one| one.as_ref().to_owned()).collect();
    if list.len() > LISTED {
        words.push(format!("and {} more", list.len() - LISTED));
    }
    words.join(separator)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_allowed_and_more_is_listed() {
        let bad: Vec<String> = (0..30).map(|n| format!("{n}.png: broken")).collect();
        assert!(tolerated(0.5, &bad, 60, "pictures").is_ok());
        assert!(tolerated(0.0, &[], 60, "pictures").is_ok() && tolerated(0.0, &[], 0, "pictures").is_ok());
        let words = tolerated(0.5, &bad, 59, "pictures").unwrap_err().to_string();
        assert!(words.starts_with(
            "30 of 59 pictures cannot be used, more than tolerate = 0.5 allows:\n  0.png: broken\n"
        ));
        assert!(words.ends_with("19.png: broken\n  and 10 more"), "{words}");
    }
}
