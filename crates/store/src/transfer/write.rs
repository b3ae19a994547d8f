//! Writing the copy of a run.

mod begin;
mod finish;
mod lists;

use std::{
    io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use sqlx::SqliteConnection;

use super::{
    Relation, check,
    read::{find, head as read_head, tick},
    relation,
    types::{Chunk, ProbeKey, ProbeRecord, RankKey, RunHead, RunState, Thumbnail},
};
use crate::{
    Probe, RankSet, Store, StoreError,
    folder::FolderLock,
    recorder::{Session, insert_image, insert_rank},
    run_folder,
};

/// What the target lacks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begun {
    /// How the source relates to the target.
    pub relation: Relation,
    /// The number of log calls that the target has.
    pub logged: i64,
    /// Ranks to send.
    pub ranks: Vec<RankKey>,
    /// Probes to send.
    pub probes: Vec<ProbeKey>,
}

/// A run that is being copied into a store. Its folder is locked, as while it is recorded.
///
/// A copy that is interrupted leaves the run with what was written so far and the status `interrupted`; the next copy
/// continues there. Its files are listed only at the end, when they are in place.
pub struct RunCopy {
    uid: String,
    folder: PathBuf,
    _lock: FolderLock,
    session: Option<Session>,
}

impl RunCopy {
    /// Locks the folder of the run `uid`.
    ///
    /// # Errors
    /// [`StoreError::Refused`] while the run is recorded, and when its folder is a symbolic link or a file.
    pub fn start(store: &Store, uid: &str) -> Result<RunCopy, StoreError> {
        let folder = run_folder(store.db.path(), uid)?;
        match folder.symlink_metadata() {
            Ok(found) if !found.is_dir() => {
                return Err(StoreError::Refused(format!(
                    "{} is not a folder (a symbolic link or a file)",
                    folder.display()
                )));
            }
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => {
                let doing = "reading the run's folder";
                return Err(StoreError::File { path: folder, doing, cause });
            }
            _ => {}
        }
        let lock = FolderLock::take(&folder)?;
        Ok(RunCopy { uid: uid.into(), folder, _lock: lock, session: None })
    }

    /// The run's folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The relation of the source to this store, and the number of log calls here. Writes nothing.
    ///
    /// # Errors
    /// [`StoreError::Refused`] for another run or invalid numbers.
    pub fn compare(&self, store: &Store, head: &RunHead) -> Result<(Relation, i64), StoreError> {
        self.check(head)?;
        store.db.with("reading the run", async |conn| {
            let here = state(conn, &self.uid).await?;
            let logged = here.as_ref().map_or(0, |here| here.extent.logged);
            Ok((compare(conn, head, here.as_ref()).await?, logged))
        })
    }

    /// Inserts the run or prepares it for more log calls, and returns what is missing.
    pub fn begin(&mut self, store: &Store, head: &RunHead) -> Result<Begun, StoreError> {
        self.check(head)?;
        self.session = None;
        store.db.write("copying the run", async |conn| {
            let here = state(conn, &self.uid).await?;
            let relation = compare(conn, head, here.as_ref()).await?;
            let run = find(conn, &self.uid).await?;
            match (relation, run) {
                (Relation::New, _) => begin::insert(conn, head).await?,
                (Relation::Ahead, Some(run)) => begin::prepare(conn, run, head).await?,
                _ => {}
            }
            let Some(run) = find(conn, &self.uid).await? else { return Err(sqlx::Error::RowNotFound) };
            let (ranks, probes) = begin::missing(conn, run, head, relation).await?;
            let logged = here.map_or(0, |here| here.extent.logged);
            Ok(Begun { relation, logged, ranks, probes })
        })
    }

    /// Adds log calls that follow those of this store, in one transaction.
    ///
    /// # Errors
    /// [`StoreError::Refused`] if they do not follow or are invalid.
    pub fn append(&mut self, store: &Store, chunk: &Chunk) -> Result<(), StoreError> {
        let mut session = match self.session.take() {
            Some(session) => session,
            None => store.db.with("reading the run", async |conn| Session::load(conn, &self.uid).await)?,
        };
        check::chunk(chunk, session.next).map_err(|why| self.refused(&why))?;
        store.db.write("copying points", async |conn| session.import(conn, chunk).await)?;
        // After a failed transaction it is loaded again.
        self.session = Some(session);
        Ok(())
    }

    /// Adds ranks, or replaces those with the same keys.
    pub fn add_ranks(&mut self, store: &Store, sets: &[RankSet]) -> Result<(), StoreError> {
        store.db.write("copying ranks", async |conn| {
            let Some(run) = find(conn, &self.uid).await? else { return Err(sqlx::Error::RowNotFound) };
            for set in sets {
                insert_rank(conn, run, set).await?;
            }
            Ok(())
        })
    }

