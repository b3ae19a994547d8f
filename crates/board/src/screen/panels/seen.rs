//! Which evaluation the panels show, and how: state that the panels share.

use clip_lab_store::Probe;

use super::data::Seen;

/// How a similarity matrix is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Cosines.
    #[default]
    Cosine,
    /// The softmax over a row of cosines times the logit scale, as in the loss.
    Softmax,
    /// Cosines minus those of the pinned run.
    Difference,
}

impl Mode {
    /// The mode after this one.
    pub fn next(self) -> Mode {
        match self {
            Mode::Cosine => Mode::Softmax,
            Mode::Softmax => Mode::Difference,
            Mode::Difference => Mode::Cosine,
        }
    }
}

/// Which evaluation is shown, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Choice {
    /// How many evaluations back from the latest.
    pub back: usize,
    /// How matrices are shown.
    pub mode: Mode,
    /// Whether the queries with the worst ranks come first.
    pub worst: bool,
    /// The first query shown.
    pub query: usize,
}

impl Choice {
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
pub fn evaluations(seen: &Seen) -> Vec<&Probe> {
    let rank = |probe: &Probe| (probe.split != "val", probe.weights != "raw");
    let Some(best) = seen.probes.iter().min_by_key(|probe| rank(probe)) else { return Vec::new() };
    let same = |probe: &&Probe| probe.split == best.split && probe.weights == best.weights;
    let mut chosen: Vec<&Probe> = seen.probes.iter().filter(same).collect();
    chosen.sort_by_key(|probe| probe.step);
    chosen
}

/// The selected probe, its index, and how many there are.
pub fn chosen(seen: &Seen, back: usize) -> Option<(&Probe, usize, usize)> {
    let all = evaluations(seen);
    let at = all.len().checked_sub(1)?.saturating_sub(back);
    all.get(at).map(|probe| (*probe, at, all.len()))
}

/// The last probe of another run at or before `step`, else its first.
pub fn beside(seen: &Seen, step: u64) -> Option<&Probe> {
    let all = evaluations(seen);
    all.iter().rev().find(|probe| probe.step <= step).or(all.first()).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(steps: &[(u64, &str, &str)]) -> Seen {
        let probe = |(step, split, weights): &(u64, &str, &str)| Probe {
            step: *step,
            split: split.to_string(),
            weights: weights.to_string(),
            ..Probe::default()
        };
        let probes = steps.iter().map(probe).collect::<Vec<_>>().into();
        Seen { run: clip_lab_store::RunId(1), name: String::new(), probes }
    }

    #[test]
    fn one_evaluation_is_chosen_among_those_of_its_kind() {
        let all = seen(&[(10, "val", "raw"), (10, "val", "ema"), (30, "val", "raw"), (30, "test", "raw")]);
        let at = |back| chosen(&all, back).map(|(probe, at, of)| (probe.step, at, of));
        assert_eq!((at(0), at(1), at(9)), (Some((30, 1, 2)), Some((10, 0, 2)), Some((10, 0, 2))));
        assert_eq!(beside(&all, 29).map(|probe| probe.step), Some(10));
        assert_eq!(beside(&all, 3).map(|probe| probe.step), Some(10));
        assert_eq!(chosen(&seen(&[]), 0), None);
    }

    #[test]
    fn scrubbing_stops_at_both_ends() {
        let mut choice = Choice::default();
        (0..5).for_each(|_| choice.scrub(true, 3));
        assert_eq!(choice.back, 2);
        choice.scrub(false, 2);
        assert_eq!(choice.back, 0);
        choice.scrub(true, 0);
        assert_eq!(choice.back, 0);
    }
}
