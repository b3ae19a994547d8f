//! Exports charts other than curves.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail, ensure};
use clip_lab_chart::{
    ExportOptions,
    export::{ChartMetadata, Source, forms, save, scene::Scene},
    figure::Unit,
};
use clip_lab_cli::{ChartForm, CompareArgs, CostOf, ExportArgs};
use clip_lab_store::{Goal, Reader, RunRow};

use super::{from_comparison, from_runs};
use crate::compare::{self, Report};

/// Draws and writes the form that `args` request.
///
/// # Errors
/// If the comparison fails, data is missing, or a file cannot be written.
pub fn export_form(
    reader: &Reader,
    store: &Path,
    args: &ExportArgs,
    runs: &[RunRow],
    options: &ExportOptions,
) -> Result<Vec<PathBuf>> {
    let request = Request { reader, store, args, runs, options };
    let Chart { scene, what, notes } = match args.form {
        ChartForm::Curves => bail!("curves need no comparison"),
        ChartForm::Forest => request.forest()?,
        ChartForm::Hits => request.hits()?,
        ChartForm::Cost => request.cost()?,
        ChartForm::Ema => request.ema()?,
        ChartForm::Layers => request.layers()?,
        ChartForm::Phases => request.phases()?,
        ChartForm::Similarity => request.similarity()?,
        ChartForm::Parallel => request.parallel()?,
    };
    let sources = runs.iter().map(|run| Source::read(reader, run)).collect::<Result<Vec<_>>>()?;
    let form = format!("{:?}", args.form).to_lowercase();
    save(&scene, &ChartMetadata::new(&form, &what, &sources, &notes), options)
}

/// The runs and the options of an export.
struct Request<'a> {
    reader: &'a Reader,
    store: &'a Path,
    args: &'a ExportArgs,
    runs: &'a [RunRow],
    options: &'a ExportOptions,
}

/// A chart with its description and notes on its intervals.
struct Chart {
    scene: Scene,
    what: String,
    notes: Vec<String>,
}

impl Chart {
    fn new(scene: Scene, what: impl Into<String>) -> Self {
        Self { scene, what: what.into(), notes: Vec::new() }
    }

    fn with(self, notes: Vec<String>) -> Self {
        Self { notes, ..self }
    }
}

