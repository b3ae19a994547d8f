//! What the charts of the view show: which runs, by what groups, in which colours, and how closely.

use clip_lab_store::{Axis, Reader, RunId, RunRow, SeriesRow, StoreError};

use super::Feed;
use crate::{
    figure::{By, Rows, x},
    layout::{Kind, Panel},
    names::{label, metrics, short_names},
    palette::COLOURS,
    screen::data::{Chart, Run, Want},
};

/// Runs on one chart: more are not told apart. Groups are, however many runs they have.
const CHARTED: usize = COLOURS;

impl Feed {
    /// The group of each run, with colours for new ones; none where runs stand for themselves.
    pub(super) fn groups(&mut self, rows: &[RunRow], by: &By) -> Vec<Option<String>> {
        if *by == By::Run {
            return vec![None; rows.len()];
        }
        let setting = |row: &RunRow, key: &str| self.facts.of(row.id).settings.get(key).cloned();
        let names = by.names(&rows.iter().collect::<Vec<_>>(), setting);
        self.group_colours.assign(names.iter().flatten().map(String::as_str), None);
        names
    }

    /// The colour of each run; none for those on no chart.
    pub(super) fn paint(
        &mut self,
        rows: &[RunRow],
        groups: &[Option<String>],
        want: &Want,
    ) -> Vec<Option<usize>> {
        let shown = rows.iter().map(|row| row.id).filter(|id| !want.hidden.contains(id));
        if want.by != By::Run {
            let shown: Vec<RunId> = shown.collect();
            let of = |(row, group): (&RunRow, &Option<String>)| {
                group.as_ref().filter(|_| shown.contains(&row.id)).map(|name| self.group_colours.of(name))
            };
            return rows.iter().zip(groups).map(of).collect();
        }
        let charted: Vec<RunId> = shown.take(CHARTED).collect();
        self.keep_apart(&charted);
        let of = |row: &RunRow| self.colours.get(&row.id).copied().filter(|_| charted.contains(&row.id));
        rows.iter().map(of).collect()
    }

    /// Gives each run on the charts a colour that it keeps, oldest first, none twice at a time.
    fn keep_apart(&mut self, charted: &[RunId]) {
        for id in charted.iter().rev() {
            if self.colours.contains_key(id) {
                continue;
            }
            let taken: Vec<usize> =
                charted.iter().filter_map(|other| self.colours.get(other)).copied().collect();
            let free = (0..COLOURS).find(|colour| !taken.contains(colour));
            self.colours.insert(*id, free.unwrap_or(self.colours.len() % COLOURS));
        }
    }

    pub(super) fn charts(&mut self, reader: &Reader, want: &Want) -> Result<(), StoreError> {
        let lines = |panel: &&Panel| panel.kind == Kind::Line;
        let Some(view) = self.layout.views.get(want.view) else { return Ok(()) };
        let panels: Vec<Panel> = view.panels().filter(lines).cloned().collect();
        let first = self.layout.charts_before(want.view);
        let runs: Vec<Run> = self.last.runs.iter().filter(|run| run.colour.is_some()).cloned().collect();
        self.read_ahead(reader, &panels, &runs, want)?;
        let mut charts = std::mem::take(&mut self.last.charts);
        charts.resize_with(self.layout.panels().filter(lines).count(), Chart::default);
        for (number, panel) in (first..).zip(panels) {
            let axis = want.x.unwrap_or(panel.x);
            let mut chart = Chart { x: axis, grouped: want.by != By::Run, ..Chart::default() };
            let metrics = metrics(&panel.metrics, runs.iter().flat_map(|run| &run.series));
            let shorts = short_names(&metrics);
            let stretch = want.range.filter(|stretch| stretch.axis == axis);
            let mut near = Vec::new();
            for run in &runs {
                for (dash, metric) in metrics.iter().enumerate() {
                    let Some(series) = run.metric(metric) else { continue };
                    let Some(rows) = self.rows(run, series, axis, want.buckets.max(16)) else { continue };
                    let of = run.group.as_ref().unwrap_or(&run.name);
                    let name = label(of, &shorts[dash], runs.len(), metrics.len());
                    let rows = Rows { name, dash, colour: run.colour.unwrap_or(0), ..rows };
                    if let Some(stretch) = stretch {
                        let half_life = want.smooth.unwrap_or(panel.smooth) * rows.per_step;
                        let closely = (stretch, want.buckets.max(16));
                        let buckets = self.near.read(reader, run.row.id, series, closely, half_life)?;
                        near.push(Rows { buckets, ..rows.clone() });
                    }
                    chart.rows.push((run.row.id, rows));
                }
            }
            chart.near = stretch.map(|stretch| (stretch, near));
            charts[number] = chart;
        }
        self.last.charts = charts;
        Ok(())
    }

    /// Rows of a series as they were read ahead.
    fn rows(&self, run: &Run, series: &SeriesRow, axis: Axis, buckets: usize) -> Option<Rows> {
        let (_, rows) = self.cache.get(&(run.row.id, series.name.clone(), axis, buckets))?;
        Some(Rows { per_step: x::per_step(axis, &run.row), ..rows.clone() })
    }
}
