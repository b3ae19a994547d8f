//! Training as several processes: starting them on this machine, and connecting one of them with the others.

use std::{env, process::Command, time::Duration};

use anyhow::{Context as _, Result, bail};
use clip_lab_cli::{Exit, RunArgs, eprint, not_ignored, note, shown};
use clip_lab_launch::{FORWARDED, Launch, Master, World};
use clip_lab_torch_ext::process_group::{Backend, ProcessGroup, Rendezvous};

use crate::{
    plan::Plan,
    train::{Ranks, unfit},
};

/// How long processes may take to record how they ended after another one has failed.
const GRACE: Duration = Duration::from_secs(30);

/// The place of this process among all of `plan`, after checking that the plan can be divided among them. None if
/// `--nproc` asks to start them, see [`launch`].
///
/// # Errors
/// If a launcher has set malformed variables, `--nproc` contradicts them, or the batch cannot be divided.
pub fn world(args: &RunArgs, plan: &Plan) -> Result<Option<World>> {
    let world = World::from_environment()?;
    let asked = args.nproc.map(usize::from);
    let size = if world.size > 1 { world.size } else { asked.unwrap_or(1) };
    if let Some(asked) = asked.filter(|asked| *asked != size) {
        bail!("--nproc {asked}, but the launcher has started {size} processes: leave it out");
    }
    if size > 1
        && let Some(why) = unfit(plan, size)
    {
        bail!("{why}");
    }
    Ok((world.size == size).then_some(world))
}

/// Starts this command as `--nproc` processes of this machine, and waits for them. Returns their exit code.
///
/// # Errors
/// If a process cannot be started.
pub fn launch(args: &RunArgs) -> Result<Exit> {
    let signals = not_ignored(&FORWARDED);
    let launch = Launch {
        count: args.nproc.map_or(1, usize::from),
        grace: GRACE,
        signals: &signals,
        line: &|rank, line| eprint(format!("rank {rank}: {}\n", shown(line))),
    };
    let program = env::current_exe().context("finding this program")?;
    let command = || {
        let mut command = Command::new(&program);
        command.args(env::args_os().skip(1));
        command
    };
    Ok(exit(launch.run(&command).context("starting the processes")?))
}

/// The exit code for that of the processes, as clip-lab uses them.
fn exit(code: u8) -> Exit {
    if code > 128 && code != Exit::Interrupted as u8 {
        note!("a process was ended by signal {}", code - 128);
    }
    let known = [Exit::Success, Exit::Invalid, Exit::Interrupted];
    known.into_iter().find(|exit| *exit as u8 == code).unwrap_or(Exit::Failure)
}

/// Connects with the other processes; none if this is the only one.
///
/// # Errors
/// If one does not come in time.
pub fn connect(world: &World, args: &RunArgs) -> Result<Option<Ranks>> {
    let (Some(master), true) = (&world.master, world.size > 1) else { return Ok(None) };
    let Master { host, port, agent_store, prefix } = master.clone();
    let timeout = Duration::from_secs(args.timeout.get());
    let meeting = Rendezvous {
        rank: world.rank,
        size: world.size,
        host,
        port,
        serve: !agent_store,
        prefix,
        many_hosts: world.has_many_hosts(),
        start_timeout: timeout,
        timeout,
    };
    let group = ProcessGroup::connect(Backend::Gloo, &meeting)?;
    Ok(Some(Ranks::new(group, world.local_rank)))
}
