//! Reads the store for the screen, again and again, on a thread of its own: a slow or locked store never stops a key.

use std::{
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    thread::Builder,
    time::{Duration, Instant},
};

use clip_lab_store::{Axis, Reader, RunId, RunRow, SeriesRow, StoreError};

use super::data::{Chart, Event, Run, Snapshot, Want};
use crate::{
    figure::{Bad, Rows, x},
    layout::{Kind, Layout, Panel, matches},
    palette::COLOURS,
    text::clean,
};

/// Runs in the table; older ones are for `clip-lab runs list`.
const RUNS: usize = 50;
/// Runs on one chart: more are not told apart.
const CHARTED: usize = COLOURS;
/// Events kept.
const EVENTS: usize = 200;
/// How often the store is asked whether it changed.
const POLL: Duration = Duration::from_millis(250);
/// How often it is read even if it did not: a crash shows by a heartbeat that stays away.
const ANYWAY: Duration = Duration::from_secs(2);

/// The name of the feed's thread: a panic in it becomes a sentence on the screen.
pub const THREAD: &str = "clip-lab-feed";

type Key = (RunId, String, Axis, usize);

/// The reading side of the screen.
pub struct Feed {
    path: PathBuf,
    layout: Layout,
    only: Vec<String>,
    reader: Option<Reader>,
    read_at: Option<Instant>,
    /// Buckets of a series, good as long as the series has as many points.
    cache: HashMap<Key, (u64, Rows)>,
    series: HashMap<RunId, ((i64, u64), Vec<SeriesRow>)>,
    events: HashMap<RunId, i64>,
    colours: HashMap<RunId, usize>,
    last: Snapshot,
}

impl Feed {
    /// A feed of the store at `path`; `only` keeps runs by name or by the start of their uid, none keeps all.
    pub fn new(path: PathBuf, layout: Layout, only: Vec<String>) -> Feed {
        Feed {
            path,
            layout,
            only,
            reader: None,
            read_at: None,
            cache: HashMap::new(),
            series: HashMap::new(),
            events: HashMap::new(),
            colours: HashMap::new(),
            last: Snapshot::default(),
        }
    }

    /// What the screen should show now, or none if nothing changed and `ask` is not new.
    pub fn poll(&mut self, want: &Want, asked: bool) -> Option<Snapshot> {
        let due = self.read_at.is_none_or(|at| at.elapsed() >= ANYWAY);
        match self.read(want, asked || due) {
            Ok(false) => return None,
            Ok(true) => (self.last.trouble, self.last.missing) = (None, false),
            Err(error) => {
                self.reader = None;
                self.last.missing = matches!(error, StoreError::Missing(_));
                if !asked && self.last.trouble.as_deref() == Some(&error.to_string()) {
                    return None;
                }
                self.last.trouble = Some(error.to_string());
            }
        }
        Some(self.last.clone())
    }

    /// As [`Feed::poll`], with a panic told as trouble: whatever is wrong with the store, the screen stays.
    fn poll_safely(&mut self, want: &Want, asked: bool) -> Option<Snapshot> {
        catch_unwind(AssertUnwindSafe(|| self.poll(want, asked))).unwrap_or_else(|_| {
            self.reader = None;
            let trouble = "reading the store went wrong inside clip-lab; the runs are not touched by it. \
                           Please report this with the store; it is tried again meanwhile";
            self.last.trouble = Some(trouble.to_string());
            Some(self.last.clone())
        })
    }

    fn read(&mut self, want: &Want, surely: bool) -> Result<bool, StoreError> {
        if !self.path.exists() {
            return Err(StoreError::Missing(self.path.clone()));
        }
        let reader = match self.reader.take() {
            Some(reader) => reader,
            None => Reader::open(&self.path)?,
        };
        let changed = reader.changed()? || surely || self.last.trouble.is_some();
        if changed {
            self.read_at = Some(Instant::now());
            self.runs(&reader, want)?;
            self.charts(&reader, want)?;
            self.events(&reader)?;
        }
        self.reader = Some(reader);
        Ok(changed)
    }

