//! The rank and world size of this process.

/// Where the processes of a job meet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Master {
    /// Name or address of the host of rank 0.
    pub host: String,
    /// The port of the store.
    pub port: u16,
    /// Whether the launcher has started the store; else rank 0 does.
    pub agent_store: bool,
    /// Put before the store's keys: differs between attempts of a job, whose store may outlive them.
    pub prefix: String,
}

/// The rank of this process and the world size of its job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct World {
    /// The number of this process, from 0.
    pub rank: usize,
    /// The number of processes.
    pub size: usize,
    /// The number of this process among those of its host: the GPU to use.
    pub local_rank: usize,
    /// The number of processes on this host.
    pub local_size: usize,
    /// Where the processes meet; none for a single process.
    pub master: Option<Master>,
}

impl World {
    /// A process by itself.
    pub fn single() -> Self {
        Self { rank: 0, size: 1, local_rank: 0, local_size: 1, master: None }
    }

    /// Whether processes run on other hosts too.
    pub fn has_many_hosts(&self) -> bool {
        self.size > self.local_size
    }
}
