//! The entry point of `clip-lab-core`, and of programs with their own plugins.

use std::{
    io::IsTerminal as _,
    os::unix::process::CommandExt as _,
    process::{Command, ExitCode},
};

use anyhow::Result;
use clip_lab_cli::{Cli, Exit, Verb, coloured, eprint, print_error};
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
    let result = match &cli.verb {
        Verb::Run(args) => commands::run::run(args, &cli.store, &catalog),
        Verb::Check(args) => commands::check::check(args, &catalog),
        Verb::Fingerprint(args) => commands::study::fingerprint(args, &catalog),
        Verb::Probe => commands::probe::probe(),
        _ => run_verb(&cli, &catalog).map(Exit::of),
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
    let mut command = Command::new(program);
    command.arg0(arguments.next().unwrap_or_default()).args(arguments).envs(variables);
    Some(anyhow::Error::new(command.exec()).context("restarting this program"))
}

/// Runs a command without exit codes of its own. False if it failed and has reported that.
fn run_verb(cli: &Cli, catalog: &Catalog) -> Result<bool> {
    match &cli.verb {
        Verb::New(args) => commands::new::new(args, catalog).map(|()| true),
        Verb::Plugins(args) => commands::plugins::plugins(args, catalog).map(|()| true),
        Verb::Eval(args) => commands::eval::eval(args, &cli.store, catalog).map(|()| true),
        Verb::Prompts(args) => commands::prompts::prompts(args, &cli.store, catalog).map(|()| true),
        Verb::Embed(args) => commands::embed::embed(args, &cli.store, catalog).map(|()| true),
        Verb::Search(args) => commands::search::search(args, &cli.store, catalog),
        Verb::Model(verb) => commands::model::model(verb, &cli.store, catalog).map(|()| true),
        Verb::Data(verb) => commands::data::data(verb, catalog).map(|()| true),
        Verb::Run(_)
        | Verb::Check(_)
        | Verb::Fingerprint(_)
        | Verb::Probe
        | Verb::Doctor(_)
        | Verb::Completions(_)
        | Verb::Man(_)
        | Verb::Runs(_)
        | Verb::Export(_)
        | Verb::Dashboard(_)
        | Verb::Compare(_)
        | Verb::Report(_)
        | Verb::Plugin(_) => {
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
