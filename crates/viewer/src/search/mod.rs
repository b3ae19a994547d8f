//! `clip-lab search`: sends queries to `clip-lab-core`, a child process with the model and the index, and shows the
//! answers.
//!
//! ```text
//! queries --core: child process, JSON lines--> answers -> table | json
//!                                              sheet: answers with images -> page (HTML) | PNG, terminal
//!                                              interactive: the search screen of the dashboard
//! ```

mod answers;
mod core;
mod interactive;
mod json;
mod page;
mod queries;
mod sheet;
mod table;

use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use clip_lab_chart::sheet::Sheet;
use clip_lab_cli::{Exit, SearchArgs, json_document, note, print, shown as safe};
use clip_lab_search_protocol::Ready;

use self::{answers::Answers, core::Core};
use crate::{charts::image_mode, run::can_draw, width};

/// Searches and shows the results.
///
/// # Errors
/// If there is no query, the core fails, or the results cannot be shown or written.
pub fn search(args: &SearchArgs) -> Result<Exit> {
    let queries = queries::queries(args)?;
    let no_query = queries.is_empty() && !args.wrong.wrong;
    let answers = &args.answers;
    let no_output = answers.out.is_none() && !answers.json && !answers.show;
    let interactive = answers.interactive || (no_query && no_output && can_draw());
    ensure!(
        interactive || !no_query,
        "nothing to search for: give a TEXT, --image FILE, --queries FILE or --wrong; on a terminal, --interactive"
    );
    ensure!(
        !(interactive || answers.show) || can_draw(),
        "images can only be drawn on a terminal: write a contact sheet with --out FILE.html, or omit --show and -i"
    );
    answers.out.as_deref().map_or(Ok(()), check_out)?;
    let Some((mut core, ready)) = Core::start()? else { return Ok(Exit::Failure) };
    print_gallery(&ready);
    if interactive {
        return interactive::show(core, ready, args, &queries).map(|()| Exit::Success);
    }
    let found = Answers::request(&mut core, args, queries)?;
    found.notes().iter().for_each(|note| note!("{}", safe(note)));
    if answers.json {
        print(json_document(json::json(&ready, &found)));
    }
    let drawn = answers.show || answers.out.is_some();
    let sheet = if drawn { Some(sheet::sheet(&mut core, &ready, &found)?) } else { None };
    if let Some((path, sheet)) = answers.out.as_deref().zip(sheet.as_ref()) {
        write(path, sheet)?;
    }
    match sheet {
        Some(sheet) if answers.show => clip_lab_dashboard::sheet::show(&sheet, image_mode(answers.protocol))?,
        None if !answers.json => print(table::table(&found, width())),
        _ => {}
    }
    Ok(Exit::Success)
}

/// Prints what is searched.
fn print_gallery(ready: &Ready) {
    let left_out =
        if ready.unreadable > 0 { format!(", {} of them skipped", ready.unreadable) } else { String::new() };
    note!("searching {}{left_out}", safe(&ready.gallery));
    if let Some(graph) = &ready.approximate {
        let (faster, at) = (graph.exact_seconds / graph.seconds.max(1e-9), graph.at);
        note!(
            "approximate: recall@{at} {:.3} against exact search on {} images of the gallery, with --expansion {}; \
             {:.2} ms per query, exact {:.2} ms ({faster:.1} times faster)",
            graph.recall,
            graph.queries,
            graph.expansion,
            1e3 * graph.seconds,
            1e3 * graph.exact_seconds,
        );
    }
}

/// Checks --out before anything is computed.
fn check_out(path: &Path) -> Result<()> {
    ensure!(
        ["png", "html"].contains(&extension(path).as_str()),
        "--out {}: a contact sheet must be a .png or an .html file",
        path.display()
    );
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    ensure!(folder.is_dir(), "--out {}: there is no folder {}", path.display(), folder.display());
    Ok(())
}

fn extension(path: &Path) -> String {
    path.extension().unwrap_or_default().to_string_lossy().to_lowercase()
}

fn write(path: &Path, sheet: &Sheet) -> Result<()> {
    let bytes = match extension(path).as_str() {
        "png" => clip_lab_chart::sheet::png(sheet)?,
        "html" => page::page(sheet)?.into_bytes(),
        _ => bail!("a contact sheet must be a .png or an .html file"),
    };
    // Write a temporary file first, so that the sheet is never incomplete.
    let partial = path.with_extension(format!("{}.partial", extension(path)));
    std::fs::write(&partial, bytes)
        .and_then(|()| std::fs::rename(&partial, path))
        .inspect_err(|_| drop(std::fs::remove_file(&partial)))
        .with_context(|| format!("cannot write {}", path.display()))?;
    note!("written to {}", path.display());
    Ok(())
}
