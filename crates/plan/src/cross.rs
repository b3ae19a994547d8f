//! Problems between parts that are valid on their own.

use clip_lab_plugin_api::{Captions, Dataset, Planned, Trick, diagnostics::Problem};
use serde_json::Value;

use super::{Head, Select, Split, draft::Draft, metrics::unreported};

/// Every problem between the parts that could be read.
pub(super) fn problems(draft: &Draft) -> Vec<Problem> {
    let single = [widths(draft), batch(draft), select(draft), goal(draft)];
    single.into_iter().flatten().chain(locked(draft)).chain(evaluated_on_train(draft)).collect()
}

/// Both projections must have the same output width.
fn widths(draft: &Draft) -> Option<Problem> {
    let (image, text) = (&draft.image.as_ref()?.head, &draft.text.as_ref()?.head);
    if image.dim == text.dim {
        return None;
    }
    let message = format!("image embeddings have {} dimensions, text embeddings {}", image.dim, text.dim);
    let problem = Problem::at(width_place(text), message).label(format!("{} dimensions", text.dim));
    let problem = problem.also(width_place(image), format!("{} dimensions", image.dim));
    Some(problem.help("give [model.image_projection] and [model.text_projection] the same `dim`"))
}

fn width_place(head: &Head) -> std::ops::Range<usize> {
    let section = &head.projection.section;
    section.place_of(if section.has("dim") { "dim" } else { "plugin" })
}

/// A batch larger than the data set is never full, so every batch is dropped.
fn batch(draft: &Draft) -> Option<Problem> {
    let (run, train) = (draft.run.as_ref()?, draft.data.train.as_ref()?);
    let items = items(train, run.captions)?;
    if run.batch <= items {
        return None;
    }
    let message = format!("the batch size {} exceeds the {items} items of [data.train]", run.batch);
    let problem = Problem::at(draft.run_section.place_of("batch"), message);
    let problem = problem.also(train.section.place.clone(), format!("{items} items"));
    Some(problem.help(format!("set `batch` to {items} or less")))
}

/// Evaluation data must differ from the training data.
fn evaluated_on_train(draft: &Draft) -> Vec<Problem> {
    let Some(train) = &draft.data.train else { return Vec::new() };
    let others = [&draft.data.val, &draft.data.test].into_iter().flatten();
    let same = others.filter(|other| other.name == train.name && other.settings == train.settings);
    same.map(|other| {
        let message = format!("[{}] is the same data as [data.train]", other.section.name);
        let problem = Problem::at(other.section.place.clone(), message);
        problem.also(train.section.place.clone(), "same settings").help("set another `split`")
    })
    .collect()
}

/// Items of an epoch: images, or captions if all of them are used.
pub(super) fn items(data: &Planned<dyn Dataset>, captions: Captions) -> Option<usize> {
    match captions {
        Captions::One => data.properties.images,
        Captions::All => data.properties.captions,
    }
}

/// `select = "best"` needs a goal on val.
fn select(draft: &Draft) -> Option<Problem> {
    let run = draft.run.as_ref()?;
    if run.select != Select::Best {
        return None;
    }
    let place = draft.run_section.place_of("select");
    if !draft.data.splits.contains(&Split::Val) {
        let problem =
            Problem::at(place, "[run].select: `best` needs [data.val], which the spec does not have");
        return Some(problem.help("add [data.val], or set `select = \"last\"`"));
    }
    let problem = Problem::at(
        place,
        "[run].select: `best` needs a goal on val: the test split must not be used for model selection",
    );
    let problem = problem.also(draft.run_section.place_of("goal"), "this goal is on test");
    (!run.goal.starts_with("val/")).then_some(problem)
}

/// Checks here that an evaluator reports the goal, instead of at the end of the run.
fn goal(draft: &Draft) -> Option<Problem> {
    let run = draft.run.as_ref()?;
    let selects = run.select == Select::Best && draft.data.splits.contains(&Split::Val);
    let matters = draft.run_section.has("goal") || selects;
    // A faulty [[eval]] leaves the reported metrics unknown.
    if !matters || draft.evals.is_empty() {
        return None;
    }
    let place = draft.run_section.place_of("goal");
    unreported(&run.goal, "[run].goal", &draft.evals, &draft.tricks, Some(place))
}

/// A tower without `from` is random, unless it is loaded from a file, as TorchScript modules are.
fn is_random(weights: &Option<super::Weights>, settings: &serde_json::Value) -> bool {
    weights.is_none() && settings.get("path").is_none()
}

/// A locked part with random weights is never trained.
fn locked(draft: &Draft) -> Vec<Problem> {
    let mut random = Vec::new();
    if let Some(image) = &draft.image {
        random.push((
            "image",
            is_random(&image.weights, &image.encoder.settings),
            image.encoder.section.place.clone(),
        ));
        random.push((
            "image_projection",
            random_head(&image.head),
            image.head.projection.section.place.clone(),
        ));
    }
    if let Some(text) = &draft.text {
        random.push((
            "text",
            is_random(&text.weights, &text.encoder.settings),
            text.encoder.section.place.clone(),
        ));
        random.push(("text_projection", random_head(&text.head), text.head.projection.section.place.clone()));
    }
    let random = random.into_iter().filter(|(_, random, _)| *random).map(|(part, _, place)| (part, place));
    let pairs =
        random.flat_map(|(part, place)| draft.tricks.iter().map(move |trick| (trick, part, place.clone())));
    pairs
        .filter(|(trick, part, _)| trick.properties.frozen.iter().any(|frozen| frozen == part))
        .map(|(trick, part, place)| {
            let message = format!("`{}` locks [model.{part}], whose weights are random", trick.name);
            Problem::at(trick.section.place_of(&setting_that_names(trick, part)), message)
                .also(place, "random: no `from`")
                .help(format!("give [model.{part}] a checkpoint with `from`, or do not lock it"))
        })
        .collect()
}

fn random_head(head: &Head) -> bool {
    head.projection.properties.learned && head.weights.is_none()
}

/// The setting of a trick that names `part`.
fn setting_that_names(trick: &Planned<dyn Trick>, part: &str) -> String {
    let names = |value: &Value| match value {
        Value::String(text) => text == part,
        Value::Array(items) => items.iter().any(|item| item == part),
        _ => false,
    };
    let settings = trick.settings.as_object().into_iter().flatten();
    settings.into_iter().find(|(_, value)| names(value)).map_or_else(String::new, |(key, _)| key.clone())
}
