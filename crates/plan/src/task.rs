//! Checks that the parts of a spec fit its task.

use clip_lab_plugin_api::{Task, diagnostics::Problem};

use super::{ClassifierInit, draft::Draft, letters::Letter};

/// Every part made for another task, and tricks that contradict `model.lock`.
pub(super) fn problems(draft: &Draft) -> Vec<Problem> {
    let mut problems: Vec<Problem> =
        [loss(draft), unused_text(draft), distinct(draft)].into_iter().flatten().collect();
    problems.extend(evals(draft));
    problems.extend(mixing(draft));
    problems.extend(lock_conflicts(draft));
    problems
}

fn loss(draft: &Draft) -> Option<Problem> {
    let (loss, _) = draft.loss.as_ref()?;
    if loss.properties.task == draft.task {
        return None;
    }
    let message =
        format!("`{}` scores {}, but {}", loss.name, loss.properties.task.inputs(), task_clause(draft.task));
    let help = match draft.task {
        Task::Classification => "use a loss over classes, such as `cross_entropy`",
        Task::Contrastive => "add [model.classifier], or use a loss over pairs, such as `clip`",
    };
    Some(Problem::at(loss.section.place_of("plugin"), message).help(help))
}

fn evals(draft: &Draft) -> impl Iterator<Item = Problem> {
    let other = draft.evals.iter().filter(|eval| eval.evaluator.properties.task != draft.task);
    other.map(|eval| {
        let (name, input) = (eval.evaluator.name, eval.evaluator.properties.task.inputs());
        let message = format!("`{name}` evaluates {input}, but {}", task_clause(draft.task));
        let help = match draft.task {
            Task::Classification => "use `classification`",
            Task::Contrastive => "use `retrieval` or `zero_shot`",
        };
        Problem::at(eval.evaluator.section.place_of("plugin"), message).help(help)
    })
}

fn mixing(draft: &Draft) -> impl Iterator<Item = Problem> {
    let contrastive = draft.task == Task::Contrastive;
    let mixing = draft.augment.iter().filter(move |augment| contrastive && augment.properties.mixes);
    mixing.map(|augment| {
        let message = format!(
            "`{}` mixes images and their class labels, but this spec trains on captions",
            augment.name
        );
        Problem::at(augment.section.place_of("plugin"), message).help("remove it, or add [model.classifier]")
    })
}

/// A text tower that the classifier does not use.
fn unused_text(draft: &Draft) -> Option<Problem> {
    let (classifier, section) = draft.classifier.as_ref()?;
    let text = draft.text.as_ref()?;
    if classifier.init == ClassifierInit::ZeroShot {
        return None;
    }
    let problem = Problem::at(
        text.encoder.section.place.clone(),
        "[model.text] is unused: a randomly initialised classifier needs no text tower",
    );
    let problem = problem.also(section.place_of("init"), "randomly initialised");
    Some(problem.help("remove [model.text], or set `init = \"zero_shot\"` in [model.classifier]"))
}

/// `distinct` applies to captions only.
fn distinct(draft: &Draft) -> Option<Problem> {
    let run = draft.run.as_ref()?;
    let message = "[run].distinct: applies to captions, but [model.classifier] trains on classes";
    let problem = Problem::at(draft.run_section.place_of("distinct"), message).help("remove it");
    (run.distinct && draft.task == Task::Classification).then_some(problem)
}

/// Towers that `model.lock` leaves unlocked and a trick locks.
fn lock_conflicts(draft: &Draft) -> Vec<Problem> {
    let Some(lock) = &draft.lock else { return Vec::new() };
    let towers = [("image", Some(lock.image)), ("text", lock.text)];
    let unlocked =
        towers.into_iter().filter(|(_, letter)| letter.is_some_and(|letter| letter != Letter::Locked));
    let pairs = unlocked.flat_map(|(tower, _)| draft.tricks.iter().map(move |trick| (tower, trick)));
    let conflicts =
        pairs.filter(|(tower, trick)| trick.properties.frozen.iter().any(|frozen| frozen == tower));
    conflicts
        .map(|(tower, trick)| {
            let message =
                format!("`{}` locks the {tower} tower, but model.lock leaves it unlocked", trick.name);
            let problem = Problem::at(trick.section.place_of("params"), message);
            problem
                .also(lock.place.clone(), "unlocked here")
                .help("remove one of them: `model.lock` or the trick")
        })
        .collect()
}

fn task_clause(task: Task) -> &'static str {
    match task {
        Task::Classification => "[model.classifier] makes the task image classification",
        Task::Contrastive => "this spec trains on image-caption pairs",
    }
}
