//! Training under a real SLURM, if it is installed.

use super::trained::{Trained, lab, spec};
use crate::{
    cluster::Cluster,
    lab::Lab,
    program::{Done, Running, assert_contains},
};

/// Starts clip-lab as two tasks.
fn srun(cluster: &Cluster, lab: &Lab, args: &[&str]) -> Running {
    let mut command = lab.program("srun", &["-n", "2", env!("CARGO_BIN_EXE_clip-lab")]);
    command.args(args);
    Running::spawn(cluster.on(command))
}

#[test]
fn tasks_of_srun_train_as_one_process() {
    let folder = tempfile::tempdir().unwrap();
    let Some(cluster) = Cluster::start(folder.path()) else { return };
    let lab = lab(&spec("plugin = \"clip\"", ""));
    lab.run(&["run", "tiny.toml"]).success();
    let one = Trained::newest(&lab);
    srun(&cluster, &lab, &["run", "tiny.toml"]).wait().success();
    Trained::newest(&lab).assert_equals(&one, "srun, 1 and 2");
    // All tasks end.
    let done: Done = srun(&cluster, &lab, &["run", "tiny.toml", "--set", "optimizer.lr=1e30"]).wait();
    assert_contains(&done.failure(), &["exit code 1"]);
    assert_eq!(lab.newest()["status"], "non_finite");
}
