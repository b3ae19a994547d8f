//! `clip-lab run`: train what a spec describes.

use std::path::Path;

use anyhow::Result;
use clip_lab_api::Catalog;
use clip_lab_cli::{RunArgs, Ui};

use crate::{
    plan::plan,
    spec::Spec,
    train::{self, Console, Ended, Options, Stop},
};

/// Plans the spec and trains it. True when it ended as planned or as asked.
///
/// # Errors
/// Every fault of the spec, or what stopped the run.
pub fn run(args: &RunArgs, store: &Path, catalog: &Catalog) -> Result<bool> {
    let plan = plan(Spec::read(&args.spec, &args.set)?, catalog)?;
    let options = Options {
        store: store.to_owned(),
        uid: args.uid.clone(),
        resume: args.resume.clone(),
        name: args.name.clone(),
    };
    // The dashboard is the other binary's; asked for it here, plain lines serve.
    let ui = match args.ui {
        None | Some(Ui::Dashboard) => Ui::Plain,
        Some(ui) => ui,
    };
    let ended = train::run(&plan, &options, Console::new(ui), Stop::listen()?)?;
    Ok(!matches!(ended, Ended::NonFinite { .. }))
}
