//! Worlds read from the variables of launchers.

use clip_lab_launch::{EnvironmentError, Master, World};

fn read(variables: &[(&str, &str)]) -> Result<World, EnvironmentError> {
    World::read(&|name| {
        variables.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).to_owned())
    })
}

fn error(variables: &[(&str, &str)]) -> String {
    read(variables).unwrap_err().to_string()
}

/// `base` with one variable changed; without it, if the value is empty.
fn with<'a>(base: &[(&'a str, &'a str)], name: &'a str, value: &'a str) -> Vec<(&'a str, &'a str)> {
    let others = base.iter().copied().filter(|(other, _)| *other != name);
    others.chain([(name, value)]).collect()
}

const TORCHRUN: [(&str, &str); 9] = [
    ("RANK", "5"),
    ("WORLD_SIZE", "8"),
    ("LOCAL_RANK", "1"),
    ("LOCAL_WORLD_SIZE", "4"),
    ("MASTER_ADDR", "node1"),
    ("MASTER_PORT", "29500"),
    ("TORCHELASTIC_USE_AGENT_STORE", "True"),
    ("TORCHELASTIC_RUN_ID", "job"),
    ("TORCHELASTIC_RESTART_COUNT", "2"),
];

const SRUN: [(&str, &str); 9] = [
    ("SLURM_JOB_ID", "4711"),
    ("SLURM_STEP_ID", "0"),
    ("SLURM_PROCID", "3"),
    ("SLURM_LOCALID", "1"),
    ("SLURM_NODEID", "1"),
    ("SLURM_NTASKS", "5"),
    ("SLURM_STEP_NUM_TASKS", "4"),
    ("SLURM_STEP_TASKS_PER_NODE", "2(x2)"),
    ("SLURM_STEP_NODELIST", "node[01-02]"),
];

#[test]
fn without_a_launcher_there_is_one_process() {
    assert_eq!(read(&[]).unwrap(), World::single());
    let only_master = [("MASTER_ADDR", "a"), ("MASTER_PORT", "1"), ("LOCAL_RANK", "0")];
    assert_eq!(read(&only_master).unwrap(), World::single());
    assert!(!World::single().has_many_hosts());
}

#[test]
fn torchrun_sets_all_numbers() {
    let host = "node1".to_owned();
    let master = Master { host, port: 29500, agent_store: true, prefix: "clip-lab/job/2".into() };
    let want = World { rank: 5, size: 8, local_rank: 1, local_size: 4, master: Some(master) };
    assert_eq!(read(&TORCHRUN).unwrap(), want);
    assert!(want.has_many_hosts());
    let served_by_rank_0 = read(&with(&TORCHRUN, "TORCHELASTIC_USE_AGENT_STORE", "False")).unwrap();
    assert!(!served_by_rank_0.master.unwrap().agent_store);
}

#[test]
fn torchrun_below_srun_wins() {
    assert_eq!(read(&[&TORCHRUN[..], &SRUN].concat()), read(&TORCHRUN));
}

#[test]
fn a_missing_variable_of_torchrun_is_named() {
    for name in ["RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"] {
        let error = error(&with(&TORCHRUN, name, ""));
        assert!(error.starts_with(&format!("{name} is not set, but ")), "{error}");
    }
}

#[test]
fn malformed_and_contradictory_values_are_named() {
    let torchrun = |name, value| error(&with(&TORCHRUN, name, value));
    assert_eq!(torchrun("RANK", "-1"), "RANK=-1: not a whole number");
    assert_eq!(torchrun("MASTER_PORT", "70000"), "MASTER_PORT=70000: not a whole number up to 65535");
    assert_eq!(torchrun("RANK", "8"), "RANK=8 contradicts WORLD_SIZE=8: ranks are counted from 0");
    assert!(torchrun("LOCAL_RANK", "4").starts_with("LOCAL_RANK=4 contradicts LOCAL_WORLD_SIZE=4"));
    assert!(torchrun("LOCAL_WORLD_SIZE", "9").starts_with("LOCAL_WORLD_SIZE=9 contradicts WORLD_SIZE=8"));
    assert!(torchrun("RANK", "0").starts_with("LOCAL_RANK=1 contradicts RANK=0"));
    let srun = |name, value| error(&with(&SRUN, name, value));
    assert!(srun("SLURM_PROCID", "4").starts_with("SLURM_PROCID=4 contradicts SLURM_STEP_NUM_TASKS=4"));
    assert!(srun("SLURM_STEP_NODELIST", "n[").starts_with("SLURM_STEP_NODELIST=n[: "));
    assert!(srun("SLURM_STEP_TASKS_PER_NODE", "2(x").starts_with("SLURM_STEP_TASKS_PER_NODE=2(x: "));
    assert!(srun("SLURM_NODEID", "2").contains("SLURM_NODEID=2"));
    assert!(srun("SLURM_LOCALID", "").starts_with("SLURM_LOCALID is not set, but SLURM_PROCID is"));
}

#[test]
fn srun_sets_all_numbers() {
    let world = read(&SRUN).unwrap();
    assert_eq!((world.rank, world.size, world.local_rank, world.local_size), (3, 4, 1, 2));
    let master = world.master.unwrap();
    assert_eq!((master.host.as_str(), master.agent_store), ("node01", false));
    assert_eq!(master.prefix, "clip-lab/4711.0/0");
    assert!((15_000..32_000).contains(&master.port));
    let other_step = read(&with(&SRUN, "SLURM_STEP_ID", "1")).unwrap().master.unwrap();
    assert_ne!(other_step.port, master.port);
}

#[test]
fn the_address_can_be_overruled() {
    let own = [&SRUN[..], &[("MASTER_ADDR", "10.0.0.1"), ("MASTER_PORT", "1234")]].concat();
    let master = read(&own).unwrap().master.unwrap();
    assert_eq!((master.host.as_str(), master.port), ("10.0.0.1", 1234));
}

#[test]
fn the_tasks_of_a_host_come_from_what_is_set() {
    let local_size = |variables: &[_]| read(variables).unwrap().local_size;
    assert_eq!(local_size(&with(&SRUN, "SLURM_STEP_TASKS_PER_NODE", "1,3")), 3);
    let unknown = with(&SRUN, "SLURM_STEP_TASKS_PER_NODE", "");
    assert!(error(&unknown).starts_with("SLURM_NTASKS_PER_NODE is not set"));
    assert_eq!(local_size(&with(&unknown, "SLURM_NTASKS_PER_NODE", "2")), 2);
    assert_eq!(local_size(&with(&unknown, "SLURM_STEP_NODELIST", "node01")), 4);
}

#[test]
fn one_task_or_a_shell_of_an_allocation_is_a_single_process() {
    // The script of `sbatch --ntasks=5`.
    assert_eq!(read(&with(&SRUN, "SLURM_STEP_ID", "")).unwrap(), World::single());
    // `salloc` without a step, and `srun` of one task.
    assert_eq!(read(&with(&SRUN, "SLURM_PROCID", "")).unwrap(), World::single());
    assert_eq!(read(&with(&SRUN, "SLURM_STEP_NUM_TASKS", "1")).unwrap(), World::single());
}
