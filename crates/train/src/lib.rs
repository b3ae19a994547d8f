//! Training: from a plan to rows in the store.

pub mod checkpoint;
mod describe;
mod embeddings;
mod environment;
mod evaluate;
mod features;
mod load;
mod loss_scale;
mod mean;
mod monitor;
mod overfit;
mod phases;
mod probe;
mod random;
mod rig;
mod session;
mod shadow;
mod speed;
mod step;
mod stop;
mod thumbnail;
mod trainer;

pub use embeddings::{Embed, Embeddings, Towers as MicroBatchedTowers};
pub use environment::CODE;
pub use evaluate::{Towers, View, judge};
pub use features::{Features, IMAGES_TOGETHER, Without, key};
pub use load::resident_memory;
pub use loss_scale::LossScale;
pub use monitor::{Monitor, Silent, StepStatus, Summary};
pub use overfit::{Overfitted, overfit};
pub use phases::Phases;
pub use random::{Tower, seed_model};
pub use rig::{Feed, Rig, count};
pub use session::{Options, Session, finished, goal};
pub use shadow::WeightsKind;
pub use step::{Step, StepOutput, StepSettings};
pub use stop::Stop;
pub use thumbnail::thumbnail;
pub use trainer::{Ended, Trainer};

use anyhow::Result;
use clip_lab_store::{Level, Status};

use clip_lab_model::device;
use clip_lab_plan::Plan;

/// Runs a plan to its end, or until somebody stops it. What happens is recorded whichever way it ends.
///
/// # Errors
/// Those of the data, the weights and the store; the record then says failed, and why.
pub fn run(plan: &Plan, options: &Options, monitor: &mut dyn Monitor, stop: Stop) -> Result<Ended> {
    if plan.run.threads > 0 {
        tch::set_num_threads(plan.run.threads as i32);
    }
    clip_lab_torch::keep_memory();
    let device = device(&plan.run.device)?;
    let feed = Feed::open(plan)?;
    let session = Session::open(plan, options, environment::capture(device, &feed), feed.total, monitor)?;
    stop.begin();
    let trained = Trainer::new(plan, feed, device, &session, &mut *monitor, stop).and_then(|mut trainer| {
        let ended = trainer.train()?;
        trainer.sum_up(&ended);
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
    session.finish(status, reason.as_deref(), monitor);
    trained
}
