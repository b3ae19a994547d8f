//! Downloads from servers that do not send what they announce.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::Result;
use clip_lab_faulty::{Fault, Server};
use clip_lab_fetch::{Answer, Halt, Keys, Part, Patience, Source, Web, collect, fetch, insist, stream};
use reqwest::Method;
use url::Url;

const QUICK: Patience = Patience {
    tries: 3,
    stall: Duration::from_millis(500),
    pause: Duration::from_millis(5),
    slowest: 500,
    window: Duration::from_secs(1),
};
/// More than any test reads before it fails.
const FLOOD: u64 = 1 << 33;
/// Upper bound of buffered bytes.
const BUFFERED: u64 = 64 << 20;

/// A file at a URL, with a size known from elsewhere.
struct At {
    web: Web,
    url: Url,
    said: Option<u64>,
}

impl At {
    fn new(url: &str, said: Option<u64>) -> Self {
        Self { web: Web::new(QUICK.stall).unwrap(), url: url.parse().unwrap(), said }
    }

    async fn get(&self, from: u64) -> Result<reqwest::Response, Halt> {
        let keys = Keys::new(&self.url, None).unwrap();
        let (_, response) = self.web.ask(Method::GET, &self.url, from, &keys, |_| false).await?;
        match response.status().is_success() {
            true => Ok(response),
            false => Err(Halt::Again(anyhow::anyhow!("it answers {}", response.status()))),
        }
    }
}

impl Source for At {
    async fn ask(&self, from: u64) -> Result<Answer, Halt> {
        Answer::new(self.get(from).await?, from, "tag".to_owned(), self.said)
    }
}

fn bytes(size: usize) -> Vec<u8> {
    (0..size).map(|place| (place * 7 % 251) as u8).collect()
}

fn fetched(source: &At, folder: &Path, patience: Patience) -> Result<Vec<u8>> {
    let path = folder.join("x.part");
    let mut part = Part::open(&path)?;
    fetch(source, &mut part, patience, &|_| ())?;
    Ok(fs::read(&path)?)
}

/// The error of downloading a file of 10,000 bytes, and the size of the part.
fn refused(faults: &[Fault], said: Option<u64>) -> (String, u64, Server) {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    let url = server.put("/x", &bytes(10_000), faults);
    let words = format!("{:#}", fetched(&At::new(&url, said), dir.path(), QUICK).unwrap_err());
    (words, fs::metadata(dir.path().join("x.part")).unwrap().len(), server)
}

#[test]
fn more_than_was_announced_is_not_read() {
    let (words, kept, server) = refused(&[Fault::Flood(FLOOD); 9], Some(10_000));
    assert!(words.contains("sent more than the announced 10000 bytes"), "{words}");
    assert!(kept <= 10_000 && server.sent() < BUFFERED, "{kept} {}", server.sent());
    let (words, kept, server) = refused(&[Fault::Flood(FLOOD); 9], None);
    assert!(words.contains("does not report the file size"), "{words}");
    assert!(kept == 0 && server.sent() < BUFFERED);
    // A response that should be small, and an endless error body.
    let url = server.put("/list", b"", &[Fault::Flood(FLOOD); 9]);
    let at = At::new(&url, None);
    let small = insist(QUICK, async || collect(stream(at.get(0).await?)?, 1 << 20, QUICK).await);
    assert!(small.unwrap_err().to_string().contains("larger than 1048576 bytes"));
    assert!(server.sent() < 2 * BUFFERED);
    let (words, _, server) = refused(&[Fault::Complain(500, FLOOD); 9], None);
    assert!(words.contains("it answers 500") && server.sent() < BUFFERED, "{words}");
}

#[test]
fn files_too_large_for_the_disk_are_rejected_and_never_reserved() {
    let (words, kept, _) = refused(&[Fault::Promise(1_000_000_000_000_000); 9], None);
    assert!(words.contains("reports a size of 1.00 PB"), "{words}");
    assert_eq!(kept, 0);
    let about = rustix::fs::statvfs(tempfile::tempdir().unwrap().path()).unwrap();
    let free = about.f_bavail * about.f_frsize;
    if free < 1 << 39 {
        let (words, kept, _) = refused(&[Fault::Promise(free + (100 << 30)); 9], None);
        assert!(
            words.contains("are left to download, but the disk of") && words.contains("has only"),
            "{words}"
        );
        assert_eq!(kept, 0);
    }
}

