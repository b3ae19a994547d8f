//! The environment of libtorch, whichever program is started: its threads do not spin, cuBLAS has workspaces of a fixed
//! size, and memory on a GPU is in segments that grow, unless the user sets otherwise.

use std::fs;

use crate::{
    lab::Lab,
    program::{Running, until},
};

/// All variables that decide it.
const VARIABLES: [&str; 5] = [
    "OMP_WAIT_POLICY",
    "GOMP_SPINCOUNT",
    "CUBLAS_WORKSPACE_CONFIG",
    "PYTORCH_ALLOC_CONF",
    "PYTORCH_CUDA_ALLOC_CONF",
];

/// The wait policy, the workspaces of cuBLAS and the settings of the allocators in the environment of a run started with
/// these variables.
fn environment(program: &str, variables: &[(&str, &str)]) -> [Option<String>; 3] {
    let lab = Lab::new();
    // Killed long before its end.
    let args = ["run", "tiny.toml", "--set", "run.steps=100000"];
    let mut command = lab.program(program, &args);
    for name in VARIABLES {
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
    ["OMP_WAIT_POLICY=", "CUBLAS_WORKSPACE_CONFIG=", "PYTORCH_ALLOC_CONF="]
        .map(|name| environment.split('\0').find_map(|line| line.strip_prefix(name)).map(str::to_owned))
}

#[test]
fn idle_threads_sleep_unless_the_user_sets_otherwise() {
    let (viewer, core) = (env!("CARGO_BIN_EXE_clip-lab"), env!("CARGO_BIN_EXE_clip-lab-core"));
    for program in [viewer, core] {
        let [policy, workspaces, allocator] = environment(program, &[]);
        assert_eq!(policy.as_deref(), Some("PASSIVE"), "{program}");
        assert_eq!(workspaces.as_deref(), Some(":4096:8"), "{program}");
        assert_eq!(allocator.as_deref(), Some("expandable_segments:True"), "{program}");
        let set = [
            ("OMP_WAIT_POLICY", "ACTIVE"),
            ("CUBLAS_WORKSPACE_CONFIG", ":16:8"),
            ("PYTORCH_ALLOC_CONF", "max_split_size_mb:512"),
        ];
        let [policy, workspaces, allocator] = environment(program, &set);
        assert_eq!(policy.as_deref(), Some("ACTIVE"), "{program}");
        assert_eq!(workspaces.as_deref(), Some(":16:8"), "{program}");
        assert_eq!(allocator.as_deref(), Some("max_split_size_mb:512"), "{program}");
        let set = [("GOMP_SPINCOUNT", "9"), ("PYTORCH_CUDA_ALLOC_CONF", "max_split_size_mb:512")];
        let [policy, _, allocator] = environment(program, &set);
        assert_eq!((policy, allocator), (None, None), "{program}");
    }
}
