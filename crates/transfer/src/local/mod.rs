//! A store of this machine.

mod files;
mod incoming;

use std::{
    fs::File,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use clip_lab_store::{
    Begun, Chunk, ProbeKey, ProbeRecord, RankKey, RankSet, Reader, RunCopy, RunHead, Store, StoreError,
    Thumbnail, run_folder,
};

use crate::{FileEntry, Listed, Opened, Select, Source, Target, file_name::checked};
use incoming::Incoming;

/// A store of this machine, opened when it is first read or written.
pub struct Local {
    path: PathBuf,
    select: Select,
    reader: Option<Reader>,
    store: Option<Store>,
    copy: Option<(RunCopy, Incoming)>,
    /// The file that is being read: the same one, even if another takes its name meanwhile.
    reading: Option<(String, String, File)>,
}

impl Local {
    /// The store at `path`. `select` finds runs by a filter.
    pub fn new(path: &Path, select: Select) -> Local {
        Local { path: path.into(), select, reader: None, store: None, copy: None, reading: None }
    }

    /// A warning about the store that is written, as when it is on a network file system.
    pub fn notice(&self) -> Option<String> {
        self.store.as_ref().and_then(Store::notice)
    }

    fn reader(&mut self) -> Result<&Reader> {
        if self.reader.is_none() {
            self.reader = Some(Reader::open(&self.path)?);
        }
        self.reader.as_ref().context("the store is not open")
    }

    fn store(&mut self) -> Result<&Store> {
        if self.store.is_none() {
            self.store = Some(Store::open(&self.path)?);
        }
        self.store.as_ref().context("the store is not open")
    }

    /// The store and the run that is being written.
    fn writing(&mut self) -> Result<(&Store, &mut RunCopy, &mut Incoming)> {
        match (&self.store, &mut self.copy) {
            (Some(store), Some((copy, incoming))) => Ok((store, copy, incoming)),
            _ => bail!("no run is open for writing"),
        }
    }

    fn listed(&mut self, uids: &[String]) -> Result<Vec<Listed>> {
        let path = self.path.clone();
        let reader = self.reader()?;
        let mut listed = Vec::new();
        for state in reader.run_states(uids)? {
            let folder = run_folder(&path, &state.uid)?;
            let mut files = files::list(&folder)?;
            let secret_spec = files::withhold_secrets(&mut files, &folder, || spec(reader, &state.uid))?;
            listed.push(Listed { state, files, secret_spec });
        }
        Ok(listed)
    }

    fn open_file(&mut self, uid: &str, name: &str) -> Result<&mut File> {
        let open = self.reading.as_ref().is_some_and(|(run, file, _)| run == uid && file == name);
        if !open {
            let folder = run_folder(&self.path, uid)?;
            let file = files::open(&folder, &checked(name)?)
                .with_context(|| format!("opening {name} of run {uid}"))?;
            self.reading = Some((uid.into(), name.into(), file));
        }
        self.reading.as_mut().map(|(_, _, file)| file).context("the file is not open")
    }
}

/// The text of the spec in the store, which holds no secrets.
fn spec(reader: &Reader, uid: &str) -> Result<String> {
    Ok(reader.run_head(uid, None)?.map(|head| head.run.spec_text).unwrap_or_default())
}

impl Source for Local {
    fn list(&mut self, filter: &str) -> Result<Vec<Listed>> {
        let select = self.select;
        let mut uids = select(self.reader()?, filter)?;
        uids.sort();
        self.listed(&uids)
    }

    fn files(&mut self, uid: &str) -> Result<Vec<FileEntry>> {
        let listed = self.listed(&[uid.to_owned()])?;
        Ok(listed.into_iter().flat_map(|run| run.files).collect())
    }

    fn head(&mut self, uid: &str, logged: i64) -> Result<Option<RunHead>> {
        Ok(self.reader()?.run_head(uid, Some(logged))?)
    }

    fn log_calls(&mut self, uid: &str, from: i64, to: i64) -> Result<Chunk> {
        Ok(self.reader()?.log_calls(uid, from, to)?)
    }

    fn ranks(&mut self, uid: &str, keys: &[RankKey]) -> Result<Vec<RankSet>> {
        Ok(self.reader()?.rank_sets(uid, keys)?)
    }

    fn probes(&mut self, uid: &str, keys: &[ProbeKey]) -> Result<Vec<ProbeRecord>> {
        Ok(self.reader()?.probe_records(uid, keys)?)
    }

    fn thumbnails(&mut self, digests: &[String]) -> Result<Vec<Thumbnail>> {
        Ok(self.reader()?.thumbnails(digests)?)
    }

    fn digest(&mut self, uid: &str, name: &str) -> Result<(String, u64)> {
        self.reading = None;
        files::digest(self.open_file(uid, name)?).with_context(|| format!("reading {name} of run {uid}"))
    }

    fn read(&mut self, uid: &str, name: &str, from: u64) -> Result<Vec<u8>> {
        files::block(self.open_file(uid, name)?, from).with_context(|| format!("reading {name} of run {uid}"))
    }
}

impl Target for Local {
    fn states(&mut self, uids: &[String]) -> Result<Vec<Listed>> {
        match self.reader() {
            Ok(_) => self.listed(uids),
            Err(error) => match error.downcast_ref() {
                Some(StoreError::Missing(_) | StoreError::Unfinished(_)) => Ok(Vec::new()),
                _ => Err(error),
            },
        }
    }

    fn open(&mut self, head: &RunHead) -> Result<Opened> {
        self.copy = None;
        run_folder(&self.path, &head.state.uid)?;
        let store = self.store()?;
        let copy = match RunCopy::start(store, &head.state.uid) {
            Err(StoreError::Refused(why)) => return Ok(Opened::Busy(why)),
            other => other?,
        };
        let (relation, logged) = copy.compare(store, head)?;
        let incoming = Incoming::new(copy.folder());
        self.copy = Some((copy, incoming));
        Ok(Opened::Ready(relation, logged))
    }

    fn begin(&mut self, head: &RunHead) -> Result<Begun> {
        let (store, copy, _) = self.writing()?;
        Ok(copy.begin(store, head)?)
    }

    fn append(&mut self, chunk: &Chunk) -> Result<()> {
        let (store, copy, _) = self.writing()?;
        Ok(copy.append(store, chunk)?)
    }

    fn add_ranks(&mut self, sets: &[RankSet]) -> Result<()> {
        let (store, copy, _) = self.writing()?;
        Ok(copy.add_ranks(store, sets)?)
    }

    fn add_probes(&mut self, probes: &[ProbeRecord]) -> Result<()> {
        let (store, copy, _) = self.writing()?;
        Ok(copy.add_probes(store, probes)?)
    }

    fn missing_thumbnails(&mut self, digests: &[String]) -> Result<Vec<String>> {
        Ok(self.store()?.missing_thumbnails(digests)?)
    }

    fn add_thumbnails(&mut self, thumbnails: &[Thumbnail]) -> Result<()> {
        let (store, copy, _) = self.writing()?;
        Ok(copy.add_thumbnails(store, thumbnails)?)
    }

    fn start_file(&mut self, file: &FileEntry, digest: &str) -> Result<Option<u64>> {
        self.writing()?.2.start(file, digest)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.writing()?.2.write(bytes)
    }

    fn end_file(&mut self) -> Result<bool> {
        self.writing()?.2.end()
    }

    fn publish(&mut self) -> Result<()> {
        self.writing()?.2.publish()
    }

    fn finish(&mut self, head: &RunHead) -> Result<bool> {
        let (store, copy, _) = self.writing()?;
        Ok(copy.finish(store, head)?)
    }

    fn close(&mut self) -> Result<()> {
        self.copy = None;
        Ok(())
    }
}
