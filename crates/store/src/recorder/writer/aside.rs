//! What the writer does with records that the store does not take: a file, then memory, then a count of what is lost.

use std::{io, mem::take, sync::PoisonError};

use super::Writer;
use crate::{
    db::Host,
    recorder::{record::Record, spool::Spool},
};

/// Bytes that wait in memory at most, while neither the store nor the disk takes them: some 100,000 log calls.
const IN_MEMORY: usize = 64 << 20;

impl Writer {
    /// Puts the batch into the spool. What does not fit there stays in memory.
    pub(super) fn keep_aside(&mut self, why: &str) {
        if let Err(error) = self.append() {
            self.spool = None;
            let (why, many) =
                (if why.is_empty() { "the store does not answer" } else { why }, self.batch.len());
            self.shared.tell(Some(format!(
                "{why}; no record can be kept aside in {} either: {error}. {many} records wait in memory: free space on \
                 the disk before the run ends",
                self.folder.display()
            )));
        } else if let (false, Some(spool)) = (why.is_empty(), &self.spool) {
            self.shared.tell(Some(format!(
                "{why}; training goes on, records wait in {} and are added when the store answers",
                spool.path().display()
            )));
        }
    }

    /// A part at a time, so that a disk with little room takes what it can.
    fn append(&mut self) -> io::Result<()> {
        while !self.batch.is_empty() {
            let spool = match &mut self.spool {
                Some(spool) => spool,
                none => none.insert(Spool::create(&self.folder, &self.run, &Host::here())?),
            };
            let many = part(&self.batch, self.pace.points);
            spool.append(&self.batch[..many])?;
            self.batch.drain(..many);
        }
        Ok(())
    }

    /// Keeps memory bounded: the oldest values go first.
    pub(super) fn bound(&mut self) {
        let mut over = self.batch.iter().map(Record::bytes).sum::<usize>().saturating_sub(IN_MEMORY);
        if over == 0 {
            return;
        }
        let shared = &self.shared;
        self.batch.retain(|record| {
            let goes = over > 0 && record.is_bulk();
            if goes {
                over = over.saturating_sub(record.bytes());
                shared.lose(record.step());
            }
            !goes
        });
    }

    /// At the very end: what waits in memory is lost, and that is written, with how the run ended, where it still fits.
    pub(super) fn give_up(&mut self) {
        if self.batch.is_empty() {
            return;
        }
        let all = take(&mut self.batch);
        let (bulk, rest): (Vec<Record>, Vec<Record>) = all.into_iter().partition(Record::is_bulk);
        bulk.iter().for_each(|record| self.shared.lose(record.step()));
        self.batch = rest;
        self.report_losses();
        let kept = self.append().is_ok();
        let lost = self.shared.lost.lock().unwrap_or_else(PoisonError::into_inner).text();
        let end = if kept { "how it ended is kept aside" } else { "how it ended could not be written" };
        self.shared.tell(Some(format!(
            "the disk of {} is full: {}; {end}",
            self.folder.display(),
            lost.unwrap_or_else(|| "records are lost".to_owned())
        )));
    }

    /// Reports losses once no more are added: one disturbance makes one event.
    pub(super) fn report_settled(&mut self) {
        let losing = self.shared.unreported.lock().unwrap_or_else(PoisonError::into_inner).records;
        if losing > 0 && losing == self.losing {
            self.report_losses();
        }
        self.losing = losing;
    }

    /// Puts what was lost into the batch, as an event, before the record that ends the run.
    pub(super) fn report_losses(&mut self) {
        let losses = take(&mut *self.shared.unreported.lock().unwrap_or_else(PoisonError::into_inner));
        let Some(event) = losses.event() else { return };
        let end = self.batch.iter().rposition(|record| matches!(record, Record::End(_)));
        self.batch.insert(end.unwrap_or(self.batch.len()), event);
    }
}

/// How many records of the front go into one write of about `points` values; one at least.
fn part(batch: &[Record], points: usize) -> usize {
    let mut values = 0;
    let fits = |record: &&Record| {
        values += record.weight();
        values <= points
    };
    batch.iter().take_while(fits).count().max(1)
}
