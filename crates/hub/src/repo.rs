//! Downloads selected files of a repository into the cache.

use std::{
    collections::{HashMap, HashSet},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use anyhow::{Error, Result, anyhow, ensure};
use clip_lab_fetch::{Part, fetch, retry};

use crate::{
    Hub, HubFile, Listing, Name, RepoFile,
    cache::{RepoCache, create_parent},
    client::Client,
    digest::Digest,
    progress::Progress,
};

/// Parallel downloads.
const PARALLEL: usize = 8;

/// Selects files, given the snapshot folder and the repository's files. Called again after the selected files are
/// downloaded, until it selects no further ones.
pub type SelectFiles<'a> = &'a dyn Fn(&Path, &[RepoFile]) -> Result<Vec<String>>;

/// A repository at a revision.
pub struct Repo {
    hub: Hub,
    name: Name,
    cache: RepoCache,
}

impl Repo {
    /// Makes no request yet.
    pub fn new(hub: Hub, name: Name) -> Self {
        let cache = RepoCache::new(&hub.cache, &name);
        Self { hub, name, cache }
    }

    /// The snapshot folder, if all selected files are cached.
    pub fn cached_folder(&self, select: SelectFiles) -> Option<PathBuf> {
        let listing = self.cache.listing(&self.cache.commit(&self.name.revision)?)?;
        self.complete(&listing, select).ok().flatten()
    }

    /// The snapshot folder with all selected files, downloaded if they are not cached.
    ///
    /// # Errors
    /// If they are not cached and cannot be downloaded, or `select` fails.
    pub fn folder(&self, select: SelectFiles) -> Result<PathBuf> {
        if let Some(folder) = self.cached_folder(select) {
            return Ok(folder);
        }
        let cache = self.hub.cache.display();
        if self.hub.offline {
            return self.cached_by_other_tools(select).ok_or_else(|| {
                anyhow!(
                    "{} is not in the hub's cache ({cache}), and HF_HUB_OFFLINE is set: download it once without \
                     HF_HUB_OFFLINE, or point HF_HOME at a cache that has it",
                    self.name
                )
            });
        }
        self.download_missing(select).or_else(|error| match self.cached_by_other_tools(select) {
            Some(folder) => {
                let message = format!(
                    "using the cached copy of {}, since the hub cannot be reached: {error:#}",
                    self.name
                );
                eprintln!("{}", clip_lab_escape::line(&message));
                Ok(folder)
            }
            None => Err(anyhow!(
                "{} is not in the hub's cache ({cache}) and cannot be fetched: {error:#}",
                self.name
            )),
        })
    }

    /// A snapshot that other tools downloaded, if it has all selected files. It may lack others: there is no listing. None
    /// if we have a listing, and so know what is missing.
    fn cached_by_other_tools(&self, select: SelectFiles) -> Option<PathBuf> {
        let commit = self.cache.commit(&self.name.revision)?;
        if self.cache.listing(&commit).is_some() {
            return None;
        }
        let listing = Listing::from_folder(&commit, &self.cache.snapshot(&commit));
        self.complete(&listing, select).ok().flatten()
    }

    /// The snapshot folder, if no file is missing.
    fn complete(&self, listing: &Listing, select: SelectFiles) -> Result<Option<PathBuf>> {
        let folder = self.cache.snapshot(&listing.commit);
        Ok(self.missing(listing, &folder, select)?.is_empty().then_some(folder))
    }

    fn missing(&self, listing: &Listing, folder: &Path, select: SelectFiles) -> Result<Vec<String>> {
        let mut selected = select(folder, &listing.files)?;
        let known: HashSet<&String> = listing.files.iter().map(|file| &file.name).collect();
        let unknown = selected.iter().find(|selected| !known.contains(selected));
        ensure!(
            unknown.is_none(),
            "it refers to `{}`, which it does not contain",
            unknown.map_or("", String::as_str)
        );
        selected.retain(|file| !folder.join(file).exists());
        Ok(selected)
    }

    fn download_missing(&self, select: SelectFiles) -> Result<PathBuf> {
        let client = Arc::new(Client::new(&self.hub, &self.name)?);
        let saved = self.cache.commit(&self.name.revision).and_then(|commit| self.cache.listing(&commit));
        let listing = match saved {
            Some(listing) => listing,
            None => {
                let listing = Listing::request(&client)?;
                self.cache.save_listing(&listing, &self.name.revision)?;
                listing
            }
        };
        let folder = self.cache.snapshot(&listing.commit);
        let mut missing = self.missing(&listing, &folder, select)?;
        while !missing.is_empty() {
            self.download(&client, &listing, &missing)?;
            let before = missing;
            missing = self.missing(&listing, &folder, select)?;
            ensure!(missing != before, "{} disappeared during the download", missing[0]);
        }
        Ok(folder)
    }

    /// Downloads files in parallel; stops at the first error.
    fn download(&self, client: &Arc<Client>, listing: &Listing, files: &[String]) -> Result<()> {
        let known: HashMap<&String, &RepoFile> =
            listing.files.iter().map(|file| (&file.name, file)).collect();
        let files: Vec<&RepoFile> = files.iter().filter_map(|name| known.get(name).copied()).collect();
        let progress = Progress::start(&self.name, &files);
        let (next, failed) = (AtomicUsize::new(0), Mutex::new(None::<Error>));
        let fail = || failed.lock().unwrap_or_else(PoisonError::into_inner);
        thread::scope(|scope| {
            for _ in 0..PARALLEL.min(files.len()) {
                scope.spawn(|| {
                    while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                        if fail().is_some() {
                            return;
                        }
                        if let Err(error) = self.download_one(client, &listing.commit, file, &progress) {
                            fail().get_or_insert(error.context(file.name.clone()));
                        }
                    }
                });
            }
        });
        progress.end();
        failed.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
    }

    fn download_one(
        &self,
        client: &Arc<Client>,
        commit: &str,
        file: &RepoFile,
        progress: &Progress,
    ) -> Result<()> {
        let source = HubFile::new(client.clone(), client.file(commit, &file.name));
        let tag = retry(self.hub.policy, || source.tag())?;
        let blob = self.cache.blob(&tag)?;
        if !blob.exists() {
            let _guard = self.cache.lock(&tag)?;
            if !blob.exists() {
                create_parent(&blob)?;
                let part_path = blob.with_extension("incomplete");
                let mut part = Part::open(&part_path)?;
                let count = progress.file(part.length());
                fetch(&source, &mut part, self.hub.policy, &|length| count.reached(length))?;
                if let Some(digest) = Digest::of(Some(file), &tag) {
                    digest.check(&mut part)?;
                }
                part.finish(&part_path, &blob)?;
            }
        }
        self.cache.link(&tag, commit, &file.name)?;
        progress.done();
        Ok(())
    }
}
