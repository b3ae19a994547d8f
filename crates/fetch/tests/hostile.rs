//! Downloads from servers that do not send what they announce.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::Result;
use clip_lab_fetch::{
    Credentials, Download, FetchError, HttpClient, Part, RetryPolicy, Source, collect, fetch, retry, stream,
};
use clip_lab_testing::{Fault, Server};
use reqwest::Method;
use url::Url;

const QUICK: RetryPolicy = RetryPolicy {
    attempts: 3,
    stall: Duration::from_millis(500),
    backoff: Duration::from_millis(5),
    min_rate: 500,
    window: Duration::from_secs(1),
};
/// More than any test reads before it fails.
const FLOOD: u64 = 1 << 33;
/// Upper bound of buffered bytes.
const BUFFERED: u64 = 64 << 20;

/// A file at a URL, with a size known from elsewhere.
struct UrlSource {
    web: HttpClient,
    url: Url,
    known_size: Option<u64>,
}

impl UrlSource {
    fn new(url: &str, known_size: Option<u64>) -> Self {
        Self { web: HttpClient::new(QUICK.stall).unwrap(), url: url.parse().unwrap(), known_size }
    }

    async fn get(&self, from: u64) -> Result<reqwest::Response, FetchError> {
        let keys = Credentials::new(&self.url, None).unwrap();
        let (_, response) = self.web.request(Method::GET, &self.url, from, &keys, |_| false).await?;
        match response.status().is_success() {
            true => Ok(response),
            false => Err(FetchError::Transient(anyhow::anyhow!("it answers {}", response.status()))),
        }
    }
}

impl Source for UrlSource {
    async fn request(&self, from: u64) -> Result<Download, FetchError> {
        Download::new(self.get(from).await?, from, "tag".to_owned(), self.known_size)
    }
}

fn bytes(size: usize) -> Vec<u8> {
    (0..size).map(|place| (place * 7 % 251) as u8).collect()
}

fn fetched(source: &UrlSource, folder: &Path, policy: RetryPolicy) -> Result<Vec<u8>> {
    let path = folder.join("x.part");
    let mut part = Part::open(&path)?;
    fetch(source, &mut part, policy, &|_| ())?;
    Ok(fs::read(&path)?)
}

/// The error of downloading a file of 10,000 bytes, and the size of the part.
fn rejected(faults: &[Fault], known_size: Option<u64>) -> (String, u64, Server) {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    let url = server.put("/x", &bytes(10_000), faults);
    let message = format!("{:#}", fetched(&UrlSource::new(&url, known_size), dir.path(), QUICK).unwrap_err());
    (message, fs::metadata(dir.path().join("x.part")).unwrap().len(), server)
}

#[test]
fn more_than_was_announced_is_not_read() {
    let (message, kept, server) = rejected(&[Fault::Flood(FLOOD); 9], Some(10_000));
    assert!(message.contains("sent more than the announced 10000 bytes"), "{message}");
    assert!(kept <= 10_000 && server.sent() < BUFFERED, "{kept} {}", server.sent());
    let (message, kept, server) = rejected(&[Fault::Flood(FLOOD); 9], None);
    assert!(message.contains("does not report the file size"), "{message}");
    assert!(kept == 0 && server.sent() < BUFFERED);
    // A response that should be small, and an endless error body.
    let url = server.put("/list", b"", &[Fault::Flood(FLOOD); 9]);
    let at = UrlSource::new(&url, None);
    let small = retry(QUICK, async || collect(stream(at.get(0).await?)?, 1 << 20, QUICK).await);
    assert!(small.unwrap_err().to_string().contains("larger than 1048576 bytes"));
    assert!(server.sent() < 2 * BUFFERED);
    let (message, _, server) = rejected(&[Fault::Complain(500, FLOOD); 9], None);
    assert!(message.contains("it answers 500") && server.sent() < BUFFERED, "{message}");
}

