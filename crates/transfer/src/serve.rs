//! The other side of a pipe: answers requests for one store.

use std::{
    io::{self, Read, Write},
    path::Path,
};

use anyhow::{Result, bail};
use clip_lab_store::Reader;

use crate::{
    Local, Source as _, Target as _, frame,
    message::{Hello, Reply, Request},
};

/// Finds the uids of the runs that match a filter.
pub type Select = fn(&Reader, &str) -> Result<Vec<String>>;

/// Answers requests for the store at `path` until the input ends.
///
/// # Errors
/// If the pipe breaks, or the other side speaks another protocol.
pub fn serve(path: &Path, select: Select, input: &mut impl Read, output: &mut impl Write) -> Result<()> {
    output.write_all(frame::MAGIC)?;
    frame::write(output, &Hello::here(), &[])?;
    read_hello(input)?;
    let mut store = Local::new(path, select);
    while let Some((request, body)) = frame::read(input)? {
        let (reply, bytes) = answer(&mut store, request, &body)
            .unwrap_or_else(|e| (Reply::Error(format!("{e:#}")), Vec::new()));
        frame::write(output, &reply, &bytes)?;
    }
    Ok(())
}

/// Reads the first frame of the other side.
///
/// # Errors
/// If it is something else, or of another version.
pub fn read_hello(input: &mut impl Read) -> Result<()> {
    let mut magic = [0; 8];
    input.read_exact(&mut magic)?;
    if &magic != frame::MAGIC {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "the other side printed something else; a shell there may print text when it starts",
        )
        .into());
    }
    let Some((hello, _)) = frame::read::<Hello>(input)? else { bail!("the other side ended at once") };
    let here = Hello::here();
    if hello.protocol != here.protocol {
        bail!(
            "the other side has clip-lab {} with protocol {}, this is clip-lab {} with protocol {}: install the same \
             version on both",
            hello.program,
            hello.protocol,
            here.program,
            here.protocol
        );
    }
    Ok(())
}

fn answer(store: &mut Local, request: Request, body: &[u8]) -> Result<(Reply, Vec<u8>)> {
    let reply = match request {
        Request::List(filter) => Reply::Listed(store.list(&filter)?),
        Request::Files(uid) => Reply::Files(store.files(&uid)?),
        Request::Head(uid, logged) => Reply::Head(store.head(&uid, logged)?.map(Box::new)),
        Request::LogCalls(uid, from, to) => Reply::LogCalls(store.log_calls(&uid, from, to)?),
        Request::Ranks(uid, keys) => Reply::Ranks(store.ranks(&uid, &keys)?),
        Request::Probes(uid, keys) => Reply::Probes(store.probes(&uid, &keys)?),
        Request::Thumbnails(digests) => Reply::Thumbnails(store.thumbnails(&digests)?),
        Request::Digest(uid, name) => {
            let (digest, bytes) = store.digest(&uid, &name)?;
            Reply::Digest(digest, bytes)
        }
        Request::Read(uid, name, from) => return Ok((Reply::Bytes, store.read(&uid, &name, from)?)),
        Request::States(uids) => Reply::Listed(store.states(&uids)?),
        Request::Open(head) => Reply::Opened(store.open(&head)?),
        Request::Begin(head) => Reply::Begun(store.begin(&head)?),
        Request::Append(chunk) => done(store.append(&chunk))?,
        Request::AddRanks(sets) => done(store.add_ranks(&sets))?,
        Request::AddProbes(probes) => done(store.add_probes(&probes))?,
        Request::MissingThumbnails(digests) => Reply::Names(store.missing_thumbnails(&digests)?),
        Request::AddThumbnails(thumbnails) => done(store.add_thumbnails(&thumbnails))?,
        Request::StartFile(file, digest) => Reply::Started(store.start_file(&file, &digest)?),
        Request::Write => done(store.write(body))?,
        Request::EndFile => Reply::Is(store.end_file()?),
        Request::Publish => done(store.publish())?,
        Request::Finish(head) => Reply::Is(store.finish(&head)?),
        Request::Close => done(store.close())?,
    };
    Ok((reply, Vec::new()))
}

fn done(result: Result<()>) -> Result<Reply> {
    result.map(|()| Reply::Done)
}
