//! `clip-lab report`: writes a folder with the answer to a study and all data behind it.
//!
//! ```text
//! store -> gather: Model and drawings -> page (HTML) | text (Markdown) | data/ (JSON, CSV) | reproduce.sh
//! ```
//! The numbers come from [`crate::compare`]. The same data gives the same bytes.

mod answer;
mod curves;
mod drawing;
mod file_name;
mod folder;
mod gather;
mod hover;
mod model;
mod page;
mod provenance;
mod queries;
mod reproduce;
mod runs;
mod settings;
mod style;
mod tables;
mod text;
mod view;

use std::path::Path;

use anyhow::Result;
use clip_lab_cli::{ReportArgs, json_document, note, shown};
use clip_lab_store::Reader;
use serde_json::json;

pub use model::{Caption, Found, FoundImage, Issue, Model, Query, Run, Setting, Settings};

/// Writes a report to `args.out` and returns the answer.
///
/// # Errors
/// If the comparison fails, or the folder is in use or cannot be written.
pub fn report(store: &Path, args: &ReportArgs) -> Result<String> {
    folder::check_free(&args.out)?;
    let reader = Reader::open(store)?;
    let found = gather::gather(&reader, args, |what| note!("{what} ..."))?;
    folder::write(&args.out, &found)?;
    if args.json {
        return Ok(json_document(
            json!({ "out": args.out, "answer": found.model.answer, "report": found.model }),
        ));
    }
    Ok(format!(
        "{}\n\nwritten to {}: report.html, report.md with figures/, data/, specs/ and reproduce.sh\n",
        shown(&found.model.answer),
        shown(args.out.display())
    ))
}
