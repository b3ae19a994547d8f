//! `clip-lab man`: manual pages from the definitions of the command line.

use std::{fs, path::Path};

use anyhow::{Context as _, Result};
use clap::{Command, CommandFactory as _};
use clap_mangen::Man;
use clip_lab_cli::Cli;

/// The page of clip-lab itself; or, with a folder, that and one for every verb, and what was written.
///
/// # Errors
/// A folder that cannot be made or written.
pub fn manual(out: Option<&Path>) -> Result<String> {
    // `help` explains nothing, and would have a page below every verb.
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    let Some(folder) = out else {
        let mut roff = Vec::new();
        Man::new(command).render(&mut roff)?;
        return Ok(String::from_utf8_lossy(&roff).into_owned());
    };
    fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    let mut told = String::new();
    write(command, folder, &mut told)?;
    Ok(told)
}

/// The page of a verb, and those of what is below it.
fn write(command: Command, folder: &Path, told: &mut String) -> Result<()> {
    let below: Vec<Command> = command.get_subcommands().filter(|verb| !verb.is_hide_set()).cloned().collect();
    let page = Man::new(command)
        .generate_to(folder)
        .with_context(|| format!("a page in {} cannot be written", folder.display()))?;
    *told += &format!("written to {}\n", page.display());
    below.into_iter().try_for_each(|verb| write(verb, folder, told))
}
