//! Reads the store and builds the model.

use std::collections::BTreeMap;

use anyhow::Result;
use clip_lab_cli::ReportArgs;
use clip_lab_spec::secret;
use clip_lab_store::Reader;

use super::{
    answer::answer,
    curves::curves,
    drawing::Drawing,
    model::{Model, Query, VERSION},
    queries::queries,
    runs::{issues, runs},
    settings::settings,
};
use crate::compare::{Selection, compare_arms};

/// Everything that a report contains.
pub struct ReportData {
    /// The model.
    pub model: Model,
    /// The drawings, in the order of their captions.
    pub drawings: Vec<Drawing>,
    /// Thumbnails as JPEG, by digest.
    pub thumbnails: BTreeMap<String, Vec<u8>>,
    /// The specs that ran: file name and text.
    pub specs: Vec<(String, String)>,
}

/// Reads and computes everything. `progress` is called with the current phase.
///
/// # Errors
/// If the comparison fails or the store cannot be read.
pub fn gather(reader: &Reader, args: &ReportArgs, progress: impl Fn(&str)) -> Result<ReportData> {
    progress("comparing");
    let (selection, comparison) = compare_arms(reader, &args.comparison())?;
    progress("drawing");
    let settings = settings(reader, &selection.arms)?;
    let differences = Drawing::of_differences(&comparison)?;
    let curves = curves(reader, &selection.arms, &comparison, &settings)?;
    let drawings: Vec<Drawing> = differences.into_iter().chain(curves).collect();
    let model = Model {
        version: VERSION,
        title: title(&selection),
        question: selection.question.clone(),
        answer: answer(&comparison),
        settings,
        queries: queries(reader, &selection.arms, &comparison)?,
        issues: issues(reader, &selection.arms)?,
        runs: runs(reader, &selection.arms)?,
        figures: drawings.iter().map(|drawing| drawing.caption.clone()).collect(),
        comparison,
    };
    let specs = specs(reader, &selection, &model)?;
    let thumbnails = thumbnails(reader, &model.queries)?;
    Ok(ReportData { model, drawings, thumbnails, specs })
}

fn thumbnails(reader: &Reader, queries: &[Query]) -> Result<BTreeMap<String, Vec<u8>>> {
    let images = queries.iter().flat_map(|query| &query.found).flat_map(|found| &found.top);
    let mut thumbnails = BTreeMap::new();
    for digest in images.filter_map(|image| image.digest.clone()) {
        if !thumbnails.contains_key(&digest)
            && let Some(jpeg) = reader.image(&digest)?
        {
            thumbnails.insert(digest, jpeg);
        }
    }
    Ok(thumbnails)
}

fn title(selection: &Selection) -> String {
    let arms = selection.arms.iter().map(|arm| arm.name.as_str());
    selection.study.clone().unwrap_or_else(|| arms.collect::<Vec<_>>().join(", "))
}

fn specs(reader: &Reader, selection: &Selection, model: &Model) -> Result<Vec<(String, String)>> {
    let rows = selection.arms.iter().flat_map(|arm| &arm.runs);
    rows.zip(&model.runs)
        .map(|(row, run)| Ok((run.spec_file.clone(), secret::spec(&reader.spec_text(row.id)?))))
        .collect()
}