    fn runs(&mut self, reader: &Reader, want: &Want) -> Result<(), StoreError> {
        let mut rows = reader.runs()?;
        rows.retain(|row| {
            self.only.is_empty() || self.only.iter().any(|o| row.name == *o || row.uid.starts_with(o))
        });
        rows.sort_by(|a, b| b.started_ms.cmp(&a.started_ms).then(b.id.cmp(&a.id)));
        rows.truncate(RUNS);
        let charted: Vec<RunId> =
            rows.iter().map(|row| row.id).filter(|id| !want.hidden.contains(id)).take(CHARTED).collect();
        self.paint(&charted);
        let names: Vec<String> = rows.iter().map(|row| unique_name(row, &rows)).collect();
        let mut runs = Vec::with_capacity(rows.len());
        for (row, name) in rows.into_iter().zip(names) {
            let series = self.metrics(reader, &row)?;
            let colour = if charted.contains(&row.id) { self.colours.get(&row.id).copied() } else { None };
            runs.push(Run { name, series, colour, row });
        }
        self.last.runs = runs;
        Ok(())
    }

    fn metrics(&mut self, reader: &Reader, row: &RunRow) -> Result<Vec<SeriesRow>, StoreError> {
        let state = (row.heartbeat_ms, row.step);
        match self.series.get(&row.id) {
            Some((known, series)) if *known == state && !row.status.is_live() => Ok(series.clone()),
            _ => {
                let series = reader.series(row.id)?;
                self.series.insert(row.id, (state, series.clone()));
                Ok(series)
            }
        }
    }