    /// Adds probes, or replaces those with the same keys.
    ///
    /// # Errors
    /// [`StoreError::Refused`] for a probe that could not be read.
    pub fn add_probes(&mut self, store: &Store, probes: &[ProbeRecord]) -> Result<(), StoreError> {
        if probes.iter().any(|probe| serde_json::from_str::<Probe>(&probe.seen).is_err()) {
            return Err(self.refused("a probe is damaged"));
        }
        store.db.write("copying probes", async |conn| {
            let Some(run) = find(conn, &self.uid).await? else { return Err(sqlx::Error::RowNotFound) };
            for ProbeRecord { key, seen } in probes {
                let sql =
                    "INSERT OR REPLACE INTO probe (run, step, split, weights, seen) VALUES (?, ?, ?, ?, ?)";
                let query = sqlx::query(sql).bind(run).bind(key.step).bind(&key.split).bind(&key.weights);
                query.bind(seen).execute(&mut *conn).await?;
            }
            Ok(())
        })
    }

    /// Adds thumbnails. Those that do not match their digest are left out: other runs may show them.
    pub fn add_thumbnails(&mut self, store: &Store, thumbnails: &[Thumbnail]) -> Result<(), StoreError> {
        store.db.write("copying thumbnails", async |conn| {
            for Thumbnail { digest, jpeg } in thumbnails {
                if blake3::hash(jpeg).to_hex()[..32] == **digest {
                    insert_image(conn, digest, jpeg).await?;
                }
            }
            Ok(())
        })
    }

    /// Completes the copy: status, summaries of the metrics, files and everything that is united, in one transaction.
    /// Returns whether anything changed.
    ///
    /// # Errors
    /// [`StoreError::Refused`] if log calls are missing.
    pub fn finish(&mut self, store: &Store, head: &RunHead) -> Result<bool, StoreError> {
        self.check(head)?;
        let done = store.db.write("copying the run", async |conn| {
            let Some(run) = find(conn, &self.uid).await? else { return Err(sqlx::Error::RowNotFound) };
            let here = read_head(conn, run, None).await?;
            let relation = compare(conn, head, Some(&here.state)).await?;
            if relation == Relation::Diverged {
                return Ok(None);
            }
            if relation == Relation::Ahead && here.state.extent.logged != head.state.extent.logged {
                return Ok(None);
            }
            let before = changes(conn).await?;
            if relation == Relation::Ahead {
                finish::record(conn, run, head).await?;
            }
            finish::unite(conn, run, head, &here, relation).await?;
            Ok(Some(changes(conn).await? != before))
        })?;
        done.ok_or_else(|| self.refused("its log calls are incomplete"))
    }

    fn check(&self, head: &RunHead) -> Result<(), StoreError> {
        if head.state.uid != self.uid {
            return Err(self.refused("the other store sent another run"));
        }
        check::head(head).map_err(|why| self.refused(&why))
    }

    fn refused(&self, why: &str) -> StoreError {
        StoreError::Refused(format!("run {}: {why}", self.uid))
    }
}

impl Store {
    /// Which of these thumbnails the store lacks.
    pub fn missing_thumbnails(&self, digests: &[String]) -> Result<Vec<String>, StoreError> {
        self.db.with("reading thumbnails", async |conn| {
            let mut missing = Vec::new();
            for digest in digests {
                let sql = "SELECT count(*) FROM picture WHERE digest = ?";
                let found: i64 = sqlx::query_scalar(sql).bind(digest).fetch_one(&mut *conn).await?;
                missing.extend((found == 0).then(|| digest.clone()));
            }
            Ok(missing)
        })
    }
}

async fn state(conn: &mut SqliteConnection, uid: &str) -> Result<Option<RunState>, sqlx::Error> {
    match find(conn, uid).await? {
        Some(run) => Ok(Some(read_head(conn, run, None).await?.state)),
        None => Ok(None),
    }
}

/// The relation of the source to the state here; [`Relation::Diverged`] also if a log call that both have differs.
async fn compare(
    conn: &mut SqliteConnection,
    head: &RunHead,
    here: Option<&RunState>,
) -> Result<Relation, sqlx::Error> {
    let relation = relation(&head.state, here);
    let (Some(theirs), Some(run)) = (&head.common, find(conn, &head.state.uid).await?) else {
        return Ok(relation);
    };
    let Some(ours) = tick(conn, run, theirs.tick).await? else { return Ok(relation) };
    let recorded =
        |tick: &super::types::TickRecord| super::types::TickRecord { superseded_by: None, ..tick.clone() };
    Ok(if recorded(&ours) == recorded(theirs) { relation } else { Relation::Diverged })
}

async fn changes(conn: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("SELECT total_changes()").fetch_one(conn).await
}
