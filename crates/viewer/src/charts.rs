//! `clip-lab dashboard`.

mod target;

use std::path::Path;

use anyhow::Result;
use clip_lab_chart::{Layout, check, filter::Filter, layout::find};
use clip_lab_cli as cli;
use clip_lab_dashboard::{
    Options, Outcome,
    images::Images,
    keys::{self, Keys},
    show,
};
use clip_lab_store::{Reader, Request, Store};

use self::target::Target;
use crate::{InvalidInput, filter::matching_runs};

/// Shows the dashboard until the user leaves it.
///
/// # Errors
/// If nothing has the name, a layout, a filter or `keys.toml` is invalid, or the terminal cannot show the dashboard.
pub fn dashboard(store: &Path, args: &cli::DashboardArgs) -> Result<()> {
    let target = args.what.as_deref().map_or(Ok(Target::default()), |name| target::resolve(store, name))?;
    if let Some(note) = &target.note {
        cli::note!("{note}");
    }
    let layout = read_layout(store, args.layout.as_deref().or(target.layout.as_deref()))?;
    let runs = runs_filter(store, &args.runs, target.runs.as_deref())?;
    let (images, keys) = (image_mode(args.images), read_keys(store)?);
    let (store, focus, note) = (store.to_owned(), target.focus, target.note);
    show(Options { store, layout, runs, focus, images, keys, child: false, note })?;
    Ok(())
}

/// Shows the dashboard of a run that this program started, and forwards a request to stop it.
///
/// # Errors
/// If the terminal cannot show the dashboard or the store cannot be written.
pub fn watch(store: &Path, uid: &str, images: cli::Images, keys: Keys) -> Result<Outcome> {
    let options = Options {
        store: store.to_owned(),
        layout: Layout::live(),
        runs: Filter::default(),
        focus: Some(uid.to_owned()),
        images: image_mode(images),
        keys,
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

/// The setting of the dashboard for `--images`.
pub fn image_mode(images: cli::Images) -> Images {
    match images {
        cli::Images::Auto => Images::Auto,
        cli::Images::Kitty => Images::Kitty,
        cli::Images::Sixel => Images::Sixel,
        cli::Images::Iterm2 => Images::Iterm2,
        cli::Images::Halfblocks => Images::Halfblocks,
        cli::Images::Off => Images::Off,
    }
}

/// The combined filter: a run must match one of `--runs`, and the filter of the `target`.
fn runs_filter(store: &Path, runs: &[String], target: Option<&str>) -> Result<Filter> {
    for text in runs {
        match Reader::open(store) {
            Ok(reader) => drop(matching_runs(&reader, text, "--runs", None)?),
            // The store may not exist yet; the syntax is checked anyway.
            Err(_) => drop(Filter::read("--runs", text).map_err(InvalidInput::error)?),
        }
    }
    let all: Vec<String> = runs.iter().map(|text| format!("({text})")).collect();
    let text = match (runs, target) {
        ([], target) => target.unwrap_or_default().to_owned(),
        ([one], None) => one.clone(),
        (_, None) => all.join(" | "),
        (_, Some(target)) => format!("({target}) ({})", all.join(" | ")),
    };
    Filter::read("--runs", &text).map_err(InvalidInput::error)
}

/// Reads `keys.toml`.
///
/// # Errors
/// If it cannot be read or has problems.
pub fn read_keys(store: &Path) -> Result<Keys> {
    keys::file::read(store).map_err(InvalidInput::error)
}

/// Reads a layout; the default is the one for live runs.
///
/// # Errors
/// If it cannot be read or has problems.
pub fn read_layout(store: &Path, layout: Option<&Path>) -> Result<Layout> {
    let Some(name) = layout else { return Ok(Layout::live()) };
    let found = find(store, name).unwrap_or_else(|| name.to_owned());
    check(&found).map_err(InvalidInput::error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_in_keys_are_printed_with_their_own_heading() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("keys.toml"), "logg = \"L\"\n").unwrap();
        let error = read_keys(&folder.path().join("lab.db")).unwrap_err();
        assert!(error.is::<InvalidInput>() && error.to_string().starts_with("error: "), "{error}");
    }
}
