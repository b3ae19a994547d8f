//! What the terminal can show.

use std::io::IsTerminal as _;

use clip_lab_board::screen::{
    panels::images,
    theme::{Depth, Theme},
};
use serde_json::json;

use super::finding::Finding;

/// The least that the dashboard draws well on.
const ENOUGH: (u16, u16) = (80, 24);

/// What the environment says of colours and letters.
pub fn theme() -> Theme {
    Theme::from_env()
}

/// Size, colours, letters, and the way pictures go.
pub fn terminal() -> Vec<Finding> {
    let theme = theme();
    let colours = match theme.depth() {
        Depth::None => "no colours (NO_COLOR, or a dumb TERM)",
        Depth::Sixteen => "16 colours",
        Depth::Many => "256 colours",
        Depth::True => "24-bit colours",
    };
    let letters = if theme.ascii() { "ASCII alone, by its locale" } else { "UTF-8" };
    if !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() {
        let found = "none here (input or output is a pipe or a file): runs print lines, the dashboard is for terminals";
        return vec![Finding::good("terminal", found).with(json!({ "terminal": false }))];
    }
    let size =
        rustix::termios::tcgetwinsize(std::io::stdout()).map_or((0, 0), |size| (size.ws_col, size.ws_row));
    let pictures = images::shown_here().name();
    let found = format!("{} x {} cells, {colours}, {letters}, pictures as {pictures}", size.0, size.1);
    let facts = json!({
        "terminal": true, "columns": size.0, "rows": size.1, "colours": colours, "utf8": !theme.ascii(),
        "pictures": pictures,
    });
    let finding = if size.0 < ENOUGH.0 || size.1 < ENOUGH.1 {
        let advice =
            format!("make it {} x {} or larger: the dashboard leaves out panels", ENOUGH.0, ENOUGH.1);
        Finding::remark("terminal", found, advice)
    } else if theme.ascii() {
        Finding::remark(
            "terminal",
            found,
            "set LANG to a locale with UTF-8, such as C.UTF-8, for finer charts",
        )
    } else {
        Finding::good("terminal", found)
    };
    vec![finding.with(facts)]
}
