//! Variables of launchers.

pub mod slurm;
pub mod torchrun;

use std::{env, str::FromStr};

use crate::{error::EnvironmentError, world::World};

impl World {
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
}

/// Environment variables, by name.
pub struct Environment<'a>(pub &'a dyn Fn(&str) -> Option<String>);

impl Environment<'_> {
    /// The value, if it is set and not empty.
    pub fn text(&self, name: &str) -> Option<String> {
        (self.0)(name).filter(|value| !value.is_empty())
    }

    /// The value as a number, if it is set.
    pub fn number<T: FromStr>(&self, name: &'static str) -> Result<Option<T>, EnvironmentError> {
        self.text(name).map(|value| parse(name, &value)).transpose()
    }

    /// A number that must be set, since `because` is.
    pub fn needed<T: FromStr>(
        &self,
        name: &'static str,
        because: &'static str,
        launcher: &'static str,
    ) -> Result<T, EnvironmentError> {
        self.number(name)?.ok_or(EnvironmentError::Missing { missing: name, because, launcher })
    }
}

fn parse<T: FromStr>(name: &'static str, value: &str) -> Result<T, EnvironmentError> {
    value.trim().parse().map_err(|_| {
        let most = if size_of::<T>() == 2 { " up to 65535" } else { "" };
        malformed(name, value, format!("not a whole number{most}"))
    })
}

pub fn malformed(name: &'static str, value: &str, reason: impl Into<String>) -> EnvironmentError {
    EnvironmentError::Malformed { name, value: value.to_owned(), reason: reason.into() }
}

/// The variables that hold the numbers of a [`World`].
pub struct Names {
    pub rank: &'static str,
    pub size: &'static str,
    pub local_rank: &'static str,
    pub local_size: &'static str,
}

/// Checks that the numbers of a world agree with each other.
pub fn checked(world: World, names: &Names) -> Result<World, EnvironmentError> {
    let World { rank, size, local_rank, local_size, .. } = world;
    let below = "ranks are counted from 0";
    let rules = [
        (rank < size, names.rank, rank, names.size, size, below),
        (local_rank < local_size, names.local_rank, local_rank, names.local_size, local_size, below),
        (local_size <= size, names.local_size, local_size, names.size, size, "a host has no more than all"),
        (local_rank <= rank, names.local_rank, local_rank, names.rank, rank, "a host has no more than all"),
    ];
    match rules.into_iter().find(|(holds, ..)| !holds) {
        None => Ok(world),
        Some((_, name, value, other, limit, rule)) => {
            Err(EnvironmentError::Contradiction { name, value, other, limit, rule })
        }
    }
}
