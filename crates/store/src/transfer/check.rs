//! What another store sends is untrusted: numbers that a run cannot have would overflow, or make a row unreadable.

use super::types::{Chunk, EventRecord, RunHead, TickRecord};
use crate::{Goal, Status, folder::is_uid};

/// The largest integer a double represents exactly: more than any step, byte or millisecond.
const MAX_INTEGER: i64 = 1 << 53;
/// More attempts than a run can have.
const MAX_ATTEMPTS: i64 = 1 << 31;

/// Checks a run.
///
/// # Errors
/// What is wrong with it.
pub fn head(head: &RunHead) -> Result<(), String> {
    let (state, run) = (&head.state, &head.run);
    let extent = &state.extent;
    let stored = Status::from_name(&extent.status)
        .is_some_and(|status| !matches!(status, Status::Stalled | Status::Crashed));
    let counts = [extent.logged, run.step, run.samples, run.active_ms, run.total_steps.unwrap_or_default()];
    let times = [
        extent.heartbeat_ms,
        run.created_ms,
        run.started_ms.unwrap_or_default(),
        run.ended_ms.unwrap_or_default(),
    ];
    let metric_goals = head.metrics.iter().map(|metric| metric.goal.as_str());
    let evaluation_goals = head.evaluations.iter().flat_map(|one| one.metrics.iter().map(|m| m.1.as_str()));
    let ranges = &head.superseded;
    let problems = [
        (!is_uid(&state.uid), "its uid"),
        (!stored, "its status"),
        (!(1..MAX_ATTEMPTS).contains(&extent.attempt), "its number of attempts"),
        (!counts.into_iter().all(count) || !times.into_iter().all(time), "a number of its row"),
        (!run.epoch.0.is_finite() || run.rate.is_some_and(|rate| !rate.0.is_finite()), "a number of its row"),
        (!metric_goals.chain(evaluation_goals).all(goal), "the goal of a metric"),
        (!head.metrics.iter().all(|metric| metric.counts.into_iter().all(count)), "the count of a metric"),
        (!head.events.iter().all(event), "an event"),
        (!head.notes.iter().all(|note| time(note.at_ms)), "a note"),
        (!head.evaluations.iter().all(|one| time(one.at_ms) && count(one.step)), "an evaluation"),
        (
            !head
                .artifacts
                .iter()
                .all(|file| time(file.at_ms) && count(file.bytes) && count(file.step.unwrap_or_default())),
            "a file",
        ),
        (!ranges.is_sorted_by(|a, b| a.to <= b.from), "its superseded log calls"),
        (
            !ranges.iter().all(|range| {
                count(range.from)
                    && count(range.to)
                    && range.from < range.to
                    && (1..MAX_ATTEMPTS).contains(&range.by)
            }),
            "its superseded log calls",
        ),
    ];
    match problems.into_iter().find(|(wrong, _)| *wrong) {
        Some((_, what)) => Err(format!("the run is damaged: {what} is not valid")),
        None => Ok(()),
    }
}

/// Checks log calls that follow `next`.
///
/// # Errors
/// What is wrong with them.
pub fn chunk(chunk: &Chunk, next: i64) -> Result<(), String> {
    let inside = |tick: &i64| (chunk.from..chunk.to).contains(tick);
    let ascending = chunk.ticks.is_sorted_by(|a, b| a.tick < b.tick);
    let ticks = chunk.ticks.iter().all(|tick| inside(&tick.tick) && plausible(tick));
    let names = chunk.series.iter().map(|series| &series.name);
    let unique = names.clone().collect::<std::collections::HashSet<_>>().len() == names.count();
    let points = chunk
        .series
        .iter()
        .all(|series| series.ticks.len() == series.values.len() && series.ticks.is_sorted_by(|a, b| a < b));
    let follows = chunk.from == next && chunk.to > chunk.from && count(chunk.to);
    match follows && ascending && ticks && unique && points {
        true => Ok(()),
        false => Err(format!("the log calls from {} on are damaged", chunk.from)),
    }
}

fn plausible(tick: &TickRecord) -> bool {
    let numbers = count(tick.step) && count(tick.samples) && tick.epoch.0.is_finite();
    let by = tick.superseded_by.unwrap_or(1);
    numbers
        && time(tick.wall_ms)
        && time(tick.active_ms)
        && [tick.attempt, by].iter().all(|attempt| (1..MAX_ATTEMPTS).contains(attempt))
}

fn event(event: &EventRecord) -> bool {
    let level = matches!(event.level.as_str(), "info" | "warning" | "error");
    level && time(event.at_ms) && event.step.is_none_or(count)
}

fn goal(name: &str) -> bool {
    Goal::from_name(name).as_str() == name
}

fn count(number: i64) -> bool {
    (0..=MAX_INTEGER).contains(&number)
}

fn time(ms: i64) -> bool {
    ms.unsigned_abs() <= MAX_INTEGER.unsigned_abs()
}
