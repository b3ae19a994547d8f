//! Bootstrap intervals of hit@k, and differences to the pinned run. Computed on the feed's thread, never while drawing.

use std::{
    collections::{HashMap, HashSet},
    time::{Duration, Instant},
};

use clip_lab_stats::{Bootstrap, Pairing};
use clip_lab_store::{Reader, RunId, SeriesRow, StoreError};
use serde_json::Value;

use crate::data::{Run, Score, Scores};
use clip_lab_chart::ranked::{Metric, Ranks};

/// The compute budget of one read; later reads do the rest, so that new data is not delayed.
const BUDGET: Duration = Duration::from_millis(60);
/// Bootstrap resamples: the ends of intervals are accurate to about 1/20 of their width.
const RESAMPLES: usize = 1_999;

/// Run, metric and step of a score.
type Key = (RunId, String, u64);

/// The scores computed so far.
#[derive(Default)]
pub struct Intervals {
    scores_cache: HashMap<Key, Option<Score>>,
    differences: HashMap<(Key, Key), Option<Score>>,
    /// What each run recorded about its data, by `data.<split>`.
    data: HashMap<RunId, HashMap<String, Value>>,
    /// Whether the budget ran out before all scores were computed.
    pub unfinished: bool,
}

impl Intervals {
    /// The scores of `runs` that fit the budget, goal metrics first, with differences to `pinned` if it is given.
    pub fn scores(
        &mut self,
        reader: &Reader,
        runs: &[Run],
        pinned: Option<RunId>,
    ) -> Result<Scores, StoreError> {
        let deadline = Instant::now() + BUDGET;
        let base = pinned.and_then(|id| runs.iter().find(|run| run.row.id == id));
        let goal =
            |run: &Run, series: &SeriesRow| run.row.goal_metric.as_deref() == Some(series.name.as_str());
        let mut requested: Vec<(&Run, &SeriesRow)> =
            runs.iter().flat_map(|run| run.series.iter().map(move |series| (run, series))).collect();
        requested
            .retain(|(_, series)| Metric::new(&series.name).ranked.is_some_and(|ranked| ranked.is_share()));
        requested.sort_by_key(|(run, series)| (!goal(run, series), !series.name.ends_with("@1")));
        let latest = requested.iter().filter_map(|(run, series)| key_of(run, series));
        self.forget_older(&latest.map(|(run, metric, step)| ((run, metric), step)).collect());
        self.unfinished = false;
        let mut scores = Scores::new();
        for (run, series) in requested {
            if let Some(score) = self.score(reader, run, series, base, deadline)? {
                scores.insert((run.row.id, series.name.clone()), score);
            }
        }
        Ok(scores)
    }

    /// Drops the scores of steps before the latest one of their run and metric.
    fn forget_older(&mut self, latest: &HashMap<(RunId, String), u64>) {
        let by_metric = |key: &Key| latest.get(&(key.0, key.1.clone()));
        let is_latest = |key: &Key| by_metric(key).is_none_or(|step| *step == key.2);
        self.scores_cache.retain(|key, _| is_latest(key));
        self.differences.retain(|(run, base), _| is_latest(run) && is_latest(base));
    }

    /// Drops what is cached of runs other than `runs`.
    pub fn retain(&mut self, runs: &HashSet<RunId>) {
        self.scores_cache.retain(|key, _| runs.contains(&key.0));
        self.differences.retain(|(run, base), _| runs.contains(&run.0) && runs.contains(&base.0));
        self.data.retain(|run, _| runs.contains(run));
    }

