//! Forms other than curves: what each needs is read, drawn and written.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail, ensure};
use clip_lab_board::{
    ExportOptions,
    export::{About, Source, forms, save, scene::Scene, words::Measure},
    figure::Unit,
};
use clip_lab_cli::{ChartForm, CompareArgs, CostOf, ExportArgs};
use clip_lab_store::{Goal, Reader, RunRow};

use super::{measured, recorded};
use crate::compare::{self, Report};

/// Draws and writes the form that `args` ask for.
///
/// # Errors
/// Those of the store and of the comparison; data that the form lacks; a file that cannot be written.
pub fn formed(
    reader: &Reader,
    store: &Path,
    args: &ExportArgs,
    runs: &[RunRow],
    options: &ExportOptions,
) -> Result<Vec<PathBuf>> {
    let asked = Asked { reader, store, args, runs, options };
    let Drawn { scene, what, notes } = match args.form {
        ChartForm::Curves => bail!("curves are drawn without the comparison"),
        ChartForm::Forest => asked.forest()?,
        ChartForm::Hits => asked.hits()?,
        ChartForm::Cost => asked.cost()?,
        ChartForm::Ema => asked.ema()?,
        ChartForm::Layers => asked.layers()?,
        ChartForm::Phases => asked.phases()?,
        ChartForm::Similarity => asked.similarity()?,
        ChartForm::Parallel => asked.parallel()?,
    };
    let sources = runs.iter().map(|run| Source::read(reader, run)).collect::<Result<Vec<_>>>()?;
    let form = format!("{:?}", args.form).to_lowercase();
    save(&scene, &About::new(&form, &what, &sources, &notes), options)
}

/// What a form is drawn from.
struct Asked<'a> {
    reader: &'a Reader,
    store: &'a Path,
    args: &'a ExportArgs,
    runs: &'a [RunRow],
    options: &'a ExportOptions,
}

/// A form: how it looks, what it shows, and what its intervals are.
struct Drawn {
    scene: Scene,
    what: String,
    notes: Vec<String>,
}

impl Drawn {
    fn new(scene: Scene, what: impl Into<String>) -> Self {
        Self { scene, what: what.into(), notes: Vec::new() }
    }

    fn with(self, notes: Vec<String>) -> Self {
        Self { notes, ..self }
    }
}

impl Asked<'_> {
    fn forest(&self) -> Result<Drawn> {
        let found = self.report(&self.args.metric)?;
        let scene = forms::forest::forest(&measured::blocks(&found), &found.reference, self.args.width)?;
        let metrics: Vec<&str> = found.tables.iter().map(|table| table.metric.as_str()).collect();
        let what = format!("Differences to {} in {}", found.reference, metrics.join(", "));
        Ok(Drawn::new(scene, what).with(intervals(&found)))
    }

    fn hits(&self) -> Result<Drawn> {
        let asked = match &self.args.metric[..] {
            [] => measured::hit_metrics(self.reader, self.runs)?,
            named => named.to_vec(),
        };
        ensure!(
            !asked.is_empty(),
            "none of these runs has a metric such as test/retrieval/t2i/hit@1 or test/zero_shot/top5"
        );
        let found = self.report(&asked)?;
        let scene = forms::hits::hits(&measured::arms(&found), self.args.width)?;
        let what = format!("Hits among the first k; in grey {}", found.reference);
        Ok(Drawn::new(scene, what).with(intervals(&found)))
    }

    fn cost(&self) -> Result<Drawn> {
        let found = self.report(&self.args.metric)?;
        let table = one(&found)?;
        let measure = measured::measure(table);
        let (x, unit) = cost_axis(self.args.cost);
        let offers = measured::offers(table, |cost| match self.args.cost {
            CostOf::Seconds => cost.seconds,
            CostOf::Samples => cost.samples,
            CostOf::Flops => cost.flops,
        });
        let axes = forms::cost::Axes { x, y: &measure.title(), unit, up: measure.goal != Goal::Down };
        let scene = forms::cost::cost(&offers, axes, self.options.size)?;
        let what = format!("{} against {x}; the line joins what nothing else beats", table.metric);
        Ok(Drawn::new(scene, what).with(intervals(&found)))
    }

    fn ema(&self) -> Result<Drawn> {
        let base = self.report(&self.args.metric)?;
        let (raw, average) = pair(&one(&base)?.metric);
        let found = self.report(&[raw.clone(), average.clone()])?;
        let [raw_table, ema_table] = &found.tables[..] else { bail!("the comparison gave no two tables") };
        let title = Measure::new(&raw, "", raw_table.goal).title();
        let slopes = measured::slopes(raw_table, ema_table);
        let scene = forms::ema::ema(&slopes, &title, self.options.size)?;
        let what = format!("{raw} of the weights as trained and of their moving average, single seeds thin");
        Ok(Drawn::new(scene, what).with(intervals(&found)))
    }

    fn layers(&self) -> Result<Drawn> {
        let rates = recorded::rates(self.reader, self.runs)?;
        let scene = forms::layers::layers(&rates, self.args.width)?;
        Ok(Drawn::new(scene, "Largest learning rate of each layer during training"))
    }

    fn phases(&self) -> Result<Drawn> {
        let (names, bars) = recorded::phases(self.reader, self.runs)?;
        let scene = forms::phases::phases(&bars, &names, self.args.width)?;
        Ok(Drawn::new(scene, "Time of work by phase, mean over runs"))
    }

    fn similarity(&self) -> Result<Drawn> {
        let similarities = recorded::similarities(self.reader, self.runs)?;
        let scene = forms::similarity::similarity(&similarities, self.args.width)?;
        Ok(Drawn::new(scene, "Similarity of fixed pairs at the first evaluation and at the last"))
    }

    fn parallel(&self) -> Result<Drawn> {
        let found = self.report(&self.args.metric)?;
        let table = one(&found)?;
        let (settings, goals) = measured::coordinates(self.reader, table)?;
        let title = measured::measure(table).title();
        let scene = forms::parallel::parallel(&settings, (&title, &goals), self.options.size)?;
        let what = format!("Each run over its settings to {}, by which it is coloured", table.metric);
        Ok(Drawn::new(scene, what))
    }

    /// The comparison by some metrics; by the study's own where none is named.
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

/// What the intervals are.
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
        CostOf::Seconds => ("time of work", Unit::Seconds),
        CostOf::Samples => ("samples seen", Unit::Number),
        CostOf::Flops => ("operations of training (FLOP)", Unit::Number),
    }
}

/// The metric of the weights as trained, and of their moving average.
fn pair(metric: &str) -> (String, String) {
    let (split, rest) = metric.split_once('/').unwrap_or(("test", metric));
    let rest = rest.strip_prefix("ema/").unwrap_or(rest);
    (format!("{split}/{rest}"), format!("{split}/ema/{rest}"))
}
