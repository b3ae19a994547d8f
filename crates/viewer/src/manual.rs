//! `clip-lab man`: manual pages, from the command line definitions.

use std::{fs, path::Path};

use anyhow::{Context as _, Result};
use clap::{Command, CommandFactory as _};
use clap_mangen::Man;
use clip_lab_cli::Cli;

/// The page of `clip-lab`. With a folder, writes it and one for every command there, and lists the files.
///
/// # Errors
/// If the folder cannot be created or written.
pub fn manual(out: Option<&Path>) -> Result<String> {
    // `help` would get a page below every command.
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    let Some(folder) = out else {
        let mut roff = Vec::new();
        Man::new(command).render(&mut roff)?;
        return Ok(String::from_utf8_lossy(&roff).into_owned());
    };
    fs::create_dir_all(folder).with_context(|| format!("cannot create the folder {}", folder.display()))?;
    let mut log = String::new();
    write(command, folder, &mut log)?;
    Ok(log)
}

/// Writes the pages of a command and its subcommands.
fn write(command: Command, folder: &Path, log: &mut String) -> Result<()> {
    let subcommands: Vec<Command> =
        command.get_subcommands().filter(|subcommand| !subcommand.is_hide_set()).cloned().collect();
    let page = Man::new(command)
        .generate_to(folder)
        .with_context(|| format!("cannot write a page in {}", folder.display()))?;
    *log += &format!("written to {}\n", page.display());
    subcommands.into_iter().try_for_each(|subcommand| write(subcommand, folder, log))
}
