//! The environment of libtorch, whichever program is started: its threads do not spin and cuBLAS has workspaces of a fixed
//! size, unless the user sets otherwise.

use std::fs;

use crate::{
    lab::Lab,
    program::{Running, until},
};

/// The wait policy and the workspaces of cuBLAS in the environment of a run started with these variables.
fn environment(program: &str, variables: &[(&str, &str)]) -> [Option<String>; 2] {
    let lab = Lab::new();
    let args = ["run", "tiny.toml", "--set", "run.steps=144"];
    let mut command = lab.program(program, &args);
    for name in ["OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "CUBLAS_WORKSPACE_CONFIG"] {
        command.env_remove(name);
    }
    command.envs(variables.iter().copied());
    let mut run = Running::spawn(command);
    run.until_out("step ");
    let mut environment = String::new();
    until("the environment can be read", || {
        environment = fs::read_to_string(format!("/proc/{}/environ", run.child.id())).unwrap_or_default();
        !environment.is_empty()
    });
    ["OMP_WAIT_POLICY=", "CUBLAS_WORKSPACE_CONFIG="]
        .map(|name| environment.split('\0').find_map(|line| line.strip_prefix(name)).map(str::to_owned))
}

#[test]
fn idle_threads_sleep_unless_the_user_sets_otherwise() {
    let (viewer, core) = (env!("CARGO_BIN_EXE_clip-lab"), env!("CARGO_BIN_EXE_clip-lab-core"));
    for program in [viewer, core] {
        let [policy, workspaces] = environment(program, &[]);
        assert_eq!(policy.as_deref(), Some("PASSIVE"), "{program}");
        assert_eq!(workspaces.as_deref(), Some(":4096:8"), "{program}");
        let set = [("OMP_WAIT_POLICY", "ACTIVE"), ("CUBLAS_WORKSPACE_CONFIG", ":16:8")];
        let [policy, workspaces] = environment(program, &set);
        assert_eq!(policy.as_deref(), Some("ACTIVE"), "{program}");
        assert_eq!(workspaces.as_deref(), Some(":16:8"), "{program}");
        assert_eq!(environment(program, &[("GOMP_SPINCOUNT", "9")])[0], None, "{program}");
    }
}
