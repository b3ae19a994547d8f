//! Environment variables for the libraries that libtorch loads.

use std::env;

/// The wait policy of OpenMP, which is read before `main`.
const POLICY: &str = "OMP_WAIT_POLICY";
/// The equivalent of GCC's libgomp.
const SPIN_COUNT: &str = "GOMP_SPINCOUNT";
/// The workspaces of cuBLAS.
const WORKSPACE: &str = "CUBLAS_WORKSPACE_CONFIG";

/// Environment variables that `clip-lab-core` needs and the user does not set.
///
/// Idle compute threads sleep: by default they spin, which gains little on an idle machine and slows everything down when
/// other processes use the cores. cuBLAS has workspaces of a fixed size, without which `run.deterministic` is impossible;
/// PyTorch's default size is the same on Hopper GPUs, 24 MiB smaller on others.
pub fn libtorch_environment() -> Vec<(&'static str, &'static str)> {
    let is_set = |name: &str| env::var_os(name).is_some();
    let policy = (!is_set(POLICY) && !is_set(SPIN_COUNT)).then_some((POLICY, "PASSIVE"));
    let workspace = (!is_set(WORKSPACE)).then_some((WORKSPACE, ":4096:8"));
    policy.into_iter().chain(workspace).collect()
}
