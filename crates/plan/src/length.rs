//! The length of a run: set once, and long enough for its schedule. A problem suggests the overrides that fix it.

use clip_lab_plugin_api::diagnostics::Problem;

use super::{cross::items, draft::Draft};

/// Every problem of the length; `overrides` are the given `--set` arguments.
pub(super) fn problems(draft: &Draft, overrides: &[String]) -> Vec<Problem> {
    let (twice, ramps) = (twice(draft, overrides), ramps(draft));
    let needed = [&twice, &ramps].into_iter().flatten().map(|conflict| conflict.needed.clone());
    let needed: Vec<String> = overrides.iter().cloned().chain(needed).collect();
    let line: Vec<String> = needed.iter().map(|set| format!("--set {set}")).collect();
    let line = line.join(" ");
    let conflicts = [twice, ramps].into_iter().flatten();
    conflicts.map(|conflict| conflict.problem.help(conflict.help.replace("LINE", &line))).collect()
}

/// A problem, the override that fixes it, and a help text, in which `LINE` stands for all overrides.
struct Conflict {
    problem: Problem,
    needed: String,
    help: String,
}

/// `epochs` and `steps` together, where an override set one of them.
fn twice(draft: &Draft, overrides: &[String]) -> Option<Conflict> {
    let run = draft.run.as_ref()?;
    let place = draft.run_section.place_of("steps");
    run.epochs.and(run.steps)?;
    let message = "set either `epochs` or `steps`, not both";
    let problem = Problem::at(place, format!("[run].steps: {message}")).label(message);
    let problem = problem.also(draft.run_section.place_of("epochs"), "also set here");
    let is_set =
        |key: &str| overrides.iter().any(|set| set.split_once('=').is_some_and(|(set, _)| set.trim() == key));
    let other = if is_set("run.epochs") && !is_set("run.steps") { "steps" } else { "epochs" };
    let overridden = is_set("run.epochs") || is_set("run.steps");
    let file = if overridden { "" } else { "remove one of them, or " };
    let help = format!("{file}pass `LINE`: an override without a value removes a setting");
    Some(Conflict { problem, needed: format!("run.{other}="), help })
}

/// Warmup and cooldown must fit into the run.
fn ramps(draft: &Draft) -> Option<Conflict> {
    let (run, schedule) = (draft.run.as_ref()?, draft.schedule.as_ref()?);
    let items = draft.data.train.as_ref().and_then(|train| items(train, run.captions));
    let total = match (run.steps, items) {
        (Some(steps), _) => steps,
        (None, items) => run.total_steps((items? / run.batch.max(1)) as u64),
    };
    let ramps = schedule.properties.ramps;
    // A run of 0 steps has a batch larger than the data, which is reported already.
    if ramps <= total || total == 0 {
        return None;
    }
    let key = schedule.properties.key;
    let message = format!("warmup and cooldown take {ramps} steps, but the run has {total}");
    let length = if run.steps.is_some() { "steps" } else { "epochs" };
    let problem = Problem::at(schedule.section.place_of(key), message).label(format!("more than {total}"));
    let problem = problem.also(draft.run_section.place_of(length), format!("{total} steps"));
    let others = ramps - schedule.settings[key].as_u64().unwrap_or(0).min(ramps);
    let shorter = (total / 10).min(total.saturating_sub(others));
    let help = "make the run longer, or warmup and cooldown shorter, such as with `LINE`";
    Some(Conflict { problem, needed: format!("schedule.{key}={shorter}"), help: help.to_owned() })
}
