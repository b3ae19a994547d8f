//! libtorch's threads do not spin, whichever program is started, unless the user sets otherwise.

use std::fs;

use crate::{
    lab::Lab,
    program::{Running, until},
};

/// The wait policy in the environment of a run started with these variables.
fn policy(program: &str, variables: &[(&str, &str)]) -> Option<String> {
    let lab = Lab::new();
    let args = ["run", "tiny.toml", "--set", "run.steps=144"];
    let mut command = lab.program(program, &args);
    command.env_remove("OMP_WAIT_POLICY").env_remove("GOMP_SPINCOUNT").envs(variables.iter().copied());
    let mut run = Running::spawn(command);
    run.until_out("step ");
    let mut environment = String::new();
    until("the environment can be read", || {
        environment = fs::read_to_string(format!("/proc/{}/environ", run.child.id())).unwrap_or_default();
        !environment.is_empty()
    });
    environment.split('\0').find_map(|line| line.strip_prefix("OMP_WAIT_POLICY=")).map(str::to_owned)
}

#[test]
fn idle_threads_sleep_unless_the_user_sets_otherwise() {
    let (viewer, core) = (env!("CARGO_BIN_EXE_clip-lab"), env!("CARGO_BIN_EXE_clip-lab-core"));
    for program in [viewer, core] {
        assert_eq!(policy(program, &[]).as_deref(), Some("PASSIVE"), "{program}");
        assert_eq!(policy(program, &[("OMP_WAIT_POLICY", "ACTIVE")]).as_deref(), Some("ACTIVE"), "{program}");
        assert_eq!(policy(program, &[("GOMP_SPINCOUNT", "9")]), None, "{program}");
    }
}
