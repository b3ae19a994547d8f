//! The rank and world size of this process.

use std::env;

use crate::{
    environment::{Environment, slurm, torchrun},
    error::EnvironmentError,
};

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

/// The place of this process among those of its job.
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

    /// Reads what torchrun, SLURM's `srun` or [`Launch`](crate::Launch) has set; a single process if nothing is.
    ///
    /// # Errors
    /// If a variable is missing, malformed or contradicts another one.
    pub fn from_environment() -> Result<Self, EnvironmentError> {
        Self::read(&|name| env::var(name).ok())
    }

    /// [`Self::from_environment`] for variables from elsewhere.
    pub fn read(variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, EnvironmentError> {
        let environment = Environment(variable);
        let world = match torchrun::world(&environment)? {
            Some(world) => Some(world),
            None => slurm::world(&environment)?,
        };
        Ok(world.unwrap_or_else(Self::single))
    }

    /// Whether processes run on other hosts too.
    pub fn has_many_hosts(&self) -> bool {
        self.size > self.local_size
    }
}
