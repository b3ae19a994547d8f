//! Control and invisible characters.

/// Hidden characters besides control characters: Unicode's `Default_Ignorable_Code_Point` (zero-width characters,
/// bidirectional controls, tags) without the BMP variation selectors, which choose emoji presentation; line and paragraph
/// separators; interlinear annotation anchors.
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

/// Whether `c` is a control character, changes the text direction, or is invisible.
pub fn is_hidden(c: char) -> bool {
    c.is_control() || c > '\u{ac}' && HIDDEN.iter().any(|(first, last)| (*first..=*last).contains(&c))
}