#[test]
fn a_stalling_link_fails_and_a_slow_one_does_not() {
    let patience = Patience { window: Duration::from_millis(200), slowest: 1000, ..QUICK };
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    let url = server.put("/x", &bytes(1_000_000), &[Fault::Drip(Duration::from_millis(10)); 9]);
    let begun = Instant::now();
    let words = format!("{:#}", fetched(&At::new(&url, Some(1_000_000)), dir.path(), patience).unwrap_err());
    assert!(
        words.contains("gave up after 3 attempts") && words.contains("less than 1000 bytes/s"),
        "{words}"
    );
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    // A byte in every attempt is no progress either.
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    let url = server.put("/x", &bytes(10_000), &[Fault::Part(0.0002); 99]);
    let words = format!("{:#}", fetched(&At::new(&url, None), dir.path(), patience).unwrap_err());
    assert!(words.contains("gave up") && server.requests() < 9, "{words} {}", server.requests());
    // 20 kB in two seconds, over several windows.
    let file = bytes(20_000);
    let url = server.put("/y", &file, &[Fault::Slow(Duration::from_millis(40))]);
    let dir = tempfile::tempdir().unwrap();
    assert!(fetched(&At::new(&url, None), dir.path(), patience).unwrap() == file);
    assert_eq!(server.asked().iter().filter(|asked| asked.path == "/y").count(), 1);
}

#[test]
fn another_range_than_requested_is_not_used() {
    for odd in [Fault::Shifted, Fault::Unsaid] {
        let (server, dir, file) = (Server::start(), tempfile::tempdir().unwrap(), bytes(10_000));
        let url = server.put("/x", &file, &[Fault::Part(0.5), odd]);
        assert!(fetched(&At::new(&url, None), dir.path(), QUICK).unwrap() == file, "{odd:?}");
        let froms: Vec<usize> = server.asked().iter().map(|asked| asked.from).collect();
        assert_eq!(froms, [0, 5000, 0], "{odd:?}");
    }
}

#[test]
fn endless_headers_and_chunks_and_encodings_are_rejected() {
    let (words, kept, _) = refused(&[Fault::Encoded; 9], None);
    assert!(words.contains("encoded") && kept == 0, "{words}");
    for odd in [Fault::Header(1 << 20), Fault::Extension(1 << 20)] {
        let (words, kept, server) = refused(&[odd; 9], Some(10_000));
        assert!(words.contains("gave up after 3 attempts"), "{odd:?}: {words}");
        assert!(kept <= 10_000 && server.requests() == 3, "{odd:?}");
    }
}

#[test]
fn credentials_go_to_their_server_only_and_redirects_are_limited() {
    let (home, other, dir) = (Server::start(), Server::start(), tempfile::tempdir().unwrap());
    let file = bytes(100);
    let place = other.put("/x", &file, &[]).replace("http://", "http://you:guess@");
    home.redirect("/x", "/y", &[]);
    let url = home.redirect("/y", &place, &[]).replace("http://", "http://me:word@").replace("/y", "/x");
    let keys = Keys::new(&url.parse().unwrap(), None).unwrap();
    let web = Web::new(QUICK.stall).unwrap();
    let url = url.parse().unwrap();
    let (last, response) = insist(QUICK, || web.ask(Method::GET, &url, 0, &keys, |_| false)).unwrap();
    assert!(response.status().is_success() && last.username().is_empty());
    let sent: Vec<_> = home.asked().into_iter().map(|asked| asked.authorization).collect();
    assert_eq!(sent, vec![Some("Basic bWU6d29yZA==".to_owned()); 2]);
    assert_eq!(other.asked()[0].authorization, None);
    let round = home.redirect("/a", "/b", &[]);
    home.redirect("/b", "/a", &[]);
    let words = format!("{:#}", fetched(&At::new(&round, None), dir.path(), QUICK).unwrap_err());
    assert!(words.contains("redirects in circles"), "{words}");
    let nowhere = home.redirect("/c", "file:///etc/passwd", &[]);
    let words = format!("{:#}", fetched(&At::new(&nowhere, None), dir.path(), QUICK).unwrap_err());
    assert!(words.contains("redirects to an invalid URL"), "{words}");
}
