//! The evaluation data: the splits of a data set, and the names of its classes.

use std::path::Path;

use anyhow::{Result, ensure};
use clip_lab_cli::DataArgs;
use clip_lab_plugin_api::{Catalog, Dataset};

use super::{
    class_names::Renamed,
    sources::{self, OpenOptions, Sources, Unsplit},
    spec_weights::SpecWeights,
    target::is_checkpoint,
};
use crate::plan::plan;

/// Data without splits is evaluated as a whole.
const OPTIONS: OpenOptions = OpenOptions { unsplit: Unsplit::Whole, tolerate: None };

/// Evaluation data.
pub struct EvalData {
    /// The data as the user named it, or the name of its spec.
    pub named: String,
    /// Its splits.
    pub parts: Sources,
}

impl EvalData {
    /// The data in `args`, else of the model's own spec.
    ///
    /// # Errors
    /// If there is no data, or the class names do not match.
    pub fn open(
        args: &DataArgs,
        model: &str,
        sets: &[String],
        store: &Path,
        catalog: &Catalog,
    ) -> Result<Self> {
        let mut found = match &args.data {
            // With --data, `--set` applies to the model's spec only.
            Some(data) => Self {
                named: data.display().to_string(),
                parts: sources::open(data, &[], OPTIONS, catalog)?.0,
            },
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
        ensure!(!is_checkpoint(model, store), "{model} has no data of its own: set --data");
        let plan = plan(SpecWeights::find(model, sets, store)?.spec, catalog)?;
        Ok(Self { named: plan.name.clone(), parts: sources::planned(&plan)? })
    }
}
