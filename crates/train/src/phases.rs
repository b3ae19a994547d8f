//! Time spent in each phase of an update.

use std::{cell::Cell, time::Instant};

/// A phase of an update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Towers and loss. Includes the second forward pass of micro-batches.
    Forward,
    /// Backward pass, until the value of the loss is available.
    Backward,
    /// Tricks and optimizer.
    Optimizer,
}

/// Seconds in each phase since the last [`Phases::take`].
///
/// The timer never synchronises with a GPU. An update waits for it once, to read its loss, in `Backward`; on a GPU this phase
/// therefore includes most of the update's work, `Forward` only the time to launch kernels. The sum is correct on every
/// device, the shares only on a CPU.
#[derive(Debug, Default)]
pub struct Phases {
    current: Cell<Option<(Phase, Instant)>>,
    spent: Cell<[f64; 3]>,
}

impl Phases {
    /// Ends the current phase and starts another.
    pub fn enter(&self, phase: Phase) {
        self.switch(Some(phase));
    }

    /// Ends the current phase.
    pub fn leave(&self) {
        self.switch(None);
    }

    /// Runs `work` in `phase`, then returns to the previous phase.
    pub fn during<T>(&self, phase: Phase, work: impl FnOnce() -> T) -> T {
        let previous = self.current.get().map(|(phase, _)| phase);
        self.enter(phase);
        let result = work();
        self.switch(previous);
        result
    }

    /// Returns the seconds of forward, backward and optimizer, and resets them.
    pub fn take(&self) -> [f64; 3] {
        self.spent.take()
    }

    fn switch(&self, to: Option<Phase>) {
        let now = Instant::now();
        if let Some((phase, since)) = self.current.replace(to.map(|phase| (phase, now))) {
            let mut spent = self.spent.get();
            spent[phase as usize] += (now - since).as_secs_f64();
            self.spent.set(spent);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{thread::sleep, time::Duration};

    #[test]
    fn every_moment_counts_for_one_phase() {
        let (phases, ms, began) = (Phases::default(), Duration::from_millis, Instant::now());
        phases.enter(Phase::Backward);
        sleep(ms(5));
        phases.during(Phase::Forward, || sleep(ms(10)));
        sleep(ms(5));
        phases.leave();
        let all = began.elapsed().as_secs_f64();
        sleep(ms(5));
        let [forward, backward, optimizer] = phases.take();
        assert!(forward >= 0.01 && backward >= 0.01, "{forward} {backward}");
        assert!(optimizer == 0.0 && forward + backward <= all);
        assert_eq!(phases.take(), [0.0; 3]);
    }
}
