//! `clip-lab data inspect`: reports the contents and faults of a data set.

mod contact_sheet;
mod duplicates;
mod font;
mod report;
mod scan;
mod spread;
mod table;
mod token_count;

use anyhow::{Result, anyhow};
use clip_lab_cli::{InspectArgs, json_document, note, print};
use clip_lab_plugin_api::{Catalog, Dataset};

use self::{report::Report, token_count::TokenCounter};
use crate::{
    commands::{
        image_folder::Folder,
        sources::{self, OpenOptions, Sources, Unsplit},
    },
    plan::Plan,
};

/// Splits as in training, and tolerates every unreadable image.
const OPTIONS: OpenOptions = OpenOptions { unsplit: Unsplit::Hashed, tolerate: Some(1.0) };

/// Inspects a data set and prints the report.
///
/// # Errors
/// If the data set cannot be opened, or the contact sheet cannot be written. Unreadable images are reported.
pub fn inspect(args: &InspectArgs, catalog: &Catalog) -> Result<()> {
    let (sources, plan) = open(args, catalog)?;
    let counter = TokenCounter::new(plan.as_ref(), catalog)?;
    let mut scans = Vec::new();
    for (split, data) in &sources {
        scans.push(scan::scan(split, data.as_ref(), args.quick)?);
    }
    let report = Report::new(&args.data, &sources, &scans, &counter)?;
    match args.json {
        true => print(json_document(serde_json::to_value(&report)?)),
        false => print(table::table(&report)),
    }
    if let Some(file) = &args.sheet {
        let shown = contact_sheet::write(file, &sources, &scans, args.images.into(), args.seed)?;
        note!("contact sheet of {shown} images: {}", file.display());
    }
    Ok(())
}

/// Opens the data set; falls back to a folder of images without captions or classes.
fn open(args: &InspectArgs, catalog: &Catalog) -> Result<(Sources, Option<Plan>)> {
    let error = match sources::open(&args.data, &args.set, OPTIONS, catalog) {
        Ok(opened) => return Ok(opened),
        Err(error) => error,
    };
    if !args.data.is_dir() {
        return Err(error);
    }
    match Folder::open(&args.data, 1.0) {
        Ok(folder) => {
            note!("{} is a folder of images without captions or classes", args.data.display());
            let all: Box<dyn Dataset> = Box::new(folder);
            Ok((vec![("all", all)], None))
        }
        Err(no_images) => Err(anyhow!("{error:#}; and {no_images:#}")),
    }
}
