//! Training as several processes, one per rank. Each reads its slots of the global batch and embeds them; the loss is
//! that of all pairs, of which each rank computes the rows of its own images if the loss has stripes, and gradients are
//! summed. Rank 0 evaluates, saves and records.
//!
//! N ranks give the numbers of one process whose micro-batches have `batch / N` rows, dropout included.

mod agreement;
mod buffers;
mod exchange;
mod gradients;
mod inputs;
mod load;
mod rows;
mod share;

use std::{collections::BTreeMap, time::Duration};

use anyhow::{Result, anyhow};
use clip_lab_torch_ext::process_group::{GroupError, Op, ProcessGroup};
use tch::{Device, Tensor};

pub use agreement::{Agreement, Shared};
pub use exchange::Exchange;
pub use inputs::unfit;
pub use load::{RankLoad, metrics};

/// How long ranks wait for work of rank 0, such as an evaluation, as long as it sends heartbeats.
const LONG: Duration = Duration::from_secs(24 * 3600);

/// The processes that train together.
#[derive(Debug)]
pub struct Ranks {
    group: ProcessGroup,
    local_rank: usize,
}

impl Ranks {
    /// The members of a group over Gloo. `local_rank` is the number of this process among those of its host.
    pub fn new(group: ProcessGroup, local_rank: usize) -> Self {
        Self { group, local_rank }
    }

    /// The device that `name`, of `[run].device`, means on this rank: each process of a host has its own GPU.
    pub fn device_name(&self, name: &str, found: Device) -> String {
        match (name, found) {
            ("auto" | "cuda", Device::Cuda(_)) => format!("cuda:{}", self.local_rank),
            _ => name.to_owned(),
        }
    }

    /// The number of this process, from 0.
    pub fn rank(&self) -> usize {
        self.group.rank()
    }

    /// The number of processes.
    pub fn size(&self) -> usize {
        self.group.size()
    }

    /// How long this rank has waited for other ranks so far.
    pub fn waited(&self) -> Duration {
        self.group.waited()
    }

    /// Whether this process evaluates, saves and records.
    pub fn is_first(&self) -> bool {
        self.rank() == 0
    }

    /// Waits until all ranks call this, however long one of them works.
    pub fn wait(&self) -> Result<()> {
        Ok(self.group.barrier_within(LONG)?)
    }

    /// The bytes that this rank has given to each collective operation so far, by its name.
    pub fn bytes_given(&self) -> BTreeMap<&'static str, u64> {
        self.group.bytes_given()
    }

    /// Ends the group: waits for the other ranks, or reports to them the failure of this one.
    ///
    /// # Errors
    /// If `outcome` is an error, or another rank fails before the end.
    pub fn leave<T>(self, outcome: Result<T>) -> Result<T> {
        match outcome {
            Ok(value) => {
                self.wait()?;
                self.group.close()?;
                Ok(value)
            }
            Err(error) => {
                // The other ranks know of a failure of the group itself.
                if !error.chain().any(|cause| cause.is::<GroupError>()) {
                    self.group.abort(&format!("{error:#}"));
                }
                Err(error)
            }
        }
    }

    /// The text of rank 0.
    pub fn text_of_first(&self, text: &str) -> Result<String> {
        let own = if self.is_first() { text } else { "" };
        let texts = self.group.all_gather_text(own)?;
        texts.into_iter().next().ok_or_else(|| anyhow!("no text of rank 0"))
    }

    /// The rows `[n, ...]` of all ranks, `[size * n, ...]`, on the device of `tensor`. Gloo moves them between hosts' memories.
    fn all_gather(&self, tensor: &Tensor) -> Result<Tensor> {
        let rows = self.group.all_gather(&on_host(tensor)?)?;
        Ok(rows.f_to_device(tensor.device())?)
    }

    fn all_reduce(&self, tensor: &Tensor, op: Op) -> Result<Tensor> {
        let host = on_host(tensor)?;
        self.group.all_reduce(&host, op)?;
        Ok(host.f_to_device(tensor.device())?)
    }
}

/// A contiguous tensor in the memory of the host.
fn on_host(tensor: &Tensor) -> Result<Tensor> {
    Ok(tensor.f_detach()?.f_to_device(Device::Cpu)?.f_contiguous()?)
}
