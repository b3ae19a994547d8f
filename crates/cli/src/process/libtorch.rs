//! Environment variables for the libraries that libtorch loads.

use std::env;

/// The wait policy of OpenMP, which is read before `main`.
const POLICY: &str = "OMP_WAIT_POLICY";
/// The equivalent of GCC's libgomp.
const SPIN_COUNT: &str = "GOMP_SPINCOUNT";
/// The workspaces of cuBLAS.
const WORKSPACE: &str = "CUBLAS_WORKSPACE_CONFIG";
/// The settings of libtorch's allocators.
const ALLOCATOR: &str = "PYTORCH_ALLOC_CONF";
/// Their older name, which libtorch prefers.
const CUDA_ALLOCATOR: &str = "PYTORCH_CUDA_ALLOC_CONF";

/// Environment variables that `clip-lab-core` needs and the user does not set.
///
/// Idle compute threads sleep: by default they spin, which gains little on an idle machine and slows everything down when
/// other processes use the cores. cuBLAS has workspaces of a fixed size, without which `run.deterministic` is impossible;
/// PyTorch's default size is the same on Hopper GPUs, 24 MiB smaller on others. libtorch's memory on a GPU is in segments that
/// grow: with segments of fixed size, batches of varying lengths leave gaps that no tensor fits.
pub fn libtorch_environment() -> Vec<(&'static str, &'static str)> {
    let is_set = |name: &str| env::var_os(name).is_some();
    let policy = (!is_set(POLICY) && !is_set(SPIN_COUNT)).then_some((POLICY, "PASSIVE"));
    let workspace = (!is_set(WORKSPACE)).then_some((WORKSPACE, ":4096:8"));
    let allocator = !is_set(ALLOCATOR) && !is_set(CUDA_ALLOCATOR);
    let allocator = allocator.then_some((ALLOCATOR, "expandable_segments:True"));
    policy.into_iter().chain(workspace).chain(allocator).collect()
}
