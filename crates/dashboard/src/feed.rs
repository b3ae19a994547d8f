//! Polls the store on a separate thread, so that a slow or locked store does not block input.

mod charts;
mod colours;
mod prefetch;
mod trends;
mod zoomed;

use std::{
    collections::{HashMap, HashSet},
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread::Builder,
    time::{Duration, Instant},
};

use clip_lab_store::{Axis, Reader, RunDetails, RunId, RunRow, SeriesRow, StoreError};

use super::{
    data::{Details, Event, FeedRequest, Filtered, Run, Snapshot},
    intervals::Intervals,
    panels,
    properties::PropertyCache,
};
use trends::Trends;
use zoomed::ZoomCache;

use clip_lab_chart::{
    figure::{Colours, Rows},
    filter::{Filter, Subject},
    layout::{Kind, Layout},
    names::unique,
};

/// The most runs in the table; `clip-lab runs list` shows older ones.
const RUNS: usize = 50;
/// The most events kept.
const EVENTS: usize = 200;
/// How often the store is checked for changes.
const POLL: Duration = Duration::from_millis(250);
/// How often it is read even without changes: a crash shows only as a missing heartbeat.
const FORCED_POLL: Duration = Duration::from_secs(2);

/// A run before it is filtered and named.
type Candidate = (Arc<RunDetails>, Vec<SeriesRow>, RunRow);

fn subject((details, series, row): &Candidate) -> Subject<'_> {
    Subject { row, details, series }
}

/// The name of the feed's thread; a panic there becomes an error on the screen.
pub const THREAD: &str = "clip-lab-feed";

type Key = (RunId, String, Axis, usize);

/// Reads the store and caches what it has read.
pub struct Feed {
    path: PathBuf,
    layout: Layout,
    run_filter: Filter,
    reader: Option<Reader>,
    read_at: Option<Instant>,
    /// Buckets by series, valid while the series has the same number of points.
    cache: HashMap<Key, (u64, Rows)>,
    series: HashMap<RunId, ((i64, u64), Vec<SeriesRow>)>,
    events: HashMap<RunId, i64>,
    properties: PropertyCache,
    intervals: Intervals,
    trends: Trends,
    /// The last valid filter: some run has each of its names.
    filter: Filter,
    colours: HashMap<RunId, usize>,
    /// The runs drawn last; they keep their colours.
    drawn: HashSet<RunId>,
    group_colours: Colours,
    zoomed: ZoomCache,
    panels: panels::Cache,
    last: Snapshot,
}

impl Feed {
    /// A feed of the store at `path`, restricted to the runs that match `run_filter`.
    pub fn new(path: PathBuf, layout: Layout, run_filter: Filter) -> Feed {
        Feed {
            path,
            layout,
            run_filter,
            reader: None,
            read_at: None,
            cache: HashMap::new(),
            series: HashMap::new(),
            events: HashMap::new(),
            properties: PropertyCache::default(),
            intervals: Intervals::default(),
            trends: Trends::default(),
            filter: Filter::default(),
            colours: HashMap::new(),
            drawn: HashSet::new(),
            group_colours: Colours::default(),
            zoomed: ZoomCache::default(),
            panels: panels::Cache::default(),
            last: Snapshot::default(),
        }
    }

