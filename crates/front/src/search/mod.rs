//! `clip-lab search`: the half that asks and draws. The tensors are in `clip-lab-core`, started as a child.
//!
//! ```text
//! asked: what to look for --core: a child, JSON lines--> sheet: answers with pictures
//!                                                           -> table | json | page (HTML) | board (PNG, terminal)
//!                                                        interactive: the screen of the board, fed by the child
//! ```

mod answers;
mod asked;
mod core;
mod interactive;
mod json;
mod page;
mod sheet;
mod table;

use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use clip_lab_board::sheet::Sheet;
use clip_lab_cli::{Exit, SearchArgs, answer, print, say, shown as safe};
use clip_lab_search::Ready;

use self::{answers::Answers, core::Core};
use crate::{charts::image_mode, run::can_draw, width};

/// Searches and shows what was found.
///
/// # Errors
/// When nothing is asked for, the core cannot answer, or the answer cannot be shown or written.
pub fn search(args: &SearchArgs) -> Result<Exit> {
    let queries = asked::queries(args)?;
    let silent = queries.is_empty() && !args.wrong.wrong;
    let answers = &args.answers;
    let free = answers.out.is_none() && !answers.json && !answers.show;
    let interactive = answers.interactive || (silent && free && can_draw());
    ensure!(
        interactive || !silent,
        "nothing to look for: give a TEXT, --image FILE, --queries FILE or --wrong; on a terminal, --interactive"
    );
    ensure!(
        !(interactive || answers.show) || can_draw(),
        "pictures can be shown on a terminal only: write a sheet with --out FILE.html, or leave --show and -i"
    );
    answers.out.as_deref().map_or(Ok(()), writable)?;
    let Some((mut core, ready)) = Core::start()? else { return Ok(Exit::Failed) };
    tell(&ready);
    if interactive {
        return interactive::show(core, ready, args, &queries).map(|()| Exit::Fine);
    }
    let found = Answers::ask(&mut core, args, queries)?;
    found.remarks().iter().for_each(|words| say!("{}", safe(words)));
    if answers.json {
        print(answer(json::json(&ready, &found)));
    }
    let drawn = answers.show || answers.out.is_some();
    let sheet = if drawn { Some(sheet::sheet(&mut core, &ready, &found)?) } else { None };
    if let Some((path, sheet)) = answers.out.as_deref().zip(sheet.as_ref()) {
        write(path, sheet)?;
    }
    match sheet {
        Some(sheet) if answers.show => clip_lab_board::sheet::show(&sheet, image_mode(answers.pictures))?,
        None if !answers.json => print(table::table(&found, width())),
        _ => {}
    }
    Ok(Exit::Fine)
}

/// What is searched, to whom reads along.
fn tell(ready: &Ready) {
    let left_out =
        if ready.broken > 0 { format!(", {} of them left out", ready.broken) } else { String::new() };
    say!("searching {}{left_out}", safe(&ready.gallery));
    if let Some(graph) = &ready.approximate {
        let (faster, at) = (graph.exact_seconds / graph.seconds.max(1e-9), graph.at);
        say!(
            "approximate: recall@{at} {:.3} against exact search, {} pictures of the gallery asking, with --expansion {}; \
             {:.2} ms a search, exact {:.2} ms ({faster:.1} times)",
            graph.recall,
            graph.queries,
            graph.expansion,
            1e3 * graph.seconds,
            1e3 * graph.exact_seconds,
        );
    }
}

/// Refuses a file that will not be written before anything is computed.
fn writable(path: &Path) -> Result<()> {
    ensure!(
        ["png", "html"].contains(&ending(path).as_str()),
        "--out {}: a contact sheet is a .png or an .html file",
        path.display()
    );
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    ensure!(folder.is_dir(), "--out {}: there is no folder {}", path.display(), folder.display());
    Ok(())
}

fn ending(path: &Path) -> String {
    path.extension().unwrap_or_default().to_string_lossy().to_lowercase()
}

fn write(path: &Path, sheet: &Sheet) -> Result<()> {
    let bytes = match ending(path).as_str() {
        "png" => clip_lab_board::sheet::png(sheet)?,
        "html" => page::page(sheet)?.into_bytes(),
        _ => bail!("a contact sheet is a .png or an .html file"),
    };
    // Aside first, so that nobody finds half a sheet.
    let aside = path.with_extension(format!("{}.partial", ending(path)));
    std::fs::write(&aside, bytes)
        .and_then(|()| std::fs::rename(&aside, path))
        .inspect_err(|_| drop(std::fs::remove_file(&aside)))
        .with_context(|| format!("{} cannot be written", path.display()))?;
    say!("written to {}", path.display());
    Ok(())
}
