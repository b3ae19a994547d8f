//! The variables of SLURM's `srun`, <https://slurm.schedmd.com/srun.html>.

use super::{Environment, Names, checked, malformed};
use crate::{
    error::EnvironmentError,
    hosts::expand_hosts,
    world::{Master, World},
};

const LAUNCHER: &str = "srun";
const RANK: &str = "SLURM_PROCID";
const LOCAL_RANK: &str = "SLURM_LOCALID";
const JOB: &str = "SLURM_JOB_ID";
/// Above the ports of services, below those that Linux gives to clients.
const PORTS: std::ops::Range<u64> = 15_000..32_000;

/// None if this is not a task of a step with several: the script of `sbatch` and the shell of `salloc` have the number of
/// tasks of the job, but run once.
pub fn world(environment: &Environment) -> Result<Option<World>, EnvironmentError> {
    if environment.text(RANK).is_none() || environment.text("SLURM_STEP_ID").is_none() {
        return Ok(None);
    }
    let Some((size_name, size)) = first(environment, ["SLURM_STEP_NUM_TASKS", "SLURM_NTASKS"])? else {
        return Err(EnvironmentError::Missing { missing: "SLURM_NTASKS", because: RANK, launcher: LAUNCHER });
    };
    if size <= 1 {
        return Ok(None);
    }
    let rank = environment.needed(RANK, RANK, LAUNCHER)?;
    let local_rank = environment.needed(LOCAL_RANK, RANK, LAUNCHER)?;
    let hosts = hosts(environment)?;
    let (local_name, local_size) = local_size(environment, (size_name, size), hosts.len())?;
    let master = Some(master(environment, &hosts)?);
    let names = Names { rank: RANK, size: size_name, local_rank: LOCAL_RANK, local_size: local_name };
    checked(World { rank, size, local_rank, local_size, master }, &names).map(Some)
}

fn first(
    environment: &Environment,
    names: [&'static str; 2],
) -> Result<Option<(&'static str, usize)>, EnvironmentError> {
    for name in names {
        if let Some(number) = environment.number(name)? {
            return Ok(Some((name, number)));
        }
    }
    Ok(None)
}

fn hosts(environment: &Environment) -> Result<Vec<String>, EnvironmentError> {
    let mut names = ["SLURM_STEP_NODELIST", "SLURM_JOB_NODELIST"].into_iter();
    let Some((name, list)) = names.find_map(|name| Some((name, environment.text(name)?))) else {
        let missing = "SLURM_JOB_NODELIST";
        return Err(EnvironmentError::Missing { missing, because: RANK, launcher: LAUNCHER });
    };
    expand_hosts(&list).map_err(|reason| malformed(name, &list, reason))
}

/// The tasks of this host, and the variable that gives them.
fn local_size(
    environment: &Environment,
    (size_name, size): (&'static str, usize),
    hosts: usize,
) -> Result<(&'static str, usize), EnvironmentError> {
    const EACH: &str = "SLURM_NTASKS_PER_NODE";
    for name in ["SLURM_STEP_TASKS_PER_NODE", "SLURM_TASKS_PER_NODE"] {
        let (Some(counts), Some(node)) = (environment.text(name), environment.number("SLURM_NODEID")?) else {
            continue;
        };
        let tasks = tasks_of(&counts, node);
        return tasks.map(|tasks| (name, tasks)).ok_or_else(|| {
            malformed(name, &counts, format!("no number of tasks for the host SLURM_NODEID={node}"))
        });
    }
    match environment.number(EACH)? {
        Some(tasks) => Ok((EACH, tasks)),
        None if hosts == 1 => Ok((size_name, size)),
        None => Err(EnvironmentError::Missing { missing: EACH, because: RANK, launcher: LAUNCHER }),
    }
}

/// The number for one host in `2(x3),1`: three hosts with two tasks, then one with one.
fn tasks_of(counts: &str, node: usize) -> Option<usize> {
    let mut before = 0;
    for part in counts.split(',') {
        let (tasks, times) = match part.split_once("(x") {
            Some((tasks, times)) => (tasks, times.strip_suffix(')')?.parse().ok()?),
            None => (part, 1),
        };
        before += times;
        if node < before {
            return tasks.parse().ok();
        }
    }
    None
}

/// The first host, and a port that steps of one host do not share; `MASTER_ADDR` and `MASTER_PORT` overrule them.
fn master(environment: &Environment, hosts: &[String]) -> Result<Master, EnvironmentError> {
    let job: u64 = environment.needed(JOB, RANK, LAUNCHER)?;
    let step: u64 = environment.needed("SLURM_STEP_ID", RANK, LAUNCHER)?;
    let attempt: u64 = environment.number("SLURM_RESTART_COUNT")?.unwrap_or(0);
    let spread = job.wrapping_mul(31).wrapping_add(step) % (PORTS.end - PORTS.start);
    let port = environment.number("MASTER_PORT")?.unwrap_or((PORTS.start + spread) as u16);
    let host = environment.text("MASTER_ADDR").or_else(|| hosts.first().cloned());
    let host = host.ok_or(EnvironmentError::Missing {
        missing: "SLURM_JOB_NODELIST",
        because: RANK,
        launcher: LAUNCHER,
    })?;
    Ok(Master { host, port, agent_store: false, prefix: format!("clip-lab/{job}.{step}/{attempt}") })
}
