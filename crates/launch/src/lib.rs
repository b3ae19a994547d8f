//! Training as several processes: a process reads its [`World`] from the variables of torchrun, SLURM or [`Launch`], which
//! starts the processes of one machine. Needs no libtorch.

mod environment;
mod error;
mod hosts;
mod launch;
mod output;
mod parent;
mod world;

pub use error::EnvironmentError;
pub use hosts::expand_hosts;
pub use launch::{FORWARDED, Launch};
pub use parent::end_with_parent;
pub use world::{Master, World};
