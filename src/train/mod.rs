//! Training: from a plan to rows in the store.

pub mod checkpoint;
mod classifier;
mod console;
mod describe;
mod environment;
mod evaluate;
mod features;
mod gradcache;
mod load;
mod model;
mod precision;
mod probe;
mod rig;
mod session;
mod shadow;
mod signals;
mod speed;
mod summary;
mod thumbnail;
mod trainer;

pub use classifier::Classifier;
pub use console::{Console, Line, duration};
pub use environment::CODE;
pub use evaluate::{TEXTS_TOGETHER, Towers, View, embed_texts, judge};
pub use features::{Features, IMAGES_TOGETHER, Without, key};
pub use gradcache::{Embed, GradCache};
pub use load::resident_memory;
pub use model::{Against, ImageTower, Side, Start, TextTower, unit};
pub use rig::{Feed, Rig, count, device};
pub use session::{Options, Session, finished, goal};
pub use shadow::WeightsKind;
pub use signals::Stop;
pub use summary::summary;
pub use thumbnail::thumbnail;
pub use trainer::{Ended, Overfitted, Trainer};

use anyhow::Result;
use clip_lab_store::{Level, Status};

use crate::plan::Plan;

/// Runs a plan to its end, or until somebody stops it. What happens is recorded whichever way it ends.
///
/// # Errors
/// Those of the data, the weights and the store; the record then says failed, and why.
pub fn run(plan: &Plan, options: &Options, console: Console, stop: Stop) -> Result<Ended> {
    if plan.run.threads > 0 {
        tch::set_num_threads(plan.run.threads as i32);
    }
    clip_lab_torch::keep_memory();
    let device = device(&plan.run.device)?;
    let feed = Feed::open(plan)?;
    let session = Session::open(plan, options, environment::capture(device, &feed), feed.total)?;
    stop.begin();
    let trained = Trainer::new(plan, feed, device, &session, console, stop).and_then(|mut trainer| {
        let ended = trainer.train()?;
        trainer.sum_up(&ended)?;
        Ok(ended)
    });
    let (status, reason) = match &trained {
        Ok(Ended::Finished) => (Status::Finished, None),
        Ok(Ended::Stopped { step }) => (Status::Interrupted, Some(format!("stopped at step {step}"))),
        Ok(Ended::NonFinite { words, .. }) => (Status::NonFinite, Some(words.clone())),
        Err(error) => (Status::Failed, Some(format!("{error:#}"))),
    };
    if let Err(error) = &trained {
        session.recorder.event(Level::Error, "failed", None, &format!("{error:#}"));
    }
    session.finish(status, reason.as_deref());
    trained
}
