//! Capabilities of the terminal.

use std::io::IsTerminal as _;

use clip_lab_dashboard::{
    images,
    theme::{Depth, Theme},
};
use serde_json::json;

use super::finding::Finding;

/// The smallest size that the dashboard needs.
const SMALLEST: (u16, u16) = (80, 24);

/// Colours and character set, from the environment.
pub fn theme() -> Theme {
    Theme::from_env()
}

/// Size, colours, character set, and the image protocol.
pub fn terminal() -> Vec<Finding> {
    let theme = theme();
    let colours = match theme.depth() {
        Depth::None => "no colours (NO_COLOR or TERM=dumb)",
        Depth::Sixteen => "16 colours",
        Depth::Many => "256 colours",
        Depth::True => "24-bit colours",
    };
    let charset = if theme.ascii() { "ASCII only, by its locale" } else { "UTF-8" };
    if !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() {
        let found = "none here (input or output is a pipe or a file): runs print lines, and the dashboard cannot start";
        return vec![Finding::ok("terminal", found).with(json!({ "terminal": false }))];
    }
    let size =
        rustix::termios::tcgetwinsize(std::io::stdout()).map_or((0, 0), |size| (size.ws_col, size.ws_row));
    let images = images::detect_protocol().name();
    let found = format!("{} x {} cells, {colours}, {charset}, images as {images}", size.0, size.1);
    let details = json!({
        "terminal": true, "columns": size.0, "rows": size.1, "colours": colours, "utf8": !theme.ascii(),
        "pictures": images,
    });
    let finding = if size.0 < SMALLEST.0 || size.1 < SMALLEST.1 {
        let advice =
            format!("enlarge it to {} x {} or more: the dashboard hides panels", SMALLEST.0, SMALLEST.1);
        Finding::note("terminal", found, advice)
    } else if theme.ascii() {
        Finding::note("terminal", found, "set LANG to a UTF-8 locale, such as C.UTF-8, for finer charts")
    } else {
        Finding::ok("terminal", found)
    };
    vec![finding.with(details)]
}
