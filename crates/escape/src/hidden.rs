//! Which characters do something to the text around them, or cannot be seen.

/// Characters beside the control characters, as ranges: Unicode's `Default_Ignorable_Code_Point` (zero-width characters,
/// the controls of bidirectional text, tags) without the variation selectors of the first plane, which choose the
/// shape of an emoji; the separators of lines and paragraphs; the anchors of annotations.
const HIDDEN: &[(char, char)] = &[
    ('\u{ad}', '\u{ad}'),
    ('\u{34f}', '\u{34f}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180b}', '\u{180f}'),
    ('\u{200b}', '\u{200f}'),
    ('\u{2028}', '\u{202e}'),
    ('\u{2060}', '\u{206f}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{fff0}', '\u{fffb}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{e0000}', '\u{e0fff}'),
];

/// Whether `c` moves a cursor, turns text around, or has no shape of its own.
pub fn is_hidden(c: char) -> bool {
    c.is_control() || c > '\u{ac}' && HIDDEN.iter().any(|(first, last)| (*first..=*last).contains(&c))
}
