//! The tolerated fraction of unusable data.

use anyhow::{Result, bail};

/// The default fraction of a data set that may be unusable.
pub const TOLERATE: f64 = 0.05;

/// Maximum number of names in one message.
const LISTED: usize = 20;

/// Fails if `bad` is more than the fraction `share` of `all`. `what` is a plural noun, such as "images".
///
/// # Errors
/// With the list, one item per line.
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

/// The first items of a list, and the number of the others.
pub fn few<S: AsRef<str>>(list: &[S], separator: &str) -> String {
    let mut items: Vec<String> = list.iter().take(LISTED).map(|one| one.as_ref().to_owned()).collect();
    if list.len() > LISTED {
        items.push(format!("and {} more", list.len() - LISTED));
    }
    items.join(separator)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fraction_is_tolerated_and_more_is_listed() {
        let bad: Vec<String> = (0..30).map(|n| format!("{n}.png: broken")).collect();
        assert!(tolerated(0.5, &bad, 60, "images").is_ok());
        assert!(tolerated(0.0, &[], 60, "images").is_ok() && tolerated(0.0, &[], 0, "images").is_ok());
        let message = tolerated(0.5, &bad, 59, "images").unwrap_err().to_string();
        assert!(message.starts_with(
            "30 of 59 images cannot be used, more than tolerate = 0.5 allows:\n  0.png: broken\n"
        ));
        assert!(message.ends_with("19.png: broken\n  and 10 more"), "{message}");
    }
}
