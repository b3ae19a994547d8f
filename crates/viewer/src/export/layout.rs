//! Exports every chart of a layout as a file.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use clip_lab_chart::{
    ExportOptions, Layout,
    export::{self, Format, measure::one_axis},
    figure::GroupBy,
    layout::{Kind, Panel},
    names::metrics,
};
use clip_lab_store::{Reader, RunRow, SeriesRow};

/// Writes the charts of `layout` into the folder of `options`. Returns the files, and the titles of charts without data.
/// `--group` overrides the groups of the layout.
///
/// # Errors
/// If the store cannot be read, no chart has data, or a file cannot be written.
pub fn layout(
    reader: &Reader,
    runs: &[RunRow],
    layout: &Layout,
    options: &ExportOptions,
) -> Result<(Vec<PathBuf>, Vec<String>)> {
    let format = options.format.unwrap_or(Format::Svg);
    ensure!(!format.is_data(), "a layout can be exported as svg, png or pdf: omit --layout to export points");
    std::fs::create_dir_all(&options.out)
        .with_context(|| format!("cannot create the folder {} for the charts", options.out.display()))?;
    let recorded = runs.iter().map(|run| Ok((run, reader.series(run.id)?))).collect::<Result<Vec<_>>>()?;
    let (mut files, mut missing, mut names) = (Vec::new(), Vec::new(), Vec::new());
    for panel in layout.panels().filter(|panel| panel.kind == Kind::Line) {
        let name = file_name(&panel.title);
        if names.contains(&name) {
            continue; // views may share charts
        }
        names.push(name.clone());
        let found = metrics(&panel.metrics, recorded.iter().flat_map(|(_, series)| series));
        let unit = |name: &str| {
            let series = recorded.iter().flat_map(|(_, series)| series).find(|series| series.name == name);
            series.map_or("", |series| series.unit.as_str())
        };
        let (same, others) = one_axis(found.iter().map(|name| (name.as_str(), unit(name))));
        missing.extend(
            others.iter().map(|(name, _)| format!("{name} (another unit than the rest of the chart)")),
        );
        let metrics: Vec<String> = same.into_iter().map(str::to_owned).collect();
        let of: Vec<RunRow> = recorded
            .iter()
            .filter(|(_, series)| has(series, &metrics))
            .map(|(run, _)| (*run).clone())
            .collect();
        if of.is_empty() {
            missing.push(panel.title.clone());
            continue;
        }
        let out = options.out.join(format!("{name}.{}", format.ending()));
        files.extend(export::export(reader, &of, &chart(panel, metrics, &out, format, options))?);
    }
    ensure!(!files.is_empty(), "no chart of this layout has data of these runs: {}", missing.join(", "));
    Ok((files, missing))
}

/// Whether a run has all metrics of a chart.
fn has(series: &[SeriesRow], metrics: &[String]) -> bool {
    !metrics.is_empty() && metrics.iter().all(|metric| series.iter().any(|series| series.name == *metric))
}

fn chart(
    panel: &Panel,
    metrics: Vec<String>,
    out: &Path,
    format: Format,
    options: &ExportOptions,
) -> ExportOptions {
    let by = if options.by == GroupBy::Run { panel.group.clone() } else { options.by.clone() };
    ExportOptions {
        metrics,
        x: panel.x,
        y: panel.y,
        smooth: panel.smooth,
        by,
        out: out.to_path_buf(),
        format: Some(format),
        ..options.clone()
    }
}

/// `Validation hit@1` becomes `validation_hit_1`.
fn file_name(title: &str) -> String {
    let plain = title.chars().map(|c| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { ' ' });
    let words: Vec<String> = plain.collect::<String>().split_whitespace().map(str::to_owned).collect();
    if words.is_empty() { "chart".to_string() } else { words.join("_") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_become_file_names() {
        assert_eq!(file_name("Validation hit@1"), "validation_hit_1");
        assert_eq!(file_name("../../etc: a/b"), "etc_a_b");
        assert_eq!(file_name("@"), "chart");
    }
}
