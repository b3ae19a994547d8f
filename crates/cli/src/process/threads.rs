//! The wait policy of the threads of libtorch.

use std::env;

/// The wait policy of OpenMP, which is read before `main`.
const POLICY: &str = "OMP_WAIT_POLICY";
/// The equivalent of GCC's libgomp.
const SPIN_COUNT: &str = "GOMP_SPINCOUNT";

/// Environment variables that make idle compute threads sleep. By default they spin, which gains little on an idle
/// machine and slows everything down when other processes use the cores. Empty if the user sets a policy.
pub fn threads() -> Vec<(&'static str, &'static str)> {
    let set = [POLICY, SPIN_COUNT].iter().any(|name| env::var_os(name).is_some());
    if set { Vec::new() } else { vec![(POLICY, "PASSIVE")] }
}
