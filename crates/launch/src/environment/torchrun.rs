//! The variables of torchrun, <https://docs.pytorch.org/docs/stable/elastic/run.html>, which [`crate::Launch`] sets too.

use super::{Environment, Names, checked};
use crate::{
    error::EnvironmentError,
    world::{Master, World},
};

const LAUNCHER: &str = "torchrun";
const NAMES: Names =
    Names { rank: "RANK", size: "WORLD_SIZE", local_rank: "LOCAL_RANK", local_size: "LOCAL_WORLD_SIZE" };

/// None if neither `RANK` nor `WORLD_SIZE` is set.
pub fn world(environment: &Environment) -> Result<Option<World>, EnvironmentError> {
    let Some(because) = [NAMES.rank, NAMES.size].into_iter().find(|name| environment.text(name).is_some())
    else {
        return Ok(None);
    };
    let number = |name| environment.needed::<usize>(name, because, LAUNCHER);
    let (rank, size) = (number(NAMES.rank)?, number(NAMES.size)?);
    let (local_rank, local_size) = (number(NAMES.local_rank)?, number(NAMES.local_size)?);
    let master = Some(master(environment, because)?);
    checked(World { rank, size, local_rank, local_size, master }, &NAMES).map(Some)
}

fn master(environment: &Environment, because: &'static str) -> Result<Master, EnvironmentError> {
    let missing = |missing| EnvironmentError::Missing { missing, because, launcher: LAUNCHER };
    let host = environment.text("MASTER_ADDR").ok_or_else(|| missing("MASTER_ADDR"))?;
    let port = environment.needed("MASTER_PORT", because, LAUNCHER)?;
    // As torch.distributed reads it: exactly this word.
    let agent_store = environment.text("TORCHELASTIC_USE_AGENT_STORE").is_some_and(|value| value == "True");
    let job = environment.text("TORCHELASTIC_RUN_ID").unwrap_or_else(|| "none".to_owned());
    let attempt = environment.number::<u64>("TORCHELASTIC_RESTART_COUNT")?.unwrap_or(0);
    Ok(Master { host, port, agent_store, prefix: format!("clip-lab/{job}/{attempt}") })
}
