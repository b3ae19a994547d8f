//! How the page looks, and what a browser may take from it.

use std::{fmt::Write as _, sync::LazyLock};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use clip_lab_board::{PAPER, SCREEN};
use sha2::{Digest as _, Sha256};

/// Styles: light, dark, on paper.
const STYLE: &str = include_str!("../../templates/report/style.css");
/// Sorting of tables and values under the pointer.
pub const SCRIPT: &str = include_str!("../../templates/report/script.js");
/// Colours of drawings besides those of arms, as they are on white, and as they are on a dark page.
const INKS: [(&str, &str); 6] = [
    ("#222222", "#dfe4ea"),
    ("#666666", "#9aa5b1"),
    ("#E3E3E3", "#2b3138"),
    ("#BBBBBB", "#59626d"),
    ("#C01010", "#ff8a70"),
    ("#FFFFFF", "#14171b"),
];

/// The styles of the page.
pub static SHEET: LazyLock<String> = LazyLock::new(|| format!("{STYLE}{}", colours()));

/// The colours of arms by their number, and on a dark screen lighter ones, in drawings too. Paper is white.
fn colours() -> String {
    let mut light = String::new();
    let mut dark = "@media screen and (prefers-color-scheme: dark) {\n".to_owned();
    for (at, (paper, screen)) in PAPER.into_iter().zip(SCREEN).enumerate() {
        let (paper, screen) = (hex(paper), hex(screen));
        let _ = writeln!(light, ".c{at} {{ background: {paper}; }}");
        let _ = writeln!(dark, "  .c{at} {{ background: {screen}; }}");
        dark += &drawn(&paper, &screen);
    }
    INKS.iter().for_each(|(paper, screen)| dark += &drawn(paper, screen));
    light + &dark + "}\n"
}

/// Shapes of one colour get another.
fn drawn(from: &str, to: &str) -> String {
    format!(
        "  figure svg [fill=\"{from}\" i] {{ fill: {to}; }}\n  figure svg [stroke=\"{from}\" i] {{ stroke: {to}; }}\n"
    )
}

fn hex([r, g, b]: [u8; 3]) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// The policy that lets a browser run the page's own style and script, and nothing that a name might smuggle in.
pub fn policy() -> String {
    // As they stand in the page, between line feeds.
    let hash = |text: &str| STANDARD.encode(Sha256::digest(format!("\n{text}\n")));
    format!(
        "default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; font-src data:; style-src 'sha256-{}'; \
         script-src 'sha256-{}'",
        hash(&SHEET),
        hash(SCRIPT)
    )
}
