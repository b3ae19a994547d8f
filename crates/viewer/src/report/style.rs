//! Styles of the page, and its content security policy.

use std::{fmt::Write as _, sync::LazyLock};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use clip_lab_chart::{PAPER, SCREEN};
use sha2::{Digest as _, Sha256};

/// Styles: light, dark and print.
const STYLE: &str = include_str!("../../templates/report/style.css");
/// Sorting of tables, and tooltips.
pub const SCRIPT: &str = include_str!("../../templates/report/script.js");
/// Other colours of drawings, on white and on a dark page.
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

/// The colours of arms by number, with lighter ones for a dark screen, also in drawings. Print is always light.
fn colours() -> String {
    let mut light = String::new();
    let mut dark = "@media screen and (prefers-color-scheme: dark) {\n".to_owned();
    for (at, (paper, screen)) in PAPER.into_iter().zip(SCREEN).enumerate() {
        let (paper, screen) = (hex(paper), hex(screen));
        let _ = writeln!(light, ".c{at} {{ background: {paper}; }}");
        let _ = writeln!(dark, "  .c{at} {{ background: {screen}; }}");
        dark += &recolour(&paper, &screen);
    }
    INKS.iter().for_each(|(paper, screen)| dark += &recolour(paper, screen));
    light + &dark + "}\n"
}

/// Replaces one colour of drawings by another.
fn recolour(from: &str, to: &str) -> String {
    format!(
        "  figure svg [fill=\"{from}\" i] {{ fill: {to}; }}\n  figure svg [stroke=\"{from}\" i] {{ stroke: {to}; }}\n"
    )
}

fn hex([r, g, b]: [u8; 3]) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// The content security policy: allows only the style and the script of the page, not injected ones.
pub fn policy() -> String {
    // In the page, both are between line feeds.
    let hash = |text: &str| STANDARD.encode(Sha256::digest(format!("\n{text}\n")));
    format!(
        "default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; font-src data:; style-src 'sha256-{}'; \
         script-src 'sha256-{}'",
        hash(&SHEET),
        hash(SCRIPT)
    )
}
