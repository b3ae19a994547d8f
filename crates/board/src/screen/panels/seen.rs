//! Which evaluation is looked at, and how: the part of the screen's state that the panels share.

use clip_lab_store::Probe;

use super::data::Seen;

/// How a similarity matrix is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// The cosines themselves.
    #[default]
    Cosine,
    /// What the loss makes of a row: the softmax of the cosines times the logit scale.
    Softmax,
    /// The cosines less those of the pinned run.
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

/// What keys have chosen about evaluations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Choice {
    /// How many evaluations before the latest.
    pub back: usize,
    /// How matrices are shown.
    pub mode: Mode,
    /// Whether the queries answered worst come first.
    pub worst: bool,
    /// How many queries are scrolled past.
    pub query: usize,
}

impl Choice {
    /// One evaluation earlier or later.
    pub fn scrub(&mut self, earlier: bool, evaluations: usize) {
        let last = evaluations.saturating_sub(1);
        let back = self.back.min(last);
        self.back = if earlier { (back + 1).min(last) } else { back.saturating_sub(1) };
    }

    /// One query further or back.
    pub fn scroll(&mut self, further: bool, queries: usize) {
        let last = queries.saturating_sub(1);
        let query = self.query.min(last);
        self.query = if further { (query + 1).min(last) } else { query.saturating_sub(1) };
    }
}

/// The evaluations of one kind, the earliest first: of raw weights on `val`, or of what there is.
pub fn evaluations(seen: &Seen) -> Vec<&Probe> {
    let rank = |probe: &Probe| (probe.split != "val", probe.weights != "raw");
    let Some(best) = seen.probes.iter().min_by_key(|probe| rank(probe)) else { return Vec::new() };
    let same = |probe: &&Probe| probe.split == best.split && probe.weights == best.weights;
    let mut chosen: Vec<&Probe> = seen.probes.iter().filter(same).collect();
    chosen.sort_by_key(|probe| probe.step);
    chosen
}

/// The evaluation looked at, its place among all, and how many there are.
pub fn chosen(seen: &Seen, back: usize) -> Option<(&Probe, usize, usize)> {
    let all = evaluations(seen);
    let at = all.len().checked_sub(1)?.saturating_sub(back);
    all.get(at).map(|probe| (*probe, at, all.len()))
}

/// The evaluation of another run that is nearest to `step` without lying after it, else its first.
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
