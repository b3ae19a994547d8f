//! The metric list: adds a chart of any metric to the current view, for this session.

use std::{collections::BTreeMap, sync::Arc};

use super::App;
use crate::data::Chart;
use clip_lab_chart::{
    figure::{Form, GroupBy},
    layout::{Kind, Panel, Row, matches},
};

/// Added charts per row.
const CHARTS_PER_ROW: usize = 2;

/// The open list.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Picker {
    /// The search text.
    pub search: String,
    /// The marked line of the results.
    pub marked: usize,
}

/// One line of the list.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    /// Its name.
    pub name: String,
    /// Its unit; empty if it has none.
    pub unit: String,
    /// How many runs have it.
    pub runs: usize,
    /// The last value of the selected run.
    pub last: Option<f64>,
    /// The panel that shows it, by index in the view.
    pub panel: Option<usize>,
}

impl App {
    /// The metrics of the runs whose names contain every word of `search`, sorted by name.
    pub fn metrics(&self, search: &str) -> Vec<Metric> {
        let search = search.to_lowercase();
        let contains_all =
            |name: &str| search.split_whitespace().all(|word| name.to_lowercase().contains(word));
        let mut found: BTreeMap<&str, Metric> = BTreeMap::new();
        for series in self.snapshot.runs.iter().flat_map(|run| &run.series).filter(|s| contains_all(&s.name))
        {
            let metric = found.entry(&series.name).or_insert_with(|| Metric {
                name: series.name.clone(),
                unit: series.unit.clone(),
                runs: 0,
                last: self.selected().and_then(|run| run.metric(&series.name)).and_then(|own| own.last),
                panel: self.panel_of(&series.name),
            });
            metric.runs += 1;
        }
        found.into_values().collect()
    }

    /// The chart of the view that shows `metric`, preferably alone.
    fn panel_of(&self, metric: &str) -> Option<usize> {
        let alone = |panel: &Panel| panel.metrics == [metric];
        let among = |panel: &Panel| panel.metrics.iter().any(|pattern| matches(pattern, metric));
        self.panels().position(alone).or_else(|| self.panels().position(among))
    }

    /// Removes an added chart, or adds one.
    pub(crate) fn toggle_chart(&mut self, metric: Metric) {
        let added = (self.view, metric.name.clone());
        match metric.panel {
            Some(panel) if self.added_charts.contains(&added) => self.remove_chart(panel, &metric.name),
            _ => self.add_chart(metric.name),
        }
    }

    /// Adds a chart of `metric` (`*` matches any characters) at the end of the view and focuses it. If the view has one
    /// already, focuses that one.
    pub fn add_chart(&mut self, metric: String) {
        let existing = self.panels().position(|panel| panel.metrics == [metric.as_str()]);
        if let Some(panel) = existing {
            self.focus = panel;
            self.notify(format!("{metric} is already on this view; its chart is focused"), true);
            return;
        }
        let charts = self.panels().filter(|panel| panel.kind == Kind::Line).count();
        let at = self.layout.charts_before(self.view) + charts;
        let panel = self.chart_of(&metric);
        let added = &self.added_charts;
        let Some(view) = self.layout.views.get_mut(self.view) else { return };
        let own = |row: &Row| {
            let all = || row.panels.iter().map(|panel| panel.title.clone());
            row.panels.len() < CHARTS_PER_ROW && all().all(|title| added.contains(&(self.view, title)))
        };
        let height = view.rows.iter().map(|row| row.height).max().unwrap_or(1);
        match view.rows.last_mut().filter(|row| own(row)) {
            Some(row) => row.panels.push(panel),
            None => view.rows.push(Row { height, panels: vec![panel] }),
        }
        self.added_charts.push((self.view, metric));
        self.focus = self.panels().count() - 1;
        if at <= self.snapshot.charts.len() {
            self.snapshot.charts.insert(at, Chart::default());
        }
        self.changed_layout = Some(Arc::new(self.layout.clone()));
    }

    fn chart_of(&self, metric: &str) -> Panel {
        Panel {
            kind: Kind::Line,
            title: metric.to_string(),
            width: 1,
            metrics: vec![metric.to_string()],
            x: self.first_axis(),
            y: Form::Linear,
            group: GroupBy::Run,
            smooth: 0.0,
        }
    }

    fn remove_chart(&mut self, panel: usize, metric: &str) {
        let before = self.panels().take(panel).filter(|panel| panel.kind == Kind::Line).count();
        let at = self.layout.charts_before(self.view) + before;
        let Some(view) = self.layout.views.get_mut(self.view) else { return };
        view.rows.iter_mut().for_each(|row| row.panels.retain(|panel| panel.metrics != [metric]));
        view.rows.retain(|row| !row.panels.is_empty());
        self.added_charts.retain(|(view, name)| *view != self.view || name != metric);
        self.chart_options.reset_windows(self.view, panel);
        self.focus = self.focus.min(self.panels().count().saturating_sub(1));
        if at < self.snapshot.charts.len() {
            self.snapshot.charts.remove(at);
        }
        self.changed_layout = Some(Arc::new(self.layout.clone()));
        self.notify(format!("closed the chart of {metric}"), true);
    }
}