    /// Gives each run on the charts a colour that it keeps, oldest first, none twice at a time.
    fn paint(&mut self, charted: &[RunId]) {
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

    fn charts(&mut self, reader: &Reader, want: &Want) -> Result<(), StoreError> {
        let panels: Vec<Panel> =
            self.layout.panels().filter(|panel| panel.kind == Kind::Line).cloned().collect();
        let runs: Vec<Run> = self.last.runs.iter().filter(|run| run.colour.is_some()).cloned().collect();
        let mut charts = Vec::with_capacity(panels.len());
        for panel in panels {
            let axis = want.x.unwrap_or(panel.x);
            let mut chart = Chart { x: axis, rows: Vec::new() };
            let metrics = chosen(&panel, &runs);
            let shorts = short_names(&metrics);
            for run in &runs {
                for (dash, metric) in metrics.iter().enumerate() {
                    let Some(series) = run.metric(metric) else { continue };
                    let rows = self.rows(reader, run, series, axis, want.buckets.max(16))?;
                    let name = label(&run.name, &shorts[dash], runs.len(), metrics.len());
                    chart
                        .rows
                        .push((run.row.id, Rows { name, dash, colour: run.colour.unwrap_or(0), ..rows }));
                }
            }
            charts.push(chart);
        }
        self.last.charts = charts;
        Ok(())
    }

    fn rows(
        &mut self,
        reader: &Reader,
        run: &Run,
        series: &SeriesRow,
        axis: Axis,
        buckets: usize,
    ) -> Result<Rows, StoreError> {
        let key = (run.row.id, series.name.clone(), axis, buckets);
        let per_step = x::per_step(axis, &run.row);
        if let Some((_, rows)) = self.cache.get(&key).filter(|(n, _)| *n == series.n) {
            return Ok(Rows { per_step, ..rows.clone() });
        }
        let read = reader.buckets(run.row.id, &series.name, axis, None, buckets)?;
        let bad = if series.n_inf == 0 { Bad::Nan } else { Bad::NotFinite };
        let rows = Rows {
            name: String::new(),
            colour: 0,
            dash: 0,
            per_step,
            bad,
            first_bad_step: series.first_bad_step,
            buckets: read,
        };
        self.cache.insert(key, (series.n, rows.clone()));
        Ok(rows)
    }

    fn events(&mut self, reader: &Reader) -> Result<(), StoreError> {
        for run in &self.last.runs {
            let after = self.events.get(&run.row.id).copied().unwrap_or(0);
            for row in reader.events(run.row.id, after)? {
                self.events.insert(run.row.id, row.id.max(after));
                self.last.events.push(Event { run: run.name.clone(), row });
            }
        }
        self.last.events.sort_by_key(|event| (event.row.at_ms, event.row.id));
        let old = self.last.events.len().saturating_sub(EVENTS);
        self.last.events.drain(..old);
        Ok(())
    }
}

/// The metrics of `panel` that some run has, in the order of the panel, then by name.
fn chosen(panel: &Panel, runs: &[Run]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for pattern in &panel.metrics {
        let names = runs.iter().flat_map(|run| &run.series).map(|series| &series.name);
        let mut fitting: Vec<&String> = names.filter(|name| matches(pattern, name)).collect();
        fitting.sort();
        for name in fitting {
            if !found.contains(name) {
                found.push(name.clone());
            }
        }
    }
    found
}

/// The names without what all of them share at the start and at the end, by whole parts.
pub fn short_names(metrics: &[String]) -> Vec<String> {
    let parts: Vec<Vec<&str>> = metrics.iter().map(|name| name.split('/').collect()).collect();
    let least = parts.iter().map(Vec::len).min().unwrap_or(0).saturating_sub(1);
    let front = (0..least).take_while(|i| parts.iter().all(|p| p[*i] == parts[0][*i])).count();
    let same_back = |i: &usize| parts.iter().all(|p| p[p.len() - 1 - i] == parts[0][parts[0].len() - 1 - i]);
    let back = (0..least - front.min(least)).take_while(same_back).count();
    parts.iter().map(|p| p[front..p.len() - back].join("/")).collect()
}

fn label(run: &str, metric: &str, runs: usize, metrics: usize) -> String {
    match (runs, metrics) {
        (_, 0 | 1) => run.to_string(),
        (1, _) => metric.to_string(),
        // The metric first: where there is no room, it is the name of the run that is cut.
        _ => format!("{metric} {run}"),
    }
}

fn unique_name(row: &RunRow, all: &[RunRow]) -> String {
    let name = clean(&row.name);
    let twins = all.iter().filter(|other| other.name == row.name).count();
    let end = row.uid.char_indices().rev().nth(3).map_or(0, |(i, _)| i);
    if twins > 1 { format!("{name}·{}", clean(&row.uid[end..])) } else { name }
}

/// Starts the thread; it ends when the sender is dropped.
///
/// # Errors
/// When the system has no thread to give.
pub fn start(mut feed: Feed, first: Want) -> std::io::Result<(Sender<Want>, Receiver<Snapshot>)> {
    let (ask, asked) = channel::<Want>();
    let (tell, told) = channel();
    Builder::new().name(THREAD.to_string()).spawn(move || {
        let (mut want, mut new) = (first, true);
        loop {
            if let Some(snapshot) = feed.poll_safely(&want, new)
                && tell.send(snapshot).is_err()
            {
                return;
            }
            new = false;
            match asked.recv_timeout(POLL) {
                Ok(next) => (want, new) = (next, true),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    })?;
    Ok((ask, told))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_say_only_what_tells_the_lines_apart() {
        let of = |names: &[&str]| short_names(&names.iter().map(|n| n.to_string()).collect::<Vec<_>>());
        assert_eq!(of(&["val/retrieval/t2i/hit@1", "val/retrieval/i2t/hit@1"]), ["t2i", "i2t"]);
        assert_eq!(of(&["train/loss", "val/loss"]), ["train", "val"]);
        assert_eq!(of(&["train/loss"]), ["loss"]);
        assert_eq!(of(&["a", "a/b"]), ["a", "a/b"]);
        assert!(of(&[]).is_empty());
        assert_eq!(label("vit", "t2i", 2, 2), "t2i vit");
    }
}
