//! How the threads of libtorch wait for work.

use std::env;

/// What OpenMP is told, which reads it before a program begins.
const POLICY: &str = "OMP_WAIT_POLICY";
/// What a user may have said instead: GCC's own word for it.
const SPINS: &str = "GOMP_SPINCOUNT";

/// The environment of a program that computes: its threads sleep while they have no work. By default they spin, which
/// gains little alone and stops nearly everything where other programs want the cores too. Empty where the user says how
/// they wait.
pub fn threads() -> Vec<(&'static str, &'static str)> {
    let said = [POLICY, SPINS].iter().any(|name| env::var_os(name).is_some());
    if said { Vec::new() } else { vec![(POLICY, "PASSIVE")] }
}
