//! Counts lost records.

use super::record::Record;
use crate::Level;

/// Number of lost records, and their steps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Losses {
    /// Number of records.
    pub records: u64,
    /// The first and the last step that lost a record.
    pub steps: Option<(u64, u64)>,
}

impl Losses {
    /// Counts one lost record.
    pub fn add(&mut self, step: Option<u64>) {
        self.records += 1;
        if let Some(step) = step {
            let (first, last) = self.steps.unwrap_or((step, step));
            self.steps = Some((first.min(step), last.max(step)));
        }
    }

    /// The message; none while nothing is lost.
    pub fn text(&self) -> Option<String> {
        let records = match self.records {
            0 => return None,
            1 => "1 record is lost".to_owned(),
            many => format!("{many} records are lost"),
        };
        Some(match self.steps {
            Some((first, last)) if first == last => format!("{records}, of step {first}"),
            Some((first, last)) => format!("{records}, of steps {first} to {last}"),
            None => records,
        })
    }

    /// The event that reports them.
    pub fn event(&self) -> Option<Record> {
        let text = format!("{}: neither the store nor the disk accepted them in time", self.text()?);
        Some(Record::event(Level::Warning, "store", self.steps.map(|steps| steps.0), &text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_range_of_steps_is_named() {
        let mut losses = Losses::default();
        assert_eq!(losses.text(), None);
        losses.add(None);
        assert_eq!(losses.text().unwrap(), "1 record is lost");
        losses.add(Some(7));
        assert_eq!(losses.text().unwrap(), "2 records are lost, of step 7");
        losses.add(Some(3));
        assert_eq!(losses.text().unwrap(), "3 records are lost, of steps 3 to 7");
    }
}
