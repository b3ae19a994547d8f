//! Suggests the closest valid name for a misspelt one.

/// The longest name to compare, in bytes: the cost grows with the product of the lengths.
const MAX_LENGTH: usize = 200;

/// The closest of `known` to `name` by edit distance, if it is similar enough.
pub fn suggest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let score = |candidate: &str| {
        let edits = strsim::damerau_levenshtein(&name.to_lowercase(), &candidate.to_lowercase());
        let longest = name.chars().count().max(candidate.chars().count()).max(1);
        1.0 - edits as f64 / longest as f64
    };
    if name.len() > MAX_LENGTH {
        return None;
    }
    known
        .iter()
        .filter(|candidate| candidate.len() <= MAX_LENGTH)
        .map(|candidate| (score(candidate), *candidate))
        .filter(|(score, _)| *score >= 0.6)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::suggest;

    #[test]
    fn typos_are_matched_and_other_names_are_not() {
        let known = ["clip", "siglip", "cross_entropy"];
        assert_eq!(suggest("siglp", &known), Some("siglip"));
        assert_eq!(suggest("CLIP", &known), Some("clip"));
        assert_eq!(suggest("zebra", &known), None);
        let long = "x".repeat(100_000);
        assert_eq!(suggest(&long, &[&long]), None, "not compared, which would take 80 GB");
    }
}
