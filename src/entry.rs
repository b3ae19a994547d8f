//! The way in: for `clip-lab-core`, and for programs that bring plugins of their own.

use std::{io::IsTerminal as _, process::ExitCode};

use anyhow::Result;
use clap::Parser as _;
use clip_lab_api::Catalog;
use clip_lab_cli::{Cli, Verb};

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
    let mut catalog = builtin::catalog();
    for register in extra {
        register(&mut catalog);
    }
    match act(&Cli::parse(), &catalog) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            tell(&error);
            ExitCode::FAILURE
        }
    }
}

/// Carries out a verb. False when it went wrong in a way that it has told already.
fn act(cli: &Cli, catalog: &Catalog) -> Result<bool> {
    match &cli.verb {
        Verb::Run(args) => commands::run::run(args, &cli.store, catalog),
        Verb::Check(args) => commands::check::check(args, catalog),
        Verb::Fingerprint(args) => commands::study::fingerprint(args, catalog),
        Verb::Plugins(args) => commands::plugins::plugins(args, catalog).map(|()| true),
        Verb::Eval(args) => commands::eval::eval(args, &cli.store, catalog).map(|()| true),
        Verb::Prompts(args) => commands::prompts::prompts(args, &cli.store, catalog).map(|()| true),
        Verb::Embed(args) => commands::embed::embed(args, &cli.store, catalog).map(|()| true),
        Verb::Search(args) => commands::search::search(args, &cli.store, catalog),
        Verb::Model(verb) => commands::model::model(verb, &cli.store, catalog).map(|()| true),
        Verb::Data(verb) => commands::data::data(verb, catalog).map(|()| true),
        Verb::Runs(_)
        | Verb::Export(_)
        | Verb::Dashboard(_)
        | Verb::Compare(_)
        | Verb::Report(_)
        | Verb::Plugin(_) => {
            anyhow::bail!("this verb needs no tensors: it is the other binary's, `clip-lab`")
        }
    }
}

/// An error as the user sees it. Reports of specs bring their own headings and carets.
fn tell(error: &anyhow::Error) {
    match error.downcast_ref::<crate::spec::Report>() {
        Some(report) => {
            eprintln!("{}\n\n{}", report.render(std::io::stderr().is_terminal()), report.summary())
        }
        None => eprintln!("error: {error:#}"),
    }
}
