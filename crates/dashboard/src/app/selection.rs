//! Which evaluation the panels show, and how: state that the panels share.

use clip_lab_store::Probe;

use super::App;
use crate::data::panels::RunProbes;

/// How a similarity matrix is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MatrixMode {
    /// Cosines.
    #[default]
    Cosine,
    /// The softmax over a row of cosines times the logit scale, as in the loss.
    Softmax,
    /// Cosines minus those of the pinned run.
    Difference,
}

impl MatrixMode {
    /// The mode after this one.
    pub fn next(self) -> MatrixMode {
        match self {
            MatrixMode::Cosine => MatrixMode::Softmax,
            MatrixMode::Softmax => MatrixMode::Difference,
            MatrixMode::Difference => MatrixMode::Cosine,
        }
    }
}

/// Which evaluation is shown, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Selection {
    /// How many evaluations back from the latest.
    pub back: usize,
    /// How matrices are shown.
    pub mode: MatrixMode,
    /// Whether the queries with the worst ranks come first.
    pub worst: bool,
    /// The first query shown.
    pub query: usize,
}

impl Selection {
    /// Moves one evaluation back or forward.
    pub fn scrub(&mut self, earlier: bool, evaluations: usize) {
        let last = evaluations.saturating_sub(1);
        let back = self.back.min(last);
        self.back = if earlier { (back + 1).min(last) } else { back.saturating_sub(1) };
    }

    /// Moves one query forward or back.
    pub fn scroll(&mut self, further: bool, queries: usize) {
        let last = queries.saturating_sub(1);
        let query = self.query.min(last);
        self.query = if further { (query + 1).min(last) } else { query.saturating_sub(1) };
    }
}

/// The probes of one split and kind of weights, earliest first: raw weights on `val` if there are any.
pub fn evaluations(run: &RunProbes) -> Vec<&Probe> {
    let rank = |probe: &Probe| (probe.split != "val", probe.weights != "raw");
    let Some(best) = run.probes.iter().min_by_key(|probe| rank(probe)) else { return Vec::new() };
    let same = |probe: &&Probe| probe.split == best.split && probe.weights == best.weights;
    let mut chosen: Vec<&Probe> = run.probes.iter().filter(same).collect();
    chosen.sort_by_key(|probe| probe.step);
    chosen
}

/// The selected probe, its index, and how many there are.
pub fn selected_probe(run: &RunProbes, back: usize) -> Option<(&Probe, usize, usize)> {
    let all = evaluations(run);
    let at = all.len().checked_sub(1)?.saturating_sub(back);
    all.get(at).map(|probe| (*probe, at, all.len()))
}

/// The last probe of another run at or before `step`, else its first.
pub fn probe_at(run: &RunProbes, step: u64) -> Option<&Probe> {
    let all = evaluations(run);
    all.iter().rev().find(|probe| probe.step <= step).or(all.first()).copied()
}

impl App {
    /// The probes of the selected run, or of the newest if none is selected.
    pub fn selected_probes(&self) -> Option<&RunProbes> {
        let run = self.selected.or(self.snapshot.runs.first().map(|run| run.row.id));
        self.snapshot.panels.probes.iter().find(|probes| Some(probes.run) == run)
    }

    /// The probes of the pinned run.
    pub fn pinned_probes(&self) -> Option<&RunProbes> {
        self.snapshot.panels.probes.iter().find(|probes| Some(probes.run) == self.pinned)
    }

    /// Moves one evaluation back or forward.
    pub(crate) fn scrub(&mut self, earlier: bool) {
        let count = self.selected_probes().map_or(0, |probes| evaluations(probes).len());
        self.selection.scrub(earlier, count);
    }

    /// Moves one query forward or back.
    pub(crate) fn scroll_query(&mut self, further: bool) {
        let last = self
            .selected_probes()
            .and_then(|probes| evaluations(probes).last().map(|probe| probe.queries.len()));
        self.selection.scroll(further, last.unwrap_or(0));
    }

    /// Toggles the query order between worst first and data order, and returns to the first query.
    pub(crate) fn toggle_worst(&mut self) {
        (self.selection.worst, self.selection.query) = (!self.selection.worst, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn probes(steps: &[(u64, &str, &str)]) -> RunProbes {
        let probe = |(step, split, weights): &(u64, &str, &str)| Probe {
            step: *step,
            split: split.to_string(),
            weights: weights.to_string(),
            ..Probe::default()
        };
        let probes = steps.iter().map(probe).collect::<Vec<_>>().into();
        RunProbes { run: clip_lab_store::RunId(1), name: String::new(), probes }
    }

    #[test]
    fn one_evaluation_is_chosen_among_those_of_its_kind() {
        let all = probes(&[(10, "val", "raw"), (10, "val", "ema"), (30, "val", "raw"), (30, "test", "raw")]);
        let at = |back| selected_probe(&all, back).map(|(probe, at, of)| (probe.step, at, of));
        assert_eq!((at(0), at(1), at(9)), (Some((30, 1, 2)), Some((10, 0, 2)), Some((10, 0, 2))));
        assert_eq!(probe_at(&all, 29).map(|probe| probe.step), Some(10));
        assert_eq!(probe_at(&all, 3).map(|probe| probe.step), Some(10));
        assert_eq!(selected_probe(&probes(&[]), 0), None);
    }

    #[test]
    fn scrubbing_stops_at_both_ends() {
        let mut selection = Selection::default();
        (0..5).for_each(|_| selection.scrub(true, 3));
        assert_eq!(selection.back, 2);
        selection.scrub(false, 2);
        assert_eq!(selection.back, 0);
        selection.scrub(true, 0);
        assert_eq!(selection.back, 0);
    }
}
