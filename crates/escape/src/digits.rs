//! Digit groups.

/// A number with a comma after every third digit: `1,234,567`.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let groups = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy);
    groups.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::thousands;

    #[test]
    fn digits_are_in_groups_of_three() {
        assert_eq!([0, 999, 50_001, 1_234_567].map(thousands), ["0", "999", "50,001", "1,234,567"]);
    }
}
