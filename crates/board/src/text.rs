//! Text by its width on the screen, and tables that give up whole columns rather than cut numbers.

use std::borrow::Cow;

use clip_lab_escape::line;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Columns that `text` takes in a terminal.
pub fn width(text: &str) -> usize {
    text.width()
}

/// The text on one line with nothing hidden in it: what could move the cursor, change colours or turn the text around is
/// escaped, line feeds and tabs become blanks.
pub fn clean(text: &str) -> String {
    escaped(text).into_owned()
}

/// As [`clean`]; copied only where there is something to change.
pub fn escaped(text: &str) -> Cow<'_, str> {
    if text.contains(['\n', '\r', '\t']) {
        return Cow::Owned(line(&text.replace(['\n', '\r', '\t'], " ")).into_owned());
    }
    line(text)
}

/// At most `room` columns of the text, with an ellipsis where something is missing.
pub fn cut(text: &str, room: usize) -> String {
    if width(text) <= room {
        return text.to_string();
    }
    let mut out = String::new();
    let mut used = 0;
    for c in text.chars() {
        let wide = c.width().unwrap_or(0);
        if used + wide + 1 > room {
            break;
        }
        used += wide;
        out.push(c);
    }
    if room > 0 {
        out.push('…');
    }
    out
}

/// The text cut or filled up with blanks to exactly `room` columns.
pub fn pad(text: &str, room: usize, right: bool) -> String {
    let text = cut(text, room);
    let blanks = " ".repeat(room.saturating_sub(width(&text)));
    if right { blanks + &text } else { text + &blanks }
}

/// The words of `text` in lines of at most `room` columns; a longer word is cut.
pub fn wrap(text: &str, room: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if width(line) + 1 + width(word) <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(cut(word, room)),
        }
    }
    lines
}

/// One column of a table.
#[derive(Debug, Clone)]
pub struct Column {
    /// Its heading.
    pub head: String,
    /// Whether its cells stand at the right, as numbers do.
    pub right: bool,
    /// Which columns go first when there is no room: the highest. Zero always stays.
    pub rank: u8,
    /// The width to which its cells may be cut, for names; numbers are never cut.
    pub least: Option<usize>,
}

impl Column {
    /// A column of words that may be cut to `least` columns.
    pub fn words(head: &str, rank: u8, least: usize) -> Column {
        Column { head: head.to_string(), right: false, rank, least: Some(least) }
    }

    /// A column of numbers.
    pub fn numbers(head: &str, rank: u8) -> Column {
        Column { head: head.to_string(), right: true, rank, least: None }
    }
}

/// Which columns fit into `room` with `gap` between them, as `(column, width)` from left to right.
pub fn fit(columns: &[Column], rows: &[Vec<String>], room: usize, gap: usize) -> Vec<(usize, usize)> {
    let natural = |i: usize| {
        let cells = rows.iter().filter_map(|row| row.get(i)).map(|cell| width(cell));
        cells.max().unwrap_or(0).max(width(&columns[i].head))
    };
    let mut kept: Vec<(usize, usize)> = (0..columns.len()).map(|i| (i, natural(i))).collect();
    // A column without any content says nothing.
    kept.retain(|(i, _)| {
        columns[*i].rank == 0 || rows.iter().any(|row| row.get(*i).is_some_and(|c| !c.is_empty()))
    });
    while let Some(excess) = excess(&kept, room, gap) {
        let last =
            (0..kept.len()).filter(|k| columns[kept[*k].0].rank > 0).max_by_key(|k| columns[kept[*k].0].rank);
        let extra = last.filter(|k| columns[kept[*k].0].rank >= EXTRA);
        // What is only nice to have makes room by itself; else all that may be cut is cut before a column goes.
        let cuttable = extra.map_or(0..kept.len(), |k| k..k + 1);
        if spare(columns, &kept[cuttable.clone()]) >= excess || last.is_none() {
            shrink(columns, &mut kept[cuttable], excess);
            break;
        }
        last.map(|k| kept.remove(k));
    }
    kept
}

/// From this rank on a column is left out before the text of any other is cut.
const EXTRA: u8 = 5;

fn excess(kept: &[(usize, usize)], room: usize, gap: usize) -> Option<usize> {
    let total = kept.iter().map(|(_, w)| w + gap).sum::<usize>().saturating_sub(gap);
    total.checked_sub(room).filter(|excess| *excess > 0)
}

/// How much could be cut from the texts.
fn spare(columns: &[Column], kept: &[(usize, usize)]) -> usize {
    kept.iter().map(|(i, w)| columns[*i].least.map_or(0, |least| w.saturating_sub(least))).sum()
}

/// Takes `excess` columns from those that may be cut, the widest first.
fn shrink(columns: &[Column], kept: &mut [(usize, usize)], mut excess: usize) {
    while excess > 0 {
        let widest = kept.iter_mut().filter(|(i, w)| columns[*i].least.is_some_and(|least| *w > least));
        match widest.max_by_key(|(_, w)| *w) {
            Some((_, w)) => *w -= 1,
            None => return,
        }
        excess -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_is_cut_and_filled_by_its_width() {
        assert_eq!(pad("名前のある実験", 7, false), "名前の…");
        assert_eq!(pad("ab", 4, true), "  ab");
        assert_eq!(cut("abc", 0), "");
        assert_eq!(clean("a\u{1b}[31m\nb\u{202e}c"), r"a\u001b[31m b\u202ec");
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
    }

    #[test]
    fn the_least_important_column_goes_first_and_names_are_cut_last() {
        let columns = [Column::words("name", 0, 4), Column::numbers("loss", 1), Column::numbers("rate", 2)];
        let rows = vec![vec!["a long name".to_string(), "1.25".to_string(), "100".to_string()]];
        assert_eq!(fit(&columns, &rows, 80, 2), [(0, 11), (1, 4), (2, 4)]);
        assert_eq!(fit(&columns, &rows, 18, 2), [(0, 6), (1, 4), (2, 4)]);
        assert_eq!(fit(&columns, &rows, 12, 2), [(0, 6), (1, 4)]);
        assert_eq!(fit(&columns, &rows, 3, 2), [(0, 4)]);
        let extra = [Column::words("name", 0, 4), Column::numbers("rate", 5)];
        let rows = vec![vec!["a long name".to_string(), "1.25".to_string()]];
        assert_eq!(fit(&extra, &rows, 16, 2), [(0, 11)]);
    }

    proptest! {
        #[test]
        fn padding_gives_the_width_asked_for(text in "\\PC{0,20}", room in 0usize..30, right: bool) {
            prop_assert!(width(&pad(&text, room, right)) <= room + 1);
        }
    }
}
