//! Forms other than curves: what each needs is read, drawn and written.

use std::path::PathBuf;

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
    store: &std::path::Path,
    args: &ExportArgs,
    runs: &[RunRow],
    options: &ExportOptions,
) -> Result<Vec<PathBuf>> {
    let wide = args.width;
    let (scene, what, notes): (Scene, String, Vec<String>) = match args.form {
        ChartForm::Curves => bail!("curves are drawn without the comparison"),
        ChartForm::Forest => {
            let found = report(store, args, &args.metric)?;
            let scene = forms::forest::forest(&measured::blocks(&found), &found.reference, wide)?;
            (scene, format!("Differences to {} in {}", found.reference, metrics(&found)), intervals(&found))
        }
        ChartForm::Hits => {
            let asked = if args.metric.is_empty() {
                measured::hit_metrics(reader, runs)?
            } else {
                args.metric.clone()
            };
            ensure!(
                !asked.is_empty(),
                "none of these runs has a metric such as test/retrieval/t2i/hit@1 or test/zero_shot/top5"
            );
            let found = report(store, args, &asked)?;
            let scene = forms::hits::hits(&measured::arms(&found), wide)?;
            (scene, format!("Hits among the first k; in grey {}", found.reference), intervals(&found))
        }
        ChartForm::Cost => {
            let found = report(store, args, &args.metric)?;
            let table = one(&found)?;
            let measure = measured::measure(table);
            let (title, unit) = cost_axis(args.cost);
            let offers = measured::offers(table, |cost| match args.cost {
                CostOf::Seconds => cost.seconds,
                CostOf::Samples => cost.samples,
                CostOf::Flops => cost.flops,
            });
            let axes =
                forms::cost::Axes { x: title, y: &measure.title(), unit, up: measure.goal != Goal::Down };
            let scene = forms::cost::cost(&offers, axes, options.size)?;
            (
                scene,
                format!("{} against {title}; the line joins what nothing else beats", table.metric),
                intervals(&found),
            )
        }
        ChartForm::Ema => {
            let base = report(store, args, &args.metric)?;
            let (raw, average) = pair(&one(&base)?.metric);
            let found = report(store, args, &[raw.clone(), average.clone()])?;
            let [raw_table, ema_table] = &found.tables[..] else {
                bail!("the comparison gave no two tables")
            };
            let title = Measure::new(&raw, "", raw_table.goal).title();
            let scene = forms::ema::ema(&measured::slopes(raw_table, ema_table), &title, options.size)?;
            (
                scene,
                format!("{raw} of the weights as trained and of their moving average, single seeds thin"),
                intervals(&found),
            )
        }
        ChartForm::Layers => {
            let scene = forms::layers::layers(&recorded::rates(reader, runs)?, wide)?;
            (scene, "Largest learning rate of each layer during training".to_owned(), Vec::new())
        }
        ChartForm::Phases => {
            let (names, bars) = recorded::phases(reader, runs)?;
            let scene = forms::phases::phases(&bars, &names, wide)?;
            (scene, "Time of work by phase, mean over runs".to_owned(), Vec::new())
        }
        ChartForm::Similarity => {
            let scene = forms::similarity::similarity(&recorded::similarities(reader, runs)?, wide)?;
            (
                scene,
                "Similarity of fixed pairs at the first evaluation and at the last".to_owned(),
                Vec::new(),
            )
        }
        ChartForm::Parallel => {
            let found = report(store, args, &args.metric)?;
            let table = one(&found)?;
            let (settings, goals) = measured::coordinates(reader, table)?;
            let title = measured::measure(table).title();
            let scene = forms::parallel::parallel(&settings, (&title, &goals), options.size)?;
            (
                scene,
                format!("Each run over its settings to {}, by which it is coloured", table.metric),
                Vec::new(),
            )
        }
    };
    let sources = runs.iter().map(|run| Source::read(reader, run)).collect::<Result<Vec<_>>>()?;
    let form = format!("{:?}", args.form).to_lowercase();
    save(&scene, &About::new(&form, &what, &sources, &notes), options)
}

/// The comparison by some metrics; by the study's own where none is named.
fn report(store: &std::path::Path, args: &ExportArgs, metrics: &[String]) -> Result<Report> {
    let args = CompareArgs {
        what: args.what.clone(),
        metric: metrics.to_vec(),
        reference: args.reference.clone(),
        ..CompareArgs::default()
    };
    compare::report(store, &args)
}

fn one(report: &Report) -> Result<&compare::report::Table> {
    match &report.tables[..] {
        [one] => Ok(one),
        tables => bail!("this form draws one metric, not {}: name one with --metric", tables.len()),
    }
}

fn metrics(report: &Report) -> String {
    report.tables.iter().map(|table| table.metric.as_str()).collect::<Vec<_>>().join(", ")
}

/// What the intervals are.
fn intervals(report: &Report) -> Vec<String> {
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
