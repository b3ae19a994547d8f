//! `clip-lab`: the viewer. It does not link libtorch; commands that need tensors run in `clip-lab-core`.

use std::process::ExitCode;

use clip_lab_cli::{Cli, Command, Exit, PluginCommand, RunArgs, RunsCommand, Ui};
use clip_lab_viewer::{
    InvalidInput, charts, compare::compare, completions, core, doctor, eval, export, manual, plugin, report,
    run, runs, search, study,
};

fn main() -> ExitCode {
    completions::complete();
    let exit = run_command(&Cli::read()).unwrap_or_else(|error| {
        if error.is::<InvalidInput>() {
            clip_lab_cli::print_diagnostics(&format!("{error:#}"));
            return Exit::Invalid;
        }
        clip_lab_cli::print_error(format_args!("{error:#}"));
        Exit::Failure
    });
    exit.into()
}

fn run_command(cli: &Cli) -> anyhow::Result<Exit> {
    let store = &cli.store;
    let output = match &cli.command {
        Command::Run(args) => return run_spec_or_study(args, cli),
        Command::Search(args) if !args.serve => return search::search(args),
        Command::Eval(args) if args.other.confusion.is_some() => {
            let file = args.other.confusion.as_deref().unwrap_or(std::path::Path::new(""));
            return eval::with_image(std::env::args_os().skip(1), file);
        }
        Command::Doctor(args) => return Ok(doctor::doctor(store, args.json)),
        Command::Completions(args) => completions::script(args.shell)?,
        Command::Man(args) => manual::manual(args.out.as_deref())?,
        Command::Probe
        | Command::Search(_)
        | Command::New(_)
        | Command::Check(_)
        | Command::Plugins(_)
        | Command::Data(_)
        | Command::Embed(_)
        | Command::Eval(_)
        | Command::Prompts(_)
        | Command::Model(_)
        | Command::Fingerprint(_) => {
            return Err(core::exec_core(std::env::args_os().skip(1)));
        }
        Command::Runs(RunsCommand::Push(args)) => return runs::push(store, args),
        Command::Runs(RunsCommand::Pull(args)) => return runs::pull(store, args),
        Command::Runs(RunsCommand::ServeStore { path }) => {
            runs::serve_store(path)?;
            String::new()
        }
        Command::Runs(command) => run_store_command(command, store)?,
        Command::Compare(args) => compare(store, args)?,
        Command::Report(args) => report::report(store, args)?,
        Command::Plugin(PluginCommand::New { kind, name, path, clip_lab, json }) => {
            plugin::new(kind, name, path.as_deref(), clip_lab.as_deref(), *json)?
        }
        Command::Export(args) => export::export(store, args)?,
        Command::Dashboard(args) => {
            charts::dashboard(store, args)?;
            String::new()
        }
    };
    // The dashboard prints nothing, and its terminal may be closed.
    if !output.is_empty() {
        clip_lab_cli::print(output);
    }
    Ok(Exit::Success)
}

/// Runs a study; or a spec, in the dashboard or in `clip-lab-core`.
fn run_spec_or_study(args: &RunArgs, cli: &Cli) -> anyhow::Result<Exit> {
    let (store, spec) = (&cli.store, &args.spec);
    if study::is_study_file(spec) {
        anyhow::ensure!(args.nproc.is_none(), "--nproc is for specs, and {} is a study", spec.display());
        if args.overfit.is_none() {
            return study::run(store, args, cli.trust_code);
        }
    }
    if let Some(flag) = args.study.first_set_flag(args.resume.is_some()) {
        anyhow::bail!("{flag} is for studies, and {} is a spec", spec.display());
    }
    if shows_dashboard(args) {
        let mut arguments = arguments(args, store);
        arguments.extend(cli.trust_code.then(|| "--trust-code".to_owned()));
        return run::with_dashboard(store, spec, &arguments, args.resume.as_deref(), args.images);
    }
    Err(core::exec_core(std::env::args_os().skip(1)))
}

fn shows_dashboard(args: &RunArgs) -> bool {
    match args.ui() {
        _ if args.overfit.is_some() || args.nproc.is_some() || is_rank() => false,
        Some(ui) => ui == Ui::Dashboard,
        None => {
            if let Some(why) = run::plain_reason() {
                clip_lab_cli::note!("{why}");
            }
            run::can_draw()
        }
    }
}

/// Whether a launcher has started this process as one of several.
fn is_rank() -> bool {
    // The core reports problems in its variables.
    clip_lab_launch::World::from_environment().map_or(true, |world| world.size > 1)
}

/// The arguments of the trainer, without `--ui`.
fn arguments(args: &RunArgs, store: &std::path::Path) -> Vec<String> {
    let mut arguments =
        vec![args.spec.display().to_string(), "--store".to_owned(), store.display().to_string()];
    arguments.extend(args.set.iter().flat_map(|edit| ["--set".to_owned(), edit.clone()]));
    arguments.extend(args.resume.iter().flat_map(|run| ["--resume".to_owned(), run.clone()]));
    arguments.extend(args.study.allow_changed.then(|| "--allow-changed".to_owned()));
    arguments.extend(args.name.iter().flat_map(|name| ["--name".to_owned(), name.clone()]));
    arguments
}

fn run_store_command(command: &RunsCommand, store: &std::path::Path) -> anyhow::Result<String> {
    match command {
        RunsCommand::List(args) => runs::list(store, args),
        RunsCommand::Show { run, json } => runs::show(store, run, *json),
        RunsCommand::Metrics { run, json } => runs::metrics(store, run, *json),
        RunsCommand::Diff { a, b, json } => runs::diff(store, a, b, *json),
        RunsCommand::Tag { run, tags, remove, json } => runs::tag(store, run, tags, *remove, *json),
        RunsCommand::Note { run, text, json } => runs::note(store, run, text, *json),
        RunsCommand::Import(args) => runs::import(store, args),
        RunsCommand::Delete { runs: selected, yes, json } => runs::delete(store, selected, *yes, *json),
        RunsCommand::Push(_) | RunsCommand::Pull(_) | RunsCommand::ServeStore { .. } => {
            unreachable!("handled by the caller")
        }
    }
}
