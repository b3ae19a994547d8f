//! Texts in tables that spreadsheets open.

use std::borrow::Cow;

use crate::line;

/// Spreadsheets take a cell that begins with one of these for a formula; the wide ones too.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// A text as a cell: on one line, and with an apostrophe before what a spreadsheet would compute, as OWASP advises.
/// Numbers stay as they are, negative ones too.
pub fn cell(text: &str) -> Cow<'_, str> {
    let text = line(text);
    let computed = text.starts_with(FORMULA) && text.parse::<f64>().is_err();
    if computed { format!("'{text}").into() } else { text }
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
