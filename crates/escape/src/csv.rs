//! Escapes cells of CSV files against formula injection.

use std::borrow::Cow;

use crate::line;

/// First characters that make spreadsheets treat a cell as a formula, full-width forms included.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// `text` as a cell on one line, with an apostrophe before a formula, as OWASP recommends. Numbers, negative ones included,
/// are unchanged.
pub fn cell(text: &str) -> Cow<'_, str> {
    let text = line(text);
    let formula = text.starts_with(FORMULA) && text.parse::<f64>().is_err();
    if formula { format!("'{text}").into() } else { text }
}

#[cfg(test)]
mod tests {
    use super::cell;

    #[test]
    fn formulas_become_texts_and_numbers_stay() {
        for (text, shown) in [
            ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("-1+2", "'-1+2"),
            ("＝1", "'＝1"),
            ("\t=1", r"\t=1"),
            ("\r=1", r"\r=1"),
            ("-0.5", "-0.5"),
            ("+1e-4", "+1e-4"),
            ("-", "'-"),
            ("lit, 2", "lit, 2"),
            ("a=b", "a=b"),
        ] {
            assert_eq!(cell(text), shown);
        }
    }
}
