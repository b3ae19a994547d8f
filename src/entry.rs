//! The way in: for `clip-lab-core`, and for programs that bring plugins of their own.

use std::{
    io::IsTerminal as _,
    os::unix::process::CommandExt as _,
    process::{Command, ExitCode},
};

use anyhow::Result;
use clip_lab_api::Catalog;
use clip_lab_cli::{Cli, Exit, Verb, coloured, talk, tell as tell_error};

use crate::{builtin, commands};

/// Runs clip-lab with the built-in plugins and those that `extra` registers.
///
/// ```no_run
/// # fn my_losses(_: &mut clip_lab_api::Catalog) {}
/// fn main() -> std::process::ExitCode {
///     clip_lab::main_with(&[my_losses])
/// }
/// ```
pub fn main_with(extra: &[fn(&mut Catalog)]) -> ExitCode {
    if let Some(error) = begin_again() {
        tell_error(format_args!("{error:#}"));
        return Exit::Failed.into();
    }
    let mut catalog = builtin::catalog();
    for register in extra {
        register(&mut catalog);
    }
    let cli = Cli::read();
    catalog.trust_code = cli.trust_code;
    let ended = match &cli.verb {
        Verb::Run(args) => commands::run::run(args, &cli.store, &catalog),
        Verb::Check(args) => commands::check::check(args, &catalog),
        Verb::Fingerprint(args) => commands::study::fingerprint(args, &catalog),
        Verb::Probe => commands::probe::probe(),
        _ => act(&cli, &catalog).map(Exit::of),
    };
    ended.unwrap_or_else(|error| tell(&error)).into()
}

/// Becomes this program once more where its threads would spin: OpenMP has read how they wait before `main`. None when
/// there is no need, as where `clip-lab` started it.
fn begin_again() -> Option<anyhow::Error> {
    let waiting = clip_lab_cli::threads();
    if waiting.is_empty() {
        return None;
    }
    let mut words = std::env::args_os();
    let program = std::env::current_exe().unwrap_or_else(|_| "/proc/self/exe".into());
    let mut again = Command::new(program);
    again.arg0(words.next().unwrap_or_default()).args(words).envs(waiting);
    Some(anyhow::Error::new(again.exec()).context("starting this program"))
}

/// Carries out a verb that has no exit codes of its own. False when it went wrong in a way that it has told already.
fn act(cli: &Cli, catalog: &Catalog) -> Result<bool> {
    match &cli.verb {
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
            anyhow::bail!("this verb needs no tensors: it is the other binary's, `clip-lab`")
        }
    }
}

/// Says an error as the user sees it. Reports of specs bring their own headings and carets.
fn tell(error: &anyhow::Error) -> Exit {
    let Some(report) = error.downcast_ref::<crate::spec::Report>() else {
        clip_lab_cli::tell(format_args!("{error:#}"));
        return Exit::Failed;
    };
    let colour = coloured(std::io::stderr().is_terminal());
    talk(format_args!("{}\n\n{}\n", report.render(colour), report.summary()));
    Exit::Mistakes
}
