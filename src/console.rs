//! The progress of a run on the console: plain lines, JSON lines, or nothing.

use std::time::{Duration, Instant};

use clip_lab_cli::{Ui, eprint, json_line, print, shown};
use serde_json::json;

use crate::{
    summary,
    train::{Monitor, RunEnd, StepStatus, Summary},
};

/// Minimum time between two progress lines.
const EVERY: Duration = Duration::from_secs(2);

/// Prints progress.
pub struct Console {
    ui: Ui,
    /// Prints to stdout for runs, to stderr for commands whose output is something else.
    write: fn(String),
    last_line: Option<Instant>,
    started: Instant,
    first_step: u64,
    pairs: u64,
}

impl Console {
    /// A console in the format `ui`.
    pub fn new(ui: Ui) -> Self {
        Self { ui, write: print, last_line: None, started: Instant::now(), first_step: 0, pairs: 0 }
    }

    /// Plain lines on stderr, for commands whose output is something else.
    pub fn stderr() -> Self {
        Self { write: eprint, ..Self::new(Ui::Plain) }
    }
}

impl Monitor for Console {
    fn message(&mut self, message: &str) {
        match self.ui {
            Ui::Json => (self.write)(json_line(json!({ "event": message }))),
            Ui::None => {}
            _ => (self.write)(format!("{}\n", shown(message))),
        }
    }

    fn warn(&mut self, message: &str) {
        clip_lab_cli::note!("{message}");
    }

    fn header(&mut self, lines: &[String]) {
        match self.ui {
            Ui::Json => self.message(&lines.join("\n")),
            _ => lines.iter().for_each(|line| self.message(line)),
        }
    }

    fn end(&mut self, summary: &Summary) {
        let lines = summary::lines(summary);
        if self.ui != Ui::Json {
            return self.header(&lines);
        }
        let ended = match summary.ended {
            RunEnd::Finished => "finished",
            RunEnd::Stopped { .. } => "stopped",
            RunEnd::NonFinite { .. } => "non_finite",
        };
        (self.write)(json_line(json!({
            "ended": ended, "run": summary.uid, "steps": summary.steps, "dir": summary.dir, "metrics": summary.metrics,
            "pairs_per_s": summary.pairs_per_s, "event": lines.join("\n"),
        })));
    }

    fn begin(&mut self, step: u64) {
        (self.started, self.first_step, self.pairs, self.last_line) = (Instant::now(), step, 0, None);
    }

    fn step(&mut self, at: StepStatus, pairs: u64) {
        self.pairs += pairs;
        let last = at.step == at.total;
        if !last && self.last_line.is_some_and(|last| last.elapsed() < EVERY) {
            return;
        }
        self.last_line = Some(Instant::now());
        let seconds = self.started.elapsed().as_secs_f64().max(1e-9);
        let rate = self.pairs as f64 / seconds;
        let done = (at.step - self.first_step).max(1);
        let left = seconds / done as f64 * (at.total - at.step) as f64;
        let StepStatus { step, total, epoch, loss, lr } = at;
        match self.ui {
            Ui::Json => (self.write)(json_line(json!({
                "step": step, "total": total, "epoch": epoch, "loss": loss, "lr": lr, "pairs_per_s": rate,
                "seconds_left": left,
            }))),
            Ui::None => {}
            _ => (self.write)(format!(
                "step {step:>w$}/{total}  epoch {epoch:>6.2}  loss {loss:.4}  lr {lr:.2e}  {rate:>6.1} pairs/s  {} left\n",
                duration(left),
                w = total.to_string().len()
            )),
        }
    }

    fn images(&mut self, done: usize, all: usize) {
        if done < all && self.last_line.is_some_and(|last| last.elapsed() < EVERY) {
            return;
        }
        self.last_line = Some(Instant::now());
        match self.ui {
            Ui::Json => (self.write)(json_line(json!({ "pictures": done, "all": all }))),
            Ui::None => {}
            _ => (self.write)(format!("  {done}/{all} images through the image tower\n")),
        }
    }
}

/// Formats seconds: `42 s`, `3 min 20 s`, `2 h 5 min`.
pub fn duration(seconds: f64) -> String {
    let whole = seconds.max(0.0).round() as u64;
    match (whole / 3600, whole / 60 % 60, whole % 60) {
        (0, 0, s) => format!("{s} s"),
        (0, m, s) => format!("{m} min {s} s"),
        (h, m, _) => format!("{h} h {m} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn durations_have_two_units() {
        assert_eq!(duration(41.6), "42 s");
        assert_eq!(duration(200.0), "3 min 20 s");
        assert_eq!(duration(7500.0), "2 h 5 min");
        assert_eq!(duration(f64::NAN), "0 s");
    }
}
