//! `clip-lab dashboard`.

mod named;

use std::path::Path;

use anyhow::Result;
use clip_lab_board::{
    Layout, Options, Outcome, check, filter::Filter, layout::find, screen::panels::images::Images, show,
};
use clip_lab_cli as cli;
use clip_lab_store::{Reader, Request, Store};

use self::named::Named;
use crate::{Mistakes, filtered::filtered};

/// Shows the dashboard until the user leaves it.
///
/// # Errors
/// A name that nothing has, a layout or a filter that cannot be read, or a terminal that cannot be drawn on.
pub fn dashboard(store: &Path, args: &cli::DashboardArgs) -> Result<()> {
    let named = args.what.as_deref().map_or(Ok(Named::default()), |name| named::named(store, name))?;
    if let Some(note) = &named.note {
        cli::say!("{note}");
    }
    let layout = read(store, args.layout.as_deref().or(named.layout.as_deref()))?;
    let runs = meant(store, &args.runs, named.runs.as_deref())?;
    let images = shown(args.images);
    let (store, focus, note) = (store.to_owned(), named.focus, named.note);
    show(Options { store, layout, runs, focus, images, child: false, note })?;
    Ok(())
}

/// Shows the dashboard of a run that this program started, and hands on the wish to stop it.
///
/// # Errors
/// As [`dashboard`], and those of the store.
pub fn watch(store: &Path, uid: &str, images: cli::Images) -> Result<Outcome> {
    let options = Options {
        store: store.to_owned(),
        layout: Layout::live(),
        runs: Filter::default(),
        focus: Some(uid.to_owned()),
        images: shown(images),
        child: true,
        note: None,
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

/// The filter of all of `--runs`: a run fits if it fits one of them, and is one of those `named`.
fn meant(store: &Path, runs: &[String], named: Option<&str>) -> Result<Filter> {
    for text in runs {
        match Reader::open(store) {
            Ok(reader) => drop(filtered(&reader, reader.runs()?, text, "--runs")?),
            // The screen waits for a store that is not there yet; the words are checked all the same.
            Err(_) => drop(Filter::read("--runs", text).map_err(Mistakes::in_words)?),
        }
    }
    let all: Vec<String> = runs.iter().map(|text| format!("({text})")).collect();
    let text = match (runs, named) {
        ([], named) => named.unwrap_or_default().to_owned(),
        ([one], None) => one.clone(),
        (_, None) => all.join(" | "),
        (_, Some(named)) => format!("({named}) ({})", all.join(" | ")),
    };
    Filter::read("--runs", &text).map_err(Mistakes::in_words)
}

/// The layout that is named, or the one for live runs.
///
/// # Errors
/// When it cannot be read, with every problem in it.
pub fn read(store: &Path, layout: Option<&Path>) -> Result<Layout> {
    let Some(name) = layout else { return Ok(Layout::live()) };
    let found = find(store, name).unwrap_or_else(|| name.to_owned());
    check(&found).map_err(Mistakes::in_words)
}
