//! Counts records that are not in the store: lost ones, and those in the spool.

use super::record::Record;
use crate::Level;

/// Number of records, and their steps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordCount {
    /// Number of records.
    pub records: u64,
    /// The first and the last step of a record.
    pub steps: Option<(u64, u64)>,
}

impl RecordCount {
    /// Counts one record.
    pub fn add(&mut self, step: Option<u64>) {
        self.records += 1;
        if let Some(step) = step {
            let (first, last) = self.steps.unwrap_or((step, step));
            self.steps = Some((first.min(step), last.max(step)));
        }
    }

    /// `3 records are WHAT, of steps 3 to 7`; none while there are none.
    pub fn text(&self, what: &str) -> Option<String> {
        let records = match self.records {
            0 => return None,
            1 => format!("1 record is {what}"),
            many => format!("{many} records are {what}"),
        };
        Some(match self.steps {
            Some((first, last)) if first == last => format!("{records}, of step {first}"),
            Some((first, last)) => format!("{records}, of steps {first} to {last}"),
            None => records,
        })
    }

    /// Lost records, and why they are lost.
    pub fn loss(&self) -> Option<String> {
        Some(format!("{}: neither the store nor the disk accepted them in time", self.text("lost")?))
    }

    /// The event that reports lost records.
    pub fn event(&self) -> Option<Record> {
        Some(Record::event(Level::Warning, "store", self.steps.map(|steps| steps.0), &self.loss()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_range_of_steps_is_named() {
        let mut losses = RecordCount::default();
        assert_eq!(losses.text("lost"), None);
        losses.add(None);
        assert_eq!(losses.text("lost").unwrap(), "1 record is lost");
        losses.add(Some(7));
        assert_eq!(losses.text("lost").unwrap(), "2 records are lost, of step 7");
        losses.add(Some(3));
        assert_eq!(losses.text("lost").unwrap(), "3 records are lost, of steps 3 to 7");
    }
}
