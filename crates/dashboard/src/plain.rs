//! Plain lines for a terminal that cannot draw a full screen: the runs once, then events and progress.

use std::{
    collections::HashSet,
    io::{self, Write},
    sync::atomic::{AtomicBool, Ordering},
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};

use crate::{
    data::{Event, FeedRequest, Run, Snapshot},
    feed::Feed,
    options::{Options, Outcome},
    runs::progress,
};
use clip_lab_chart::{
    figure::{number, span},
    table::table,
    text::{Column, clean},
};

/// The interval between two reads of the store.
const TICK: Duration = Duration::from_millis(250);
/// How often the progress of live runs is printed.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(10);
/// The most earlier events printed at the start.
const MAX_OLD_EVENTS: usize = 10;

/// Why this terminal cannot draw a full screen, if it cannot.
pub fn no_screen() -> Option<String> {
    reason(std::env::var("TERM").ok().as_deref())
}

fn reason(term: Option<&str>) -> Option<String> {
    let reason = match term {
        None | Some("") => "TERM is not set",
        Some("dumb") => "TERM is `dumb`, a terminal without cursor control",
        Some(_) => return None,
    };
    Some(format!(
        "{reason}: printing plain lines instead of a full screen; set TERM=xterm-256color to draw one"
    ))
}

/// Prints the runs, then events and progress until no run is live or `stop` is set.
///
/// # Errors
/// If the store cannot be read at the start.
pub fn follow(options: Options, stop: &AtomicBool) -> Result<Outcome> {
    let mut feed = Feed::new(options.store, options.layout, options.runs);
    let mut lines = Lines::default();
    let (mut requested, mut since) = (true, Instant::now());
    while !stop.load(Ordering::Relaxed) {
        let snapshot = feed.poll(&FeedRequest::default(), requested);
        requested = false;
        if let Some(snapshot) = snapshot {
            let starting = options.child && snapshot.runs.is_empty();
            if let Some(error) = snapshot.error.as_ref().filter(|_| !starting && lines.first) {
                bail!("{error}");
            }
            let due = since.elapsed() >= PROGRESS_INTERVAL;
            if lines.print(&snapshot, due, &mut io::stdout().lock()).is_err() {
                return Ok(Outcome::Gone);
            }
            since = if due { Instant::now() } else { since };
            if snapshot.live() == 0 && !starting && snapshot.error.is_none() {
                return Ok(Outcome::Left);
            }
        }
        sleep(TICK);
    }
    Ok(Outcome::Left)
}

/// What has been printed so far.
struct Lines {
    first: bool,
    printed: HashSet<i64>,
}

impl Default for Lines {
    fn default() -> Lines {
        Lines { first: true, printed: HashSet::new() }
    }
}

impl Lines {
    fn print(&mut self, snapshot: &Snapshot, due: bool, out: &mut impl Write) -> io::Result<()> {
        let mut new: Vec<&Event> =
            snapshot.events.iter().filter(|event| self.printed.insert(event.row.id)).collect();
        if self.first && !snapshot.runs.is_empty() {
            self.first = false;
            write!(out, "{}", overview(&snapshot.runs))?;
            new.drain(..new.len().saturating_sub(MAX_OLD_EVENTS));
        }
        for event in new {
            let step = event.row.step.map_or(String::new(), |step| format!(" @{step}"));
            writeln!(out, "{}{step} {}: {}", event.run, clean(&event.row.kind), clean(&event.row.text))?;
        }
        for run in snapshot.runs.iter().filter(|run| due && run.row.status.is_live()) {
            writeln!(out, "{}", line(run))?;
        }
        out.flush()
    }
}

fn overview(runs: &[Run]) -> String {
    let columns = [
        Column::text("RUN", 0, 12),
        Column::text("STATUS", 0, 11),
        Column::number("PROGRESS", 1),
        Column::number("LOSS", 2),
        Column::number("GOAL", 1),
        Column::number("TIME", 3),
    ];
    let row = |run: &Run| {
        vec![
            run.name.clone(),
            run.row.status.to_string(),
            percent(run),
            value(run, "train/loss"),
            run.row.goal_metric.as_deref().map_or(String::new(), |goal| value(run, goal)),
            span(run.row.active_ms.max(0) as f64 / 1000.0),
        ]
    };
    let rows: Vec<Vec<String>> = runs.iter().map(row).collect();
    table(&columns, &rows, ratatui::crossterm::terminal::size().map_or(80, |(wide, _)| wide.max(40).into()))
}

fn line(run: &Run) -> String {
    let goal = run.row.goal_metric.as_deref();
    let goal = goal.map_or(String::new(), |goal| format!("  {} {}", clean(goal), value(run, goal)));
    let status = run.row.status;
    let loss = value(run, "train/loss");
    format!("{status} {}  step {}  {}  loss {loss}{goal}", run.name, run.row.step, percent(run))
}

fn percent(run: &Run) -> String {
    let bar = progress(run.row.step, run.row.total_steps);
    bar.rsplit(' ').next().unwrap_or_default().to_string()
}

fn value(run: &Run, metric: &str) -> String {
    run.metric(metric).and_then(|series| series.last).map_or(String::new(), number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_without_a_cursor_gets_the_reason_for_plain_lines() {
        assert!(reason(None).is_some_and(|text| text.contains("TERM is not set")));
        assert!(reason(Some("dumb")).is_some_and(|text| text.contains("`dumb`")));
        assert_eq!(reason(Some("xterm-256color")), None);
    }
}
