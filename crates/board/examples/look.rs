//! The dashboard over a store that is there: `cargo run -p clip-lab-board --example look -- STORE [FILTER]`.

use std::path::PathBuf;

use anyhow::{Result, anyhow};
use clip_lab_board::{Layout, Options, filter::Filter, show};

fn main() -> Result<()> {
    let mut words = std::env::args().skip(1);
    let store = PathBuf::from(words.next().unwrap_or_else(|| "runs/clip-lab.db".to_string()));
    let runs =
        Filter::read("FILTER", &words.next().unwrap_or_default()).map_err(|report| anyhow!("{report}"))?;
    show(Options { store, layout: Layout::live(), runs, focus: None, child: false })?;
    Ok(())
}
