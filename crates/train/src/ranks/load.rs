//! What the ranks spend their time and memory on.

use std::time::Duration;

/// A rank's last step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RankLoad {
    /// Time of the step without waiting for other ranks.
    pub compute: Duration,
    /// Waiting for other ranks, and for transfers to them.
    pub wait: Duration,
    /// Waiting for its own data.
    pub data_wait: Duration,
    /// Resident memory, bytes.
    pub memory: u64,
}

/// The most ranks whose numbers are recorded one by one.
const MAX_RECORDED: usize = 64;

impl RankLoad {
    /// Numbers for the exchange before the next step.
    pub const NUMBERS: usize = 4;

    /// Times in microseconds, memory in KiB.
    pub fn to_numbers(self) -> [i64; Self::NUMBERS] {
        let [compute, wait, data_wait] =
            [self.compute, self.wait, self.data_wait].map(|time| time.as_micros() as i64);
        [compute, wait, data_wait, (self.memory >> 10) as i64]
    }

    /// The inverse of [`Self::to_numbers`].
    pub fn from_numbers(numbers: &[i64]) -> Self {
        let number = |at: usize| numbers.get(at).map_or(0, |number| *number as u64);
        let time = |at| Duration::from_micros(number(at));
        Self { compute: time(0), wait: time(1), data_wait: time(2), memory: number(3) << 10 }
    }

    /// What the other ranks wait for.
    fn busy(&self) -> Duration {
        self.compute + self.data_wait
    }
}

/// The metrics of the ranks: `ranks/slowest`, the number of the one that the others waited for, and `ranks/RANK/compute_s`,
/// `wait_s`, `data_wait_s` and `memory_gib`. Of more than 64 ranks only those of rank 0 and of the slowest are recorded. None
/// before the first step has ended.
pub fn metrics(loads: &[RankLoad]) -> Vec<(String, f64)> {
    if loads.iter().all(|load| load.compute.is_zero()) {
        return Vec::new();
    }
    let slowest = (0..loads.len()).max_by_key(|rank| (loads[*rank].busy(), std::cmp::Reverse(*rank)));
    let Some(slowest) = slowest else { return Vec::new() };
    let recorded = |rank: usize| loads.len() <= MAX_RECORDED || rank == 0 || rank == slowest;
    let mut metrics = vec![("ranks/slowest".to_owned(), slowest as f64)];
    for (rank, load) in loads.iter().enumerate().filter(|(rank, _)| recorded(*rank)) {
        let values = [
            ("compute_s", load.compute.as_secs_f64()),
            ("wait_s", load.wait.as_secs_f64()),
            ("data_wait_s", load.data_wait.as_secs_f64()),
            ("memory_gib", load.memory as f64 / (1u64 << 30) as f64),
        ];
        metrics.extend(values.map(|(name, value)| (format!("ranks/{rank}/{name}"), value)));
    }
    metrics
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(compute: u64, data_wait: u64) -> RankLoad {
        let [compute, data_wait] = [compute, data_wait].map(Duration::from_micros);
        RankLoad { compute, wait: Duration::from_micros(7), data_wait, memory: 3 << 20 }
    }

    #[test]
    fn numbers_are_exact() {
        let one = load(1_234_567, 89);
        assert_eq!(RankLoad::from_numbers(&one.to_numbers()), one);
    }

    #[test]
    fn the_slowest_is_the_one_that_is_busy_for_longest() {
        let found = metrics(&[load(10, 0), load(5, 20), load(12, 0)]);
        assert_eq!(found[0], ("ranks/slowest".to_owned(), 1.0));
        assert_eq!(found.len(), 1 + 3 * 4);
        assert!(found.contains(&("ranks/2/compute_s".to_owned(), 12e-6)));
        assert!(found.contains(&("ranks/1/data_wait_s".to_owned(), 20e-6)));
        assert_eq!(metrics(&[load(1, 0), load(1, 0)])[0].1, 0.0);
        assert!(metrics(&[]).is_empty() && metrics(&[load(0, 3), load(0, 5)]).is_empty());
    }

    #[test]
    fn of_very_many_ranks_few_are_recorded() {
        let mut loads = vec![load(1, 0); 100];
        loads[70] = load(9, 0);
        let found = metrics(&loads);
        assert_eq!((found[0].1, found.len()), (70.0, 1 + 2 * 4));
    }
}
