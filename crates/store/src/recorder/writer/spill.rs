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
/// Bytes of the spool that other records leave free for the end of the run and the event about lost records.
const FOR_THE_END: usize = 4096;

impl Writer {
    /// Appends the batch to the spool, while the store is closed. Records that do not fit stay in memory.
    pub(super) fn spill(&mut self) {
        if let Err(error) = self.append(FOR_THE_END) {
            self.spool = None;
            self.shared.set_fault(Some(format!(
                "{}; the spool in {} failed too: {error}. {} records wait in memory: free disk space before the run ends",
                self.cause,
                self.folder.display(),
                self.batch.len()
            )));
        } else if let Some(spool) = &self.spool {
            self.shared.set_fault(Some(format!(
                "{}; training continues, records are spooled to {} and added when the store is available again",
                self.cause,
                spool.path().display()
            )));
        }
    }

    /// In parts, so that a nearly full disk takes what fits.
    fn append(&mut self, spare: usize) -> io::Result<()> {
        while !self.batch.is_empty() {
            let spool = match &mut self.spool {
                Some(spool) => spool,
                none => none.insert(Spool::create(&self.folder, &self.run, &Host::here())?),
            };
            let count = part(&self.batch, self.policy.points);
            spool.append(&self.batch[..count], spare)?;
            self.batch.drain(..count).for_each(|record| self.spooled.add(record.step()));
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
            return self.report_spooled();
        }
        let all = take(&mut self.batch);
        let (bulk, rest): (Vec<Record>, Vec<Record>) = all.into_iter().partition(Record::is_bulk);
        bulk.iter().for_each(|record| self.shared.count_lost(record.step()));
        self.batch = rest;
        self.report_losses();
        let appended = self.append(0);
        let lost = self.shared.lost.lock().unwrap_or_else(PoisonError::into_inner).text("lost");
        let lost = lost.map(|lost| format!("{lost}; ")).unwrap_or_default();
        let rest = match (appended, &self.spool) {
            (Ok(()), Some(spool)) => {
                format!("the end of the run is only in {}; {}", spool.path().display(), self.how_to_add())
            }
            _ => format!(
                "the end of the run{} could not be written. The run is shown as crashed: free disk space, then resume it \
                 from its last checkpoint with `--resume {}`",
                match self.batch.len().saturating_sub(1) {
                    0 => String::new(),
                    others => format!(" and {others} events or files"),
                },
                self.run.uid
            ),
        };
        self.shared.set_fault(Some(format!("the disk of {} is full: {lost}{rest}", self.folder.display())));
    }

    /// At the end of the run: reports records that are in the spool and not in the store.
    fn report_spooled(&self) {
        let Some(spool) = &self.spool else { return };
        let only = format!("only in {}", spool.path().display());
        let records = self.spooled.text(&only).unwrap_or(only);
        let how = self.how_to_add();
        self.shared.set_fault(Some(format!("{}; {records}, with the end of the run; {how}", self.cause)));
    }

    fn how_to_add(&self) -> String {
        format!(
            "the next command that writes to the store adds what is there, such as `clip-lab runs tag {} TAG`; until then \
             the run is shown as crashed",
            self.run.uid
        )
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
