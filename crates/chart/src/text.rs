//! Text by display width, and tables that drop whole columns rather than truncate numbers.

use std::borrow::Cow;

use clip_lab_escape::line;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Display width of `text` in terminal columns.
pub fn width(text: &str) -> usize {
    // Most texts: their width is their length.
    let printable = text.is_ascii() && !text.bytes().any(|byte| byte.is_ascii_control());
    if printable { text.len() } else { text.width() }
}

/// `text` on one line: escapes control, bidirectional and invisible characters; line feeds and tabs become spaces.
pub fn clean(text: &str) -> String {
    escaped(text).into_owned()
}

/// As [`clean`], without a copy if nothing changes.
pub fn escaped(text: &str) -> Cow<'_, str> {
    if text.contains(['\n', '\r', '\t']) {
        return Cow::Owned(line(&text.replace(['\n', '\r', '\t'], " ")).into_owned());
    }
    line(text)
}

/// Truncates to at most `room` columns, with an ellipsis.
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

/// Truncates or pads to exactly `room` columns; `right` aligns to the right.
pub fn pad(text: &str, room: usize, right: bool) -> String {
    let mut out = String::new();
    push_padded(&mut out, text, room, right);
    out
}

/// Appends what [`pad`] returns.
pub fn push_padded(out: &mut String, text: &str, room: usize, right: bool) {
    let wide = width(text);
    if wide > room {
        let text = cut(text, room);
        return push_aligned(out, &text, room.saturating_sub(width(&text)), right);
    }
    push_aligned(out, text, room - wide, right);
}

fn push_aligned(out: &mut String, text: &str, mut blanks: usize, right: bool) {
    const BLANKS: &str = "                                ";
    if !right {
        out.push_str(text);
    }
    while blanks > 0 {
        let some = blanks.min(BLANKS.len());
        out.push_str(&BLANKS[..some]);
        blanks -= some;
    }
    if right {
        out.push_str(text);
    }
}

/// Wraps `text` at words to lines of at most `room` columns; truncates longer words.
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
    /// Whether its cells are right-aligned, as numbers are.
    pub right: bool,
    /// Priority: the highest rank is dropped first when there is no room; rank 0 is never dropped.
    pub rank: u8,
    /// Minimum width to which its cells may be truncated; none for numbers, which are never truncated.
    pub least: Option<usize>,
}

impl Column {
    /// A text column that may be truncated to `least` columns.
    pub fn text(head: &str, rank: u8, least: usize) -> Column {
        Column { head: head.to_string(), right: false, rank, least: Some(least) }
    }

    /// A numeric column.
    pub fn number(head: &str, rank: u8) -> Column {
        Column { head: head.to_string(), right: true, rank, least: None }
    }
}

/// The columns that fit into `room` with `gap` between them, as `(column, width)` from left to right.
pub fn fit(
    columns: &[Column],
    rows: &[Vec<impl AsRef<str>>],
    room: usize,
    gap: usize,
) -> Vec<(usize, usize)> {
    let natural = |i: usize| {
        let cells = rows.iter().filter_map(|row| row.get(i)).map(|cell| width(cell.as_ref()));
        cells.max().unwrap_or(0).max(width(&columns[i].head))
    };
    let mut kept: Vec<(usize, usize)> = (0..columns.len()).map(|i| (i, natural(i))).collect();
    // Drops empty columns.
    kept.retain(|(i, _)| {
        columns[*i].rank == 0 || rows.iter().any(|row| row.get(*i).is_some_and(|c| !c.as_ref().is_empty()))
    });
    while let Some(excess) = excess(&kept, room, gap) {
        let last =
            (0..kept.len()).filter(|k| columns[kept[*k].0].rank > 0).max_by_key(|k| columns[kept[*k].0].rank);
        let extra = last.filter(|k| columns[kept[*k].0].rank >= OPTIONAL);
        // An optional column is truncated alone; otherwise all text columns are truncated before a column is dropped.
        let cuttable = extra.map_or(0..kept.len(), |k| k..k + 1);
        if shrinkable(columns, &kept[cuttable.clone()]) >= excess || last.is_none() {
            shrink(columns, &mut kept[cuttable], excess);
            break;
        }
        last.map(|k| kept.remove(k));
    }
    kept
}

/// Columns of this rank or higher are dropped before other columns are truncated.
const OPTIONAL: u8 = 5;

fn excess(kept: &[(usize, usize)], room: usize, gap: usize) -> Option<usize> {
    let total = kept.iter().map(|(_, w)| w + gap).sum::<usize>().saturating_sub(gap);
    total.checked_sub(room).filter(|excess| *excess > 0)
}

/// Columns that truncation can save.
fn shrinkable(columns: &[Column], kept: &[(usize, usize)]) -> usize {
    kept.iter().map(|(i, w)| columns[*i].least.map_or(0, |least| w.saturating_sub(least))).sum()
}

/// Truncates text columns by `excess` in total, widest first.
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
        let columns = [Column::text("name", 0, 4), Column::number("loss", 1), Column::number("rate", 2)];
        let rows = vec![vec!["a long name".to_string(), "1.25".to_string(), "100".to_string()]];
        assert_eq!(fit(&columns, &rows, 80, 2), [(0, 11), (1, 4), (2, 4)]);
        assert_eq!(fit(&columns, &rows, 18, 2), [(0, 6), (1, 4), (2, 4)]);
        assert_eq!(fit(&columns, &rows, 12, 2), [(0, 6), (1, 4)]);
        assert_eq!(fit(&columns, &rows, 3, 2), [(0, 4)]);
        let extra = [Column::text("name", 0, 4), Column::number("rate", 5)];
        let rows = vec![vec!["a long name".to_string(), "1.25".to_string()]];
        assert_eq!(fit(&extra, &rows, 16, 2), [(0, 11)]);
    }

    proptest! {
        #[test]
        fn the_width_of_ascii_is_that_of_any_text(text in "[ -~\\t\\r\\n\\x00é]{0,8}") {
            prop_assert_eq!(width(&text), text.width());
        }

        #[test]
        fn padding_gives_the_width_asked_for(text in "\\PC{0,20}", room in 0usize..30, right: bool) {
            prop_assert!(width(&pad(&text, room, right)) <= room + 1);
        }
    }
}
