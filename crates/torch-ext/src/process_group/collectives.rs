//! The collective operations.

use std::{
    collections::BTreeMap,
    sync::atomic::Ordering::Relaxed,
    time::{Duration, Instant},
};

use tch::Tensor;

use super::{
    ProcessGroup, Work,
    error::{Cause, GroupError},
    ffi::{self, Call},
};

/// How the values of the ranks are combined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// Their sum. There is no mean: where ranks have different numbers of rows, a mean of means is wrong.
    Sum = 0,
    /// The smallest.
    Min = 1,
    /// The largest.
    Max = 2,
}

/// All tensors must be contiguous, on the device of the backend, and of one shape and kind on all ranks. None of these
/// operations is differentiated. The forms with `start_` return at once.
impl ProcessGroup {
    /// Combines the tensors of all ranks in place; all ranks have the same bits afterwards.
    ///
    /// # Errors
    /// If a rank does not join in time, has ended, or gave a tensor of another shape or kind.
    pub fn all_reduce(&self, tensor: &Tensor, op: Op) -> Result<(), GroupError> {
        self.start_all_reduce(tensor, op)?.wait().map(drop)
    }

    /// Begins an [`Self::all_reduce`].
    ///
    /// # Errors
    /// If libtorch refuses the tensor.
    pub fn start_all_reduce(&self, tensor: &Tensor, op: Op) -> Result<Work, GroupError> {
        self.start("all_reduce", Some(tensor), tensor.shallow_clone(), Call::AllReduce(tensor, op))
    }

    /// The tensors `[n, ...]` of all ranks in their order, `[size * n, ...]`.
    pub fn all_gather(&self, tensor: &Tensor) -> Result<Tensor, GroupError> {
        self.start_all_gather(tensor)?.wait()
    }

    /// Begins an [`Self::all_gather`], whose result [`Work::wait`] returns.
    pub fn start_all_gather(&self, tensor: &Tensor) -> Result<Work, GroupError> {
        let rows = |n: i64| Ok(n * self.size() as i64);
        let out = self.output("all_gather", tensor, rows)?;
        self.start("all_gather", Some(tensor), out.shallow_clone(), Call::AllGather(&out, tensor))
    }

    /// This rank's part `[n, ...]` of the combined tensors `[size * n, ...]`: rank 0 has the first rows. Gloo sends as many
    /// bytes as for an [`Self::all_reduce`] of the same tensor, twice those of an [`Self::all_to_all`].
    ///
    /// # Errors
    /// As [`Self::all_reduce`], and if the rows cannot be divided.
    pub fn reduce_scatter(&self, tensor: &Tensor, op: Op) -> Result<Tensor, GroupError> {
        let size = self.size() as i64;
        let out = self.output("reduce_scatter", tensor, |n| divided(n, size).map(|()| n / size))?;
        let call = Call::ReduceScatter(&out, tensor, op);
        self.start("reduce_scatter", Some(tensor), out.shallow_clone(), call)?.wait()
    }

    /// The parts `[n, ...]` of all ranks for this one, `[size * n, ...]`, from tensors of one part for each rank, in order.
    ///
    /// # Errors
    /// As [`Self::all_reduce`], and if the rows cannot be divided.
    pub fn all_to_all(&self, tensor: &Tensor) -> Result<Tensor, GroupError> {
        let size = self.size() as i64;
        let out = self.output("all_to_all", tensor, |n| divided(n, size).map(|()| n))?;
        let call = Call::AllToAll(&out, tensor);
        self.start("all_to_all", Some(tensor), out.shallow_clone(), call)?.wait()
    }

    /// The bytes of the tensors that this rank has given to each operation so far, by its name. How many of them go to
    /// other ranks depends on the operation.
    pub fn bytes_given(&self) -> BTreeMap<&'static str, u64> {
        self.member.bytes_given.lock().map_or_else(|_| BTreeMap::new(), |given| given.clone())
    }

    /// How long this rank has waited for operations so far: for their transfers, and for ranks that came later.
    pub fn waited(&self) -> Duration {
        Duration::from_nanos(self.member.waited.load(Relaxed))
    }

    /// Copies the tensor of rank `root` into those of all ranks.
    pub fn broadcast(&self, tensor: &Tensor, root: usize) -> Result<(), GroupError> {
        let call = Call::Broadcast(tensor, root);
        self.start("broadcast", Some(tensor), tensor.shallow_clone(), call)?.wait().map(drop)
    }

    /// Waits until all ranks have called this.
    pub fn barrier(&self) -> Result<(), GroupError> {
        self.barrier_within(self.timeout())
    }

    /// [`Self::barrier`] with a timeout of its own, for work that only one rank does, such as an evaluation. It fails earlier
    /// if that rank sends no heartbeat for the timeout of the group.
    pub fn barrier_within(&self, timeout: Duration) -> Result<(), GroupError> {
        self.start("barrier", None, Tensor::new(), Call::Barrier(timeout))?.wait().map(drop)
    }

    /// An uninitialised tensor like `tensor` with another number of rows.
    fn output(
        &self,
        name: &str,
        tensor: &Tensor,
        rows: impl FnOnce(i64) -> Result<i64, String>,
    ) -> Result<Tensor, GroupError> {
        let number = self.member.begun.load(Relaxed);
        let fail = |message: String| {
            let operation = describe(name, number, Some(tensor));
            self.member.error(&operation, number, Instant::now(), Cause::Other(message))
        };
        let mut size = tensor.size();
        let first = size.first_mut().ok_or_else(|| fail("a scalar has no rows".to_owned()))?;
        *first = rows(*first).map_err(fail)?;
        Tensor::f_empty(&size[..], (tensor.kind(), tensor.device())).map_err(|error| fail(error.to_string()))
    }

    fn start(
        &self,
        name: &'static str,
        tensor: Option<&Tensor>,
        output: Tensor,
        call: Call,
    ) -> Result<Work, GroupError> {
        let number = self.member.begun.fetch_add(1, Relaxed);
        let (operation, started) = (describe(name, number, tensor), Instant::now());
        let member = self.member.clone();
        let fail = |cause| member.error(&operation, number, started, cause);
        if let Some(report) = member.report() {
            return Err(fail(Cause::Reported(report)));
        }
        if tensor.is_some_and(|tensor| !tensor.is_contiguous()) {
            return Err(fail(Cause::Other("the tensor is not contiguous".to_owned())));
        }
        self.member.count(name, tensor);
        let raw = ffi::begin(self.raw, &call).map_err(|fault| fail(Cause::of(&fault)))?;
        Ok(Work { raw, output, operation, number, started, member })
    }
}

fn divided(rows: i64, size: i64) -> Result<(), String> {
    if rows % size == 0 { Ok(()) } else { Err(format!("{rows} rows cannot be divided by {size}")) }
}

/// `all_reduce 7 of Float [1024]`.
fn describe(name: &str, number: u64, tensor: Option<&Tensor>) -> String {
    match tensor {
        Some(tensor) => format!("{name} {number} of {:?} {:?}", tensor.kind(), tensor.size()),
        None => format!("{name} {number}"),
    }
}
