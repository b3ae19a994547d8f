//! What an update spends its time on.

use std::{cell::Cell, time::Instant};

/// A part of an update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Towers and loss, ending with the loss being known. A batch in parts is sent forward twice: both count.
    Forward,
    /// Gradients.
    Backward,
    /// Tricks and optimizer.
    Optimizer,
}

/// Seconds in each phase since they were last taken.
///
/// On a GPU nothing waits for the sake of these numbers. The one wait of an update, for its loss, lies in `Forward`, so
/// that phase also holds what the GPU still had to do of the update before; the other two are then the time it takes
/// to hand the work over. Their sum is true, their shares are those of a processor only.
#[derive(Debug, Default)]
pub struct Phases {
    now: Cell<Option<(Phase, Instant)>>,
    spent: Cell<[f64; 3]>,
}

impl Phases {
    /// Ends the phase that runs and begins another.
    pub fn enter(&self, phase: Phase) {
        self.switch(Some(phase));
    }

    /// Ends the phase that runs.
    pub fn leave(&self) {
        self.switch(None);
    }

    /// Spends the time of `work` in `phase` and goes on in the phase that ran before.
    pub fn during<T>(&self, phase: Phase, work: impl FnOnce() -> T) -> T {
        let before = self.now.get().map(|(phase, _)| phase);
        self.enter(phase);
        let result = work();
        self.switch(before);
        result
    }

    /// The seconds of forward, backward and optimizer.
    pub fn take(&self) -> [f64; 3] {
        self.spent.take()
    }

    fn switch(&self, to: Option<Phase>) {
        let now = Instant::now();
        if let Some((phase, since)) = self.now.replace(to.map(|phase| (phase, now))) {
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
