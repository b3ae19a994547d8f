//! What is evaluated on: the parts of a data set, and the words for its classes.

use std::path::Path;

use anyhow::{Result, ensure};
use clip_lab_api::{Catalog, Dataset};
use clip_lab_cli::DataArgs;

use super::{
    named::Named,
    sources::{self, Sources, Taken, Unsplit},
    target::is_checkpoint,
    words::Renamed,
};
use crate::plan::plan;

/// What names no splits is evaluated as a whole.
const TAKEN: Taken = Taken { unsplit: Unsplit::Whole, tolerate: None };

/// The data that was meant.
pub struct Data {
    /// As it was named, or the name of the spec whose data it is.
    pub named: String,
    /// Its parts.
    pub parts: Sources,
}

impl Data {
    /// What `args` name, else the data of the model's own spec.
    ///
    /// # Errors
    /// When there is none, or the classes' names do not fit.
    pub fn open(
        args: &DataArgs,
        model: &str,
        sets: &[String],
        store: &Path,
        catalog: &Catalog,
    ) -> Result<Self> {
        let mut found = match &args.data {
            // Settings that `--set` changes are the model's where the data is named.
            Some(data) => {
                Self { named: data.display().to_string(), parts: sources::open(data, &[], TAKEN, catalog)?.0 }
            }
            None => Self::own(model, sets, store, catalog)?,
        };
        if let Some(file) = &args.classes {
            let renamed =
                |(split, data)| Ok((split, Box::new(Renamed::new(data, file)?) as Box<dyn Dataset>));
            found.parts = found.parts.into_iter().map(renamed).collect::<Result<_>>()?;
        }
        Ok(found)
    }

    fn own(model: &str, sets: &[String], store: &Path, catalog: &Catalog) -> Result<Self> {
        ensure!(!is_checkpoint(model), "{model} has no data of its own: name some with --data");
        let plan = plan(Named::find(model, sets, store)?.spec, catalog)?;
        Ok(Self { named: plan.name.clone(), parts: sources::planned(&plan)? })
    }
}
