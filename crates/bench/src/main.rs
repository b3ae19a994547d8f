//! `cargo xtask bench`: measures the speed of clip-lab beside that of other tools, in the same run and in turn.
//!
//! A benchmark is one file of `benches/`: what it runs of ours, what of its rivals, and which number is compared. The
//! rivals in Python are in `rivals/`, the specs in `specs/`.

mod args;
mod bench;
mod benches;
mod lab;
mod machine;
mod measure;
mod pairs;
mod report;
mod run;
mod table;

use std::process::ExitCode;

use anyhow::Result;

use crate::{args::Args, lab::Lab, report::Report};

/// The exit code after Ctrl-C, as of a shell.
const STOPPED: u8 = 130;

fn main() -> ExitCode {
    match bench() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn bench() -> Result<ExitCode> {
    let args = Args::parse(std::env::args().skip(1))?;
    if args.help {
        println!("{}", args::USAGE);
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(file) = &args.markdown {
        let figures = table::markdown(&Report::read(file)?);
        match &args.into {
            Some(document) => table::write_into(document, &figures)?,
            None => print!("{figures}"),
        }
        return Ok(ExitCode::SUCCESS);
    }
    let selected = benches::selected(&args.filters)?;
    if args.list {
        print!("{}", table::list(&selected));
        return Ok(ExitCode::SUCCESS);
    }
    measure(&Lab::new(&args)?, &selected, &args)
}

/// Measures, prints the table and writes the JSON, also after Ctrl-C.
fn measure(lab: &Lab, selected: &[bench::Bench], args: &Args) -> Result<ExitCode> {
    let mut report = Report::new(lab);
    let stopped = measure::all(lab, selected, args.rounds(), &mut report);
    print!("{}", table::text(&report));
    println!("\nwritten to {}", lab.json.display());
    Ok(match stopped {
        true => ExitCode::from(STOPPED),
        false if report.good() => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}
