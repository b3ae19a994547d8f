//! Measures ours and its rivals in turn, round by round.

use std::time::Instant;

use crate::{
    bench::Bench,
    lab::Lab,
    report::{Agreed, Report, Row},
    run::{Failure, Job, Sample},
};

/// Measures `benches` and writes the JSON after each round. True if Ctrl-C ended it.
pub fn all(lab: &Lab, benches: &[Bench], rounds: usize, report: &mut Report) -> bool {
    let started = Instant::now();
    for (number, bench) in benches.iter().enumerate() {
        let seconds = started.elapsed().as_secs();
        eprintln!("[{}/{}] {}: {} ({seconds} s so far)", number + 1, benches.len(), bench.name, bench.work);
        if one(lab, bench, rounds, report) {
            return true;
        }
    }
    false
}

/// Adds the rows of a benchmark. True if Ctrl-C ended it.
fn one(lab: &Lab, bench: &Bench, rounds: usize, report: &mut Report) -> bool {
    let first = report.rows.len();
    report.rows.extend(bench.rivals.iter().map(|rival| Row::new(bench, rival)));
    let stopped = agree(lab, bench, &mut report.rows[first..])
        || (0..rounds).any(|number| {
            eprintln!("  round {} of {rounds}", number + 1);
            let stopped = round(lab, bench, &mut report.rows[first..]);
            save(lab, report);
            stopped
        });
    // A benchmark that was stopped before its first number is not part of the table.
    report
        .rows
        .retain(|row| !stopped || !row.ours.is_empty() || row.note.is_some() || row.agreement.is_some());
    save(lab, report);
    stopped
}

fn save(lab: &Lab, report: &Report) {
    if let Err(error) = report.write(&lab.json) {
        eprintln!("warning: {error:#}");
    }
}

fn agree(lab: &Lab, bench: &Bench, rows: &mut [Row]) -> bool {
    let (Some(agreement), Some(row)) = (bench.agreement, rows.first_mut()) else { return false };
    match (agreement.compare)(lab) {
        Ok(difference) => {
            eprintln!("  {}: largest difference {difference:.1e}", agreement.what);
            row.agreement = Some(Agreed::new(agreement, difference));
            false
        }
        Err(failure) => note(row, agreement.what, failure),
    }
}

/// One round: ours, then each rival. True if Ctrl-C ended it.
fn round(lab: &Lab, bench: &Bench, rows: &mut [Row]) -> bool {
    let ours = match job(lab, bench, "ours", bench.ours, "") {
        Ok(ours) => ours,
        Err(Failure::Stopped) => return true,
        Err(failure) => {
            let reason = failure.to_string();
            let failed = matches!(failure, Failure::Failed(_));
            rows.iter_mut().for_each(|row| {
                row.note = Some(format!("ours: {reason}"));
                row.failed |= failed;
            });
            return false;
        }
    };
    for (rival, row) in bench.rivals.iter().zip(rows) {
        match job(lab, bench, rival.name, rival.job, &ours.output) {
            Ok(sample) => row.push(Some(ours.value), Some(sample.value)),
            Err(failure) => {
                row.push(Some(ours.value), None);
                if note(row, rival.name, failure) {
                    return true;
                }
            }
        }
    }
    false
}

fn job(lab: &Lab, bench: &Bench, name: &str, job: Job, ours: &str) -> Result<Sample, Failure> {
    if lab.stopped() {
        return Err(Failure::Stopped);
    }
    let result = job.run(lab, ours);
    match &result {
        Ok(sample) => eprintln!("    {name}: {} {}", crate::table::number(sample.value), bench.unit),
        Err(failure) => eprintln!("    {name}: {failure}"),
    }
    result
}

/// Records why a number is missing. True if the reason is Ctrl-C.
fn note(row: &mut Row, name: &str, failure: Failure) -> bool {
    row.failed |= matches!(failure, Failure::Failed(_));
    row.note = Some(format!("{name}: {failure}"));
    matches!(failure, Failure::Stopped)
}
