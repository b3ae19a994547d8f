//! The thread by which a rank sends heartbeats, and learns that another one has failed.

use std::{
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread,
    time::Duration,
};

use super::member::Member;

/// How often a rank sends a heartbeat.
const INTERVAL: Duration = Duration::from_millis(500);

/// The thread, which ends when this is dropped.
#[derive(Debug)]
pub struct Heartbeat {
    stop: Option<Sender<()>>,
    ended: Receiver<()>,
}

impl Heartbeat {
    pub fn start(member: Arc<Member>) -> Self {
        let ((stop, stopped), (end, ended)) = (channel(), channel());
        thread::spawn(move || {
            run(&member, &stopped);
            drop(member);
            let _ = end.send(());
        });
        Self { stop: Some(stop), ended }
    }

    /// Ends the thread, unless it waits for a store that does not answer.
    pub fn stop(&mut self) {
        if self.stop.take().is_some() {
            let _ = self.ended.recv_timeout(INTERVAL);
        }
    }
}

impl Drop for Heartbeat {
    fn drop(&mut self) {
        self.stop();
    }
}

fn run(member: &Member, stopped: &Receiver<()>) {
    for number in 1.. {
        if let Err(fault) = member.send_heartbeat(number) {
            return member.lose_store(&fault);
        }
        if stopped.recv_timeout(INTERVAL) != Err(RecvTimeoutError::Timeout) {
            return;
        }
    }
}
