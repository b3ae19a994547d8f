//! Training: from a plan to rows in the store.

mod averaged_weights;
pub mod checkpoint;
mod components;
#[cfg(test)]
#[path = "../build/digest.rs"]
mod digest;
mod embeddings;
mod environment;
mod evaluate;
mod feature_key;
mod features;
mod inputs;
#[cfg(test)]
#[path = "../build/lock.rs"]
mod lock;
mod loss_scale;
mod mean;
mod model_metadata;
mod monitor;
mod overfit;
mod peak_flops;
mod phases;
mod probe;
mod random;
mod ranks;
mod reading;
mod run_end;
mod run_record;
mod scalars;
mod sharing;
mod step;
mod stop;
mod system_stats;
mod thumbnail;
mod trainer;

pub use averaged_weights::WeightsKind;
pub use components::{Components, count};
pub use embeddings::{Embed, Embeddings, Towers as MicroBatchedTowers};
pub use environment::CODE;
pub use evaluate::{EmbeddedData, Towers, evaluate_split};
pub use feature_key::key;
pub use features::{Features, Filtered, IMAGE_BATCH};
pub use inputs::Inputs;
pub use loss_scale::LossScale;
pub use monitor::{Monitor, Silent, StepStatus, Summary};
pub use overfit::{Overfitted, overfit};
pub use phases::Phases;
pub use random::{Tower, seed_model};
pub use ranks::{Agreement, Ranks, Shared, unfit};
pub use run_end::RunEnd;
pub use run_record::{Options, RunRecord, finished, goal};
pub use scalars::LossCheck;
pub use sharing::{Peers, Sharing};
pub use step::{Step, StepOutput, StepSettings};
pub use stop::Stop;
pub use system_stats::ResidentMemory;
pub use thumbnail::thumbnail;
pub use trainer::Trainer;

use anyhow::Result;
use clip_lab_store::{Level, Status};

use clip_lab_model::device;
use clip_lab_plan::Plan;

/// Trains a plan until its last step or a stop request, and records how it ended.
///
/// # Errors
/// If data, model or store fail; the run is then recorded as failed, with the error.
pub fn run(plan: &Plan, options: &Options, monitor: &mut dyn Monitor, stop: Stop) -> Result<RunEnd> {
    train(plan, options, monitor, stop, None)
}

/// Trains a plan as one of several processes; rank 0 records. Returns when all have ended.
///
/// # Errors
/// As [`run`], on all ranks when one fails.
pub fn run_as_rank(
    plan: &Plan,
    options: &Options,
    monitor: &mut dyn Monitor,
    stop: Stop,
    ranks: Ranks,
) -> Result<RunEnd> {
    let trained = train(plan, options, monitor, stop, Some(&ranks));
    ranks.leave(trained)
}

fn train(
    plan: &Plan,
    options: &Options,
    monitor: &mut dyn Monitor,
    stop: Stop,
    ranks: Option<&Ranks>,
) -> Result<RunEnd> {
    let mut chosen = device(&plan.run.device)?;
    if let Some(ranks) = ranks {
        chosen = device(&ranks.device_name(&plan.run.device, chosen.device))?;
    }
    if plan.run.threads > 0 {
        tch::set_num_threads(plan.run.threads as i32);
    }
    clip_lab_torch_ext::retain_freed_memory();
    let inputs = Inputs::open(plan)?;
    let open = |monitor: &mut dyn Monitor| {
        let environment = environment::capture(&chosen, &inputs, ranks.map_or(1, Ranks::size));
        RunRecord::open(plan, options, environment, inputs.total, monitor)
    };
    let run_record = match ranks {
        None => open(monitor)?,
        Some(ranks) => {
            ranks.compare(plan, &inputs)?;
            let own = ranks.is_first().then(|| open(monitor)).transpose()?;
            RunRecord::shared(own, ranks, options)?
        }
    };
    if let Some(fault) = &chosen.fault {
        run_record.recorder.event(Level::Warning, "device", None, fault);
        monitor.warn(fault);
    }
    stop.mark_started();
    let trained = Trainer::new(plan, inputs, chosen.device, &run_record, &mut *monitor, stop, ranks)
        .and_then(|mut trainer| {
            let ended = trainer.train()?;
            trainer.send_summary(&ended);
            Ok(ended)
        });
    let (status, reason) = match &trained {
        Ok(RunEnd::Finished) => (Status::Finished, None),
        Ok(RunEnd::Stopped { step }) => (Status::Interrupted, Some(format!("stopped at step {step}"))),
        Ok(RunEnd::NonFinite { message, .. }) => (Status::NonFinite, Some(message.clone())),
        Err(error) => (Status::Failed, Some(format!("{error:#}"))),
    };
    if let Err(error) = &trained {
        run_record.recorder.event(Level::Error, "failed", None, &format!("{error:#}"));
    }
    run_record.finish(status, reason.as_deref(), monitor);
    trained
}
