//! What a run says while it runs: plain lines, JSON lines, or nothing.

use std::time::{Duration, Instant};

use clip_lab_cli::{Ui, line, print, shown, talk};
use serde_json::{Value, json};

/// Time between two lines of progress.
const EVERY: Duration = Duration::from_secs(2);

/// Where a run stands, as a line shows it.
#[derive(Debug, Clone, Copy)]
pub struct Line {
    /// Updates done.
    pub step: u64,
    /// Updates in all.
    pub total: u64,
    /// Epochs done.
    pub epoch: f64,
    /// The last loss.
    pub loss: f64,
    /// The last learning rate.
    pub lr: f64,
}

/// Prints progress.
pub struct Console {
    ui: Ui,
    /// Where lines go: a run's are what it answers, those of other verbs stand beside their answer.
    put: fn(String),
    shown: Option<Instant>,
    since: Instant,
    from: u64,
    pairs: u64,
}

impl Console {
    /// A console of the kind asked for.
    pub fn new(ui: Ui) -> Self {
        Self { ui, put: print, shown: None, since: Instant::now(), from: 0, pairs: 0 }
    }

    /// Plain lines on standard error, for verbs whose answer is something else.
    pub fn beside() -> Self {
        Self { put: talk, ..Self::new(Ui::Plain) }
    }

    /// Something worth a line of its own; it stays on one.
    pub fn say(&mut self, words: &str) {
        match self.ui {
            Ui::Json => (self.put)(line(json!({ "event": words }))),
            Ui::None => {}
            _ => (self.put)(format!("{}\n", shown(words))),
        }
    }

    /// What is about to happen, in lines of which none breaks.
    pub fn introduce(&mut self, lines: &[String]) {
        match self.ui {
            Ui::Json => self.say(&lines.join("\n")),
            _ => lines.iter().for_each(|line| self.say(line)),
        }
    }

    /// The last word, in lines of which none breaks, and the same in fields for programs.
    pub fn end(&mut self, lines: &[String], mut fields: Value) {
        if self.ui == Ui::Json {
            fields["event"] = lines.join("\n").into();
            return (self.put)(line(fields));
        }
        self.introduce(lines);
    }

    /// Training begins at `step`: rates count from here.
    pub fn begin(&mut self, step: u64) {
        (self.since, self.from, self.pairs, self.shown) = (Instant::now(), step, 0, None);
    }

    /// An update of `pairs` pairs is done.
    pub fn step(&mut self, at: Line, pairs: u64) {
        self.pairs += pairs;
        let last = at.step == at.total;
        if !last && self.shown.is_some_and(|shown| shown.elapsed() < EVERY) {
            return;
        }
        self.shown = Some(Instant::now());
        let seconds = self.since.elapsed().as_secs_f64().max(1e-9);
        let rate = self.pairs as f64 / seconds;
        let done = (at.step - self.from).max(1);
        let left = seconds / done as f64 * (at.total - at.step) as f64;
        let Line { step, total, epoch, loss, lr } = at;
        match self.ui {
            Ui::Json => (self.put)(line(json!({
                "step": step, "total": total, "epoch": epoch, "loss": loss, "lr": lr, "pairs_per_s": rate,
                "seconds_left": left,
            }))),
            Ui::None => {}
            _ => (self.put)(format!(
                "step {step:>w$}/{total}  epoch {epoch:>6.2}  loss {loss:.4}  lr {lr:.2e}  {rate:>6.1} pairs/s  {} left\n",
                duration(left),
                w = total.to_string().len()
            )),
        }
    }

    /// `done` of `all` pictures went through the locked tower.
    pub fn pictures(&mut self, done: usize, all: usize) {
        if done < all && self.shown.is_some_and(|shown| shown.elapsed() < EVERY) {
            return;
        }
        self.shown = Some(Instant::now());
        match self.ui {
            Ui::Json => (self.put)(line(json!({ "pictures": done, "all": all }))),
            Ui::None => {}
            _ => (self.put)(format!("  {done}/{all} pictures through the image tower\n")),
        }
    }
}

/// Seconds as a person says them: `42 s`, `3 min 20 s`, `2 h 5 min`.
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
    fn durations_read_well() {
        assert_eq!(duration(41.6), "42 s");
        assert_eq!(duration(200.0), "3 min 20 s");
        assert_eq!(duration(7500.0), "2 h 5 min");
        assert_eq!(duration(f64::NAN), "0 s");
    }
}
