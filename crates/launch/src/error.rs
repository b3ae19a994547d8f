//! Problems in the environment.

use std::{error::Error, fmt};

/// Why the place of this process cannot be read from its environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EnvironmentError {
    /// A variable is missing beside another one of its launcher.
    Missing {
        /// The missing variable.
        missing: &'static str,
        /// The variable that needs it.
        because: &'static str,
        /// Who sets both.
        launcher: &'static str,
    },
    /// A value is not of its form.
    Malformed {
        /// The variable.
        name: &'static str,
        /// Its value.
        value: String,
        /// What is wrong.
        reason: String,
    },
    /// Two values cannot both be right.
    Contradiction {
        /// A variable.
        name: &'static str,
        /// Its value.
        value: usize,
        /// Another variable.
        other: &'static str,
        /// Its value.
        limit: usize,
        /// What must hold.
        rule: &'static str,
    },
}

impl fmt::Display for EnvironmentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { missing, because, launcher } => {
                write!(f, "{missing} is not set, but {because} is: both are set by {launcher}")
            }
            Self::Malformed { name, value, reason } => write!(f, "{name}={value}: {reason}"),
            Self::Contradiction { name, value, other, limit, rule } => {
                write!(f, "{name}={value} contradicts {other}={limit}: {rule}")
            }
        }
    }
}

impl Error for EnvironmentError {}
