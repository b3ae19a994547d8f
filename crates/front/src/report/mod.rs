//! `clip-lab report`: an answer with everything that it rests on, in a folder that can be sent.
//!
//! ```text
//! store -> gather: Model and drawings -> page (HTML) | text (Markdown) | data/ (JSON, CSV) | reproduce.sh
//! ```
//! The numbers are those of [`crate::compare`]; the same data give the same bytes.

mod answer;
mod curves;
mod drawing;
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
use clip_lab_cli::{ReportArgs, answer, say, shown};
use clip_lab_spec::secret;
use clip_lab_store::Reader;
use serde_json::json;

pub use model::{Caption, Found, Model, Picture, Query, Run, Setting, Settings, Trouble};

/// Writes a report to `args.out` and says what it found.
///
/// # Errors
/// Those of the comparison and of the store; a folder in which something else lies or that cannot be written.
pub fn report(store: &Path, args: &ReportArgs) -> Result<String> {
    folder::free(&args.out)?;
    let reader = Reader::open(store)?;
    let found = gather::gather(&reader, args, |what| say!("{what} ..."))?;
    folder::write(&args.out, &found)?;
    if args.json {
        return Ok(answer(json!({ "out": args.out, "answer": found.model.answer, "report": found.model })));
    }
    Ok(format!(
        "{}\n\nwritten to {}: report.html, report.md with figures/, data/, specs/ and reproduce.sh\n",
        shown(&found.model.answer),
        shown(args.out.display())
    ))
}
