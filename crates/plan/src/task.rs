//! Faults between the task of a spec and the parts that it names.

use clip_lab_api::{Task, problem::Problem};

use super::{ClassifierInit, draft::Draft, lock::Letter};

/// Every part that does another task than the spec's, and letters that tricks contradict.
pub(super) fn faults(draft: &Draft) -> Vec<Problem> {
    let mut problems: Vec<Problem> =
        [loss(draft), idle_text(draft), distinct(draft)].into_iter().flatten().collect();
    problems.extend(evals(draft));
    problems.extend(mixing(draft));
    problems.extend(contradicted(draft));
    problems
}

fn loss(draft: &Draft) -> Option<Problem> {
    let (loss, _) = draft.loss.as_ref()?;
    if loss.facts.task == draft.task {
        return None;
    }
    let words = format!("`{}` scores {}, but {}", loss.name, loss.facts.task.looks_at(), said(draft.task));
    let help = match draft.task {
        Task::Classification => "take a loss over classes, such as `cross_entropy`",
        Task::Contrastive => "add [model.classifier], or take a loss over pairs, such as `clip`",
    };
    Some(Problem::at(loss.section.place_of("plugin"), words).help(help))
}

fn evals(draft: &Draft) -> impl Iterator<Item = Problem> {
    let other = draft.evals.iter().filter(|eval| eval.evaluator.facts.task != draft.task);
    other.map(|eval| {
        let (name, looks) = (eval.evaluator.name, eval.evaluator.facts.task.looks_at());
        let words = format!("`{name}` looks at {looks}, but {}", said(draft.task));
        let help = match draft.task {
            Task::Classification => "take `classification`",
            Task::Contrastive => "take `retrieval` or `zero_shot`",
        };
        Problem::at(eval.evaluator.section.place_of("plugin"), words).help(help)
    })
}

fn mixing(draft: &Draft) -> impl Iterator<Item = Problem> {
    let contrastive = draft.task == Task::Contrastive;
    let mixing = draft.augment.iter().filter(move |augment| contrastive && augment.facts.mixes);
    mixing.map(|augment| {
        let words =
            format!("`{}` mixes pictures with their classes, and this spec trains on captions", augment.name);
        Problem::at(augment.section.place_of("plugin"), words).help("take it out, or add [model.classifier]")
    })
}

/// A text tower that a classifier leaves without work.
fn idle_text(draft: &Draft) -> Option<Problem> {
    let (classifier, section) = draft.classifier.as_ref()?;
    let text = draft.text.as_ref()?;
    if classifier.init == ClassifierInit::ZeroShot {
        return None;
    }
    let problem = Problem::at(
        text.encoder.section.place.clone(),
        "nothing uses [model.text]: classes need no captions",
    );
    let problem = problem.also(section.place_of("init"), "starts random");
    Some(problem.help("take [model.text] out, or set `init = \"zero_shot\"` in [model.classifier]"))
}

/// Classes have no captions to tell apart.
fn distinct(draft: &Draft) -> Option<Problem> {
    let run = draft.run.as_ref()?;
    let words = "[run].distinct: keeps captions apart, and [model.classifier] trains on classes";
    let problem = Problem::at(draft.run_section.place_of("distinct"), words).help("take it out");
    (run.distinct && draft.task == Task::Classification).then_some(problem)
}

/// A tower that its letter leaves unlocked and a trick locks.
fn contradicted(draft: &Draft) -> Vec<Problem> {
    let Some(lock) = &draft.lock else { return Vec::new() };
    let towers = [("image", Some(lock.image)), ("text", lock.text)];
    let free = towers.into_iter().filter(|(_, letter)| letter.is_some_and(|letter| letter != Letter::Locked));
    let pairs = free.flat_map(|(tower, _)| draft.tricks.iter().map(move |trick| (tower, trick)));
    let against = pairs.filter(|(tower, trick)| trick.facts.frozen.iter().any(|frozen| frozen == tower));
    against
        .map(|(tower, trick)| {
            let words = format!("`{}` locks the {tower} tower, which model.lock leaves unlocked", trick.name);
            let problem = Problem::at(trick.section.place_of("params"), words);
            problem
                .also(lock.place.clone(), "the letters")
                .help("say it in one place: the letters or the trick")
        })
        .collect()
}

fn said(task: Task) -> &'static str {
    match task {
        Task::Classification => "[model.classifier] makes this spec classify pictures",
        Task::Contrastive => "this spec trains on pairs of pictures and captions",
    }
}
