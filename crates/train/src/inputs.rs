//! The inputs of a run: data sets, tokenizer and order.

use std::sync::Arc;

use anyhow::{Context as _, Result, bail, ensure};
use clip_lab_plugin_api::{Captions, Dataset, Task, Tokenizer};

use clip_lab_input::Order;
use clip_lab_plan::{Plan, Split};

/// Data sets, tokenizer and order.
pub struct Inputs {
    /// The training set.
    pub train: Arc<dyn Dataset>,
    /// Evaluation splits: `val` during training, `test` at the end.
    pub splits: Vec<(Split, Arc<dyn Dataset>)>,
    /// Text to token ids; none when training on classes.
    pub tokenizer: Option<Arc<dyn Tokenizer>>,
    /// The order of the items in each epoch.
    pub order: Arc<Order>,
    /// Total number of updates.
    pub total: u64,
}

impl Inputs {
    /// Opens the data sets and the tokenizer. Reads lists, no images.
    ///
    /// # Errors
    /// If a plugin fails, or the batch is larger than the training set.
    pub fn open(plan: &Plan) -> Result<Self> {
        let train: Arc<dyn Dataset> = plan.data.train.build(()).context("[data.train]")?.into();
        let mut splits = Vec::new();
        for split in [Split::Val, Split::Test] {
            if let Some(planned) = plan.data.split(split) {
                let context = || format!("[data.{}]", split.as_str());
                splits.push((split, Arc::from(planned.build(()).with_context(context)?)));
            }
        }
        let classes = plan.task() == Task::Classification;
        let tokenizer = if classes { None } else { tokenizer(plan)? };
        if classes {
            check_classes(train.as_ref(), &splits)?;
        }
        let run = &plan.run;
        // One item per image: its class does not depend on its captions.
        let captions = if classes { Captions::One } else { run.captions };
        let order = Order::new(train.as_ref(), captions, run.seed, run.shuffle, run.batch);
        let fills_a_batch = order.batches() > 0;
        let order = if run.distinct { order.distinct(train.as_ref()) } else { order };
        if fills_a_batch && order.batches() == 0 {
            bail!(
                "[run].distinct: [data.train] has too few different images and captions for a batch of {}: lower \
                 run.batch, or set distinct = false",
                run.batch
            );
        }
        if order.batches() == 0 {
            bail!(
                "[data.train] has {} pairs, fewer than a batch of {}: lower run.batch",
                order.len(),
                run.batch
            );
        }
        let total = run.total_steps(order.batches());
        Ok(Self { train, splits, tokenizer, order: Arc::new(order), total })
    }
}

fn tokenizer(plan: &Plan) -> Result<Option<Arc<dyn Tokenizer>>> {
    let Some(text) = &plan.text else { return Ok(None) };
    let tokenizer: Arc<dyn Tokenizer> = text.tokenizer.build(()).context("[tokenizer]")?.into();
    let (ids, rows) = (tokenizer.vocab(), text.encoder.properties.vocab);
    ensure!(ids <= rows, "[tokenizer] has {ids} ids, [model.text] only {rows} embeddings");
    Ok(Some(tokenizer))
}

/// All splits must have the classes of the training set, in the same order.
fn check_classes(train: &dyn Dataset, splits: &[(Split, Arc<dyn Dataset>)]) -> Result<()> {
    let classes = train.classes();
    ensure!(
        classes.len() > 1,
        "[data.train] has {} classes, [model.classifier] needs at least two: use a data set with classes, such as \
         `image_folder`",
        classes.len()
    );
    for (split, data) in splits {
        let other = data.classes();
        ensure!(
            other == classes,
            "[data.{}] has the classes {other:?}, [data.train] has {classes:?}: they must be the same",
            split.as_str()
        );
    }
    Ok(())
}
