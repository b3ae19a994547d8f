//! Reads the charts of the current view: the series of the drawn runs, in full and zoomed.

use clip_lab_store::{Goal, Reader, SeriesRow, StoreError};

use super::Feed;
use crate::data::{Chart, FeedRequest, Run};
use clip_lab_chart::{
    export::measure::{Measure, one_axis},
    figure::{GroupBy, Rows},
    layout::{Kind, Panel},
    names::{label, metrics, short_names},
    text::clean,
};

impl Feed {
    pub(super) fn charts(&mut self, reader: &Reader, request: &FeedRequest) -> Result<(), StoreError> {
        let lines = |panel: &&Panel| panel.kind == Kind::Line;
        let Some(view) = self.layout.views.get(request.view) else { return Ok(()) };
        let panels: Vec<Panel> = view.panels().filter(lines).cloned().collect();
        let first = self.layout.charts_before(request.view);
        let runs: Vec<Run> = self.last.runs.iter().filter(|run| run.colour.is_some()).cloned().collect();
        self.caches.rows.prefetch(reader, &panels, &runs, request)?;
        let mut charts = std::mem::take(&mut self.last.charts);
        charts.resize_with(self.layout.panels().filter(lines).count(), Chart::default);
        for (number, panel) in (first..).zip(&panels) {
            charts[number] = self.chart(reader, panel, &runs, request)?;
        }
        self.last.charts = charts;
        Ok(())
    }

    /// The chart of one panel.
    fn chart(
        &mut self,
        reader: &Reader,
        panel: &Panel,
        runs: &[Run],
        request: &FeedRequest,
    ) -> Result<Chart, StoreError> {
        let axis = request.x.unwrap_or(panel.x);
        let max_buckets = request.max_buckets();
        let mut chart = Chart { x: axis, grouped: request.by != GroupBy::Run, ..Chart::default() };
        let all_series = || runs.iter().flat_map(|run| &run.series);
        let metrics = share_axis(&mut chart, &metrics(&panel.metrics, all_series()), all_series());
        let short_names = short_names(&metrics);
        let range = request.range.filter(|range| range.axis == axis);
        let mut zoomed = Vec::new();
        for run in runs {
            for (dash, metric) in metrics.iter().enumerate() {
                let Some(series) = run.metric(metric) else { continue };
                let Some(rows) = self.caches.rows.get(run, series, axis, max_buckets) else { continue };
                let owner = run.group.as_ref().unwrap_or(&run.name);
                let name = label(owner, &clean(&short_names[dash]), runs.len(), metrics.len());
                let rows = Rows { name, dash, colour: run.colour.unwrap_or(0), ..rows };
                if let Some(range) = range {
                    let half_life = request.smooth.unwrap_or(panel.smooth) * rows.per_step;
                    let zoom = (range, max_buckets);
                    let buckets = self.caches.zoomed.read(reader, run.row.id, series, zoom, half_life)?;
                    zoomed.push(Rows { buckets, ..rows.clone() });
                }
                chart.rows.push((run.row.id, rows));
            }
        }
        chart.zoomed = range.map(|range| (range, zoomed));
        Ok(chart)
    }
}

/// The `metrics` that share the unit of the first one. Sets their bounds and the other metrics in `chart`.
fn share_axis<'a>(
    chart: &mut Chart,
    metrics: &[String],
    all_series: impl Iterator<Item = &'a SeriesRow> + Clone,
) -> Vec<String> {
    let unit =
        |name: &str| all_series.clone().find(|series| series.name == name).map_or("", |s| s.unit.as_str());
    let (same, others) = one_axis(metrics.iter().map(|name| (name.as_str(), unit(name))));
    let first = same.first().map(|name| Measure::new(name, unit(name), Goal::None));
    chart.limits = first.and_then(|first| {
        // The screen shows values as they are recorded.
        let (low, high) = first.limits()?;
        Some((low / first.factor, high / first.factor))
    });
    chart.left_out = others.into_iter().map(|(name, _)| name.to_string()).collect();
    same.into_iter().map(str::to_string).collect()
}
