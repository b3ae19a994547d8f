//! Reads and caches the data of the current view's panels.

use std::{
    collections::{HashMap, HashSet},
    path::Path,
    sync::Arc,
};

use clip_lab_store::{Axis, Bucket, Probe, Reader, RunId, SeriesRow, StoreError};

use super::log::LogCache;
use crate::data::{
    Run,
    panels::{
        Layers, Panels, Phases, RunProbes, SYSTEM_METRICS, Scale, SystemMetric, SystemStats, Thumbnails,
    },
};
use clip_lab_chart::layout::Kind;

/// Buckets of a sparkline: the columns of a wide screen.
const BUCKETS: usize = 240;

/// The cached reads.
#[derive(Default)]
pub struct PanelCache {
    /// Valid while the series has the same number of points.
    buckets: HashMap<(RunId, String, usize), (u64, Vec<Bucket>)>,
    probes: HashMap<RunId, (u64, Arc<Vec<Probe>>)>,
    thumbnails: Thumbnails,
    metric_orders: HashMap<RunId, (usize, Vec<String>)>,
    log: LogCache,
}

impl PanelCache {
    /// The data of panels of `kinds`; `evaluated` are the runs whose evaluations are shown, the selected one first.
    pub fn read(
        &mut self,
        (store, reader): (&Path, &Reader),
        runs: &[Run],
        kinds: &[Kind],
        evaluated: &[RunId],
    ) -> Result<Panels, StoreError> {
        let has = |kind| kinds.contains(&kind);
        let charted: Vec<&Run> = runs.iter().filter(|run| run.colour.is_some()).collect();
        let mut panels = Panels::default();
        if has(Kind::Similarity) || has(Kind::Images) {
            let shown = runs.iter().filter(|run| evaluated.contains(&run.row.id));
            panels.probes = shown.map(|run| self.run_probes(reader, run)).collect::<Result<_, _>>()?;
        }
        if has(Kind::Log) {
            let selected = runs.iter().find(|run| Some(&run.row.id) == evaluated.first());
            panels.log = selected.map(|run| self.log.read(store, &run.row.uid, &run.name));
        }
        if has(Kind::Images) {
            panels.thumbnails = self.thumbnails(reader, &panels.probes)?;
        }
        for run in charted {
            if has(Kind::Temperature) {
                panels.scales.extend(self.scale(reader, run)?);
            }
            if has(Kind::Layers) {
                panels.layers.extend(self.layers(reader, run)?);
            }
            if has(Kind::Phases) {
                panels.phases.push(self.phases(reader, run)?);
            }
            if has(Kind::System) {
                panels.system.push(self.system_stats(reader, run)?);
            }
        }
        Ok(panels)
    }

    /// Drops the reads of runs other than `runs`.
    pub fn retain(&mut self, runs: &HashSet<RunId>) {
        self.buckets.retain(|key, _| runs.contains(&key.0));
        self.probes.retain(|run, _| runs.contains(run));
        self.metric_orders.retain(|run, _| runs.contains(run));
    }

    fn run_probes(&mut self, reader: &Reader, run: &Run) -> Result<RunProbes, StoreError> {
        // Probes are rare and large: read again only if an evaluation metric is newer than the last one.
        let evaluated =
            run.series.iter().filter(|s| s.name.starts_with("val/") || s.name.starts_with("test/"));
        let latest = evaluated.filter_map(|series| series.last_step).max().unwrap_or(0);
        let cached = self.probes.get(&run.row.id).filter(|(step, probes)| {
            *step == latest && (!run.row.status.is_live() || probes.iter().any(|probe| probe.step >= latest))
        });
        let probes = match cached {
            Some((_, probes)) => Arc::clone(probes),
            None => {
                let probes = Arc::new(reader.probes(run.row.id)?);
                self.probes.insert(run.row.id, (latest, Arc::clone(&probes)));
                probes
            }
        };
        Ok(RunProbes { run: run.row.id, name: run.name.clone(), probes })
    }

    /// The thumbnails of all hits; each is read once.
    fn thumbnails(&mut self, reader: &Reader, probes: &[RunProbes]) -> Result<Thumbnails, StoreError> {
        let hits =
            probes.iter().flat_map(|run| run.probes.iter()).flat_map(|probe| probe.top.iter().flatten());
        for digest in hits.filter_map(|hit| hit.image.digest.as_ref()) {
            if !self.thumbnails.contains_key(digest)
                && let Some(bytes) = reader.image(digest)?
            {
                Arc::make_mut(&mut self.thumbnails).insert(digest.clone(), bytes.into());
            }
        }
        Ok(Arc::clone(&self.thumbnails))
    }