#[test]
fn files_too_large_for_the_disk_are_rejected_and_never_reserved() {
    let (message, kept, _) = rejected(&[Fault::Promise(1_000_000_000_000_000); 9], None);
    assert!(message.contains("reports a size of 1.00 PB"), "{message}");
    assert_eq!(kept, 0);
    let about = rustix::fs::statvfs(tempfile::tempdir().unwrap().path()).unwrap();
    let free = about.f_bavail * about.f_frsize;
    if free < 1 << 39 {
        let (message, kept, _) = rejected(&[Fault::Promise(free + (100 << 30)); 9], None);
        assert!(
            message.contains("are left to download, but the disk of") && message.contains("has only"),
            "{message}"
        );
        assert_eq!(kept, 0);
    }
}

#[test]
fn a_stalling_link_fails_and_a_slow_one_does_not() {
    let policy = RetryPolicy { window: Duration::from_millis(200), min_rate: 1000, ..QUICK };
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    let url = server.put("/x", &bytes(1_000_000), &[Fault::Drip(Duration::from_millis(10)); 9]);
    let begun = Instant::now();
    let message =
        format!("{:#}", fetched(&UrlSource::new(&url, Some(1_000_000)), dir.path(), policy).unwrap_err());
    assert!(
        message.contains("gave up after 3 attempts") && message.contains("less than 1000 bytes/s"),
        "{message}"
    );
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    // A byte in every attempt is no progress either.
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    let url = server.put("/x", &bytes(10_000), &[Fault::Part(0.0002); 99]);
    let message = format!("{:#}", fetched(&UrlSource::new(&url, None), dir.path(), policy).unwrap_err());
    assert!(message.contains("gave up") && server.requests() < 9, "{message} {}", server.requests());
    // 20 kB in two seconds, over several windows.
    let file = bytes(20_000);
    let url = server.put("/y", &file, &[Fault::Slow(Duration::from_millis(40))]);
    let dir = tempfile::tempdir().unwrap();
    let policy = RetryPolicy { window: Duration::from_millis(500), ..policy };
    assert!(fetched(&UrlSource::new(&url, None), dir.path(), policy).unwrap() == file);
    assert_eq!(server.asked().iter().filter(|asked| asked.path == "/y").count(), 1);
}

#[test]
fn another_range_than_requested_is_not_used() {
    for odd in [Fault::Shifted, Fault::Unsaid] {
        let (server, dir, file) = (Server::start(), tempfile::tempdir().unwrap(), bytes(10_000));
        let url = server.put("/x", &file, &[Fault::Part(0.5), odd]);
        assert!(fetched(&UrlSource::new(&url, None), dir.path(), QUICK).unwrap() == file, "{odd:?}");
        let froms: Vec<usize> = server.asked().iter().map(|asked| asked.from).collect();
        assert_eq!(froms, [0, 5000, 0], "{odd:?}");
    }
}

#[test]
fn endless_headers_and_chunks_and_encodings_are_rejected() {
    let (message, kept, _) = rejected(&[Fault::Encoded; 9], None);
    assert!(message.contains("encoded") && kept == 0, "{message}");
    for odd in [Fault::Header(1 << 20), Fault::Extension(1 << 20)] {
        let (message, kept, server) = rejected(&[odd; 9], Some(10_000));
        assert!(message.contains("gave up after 3 attempts"), "{odd:?}: {message}");
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
    let keys = Credentials::new(&url.parse().unwrap(), None).unwrap();
    let web = HttpClient::new(QUICK.stall).unwrap();
    let url = url.parse().unwrap();
    let (last, response) = retry(QUICK, || web.request(Method::GET, &url, 0, &keys, |_| false)).unwrap();
    assert!(response.status().is_success() && last.username().is_empty());
    let sent: Vec<_> = home.asked().into_iter().map(|asked| asked.authorization).collect();
    assert_eq!(sent, vec![Some("Basic bWU6d29yZA==".to_owned()); 2]);
    assert_eq!(other.asked()[0].authorization, None);
    let round = home.redirect("/a", "/b", &[]);
    home.redirect("/b", "/a", &[]);
    let message = format!("{:#}", fetched(&UrlSource::new(&round, None), dir.path(), QUICK).unwrap_err());
    assert!(message.contains("redirects more than 10 times"), "{message}");
    let nowhere = home.redirect("/c", "file:///etc/passwd", &[]);
    let message = format!("{:#}", fetched(&UrlSource::new(&nowhere, None), dir.path(), QUICK).unwrap_err());
    assert!(message.contains("redirects to an invalid URL"), "{message}");
}