    /// A new snapshot; `None` if nothing changed and `asked` is false.
    pub fn poll(&mut self, request: &FeedRequest, asked: bool) -> Option<Snapshot> {
        let due = self.read_at.is_none_or(|at| at.elapsed() >= FORCED_POLL);
        match self.read(request, asked || due) {
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

    /// As [`Feed::poll`], but reports a panic as an error, so that a corrupt store does not close the screen.
    fn poll_safely(&mut self, request: &FeedRequest, asked: bool) -> Option<Snapshot> {
        catch_unwind(AssertUnwindSafe(|| self.poll(request, asked))).unwrap_or_else(|_| {
            self.reader = None;
            let trouble = "reading the store panicked, which is a bug in clip-lab; runs are not affected. \
                           Please report it with the store; retrying";
            self.last.trouble = Some(trouble.to_string());
            Some(self.last.clone())
        })
    }

    fn read(&mut self, request: &FeedRequest, force: bool) -> Result<bool, StoreError> {
        if !self.path.exists() {
            return Err(StoreError::Missing(self.path.clone()));
        }
        let reader = match self.reader.take() {
            Some(reader) => reader,
            None => Reader::open(&self.path)?,
        };
        let changed = reader.changed()? || force || self.intervals.unfinished || self.last.trouble.is_some();
        if changed {
            self.read_at = Some(Instant::now());
            self.apply_layout(request);
            self.runs(&reader, request)?;
            self.charts(&reader, request)?;
            self.events(&reader)?;
            self.last.details = request.details.map(|run| details(&reader, run)).transpose()?;
            self.panels(&reader, request)?;
        }
        self.reader = Some(reader);
        Ok(changed)
    }

    /// Applies a layout changed by keys. Charts are indexed through the layout, so the old ones are dropped.
    fn apply_layout(&mut self, request: &FeedRequest) {
        if let Some(layout) = request.layout.as_ref().filter(|layout| ***layout != self.layout) {
            self.layout = Layout::clone(layout);
            self.last.charts.clear();
        }
    }

    fn runs(&mut self, reader: &Reader, request: &FeedRequest) -> Result<(), StoreError> {
        let rows = self.select_runs(reader, request)?;
        let groups = self.groups(&rows, &request.by);
        let colours = self.assign_colours(&rows, &groups, request);
        let names: Vec<String> = rows.iter().map(|row| unique(row, &rows)).collect();
        let mut runs = Vec::with_capacity(rows.len());
        for (((row, name), group), colour) in rows.into_iter().zip(names).zip(groups).zip(colours) {
            let series = self.metrics(reader, &row)?;
            let details = self.properties.get(row.id);
            runs.push(Run { name, series, details, trend: Vec::new(), group, colour, row });
        }
        self.trends.read(reader, &mut runs)?;
        self.last.runs = runs;
        self.last.scores = Arc::new(self.intervals.scores(reader, &self.last.runs, request.pinned)?);
        Ok(())
    }

    /// The newest runs that match the filters.
    fn select_runs(&mut self, reader: &Reader, request: &FeedRequest) -> Result<Vec<RunRow>, StoreError> {
        let mut rows = reader.runs()?;
        self.forget_deleted(&rows);
        rows.sort_by(|a, b| b.started_ms.cmp(&a.started_ms).then(b.id.cmp(&a.id)));
        let all = rows.len();
        if self.run_filter.is_empty() && request.filter.is_empty() {
            rows.truncate(RUNS);
        }
        self.properties.read(reader, &rows)?;
        let mut candidates = Vec::with_capacity(rows.len());
        for row in rows {
            candidates.push((self.properties.get(row.id), self.metrics(reader, &row)?, row));
        }
        candidates.retain(|run| self.run_filter.matches(&subject(run)));
        let all = if self.run_filter.is_empty() { all } else { candidates.len() };
        let problem = request.filter.check(candidates.iter().map(subject)).err();
        if problem.is_none() {
            self.filter = request.filter.clone();
        }
        self.last.filtered = Filtered { text: request.filter.text().to_string(), all, problem };
        candidates.retain(|run| self.filter.matches(&subject(run)));
        Ok(candidates.into_iter().take(RUNS).map(|(_, _, row)| row).collect())
    }

    /// Drops what is cached of runs that are not in the store any more; a new run may get the id of a deleted one.
    fn forget_deleted(&mut self, rows: &[RunRow]) {
        let runs: HashSet<RunId> = rows.iter().map(|row| row.id).collect();
        self.cache.retain(|key, _| runs.contains(&key.0));
        self.series.retain(|run, _| runs.contains(run));
        self.events.retain(|run, _| runs.contains(run));
        self.colours.retain(|run, _| runs.contains(run));
        self.properties.retain(&runs);
        self.intervals.retain(&runs);
        self.trends.retain(&runs);
        self.zoomed.retain(&runs);
        self.panels.retain(&runs);
    }

    fn metrics(&mut self, reader: &Reader, row: &RunRow) -> Result<Vec<SeriesRow>, StoreError> {
        let state = (row.heartbeat_ms, row.step);
        match self.series.get(&row.id) {
            Some((read, series)) if *read == state && !row.status.is_live() => Ok(series.clone()),
            _ => {
                let series = reader.series(row.id)?;
                self.series.insert(row.id, (state, series.clone()));
                Ok(series)
            }
        }
    }

    fn panels(&mut self, reader: &Reader, request: &FeedRequest) -> Result<(), StoreError> {
        let view = self.layout.views.get(request.view).into_iter();
        let kinds: Vec<Kind> = view.flat_map(|view| view.panels()).map(|panel| panel.kind).collect();
        let newest = self.last.runs.first().map(|run| run.row.id);
        let evaluated: Vec<RunId> = request.selected.or(newest).into_iter().chain(request.pinned).collect();
        self.last.panels = self.panels.read((&self.path, reader), &self.last.runs, &kinds, &evaluated)?;
        Ok(())
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

fn details(reader: &Reader, run: RunId) -> Result<Details, StoreError> {
    Ok(Details {
        run,
        environment: reader.environment(run)?,
        artifacts: reader.artifacts(run)?,
        evaluations: reader.evaluations(run)?,
    })
}

/// Starts the thread; it ends when the sender is dropped.
///
/// # Errors
/// If the thread cannot be spawned.
pub fn start(
    mut feed: Feed,
    first: FeedRequest,
) -> std::io::Result<(Sender<FeedRequest>, Receiver<Snapshot>)> {
    let (requests, received) = channel::<FeedRequest>();
    let (sender, snapshots) = channel();
    Builder::new().name(THREAD.to_string()).spawn(move || {
        let (mut request, mut new) = (first, true);
        loop {
            if let Some(snapshot) = feed.poll_safely(&request, new)
                && sender.send(snapshot).is_err()
            {
                return;
            }
            new = false;
            match received.recv_timeout(POLL) {
                Ok(next) => (request, new) = (next, true),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    })?;
    Ok((requests, snapshots))
}

#[cfg(test)]
mod tests {
    use clip_lab_store::Store;
    use clip_lab_testing::runs::fixture;

    use super::*;

    #[test]
    fn nothing_stays_cached_of_a_deleted_run() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, _live) = fixture(folder.path());
        let mut feed = Feed::new(path.clone(), Layout::live(), Filter::default());
        let request = FeedRequest::default();
        feed.poll(&request, true).expect("a snapshot");
        let store = Store::open(&path).expect("the store");
        let run = store.reader().and_then(|reader| reader.run("lit-mean")).expect("a run").id;
        let cached = |feed: &Feed| {
            let charts = feed.cache.keys().filter(|key| key.0 == run).count();
            [feed.series.contains_key(&run), feed.events.contains_key(&run), charts > 0]
        };
        assert_eq!(cached(&feed), [true; 3]);
        store.delete(run).expect("deleted");
        feed.poll(&request, true).expect("a snapshot");
        assert_eq!((cached(&feed), feed.last.trouble.as_deref()), ([false; 3], None));
    }
}