impl Request<'_> {
    fn forest(&self) -> Result<Chart> {
        let found = self.report(&self.args.metric)?;
        let scene =
            forms::forest::forest(&from_comparison::blocks(&found), &found.reference, self.args.width)?;
        let metrics: Vec<&str> = found.tables.iter().map(|table| table.metric.as_str()).collect();
        let title = forms::forest::difference_title(&found.reference);
        let what = format!("{title} in {}", metrics.join(", "));
        Ok(Chart::new(scene, what).with(intervals(&found)))
    }

    fn hits(&self) -> Result<Chart> {
        let asked = match &self.args.metric[..] {
            [] => from_comparison::hit_metrics(self.reader, self.runs)?,
            named => named.to_vec(),
        };
        ensure!(
            !asked.is_empty(),
            "none of these runs has a metric such as test/retrieval/t2i/hit@1 or test/zero_shot/top5"
        );
        let found = self.report(&asked)?;
        let scene = forms::hits::hits(&from_comparison::arms(&found), self.args.width)?;
        let what = format!("hit@k over k; grey: {}", found.reference);
        Ok(Chart::new(scene, what).with(intervals(&found)))
    }

    fn cost(&self) -> Result<Chart> {
        let found = self.report(&self.args.metric)?;
        let table = one(&found)?;
        let measure = from_comparison::measure(table);
        let (x, unit) = cost_axis(self.args.cost);
        let costs = from_comparison::arm_costs(table, |cost| match self.args.cost {
            CostOf::Seconds => cost.seconds,
            CostOf::Samples => cost.samples,
            CostOf::Flops => cost.flops,
        });
        let up = match measure.goal {
            Goal::Up => Some(true),
            Goal::Down => Some(false),
            Goal::None => None,
        };
        let axes = forms::cost::Axes { x, y: &measure.title(), unit, up };
        let scene = forms::cost::cost(&costs, axes, self.options.size)?;
        let front = if up.is_some() { "; the line is the Pareto front" } else { "" };
        let what = format!("{} against {x}{front}", table.metric);
        Ok(Chart::new(scene, what).with(intervals(&found)))
    }

    fn ema(&self) -> Result<Chart> {
        let base = self.report(&self.args.metric)?;
        let (raw, average) = raw_and_ema(&one(&base)?.metric);
        let found = self.report(&[raw.clone(), average.clone()])?;
        let [raw_table, ema_table] = &found.tables[..] else {
            bail!("expected two tables from the comparison")
        };
        let title = from_comparison::measure(raw_table).title();
        let slopes = from_comparison::slopes(raw_table, ema_table);
        let scene = forms::ema::ema(&slopes, &title, self.options.size)?;
        let what = format!("{raw} of the trained weights and of their moving average; thin: single seeds");
        Ok(Chart::new(scene, what).with(intervals(&found)))
    }

    fn layers(&self) -> Result<Chart> {
        let rates = from_runs::rates(self.reader, self.runs)?;
        let scene = forms::layers::layers(&rates, self.args.width)?;
        Ok(Chart::new(scene, "Largest learning rate of each layer during training"))
    }

    fn phases(&self) -> Result<Chart> {
        let (names, bars) = from_runs::phases(self.reader, self.runs)?;
        let scene = forms::phases::phases(&bars, &names, self.args.width)?;
        Ok(Chart::new(scene, "Time by phase, mean over runs"))
    }

    fn similarity(&self) -> Result<Chart> {
        let similarities = from_runs::similarities(self.reader, self.runs)?;
        let scene = forms::similarity::similarity(&similarities, self.args.width)?;
        Ok(Chart::new(scene, "Similarity of fixed pairs at the first evaluation and at the last"))
    }

    fn parallel(&self) -> Result<Chart> {
        let found = self.report(&self.args.metric)?;
        let table = one(&found)?;
        let (settings, goals) = from_comparison::coordinates(self.reader, table)?;
        let title = from_comparison::measure(table).title();
        let scene = forms::parallel::parallel(&settings, (&title, &goals), self.options.size)?;
        let what = format!("Settings of each run, coloured by {}", table.metric);
        Ok(Chart::new(scene, what))
    }

    /// The comparison by these metrics, or by that of the study if there are none.
    fn report(&self, metrics: &[String]) -> Result<Report> {
        let args = CompareArgs {
            what: self.args.what.clone(),
            metric: metrics.to_vec(),
            reference: self.args.reference.clone(),
            ..CompareArgs::default()
        };
        compare::report(self.store, &args)
    }
}

fn one(report: &Report) -> Result<&compare::report::Table> {
    match &report.tables[..] {
        [one] => Ok(one),
        tables => bail!("this form draws one metric, not {}: name one with --metric", tables.len()),
    }
}

/// The legend of the intervals.
pub(crate) fn intervals(report: &Report) -> Vec<String> {
    let mut notes: Vec<String> = report
        .tables
        .iter()
        .flat_map(|table| compare::legend::legend(report, table))
        .filter(|line| line.starts_with("95%"))
        .collect();
    notes.dedup();
    notes.truncate(1);
    notes
}

fn cost_axis(cost: CostOf) -> (&'static str, Unit) {
    match cost {
        CostOf::Seconds => ("time", Unit::Seconds),
        CostOf::Samples => ("samples seen", Unit::Number),
        CostOf::Flops => ("training FLOPs", Unit::Number),
    }
}

/// The metric of the trained weights, and of their moving average.
fn raw_and_ema(metric: &str) -> (String, String) {
    let (split, rest) = metric.split_once('/').unwrap_or(("test", metric));
    let rest = rest.strip_prefix("ema/").unwrap_or(rest);
    (format!("{split}/{rest}"), format!("{split}/ema/{rest}"))
}
