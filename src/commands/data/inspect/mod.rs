//! `clip-lab data inspect`: what a data set holds.

mod captions;
mod letters;
mod look;
mod repeats;
mod report;
mod sheet;
mod table;

use anyhow::{Result, anyhow};
use clip_lab_api::{Catalog, Dataset};
use clip_lab_cli::{InspectArgs, answer, print, say};

use self::{captions::Words, report::Report};
use crate::{
    commands::{
        folder::Folder,
        sources::{self, Sources, Taken, Unsplit},
    },
    plan::Plan,
};

/// As training takes it, whatever is bad.
const TAKEN: Taken = Taken { unsplit: Unsplit::Hashed, tolerate: Some(1.0) };

/// Looks at what the arguments name and prints what is there.
///
/// # Errors
/// When the data set cannot be opened, or the contact sheet cannot be written. What is broken in it is no error.
pub fn inspect(args: &InspectArgs, catalog: &Catalog) -> Result<()> {
    let (sources, plan) = open(args, catalog)?;
    let words = Words::of(plan.as_ref(), catalog)?;
    let mut looks = Vec::new();
    for (split, data) in &sources {
        looks.push(look::look(split, data.as_ref(), args.quick)?);
    }
    let report = Report::new(&args.data, &sources, &looks, &words)?;
    match args.json {
        true => print(answer(serde_json::to_value(&report)?)),
        false => print(table::table(&report)),
    }
    if let Some(file) = &args.sheet {
        let shown = sheet::write(file, &sources, &looks, args.pictures.into(), args.seed)?;
        say!("contact sheet of {shown} pictures: {}", file.display());
    }
    Ok(())
}

/// Every data set that can be opened at all: what is broken in it is what is asked for.
fn open(args: &InspectArgs, catalog: &Catalog) -> Result<(Sources, Option<Plan>)> {
    let error = match sources::open(&args.data, &args.set, TAKEN, catalog) {
        Ok(opened) => return Ok(opened),
        Err(error) => error,
    };
    if !args.data.is_dir() {
        return Err(error);
    }
    match Folder::open(&args.data, 1.0) {
        Ok(folder) => {
            say!("{} is a folder of pictures without captions or classes", args.data.display());
            let all: Box<dyn Dataset> = Box::new(folder);
            Ok((vec![("all", all)], None))
        }
        Err(no_pictures) => Err(anyhow!("{error:#}; and {no_pictures:#}")),
    }
}
