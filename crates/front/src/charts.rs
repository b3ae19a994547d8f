//! `clip-lab dashboard`.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clip_lab_board::{Layout, Options, Outcome, check, filter::Filter, screen::panels::images::Images, show};
use clip_lab_cli as cli;
use clip_lab_store::{Reader, Request, Store};

use crate::{Mistakes, filtered::filtered};

/// Shows the dashboard until the user leaves it.
///
/// # Errors
/// A layout or a filter that cannot be read, or a terminal that cannot be drawn on.
pub fn dashboard(store: &Path, layout: Option<&Path>, runs: &[String], images: cli::Images) -> Result<()> {
    let runs = meant(store, runs)?;
    let (store, layout, images) = (store.to_owned(), read(layout)?, shown(images));
    let options = Options { store, layout, runs, focus: None, images, child: false };
    show(options)?;
    Ok(())
}

/// Shows the dashboard of a run that this program started, and hands on the wish to stop it.
///
/// # Errors
/// As [`dashboard`], and those of the store.
pub fn watch(store: &Path, uid: &str, images: cli::Images) -> Result<Outcome> {
    let options = Options {
        store: store.to_owned(),
        layout: read(None)?,
        runs: Filter::default(),
        focus: Some(uid.to_owned()),
        images: shown(images),
        child: true,
    };
    let outcome = show(options)?;
    if outcome == Outcome::StopRequested {
        let store = Store::open(store)?;
        let run = store.reader()?.run(uid)?;
        store.request(run.id, Request::Stop)?;
    }
    Ok(outcome)
}

/// The choice in the words of the board.
pub fn shown(images: cli::Images) -> Images {
    match images {
        cli::Images::Auto => Images::Auto,
        cli::Images::Kitty => Images::Kitty,
        cli::Images::Sixel => Images::Sixel,
        cli::Images::Iterm2 => Images::Iterm2,
        cli::Images::Halfblocks => Images::Halfblocks,
        cli::Images::Off => Images::Off,
    }
}

/// The filter of all of `--runs`: a run fits if it fits one of them.
fn meant(store: &Path, runs: &[String]) -> Result<Filter> {
    for text in runs {
        match Reader::open(store) {
            Ok(reader) => drop(filtered(&reader, reader.runs()?, text, "--runs")?),
            // The screen waits for a store that is not there yet; the words are checked all the same.
            Err(_) => drop(Filter::read("--runs", text).map_err(Mistakes::in_words)?),
        }
    }
    let all: Vec<String> = runs.iter().map(|text| format!("({text})")).collect();
    Filter::read("--runs", &if runs.len() == 1 { runs[0].clone() } else { all.join(" | ") })
        .map_err(Mistakes::in_words)
}

/// The layout that is named, or the one for live runs.
///
/// # Errors
/// When it cannot be read, with every problem in it.
pub fn read(layout: Option<&Path>) -> Result<Layout> {
    let Some(path) = layout else { return Ok(Layout::live()) };
    // `lit` is short for dashboards/lit.toml.
    let short = PathBuf::from("dashboards").join(path).with_extension("toml");
    let path = if !path.exists() && short.exists() { &short } else { path };
    check(path).map_err(Mistakes::in_words)
}
