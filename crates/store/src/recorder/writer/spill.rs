//! Records that the store does not accept: they go into the spool, then wait in memory, then are counted as lost.

use std::{io, mem::take, sync::PoisonError};

use super::Writer;
use crate::{
    db::Host,
    recorder::{record::Record, spool::Spool},
};

/// The largest size of records in memory, bytes, while neither the store nor the disk accepts them: about 100,000 log
/// calls.
const IN_MEMORY: usize = 64 << 20;

impl Writer {
    /// Appends the batch to the spool. Records that do not fit stay in memory.
    pub(super) fn spill(&mut self, why: &str) {
        if let Err(error) = self.append() {
            self.spool = None;
            let (why, count) =
                (if why.is_empty() { "the store is unavailable" } else { why }, self.batch.len());
            self.shared.set_fault(Some(format!(
                "{why}; the spool in {} failed too: {error}. {count} records wait in memory: free disk space before the \
                 run ends",
                self.folder.display()
            )));
        } else if let (false, Some(spool)) = (why.is_empty(), &self.spool) {
            self.shared.set_fault(Some(format!(
                "{why}; training continues, records are spooled to {} and added when the store is available again",
                spool.path().display()
            )));
        }
    }

    /// In parts, so that a nearly full disk takes what fits.
    fn append(&mut self) -> io::Result<()> {
        while !self.batch.is_empty() {
            let spool = match &mut self.spool {
                Some(spool) => spool,
                none => none.insert(Spool::create(&self.folder, &self.run, &Host::here())?),
            };
            let count = part(&self.batch, self.policy.points);
            spool.append(&self.batch[..count])?;
            self.batch.drain(..count);
        }
        Ok(())
    }

    /// Bounds memory: drops the oldest values first.
    pub(super) fn bound_memory(&mut self) {
        let mut over = self.batch.iter().map(Record::bytes).sum::<usize>().saturating_sub(IN_MEMORY);
        if over == 0 {
            return;
        }
        let shared = &self.shared;
        self.batch.retain(|record| {
            let dropped = over > 0 && record.is_bulk();
            if dropped {
                over = over.saturating_sub(record.bytes());
                shared.count_lost(record.step());
            }
            !dropped
        });
    }

    /// At the end of the run: records in memory are lost. Writes that, and the end of the run, to the spool if it still fits.
    pub(super) fn give_up(&mut self) {
        if self.batch.is_empty() {
            return;
        }
        let all = take(&mut self.batch);
        let (bulk, rest): (Vec<Record>, Vec<Record>) = all.into_iter().partition(Record::is_bulk);
        bulk.iter().for_each(|record| self.shared.count_lost(record.step()));
        self.batch = rest;
        self.report_losses();
        let spooled = self.append().is_ok();
        let lost = self.shared.lost.lock().unwrap_or_else(PoisonError::into_inner).text();
        let end = if spooled {
            "the end of the run is in the spool"
        } else {
            "the end of the run could not be written"
        };
        self.shared.set_fault(Some(format!(
            "the disk of {} is full: {}; {end}",
            self.folder.display(),
            lost.unwrap_or_else(|| "records are lost".to_owned())
        )));
    }

    /// Reports losses once no more are added, so that one outage makes one event.
    pub(super) fn report_settled(&mut self) {
        let unreported = self.shared.unreported.lock().unwrap_or_else(PoisonError::into_inner).records;
        if unreported > 0 && unreported == self.unreported_before {
            self.report_losses();
        }
        self.unreported_before = unreported;
    }

    /// Inserts an event about the losses into the batch, before the record that ends the run.
    pub(super) fn report_losses(&mut self) {
        let losses = take(&mut *self.shared.unreported.lock().unwrap_or_else(PoisonError::into_inner));
        let Some(event) = losses.event() else { return };
        let end = self.batch.iter().rposition(|record| matches!(record, Record::End(_)));
        self.batch.insert(end.unwrap_or(self.batch.len()), event);
    }
}

/// Number of leading records for one write of about `points` values; at least 1.
fn part(batch: &[Record], points: usize) -> usize {
    let mut values = 0;
    let fits = |record: &&Record| {
        values += record.weight();
        values <= points
    };
    batch.iter().take_while(fits).count().max(1)
}
