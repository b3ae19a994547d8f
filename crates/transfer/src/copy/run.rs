//! The copy of one run.

use anyhow::{Context as _, Result, bail};
use clip_lab_store::{Begun, Probe, ProbeRecord, Relation, RunHead, Shown};

use super::{DIVERGED, Outcome, Plan, RunReport, Settings, wanted};
use crate::{FileEntry, Opened, Source, Target};

/// Ranks and probes of one transaction: some 200 KB each.
const BATCH: usize = 16;
/// Thumbnails of one transaction.
const THUMBNAILS: usize = 64;
/// How often a run is read again that was resumed meanwhile.
const RETRIES: usize = 5;

/// Copies one run: files, rows, names of files, last rows.
pub fn copy(
    source: &mut dyn Source,
    target: &mut dyn Target,
    plan: &Plan,
    settings: &Settings,
    report: &mut RunReport,
    advance: &mut dyn FnMut(u64),
) -> Result<Outcome> {
    let uid = &plan.run.state.uid;
    let logged = plan.there.map_or(0, |there| there.state.extent.logged);
    let head = source.head(uid, logged)?.context("it was deleted")?;
    let (relation, logged) = match target.open(&head)? {
        Opened::Busy(why) => return Ok(Outcome::Skipped(why)),
        Opened::Ready(Relation::Diverged, _) => bail!(DIVERGED),
        Opened::Ready(relation, logged) => (relation, logged),
    };
    let files = source.files(uid)?;
    for file in wanted(&files, plan.there.map_or(&[], |there| &there.files), relation, settings) {
        send(source, target, uid, file, report, advance)?;
    }
    let head = rows(source, target, uid, logged, report, advance)?;
    target.publish()?;
    let changed = target.finish(&head)?;
    Ok(match (relation, changed || report.bytes > 0) {
        (Relation::New, _) => Outcome::New,
        (_, true) => Outcome::Updated,
        (_, false) => Outcome::Unchanged,
    })
}

/// Sends one file. One that changed while it was read is read again.
fn send(
    source: &mut dyn Source,
    target: &mut dyn Target,
    uid: &str,
    file: &FileEntry,
    report: &mut RunReport,
    advance: &mut dyn FnMut(u64),
) -> Result<()> {
    for _ in 0..RETRIES {
        let (digest, bytes) = source.digest(uid, &file.name)?;
        let file = FileEntry { bytes, ..file.clone() };
        let Some(mut at) = target.start_file(&file, &digest)? else { return Ok(()) };
        while at < bytes {
            let mut block = source.read(uid, &file.name, at)?;
            block.truncate(usize::try_from(bytes - at).unwrap_or(usize::MAX));
            if block.is_empty() {
                break;
            }
            target.write(&block)?;
            at += block.len() as u64;
            report.bytes += block.len() as u64;
            advance(block.len() as u64);
        }
        if target.end_file()? {
            return Ok(());
        }
    }
    bail!("{} changes all the time", file.name)
}

/// Sends the rows, except those of the last transaction. Returns what that has to write.
fn rows(
    source: &mut dyn Source,
    target: &mut dyn Target,
    uid: &str,
    mut logged: i64,
    report: &mut RunReport,
    advance: &mut dyn FnMut(u64),
) -> Result<RunHead> {
    for _ in 0..RETRIES {
        let head = source.head(uid, logged)?.context("it was deleted")?;
        let begun = target.begin(&head)?;
        if begun.relation == Relation::Diverged {
            bail!(DIVERGED);
        }
        logged = begun.logged;
        if matches!(begun.relation, Relation::New | Relation::Ahead) {
            logged = log_calls(source, target, &head, logged, report, advance)?;
            if logged < head.state.extent.logged {
                continue;
            }
        }
        evaluations(source, target, uid, &begun)?;
        return Ok(head);
    }
    bail!("it is resumed all the time")
}

/// Sends the log calls after `logged`. Returns how many the target has; fewer than `head` says if the run was resumed
/// meanwhile.
fn log_calls(
    source: &mut dyn Source,
    target: &mut dyn Target,
    head: &RunHead,
    mut logged: i64,
    report: &mut RunReport,
    advance: &mut dyn FnMut(u64),
) -> Result<i64> {
    let extent = &head.state.extent;
    while logged < extent.logged {
        let chunk = source.log_calls(&head.state.uid, logged, extent.logged)?;
        if chunk.attempt != extent.attempt {
            break;
        }
        target.append(&chunk)?;
        report.log_calls += chunk.to - logged;
        logged = chunk.to;
        advance(0);
    }
    Ok(logged)
}

/// Sends ranks, and probes with their thumbnails.
fn evaluations(source: &mut dyn Source, target: &mut dyn Target, uid: &str, begun: &Begun) -> Result<()> {
    for keys in begun.ranks.chunks(BATCH) {
        target.add_ranks(&source.ranks(uid, keys)?)?;
    }
    for keys in begun.probes.chunks(BATCH) {
        let probes = source.probes(uid, keys)?;
        let missing = target.missing_thumbnails(&digests(&probes))?;
        for digests in missing.chunks(THUMBNAILS) {
            target.add_thumbnails(&source.thumbnails(digests)?)?;
        }
        target.add_probes(&probes)?;
    }
    Ok(())
}

/// The digests of the thumbnails that probes show.
fn digests(probes: &[ProbeRecord]) -> Vec<String> {
    let seen = probes.iter().filter_map(|probe| serde_json::from_str::<Probe>(&probe.seen).ok());
    let shown = seen.flat_map(|probe| {
        let hits = probe.top.into_iter().flatten().map(|hit| hit.image);
        probe.images.into_iter().chain(hits).collect::<Vec<Shown>>()
    });
    let mut digests: Vec<String> = shown.filter_map(|shown| shown.digest).collect();
    digests.sort();
    digests.dedup();
    digests
}