    fn score(
        &mut self,
        reader: &Reader,
        run: &Run,
        series: &SeriesRow,
        base: Option<&Run>,
        deadline: Instant,
    ) -> Result<Option<Score>, StoreError> {
        let Some(key) = key_of(run, series) else { return Ok(None) };
        let own = base.filter(|base| base.row.id != run.row.id);
        let other = own.and_then(|base| Some((base, base.metric(&series.name)?)));
        let pair = other.and_then(|(base, series)| Some((key.clone(), key_of(base, series)?)));
        let found = match &pair {
            Some(pair) => self.differences.get(pair),
            None => self.scores_cache.get(&key),
        };
        if let Some(score) = found {
            return Ok(*score);
        }
        if Instant::now() > deadline {
            self.unfinished = true;
            return Ok(self.scores_cache.get(&key).copied().flatten());
        }
        let mut score = self.interval(reader, run, series, &key)?;
        if let (Some(score), Some((base, base_series))) = (&mut score, other) {
            let ranks = [self.ranks(reader, run, series)?, self.ranks(reader, base, base_series)?];
            score.difference = difference(&ranks);
        }
        if let Some(pair) = pair {
            self.differences.insert(pair, score);
        }
        Ok(score)
    }

    fn interval(
        &mut self,
        reader: &Reader,
        run: &Run,
        series: &SeriesRow,
        key: &Key,
    ) -> Result<Option<Score>, StoreError> {
        if let Some(score) = self.scores_cache.get(key) {
            return Ok(*score);
        }
        let ranks = self.ranks(reader, run, series)?;
        let score = ranks.and_then(|ranks| {
            let found = Bootstrap::new(RESAMPLES, 0).mean(&ranks.outcomes()?);
            let interval = found.interval.map(|interval| interval.within(0.0, 1.0));
            Some(Score { queries: ranks.ranks.len(), interval, difference: None })
        });
        self.scores_cache.insert(key.clone(), score);
        Ok(score)
    }

    fn ranks(&mut self, reader: &Reader, run: &Run, series: &SeriesRow) -> Result<Option<Ranks>, StoreError> {
        let Some(at) = series.last_step.zip(series.last) else { return Ok(None) };
        let metric = Metric::new(&series.name);
        let data = match self.data.get(&run.row.id) {
            Some(data) => data,
            None => {
                let extra = reader.environment(run.row.id)?.extra.into_iter().collect();
                self.data.entry(run.row.id).or_insert(extra)
            }
        };
        let data = data.get(&format!("data.{}", metric.split)).cloned();
        Ranks::read(reader, run.row.id, &metric, at, data)
    }
}

fn key_of(run: &Run, series: &SeriesRow) -> Option<Key> {
    Some((run.row.id, series.name.clone(), series.last_step?))
}

/// The paired difference over the same queries; `None` if the queries differ or are unknown.
fn difference(ranks: &[Option<Ranks>; 2]) -> Option<clip_lab_stats::Estimate> {
    let [Some(run), Some(base)] = ranks else { return None };
    if !run.same_queries(base) {
        return None;
    }
    Bootstrap::new(RESAMPLES, 0).difference(&run.outcomes()?, &base.outcomes()?, Pairing::Queries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_of_earlier_steps_and_of_deleted_runs_are_dropped() {
        let key = |run, step| (RunId(run), "val/retrieval/t2i/hit@1".to_string(), step);
        let mut intervals = Intervals::default();
        for step in [10, 20] {
            intervals.scores_cache.extend([(key(1, step), None), (key(2, 10), None)]);
            intervals.differences.insert((key(1, step), key(2, 10)), None);
        }
        let (run, metric, step) = key(1, 20);
        intervals.forget_older(&HashMap::from([((run, metric), step)]));
        let mut left: Vec<_> = intervals.scores_cache.keys().cloned().collect();
        left.sort();
        assert_eq!(left, [key(1, 20), key(2, 10)]);
        assert_eq!(intervals.differences.keys().collect::<Vec<_>>(), [&(key(1, 20), key(2, 10))]);
        intervals.retain(&HashSet::from([RunId(1)]));
        assert_eq!((intervals.scores_cache.len(), intervals.differences.len()), (1, 0));
    }
}
