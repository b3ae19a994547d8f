//! Every chart of a layout as a file of its own: what was watched goes into the paper.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use clip_lab_board::{
    ExportOptions, Layout,
    export::{self, Format, words::one_axis},
    figure::By,
    layout::{Kind, Panel},
    names::metrics,
};
use clip_lab_store::{Reader, RunRow, SeriesRow};

/// Writes the charts of `layout` into the folder that `options` name; the files, and the titles of charts that have nothing
/// to show. What the command line
/// says of groups comes before what the layout says.
///
/// # Errors
/// Those of the store and of the exporter; a layout of which no chart has anything to show.
pub fn layout(
    reader: &Reader,
    runs: &[RunRow],
    layout: &Layout,
    options: &ExportOptions,
) -> Result<(Vec<PathBuf>, Vec<String>)> {
    let format = options.format.unwrap_or(Format::Svg);
    ensure!(!format.is_data(), "a layout is drawn, as svg, png or pdf: points are written without --layout");
    std::fs::create_dir_all(&options.out)
        .with_context(|| format!("cannot make the folder {} for the charts", options.out.display()))?;
    let known = runs.iter().map(|run| Ok((run, reader.series(run.id)?))).collect::<Result<Vec<_>>>()?;
    let (mut files, mut without, mut names) = (Vec::new(), Vec::new(), Vec::new());
    for panel in layout.panels().filter(|panel| panel.kind == Kind::Line) {
        let name = file_name(&panel.title);
        if names.contains(&name) {
            continue; // views share charts
        }
        names.push(name.clone());
        let found = metrics(&panel.metrics, known.iter().flat_map(|(_, series)| series));
        let unit = |name: &str| {
            let series = known.iter().flat_map(|(_, series)| series).find(|series| series.name == name);
            series.map_or("", |series| series.unit.as_str())
        };
        let (same, others) = one_axis(found.iter().map(|name| (name.as_str(), unit(name))));
        without.extend(
            others.iter().map(|(name, _)| format!("{name} (another unit than the rest of its chart)")),
        );
        let metrics: Vec<String> = same.into_iter().map(str::to_owned).collect();
        let of: Vec<RunRow> =
            known.iter().filter(|(_, series)| has(series, &metrics)).map(|(run, _)| (*run).clone()).collect();
        if of.is_empty() {
            without.push(panel.title.clone());
            continue;
        }
        let out = options.out.join(format!("{name}.{}", format.ending()));
        files.extend(export::export(reader, &of, &chart(panel, metrics, &out, format, options))?);
    }
    ensure!(
        !files.is_empty(),
        "no chart of this layout has anything to show of these runs: {}",
        without.join(", ")
    );
    Ok((files, without))
}

/// Whether a run has all that a chart shows.
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
    let by = if options.by == By::Run { panel.group.clone() } else { options.by.clone() };
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
    fn titles_become_names_of_files() {
        assert_eq!(file_name("Validation hit@1"), "validation_hit_1");
        assert_eq!(file_name("../../etc: a/b"), "etc_a_b");
        assert_eq!(file_name("@"), "chart");
    }
}
