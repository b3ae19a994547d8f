//! Plain ASCII output, for terminals and fonts without Unicode.

use ratatui::buffer::Buffer;

/// The characters of the screen and their ASCII replacements.
const REPLACEMENTS: &[(&str, char)] = &[
    ("─━═╌┄┅┈┉╍‐–—", '-'),
    ("│┃┊┆║▏▎▍▌▕╎┇", '|'),
    ("┌┐└┘├┤┬┴┼╭╮╰╯┏┓┗┛┣┫┳┻╋╫┝┥╞╡╪", '+'),
    ("█▉▊▋▇▆", '#'),
    ("▓▅▄", '='),
    ("▒▃░▂▁·∙", '.'),
    ("•●◆", '*'),
    ("✓✔", '+'),
    ("■", '='),
    ("◐", '~'),
    ("⊗", '#'),
    ("○◇□◌", 'o'),
    ("✕×", 'x'),
    ("✗✘", 'X'),
    ("▲▴↑⇧△", '^'),
    ("▼▾↓▽", 'v'),
    ("◀←‹«", '<'),
    ("▶→›»▸", '>'),
    ("…", '~'),
    ("±", '~'),
    ("’‘", '\''),
    ("“”", '"'),
];

/// Whether the locale named by the three variables lacks UTF-8; false if none is set.
pub fn needed(all: &str, characters: &str, language: &str) -> bool {
    let named = [all, characters, language].into_iter().find(|name| !name.is_empty());
    named.is_some_and(|name| {
        let name = name.to_lowercase();
        !name.contains("utf-8") && !name.contains("utf8")
    })
}

/// Replaces every non-ASCII character: symbols by a look-alike, letters by a question mark.
pub fn plain(buf: &mut Buffer) {
    for cell in buf.content.iter_mut().filter(|cell| !cell.symbol().is_ascii()) {
        let first = cell.symbol().chars().next().unwrap_or(' ');
        let known = REPLACEMENTS.iter().find(|(symbols, _)| symbols.contains(first)).map(|(_, plain)| *plain);
        let blank = first == '\u{2800}' || first.is_whitespace();
        cell.set_char(known.unwrap_or(if blank { ' ' } else { '?' }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_variable_that_is_set_decides() {
        assert!(!needed("", "", "") && !needed("", "", "de_DE.UTF-8") && !needed("C.utf8", "", "POSIX"));
        assert!(
            needed("C", "", "de_DE.UTF-8") && needed("", "", "en_US.ISO-8859-1") && needed("", "POSIX", "")
        );
    }

    #[test]
    fn each_symbol_has_one_replacement() {
        let mut all: Vec<char> = REPLACEMENTS.iter().flat_map(|(symbols, _)| symbols.chars()).collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
        assert!(REPLACEMENTS.iter().all(|(_, plain)| plain.is_ascii()));
    }
}