    fn buckets(
        &mut self,
        reader: &Reader,
        run: &Run,
        series: &SeriesRow,
        max_buckets: usize,
    ) -> Result<Vec<Bucket>, StoreError> {
        let key = (run.row.id, series.name.clone(), max_buckets);
        if let Some((_, buckets)) = self.buckets.get(&key).filter(|(n, _)| *n == series.n) {
            return Ok(buckets.clone());
        }
        let buckets = reader.buckets(run.row.id, &series.name, Axis::Step, None, max_buckets)?;
        self.buckets.insert(key, (series.n, buckets.clone()));
        Ok(buckets)
    }

    fn scale(&mut self, reader: &Reader, run: &Run) -> Result<Option<Scale>, StoreError> {
        let Some(series) = run.metric("train/logit_scale") else { return Ok(None) };
        let buckets = self.buckets(reader, run, series, BUCKETS)?;
        let setting = |key: &str| run.details.settings.get(key).map(String::as_str);
        Ok(Some(Scale {
            name: run.name.clone(),
            colour: run.colour,
            clamp: setting("loss.max_scale").and_then(|value| value.parse().ok()),
            learned: setting("loss.learned") != Some("false"),
            buckets,
        }))
    }

    fn layers(&mut self, reader: &Reader, run: &Run) -> Result<Option<Layers>, StoreError> {
        const PREFIX: &str = "train/lr/";
        let rates: Vec<&SeriesRow> = run.series.iter().filter(|s| s.name.starts_with(PREFIX)).collect();
        if rates.is_empty() {
            return Ok(None);
        }
        let cached = self.metric_orders.get(&run.row.id).filter(|(n, _)| *n == run.series.len());
        let order = match cached {
            Some((_, order)) => order.clone(),
            None => {
                let order = reader.metric_order(run.row.id)?;
                self.metric_orders.insert(run.row.id, (run.series.len(), order.clone()));
                order
            }
        };
        let mut rates = rates;
        rates.sort_by_key(|series| order.iter().position(|name| *name == series.name));
        let step = rates.iter().filter_map(|series| series.last_step).max().unwrap_or(0);
        let rate =
            |series: &&SeriesRow| (series.name[PREFIX.len()..].to_string(), series.last.unwrap_or(f64::NAN));
        let rates = rates.iter().map(rate).collect();
        Ok(Some(Layers { run: run.row.id, name: run.name.clone(), colour: run.colour, step, rates }))
    }

    /// The mean over the whole run, including the slow first steps.
    fn mean(&mut self, reader: &Reader, run: &Run, metric: &str) -> Result<Option<f64>, StoreError> {
        let Some(series) = run.metric(metric) else { return Ok(None) };
        let buckets = self.buckets(reader, run, series, 1)?;
        let n: u64 = buckets.iter().map(|bucket| bucket.n).sum();
        let sum: f64 = buckets.iter().filter(|bucket| bucket.n > 0).map(|b| b.mean * b.n as f64).sum();
        Ok((n > 0).then(|| sum / n as f64))
    }

    fn phases(&mut self, reader: &Reader, run: &Run) -> Result<Phases, StoreError> {
        Ok(Phases {
            name: run.name.clone(),
            colour: run.colour,
            wait: self.mean(reader, run, "time/data_wait_s")?,
            update: self.mean(reader, run, "time/update_s")?,
            forward: self.mean(reader, run, "time/forward_s")?,
            backward: self.mean(reader, run, "time/backward_s")?,
            optimizer: self.mean(reader, run, "time/optimizer_s")?,
            pairs: self.mean(reader, run, "speed/pairs_per_s")?,
            mfu: self.mean(reader, run, "speed/mfu")?,
        })
    }

    fn system_stats(&mut self, reader: &Reader, run: &Run) -> Result<SystemStats, StoreError> {
        let mut metrics = Vec::new();
        for (metric, ..) in SYSTEM_METRICS {
            let Some(series) = run.metric(metric) else { continue };
            let values =
                self.buckets(reader, run, series, BUCKETS)?.iter().map(|bucket| bucket.mean).collect();
            let (last, max) = (series.last.unwrap_or(f64::NAN), series.max.unwrap_or(f64::NAN));
            metrics.push(SystemMetric { name: metric.to_string(), values, last, max });
        }
        Ok(SystemStats { name: run.name.clone(), colour: run.colour, metrics })
    }
}
