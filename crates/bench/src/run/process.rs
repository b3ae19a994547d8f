//! Child processes that Ctrl-C ends.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, anyhow};

use super::Failure;
use crate::lab::Lab;

/// Exit status of a script whose library is not installed, as in `rivals/common.py`.
const MISSING: i32 = 77;
/// How often Ctrl-C is checked.
const POLL: Duration = Duration::from_millis(50);
/// Variables that decide the number of threads or how they wait; only a benchmark sets them.
const THREADS: [&str; 5] =
    ["OMP_WAIT_POLICY", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "GOMP_SPINCOUNT", "KMP_BLOCKTIME"];

/// Runs a command, calls `on_line` for each line of its standard output as it comes, and returns them all.
pub fn output(lab: &Lab, command: &mut Command, mut on_line: impl FnMut(&str)) -> Result<String, Failure> {
    let errors = lab.scratch("errors.txt");
    let file = File::create(&errors).context("cannot create a file for error messages")?;
    let set: Vec<_> = command.get_envs().map(|(name, _)| name.to_owned()).collect();
    for name in THREADS.iter().filter(|name| set.iter().all(|set| set != *name)) {
        command.env_remove(name);
    }
    let program = command.get_program().display().to_string();
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(file).spawn();
    let mut child = child.with_context(|| format!("cannot start {program}"))?;
    let lines = lines(&mut child);
    let mut text = String::new();
    loop {
        match lines.recv_timeout(POLL) {
            Ok(line) => {
                on_line(&line);
                text += &line;
                text.push('\n');
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        if lab.stopped() {
            let _ = child.kill();
            let _ = child.wait();
            return Err(Failure::Stopped);
        }
    }
    let status = child.wait().with_context(|| format!("cannot wait for {program}"))?;
    let mut reason = Vec::new();
    let _ = File::open(&errors).and_then(|mut file| file.read_to_end(&mut reason));
    check(lab, status, &program, &String::from_utf8_lossy(&reason))?;
    Ok(text)
}

/// Seconds that a command takes.
pub fn seconds(lab: &Lab, command: &mut Command) -> Result<f64, Failure> {
    let started = Instant::now();
    output(lab, command, |_| ())?;
    Ok(started.elapsed().as_secs_f64())
}

fn lines(child: &mut Child) -> Receiver<String> {
    let (send, receive) = channel();
    if let Some(out) = child.stdout.take() {
        thread::spawn(move || {
            for line in BufReader::new(out).split(b'\n').map_while(Result::ok) {
                if send.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                    return;
                }
            }
        });
    }
    receive
}

fn check(lab: &Lab, status: ExitStatus, program: &str, errors: &str) -> Result<(), Failure> {
    if status.success() {
        return Ok(());
    }
    if lab.stopped() {
        return Err(Failure::Stopped);
    }
    let lines: Vec<&str> = errors.lines().filter(|line| !line.trim().is_empty()).collect();
    if status.code() == Some(MISSING) {
        return Err(Failure::Skipped((*lines.last().unwrap_or(&"a library is missing")).to_owned()));
    }
    let last = lines[lines.len().saturating_sub(5)..].join("\n");
    Err(anyhow!("{program}: {status}\n{last}").into())
}
