//! The entry point of `clip-lab-core`, and of programs with their own plugins.

use std::{
    io::IsTerminal as _,
    os::unix::process::CommandExt as _,
    process::{self, ExitCode},
};

use anyhow::Result;
use clip_lab_cli::{Cli, Command, Exit, coloured, eprint, print_error};
use clip_lab_plugin_api::Catalog;

use crate::{builtin, commands};

/// Runs clip-lab with the built-in plugins and those that `extra` registers.
///
/// ```no_run
/// # fn my_losses(_: &mut clip_lab_plugin_api::Catalog) {}
/// fn main() -> std::process::ExitCode {
///     clip_lab::main_with(&[my_losses])
/// }
/// ```
pub fn main_with(extra: &[fn(&mut Catalog)]) -> ExitCode {
    if !clip_lab_launch::end_with_parent() {
        return Exit::Failure.into();
    }
    if let Some(error) = restart_with_environment() {
        print_error(format_args!("{error:#}"));
        return Exit::Failure.into();
    }
    let mut catalog = builtin::catalog();
    for register in extra {
        register(&mut catalog);
    }
    let cli = Cli::read();
    catalog.trust_code = cli.trust_code;
    let result = match &cli.command {
        Command::Run(args) => commands::run::run(args, &cli.store, &catalog),
        Command::Check(args) => commands::check::check(args, &catalog),
        Command::Fingerprint(args) => commands::study::fingerprint(args, &catalog),
        Command::Probe => commands::probe::probe(),
        _ => run_command(&cli, &catalog).map(Exit::of),
    };
    result.unwrap_or_else(|error| report_error(&error)).into()
}

/// Restarts this program (exec) with [`clip_lab_cli::libtorch_environment`], because OpenMP reads its variables before
/// `main`. Returns none if they are already set, as when started by `clip-lab`, else the error.
fn restart_with_environment() -> Option<anyhow::Error> {
    let variables = clip_lab_cli::libtorch_environment();
    if variables.is_empty() {
        return None;
    }
    let mut arguments = std::env::args_os();
    let program = std::env::current_exe().unwrap_or_else(|_| "/proc/self/exe".into());
    let mut command = process::Command::new(program);
    command.arg0(arguments.next().unwrap_or_default()).args(arguments).envs(variables);
    Some(anyhow::Error::new(command.exec()).context("restarting this program"))
}

/// Runs a command without exit codes of its own. False if it failed and has reported that.
fn run_command(cli: &Cli, catalog: &Catalog) -> Result<bool> {
    match &cli.command {
        Command::New(args) => commands::new::new(args, catalog).map(|()| true),
        Command::Plugins(args) => commands::plugins::plugins(args, catalog).map(|()| true),
        Command::Eval(args) => commands::eval::eval(args, &cli.store, catalog).map(|()| true),
        Command::Prompts(args) => commands::prompts::prompts(args, &cli.store, catalog).map(|()| true),
        Command::Embed(args) => commands::embed::embed(args, &cli.store, catalog).map(|()| true),
        Command::Search(args) => commands::search::search(args, &cli.store, catalog),
        Command::Model(command) => commands::model::model(command, &cli.store, catalog).map(|()| true),
        Command::Data(command) => commands::data::data(command, catalog).map(|()| true),
        Command::Run(_)
        | Command::Check(_)
        | Command::Fingerprint(_)
        | Command::Probe
        | Command::Doctor(_)
        | Command::Completions(_)
        | Command::Man(_)
        | Command::Runs(_)
        | Command::Export(_)
        | Command::Dashboard(_)
        | Command::Compare(_)
        | Command::Report(_)
        | Command::Plugin(_) => {
            anyhow::bail!("this command belongs to the other binary, `clip-lab`")
        }
    }
}

/// Prints an error. Reports of specs have their own format, with source lines.
fn report_error(error: &anyhow::Error) -> Exit {
    let Some(report) = error.downcast_ref::<crate::spec::Report>() else {
        print_error(format_args!("{error:#}"));
        return Exit::Failure;
    };
    let colour = coloured(std::io::stderr().is_terminal());
    eprint(format_args!("{}\n\n{}\n", report.render(colour), report.summary()));
    Exit::Invalid
}
