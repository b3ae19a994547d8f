//! Downloads of shards from a faulty server.

use std::{
    io::Read as _,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use crate::support::{QUICK, tar};
use clip_lab_shards::{Cache, Location, RetryPolicy, Shards};
use clip_lab_testing::{Fault, Server};
use url::Url;

fn bytes(size: usize) -> Vec<u8> {
    (0..size).map(|location| (location * 7 % 251) as u8).collect()
}

fn download(folder: &Path, url: &str) -> anyhow::Result<Vec<u8>> {
    let mut read = Vec::new();
    Cache::new(folder.to_owned(), u64::MAX, QUICK).file(&Url::parse(url).unwrap())?.read_to_end(&mut read)?;
    Ok(read)
}

#[test]
fn transient_faults_are_retried() {
    let (server, file) = (Server::start(), bytes(300_000));
    let stall = Fault::Stall(Duration::from_millis(900));
    let cases: [(&str, &[Fault]); 6] = [
        ("/good.tar", &[]),
        ("/busy.tar", &[Fault::Status(500), Fault::Status(503), Fault::Status(429)]),
        ("/half.tar", &[Fault::Part(0.5), Fault::Part(0.5), Fault::Part(0.0), Fault::Part(0.9)]),
        ("/slow.tar", &[stall, stall]),
        ("/no-parts.tar", &[Fault::Part(0.5), Fault::Whole]),
        ("/mixed.tar", &[Fault::Status(502), Fault::Part(0.3), Fault::Status(500), stall]),
    ];
    for (path, faults) in cases {
        let dir = tempfile::tempdir().unwrap();
        let url = server.put(path, &file, faults);
        assert!(download(dir.path(), &url).unwrap() == file, "{path}");
        let before = server.requests();
        assert!(download(dir.path(), &url).unwrap() == file, "{path}");
        assert_eq!(server.requests(), before, "{path} was requested again");
    }
    let asked = server.asked().into_iter().filter(|asked| asked.path == "/half.tar");
    let froms: Vec<usize> = asked.map(|asked| asked.from).collect();
    assert_eq!(froms, [0, 150_000, 225_000, 225_000, 292_500], "resumed, not restarted");
}

#[test]
fn permanent_faults_are_reported() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    let message = |url: &str| format!("{:#}", download(dir.path(), url).unwrap_err());
    let gone = server.put("/x.tar", b"", &[Fault::Status(404)]);
    assert!(message(&gone).contains("404"));
    let closed = server.put("/x.tar", b"", &[Fault::Status(403)]);
    assert!(message(&closed).contains("credentials"));
    let before = server.requests();
    let broken = server.put("/x.tar", &bytes(10), &[Fault::Status(500); 20]);
    assert!(message(&broken).contains("gave up after 4 attempts"), "{}", message(&broken));
    assert_eq!(server.requests() - before, 4);
    // A server without range requests that never sends more than half.
    let never = server.put("/y.tar", &bytes(1000), &[Fault::HalfOfWhole; 40]);
    assert!(message(&never).contains("gave up"));
    let unreachable = message("http://127.0.0.1:9/x.tar?key=secret");
    assert!(unreachable.contains("gave up") && !unreachable.contains("secret"), "{unreachable}");
}

#[test]
fn another_process_resumes_a_download() {
    let (server, file, dir) = (Server::start(), bytes(100_000), tempfile::tempdir().unwrap());
    let mut faults = vec![Fault::Part(0.6)];
    faults.extend([Fault::Status(500); 4]);
    let url = server.put("/x.tar", &file, &faults);
    assert!(download(dir.path(), &url).is_err());
    assert!(download(dir.path(), &url).unwrap() == file);
    assert_eq!(server.asked().last().unwrap().from, 60_000);
}

/// Run by the test below in a child process.
#[test]
#[ignore = "part of another test"]
fn downloads_until_killed() {
    let var = |name: &str| std::env::var(name).unwrap();
    drop(download(Path::new(&var("FOLDER")), &var("URL")));
}

#[test]
fn a_killed_download_leaves_a_part_to_resume_and_no_complete_file() {
    for signal in ["TERM", "KILL"] {
        let (server, file, dir) = (Server::start(), bytes(400_000), tempfile::tempdir().unwrap());
        let url = server.put("/x.tar", &file, &[Fault::Slow(Duration::from_millis(100))]);
        let mut child = Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", "fetch::downloads_until_killed", "--ignored"]).env("FOLDER", dir.path());
        let mut child = child.env("URL", &url).stdout(Stdio::null()).spawn().unwrap();
        let files = |ending: &str| {
            let all = std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path());
            all.filter(|path| path.extension().is_some_and(|of| of == ending)).collect::<Vec<_>>()
        };
        let kept = || files("part").first().map_or(0, |part| std::fs::metadata(part).unwrap().len());
        while kept() < 20_000 {
            assert!(child.try_wait().unwrap().is_none(), "it ended early");
            std::thread::sleep(Duration::from_millis(5));
        }
        let asked = Instant::now();
        let number = child.id().to_string();
        assert!(Command::new("kill").args(["-s", signal, &number]).status().unwrap().success());
        assert!(!child.wait().unwrap().success());
        // The rest of the download would take more than 4 s.
        assert!(asked.elapsed() < Duration::from_secs(3), "{signal}: {:?}", asked.elapsed());
        assert!(files("tar").is_empty(), "{signal}");
        let kept = kept();
        assert!((20_000..400_000).contains(&kept), "{kept}");
        assert!(download(dir.path(), &url).unwrap() == file, "{signal}");
        assert_eq!(server.asked().last().unwrap().from as u64, kept, "{signal}");
        assert!(files("part").is_empty() && files("whole").is_empty(), "{signal}");
    }
}

#[test]
fn a_part_of_an_unknown_version_is_not_resumed() {
    let (server, file, dir) = (Server::start(), bytes(10_000), tempfile::tempdir().unwrap());
    let url = server.put("/x.tar", &file, &[Fault::Part(0.5), Fault::Status(404)]);
    assert!(download(dir.path(), &url).is_err());
    // The file with size and version was truncated.
    let note = std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path());
    let note = note.filter(|path| path.extension().is_some_and(|ending| ending == "whole")).last().unwrap();
    let text = std::fs::read(&note).unwrap();
    std::fs::write(&note, &text[..text.len() / 2]).unwrap();
    assert!(download(dir.path(), &url).unwrap() == file);
    assert_eq!(server.asked().last().unwrap().from, 0);
}

#[test]
fn credentials_in_a_url_are_sent_and_never_stored_or_displayed() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    let url = server.put("/x.tar", b"tar", &[]).replace("http://", "http://me:hunter2@") + "?token=hunter3";
    assert_eq!(download(dir.path(), &url).unwrap(), b"tar");
    assert_eq!(server.asked()[0].authorization.as_deref(), Some("Basic bWU6aHVudGVyMg=="));
    let all = std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path());
    for path in all {
        let text = std::fs::read(&path).unwrap();
        assert!(!format!("{path:?}{}", String::from_utf8_lossy(&text)).contains("hunter"), "{path:?}");
    }
    let location = Location::parse(&url.replace("x.tar", "y.tar")).unwrap();
    let shards = Shards::new(&dir.path().join("other"), u64::MAX, QUICK, "caption");
    let message = format!("{:#}", shards.index(&location).unwrap_err());
    assert!(message.contains("404") && !message.contains("hunter"), "{message}");
    for clear in
        ["http://me:hunter2@host/x.tar", "http://host/x.tar?token=hunter2", "http://host/x?sig=hunter2"]
    {
        let message = Location::parse(clear).unwrap_err().to_string();
        assert!(message.contains("use https://") && !message.contains("hunter"), "{message}");
    }
    assert!(Location::parse("http://host/x.tar?version=3").is_ok());
}

#[test]
fn a_file_that_changes_during_the_download_is_restarted() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    let mut faults = vec![Fault::Part(0.6)];
    faults.extend([Fault::Status(500); 4]);
    let url = server.put("/x.tar", &bytes(1000), &faults);
    assert!(download(dir.path(), &url).is_err());
    let other = vec![5; 1000];
    server.put("/x.tar", &other, &[]);
    assert!(download(dir.path(), &url).unwrap() == other);
}

#[test]
fn the_cache_stays_below_its_limit_and_keeps_recently_used_shards() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    let cache = Cache::new(dir.path().to_owned(), 2500, QUICK);
    let urls: Vec<Url> =
        (0..4).map(|n| Url::parse(&server.put(&format!("/{n}.tar"), &bytes(1000), &[])).unwrap()).collect();
    let use_it = |n: usize| {
        std::thread::sleep(Duration::from_millis(15));
        cache.file(&urls[n]).unwrap()
    };
    let mut first = use_it(0);
    use_it(1);
    use_it(0); // 1 is now the least recently used
    use_it(2);
    assert_eq!(server.requests(), 3);
    use_it(0);
    assert_eq!(server.requests(), 3, "0 was kept");
    use_it(3);
    use_it(0);
    assert_eq!(server.requests(), 4, "2 was evicted for 3");
    use_it(1);
    use_it(2);
    assert_eq!(server.requests(), 6);
    let mut read = Vec::new();
    first.read_to_end(&mut read).unwrap();
    assert_eq!(read, bytes(1000), "an open file stays readable after eviction");
    let kept: u64 =
        std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum();
    assert_eq!(kept, 2000);
}

#[test]
fn readers_of_a_thrashing_cache_all_get_their_shards() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    let cache = Cache::new(dir.path().to_owned(), 1, QUICK);
    let urls: Vec<Url> = (0..8)
        .map(|n| Url::parse(&server.put(&format!("/{n}.tar"), &bytes(1000 + n), &[])).unwrap())
        .collect();
    std::thread::scope(|scope| {
        for reader in 0..8 {
            let (cache, urls) = (&cache, &urls);
            scope.spawn(move || {
                for turn in 0..40 {
                    let (n, mut read) = ((reader + turn) % 8, Vec::new());
                    cache.file(&urls[n]).unwrap().read_to_end(&mut read).unwrap();
                    assert_eq!(read, bytes(1000 + n));
                }
            });
        }
    });
}

#[test]
fn concurrent_readers_download_a_shard_once() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    let url = Url::parse(&server.put("/x.tar", &bytes(50_000), &[Fault::Part(0.5)])).unwrap();
    // Two caches in one folder, as in two processes.
    let caches = [0, 1].map(|_| Cache::new(dir.path().to_owned(), u64::MAX, QUICK));
    std::thread::scope(|scope| {
        for reader in 0..8 {
            let (cache, url) = (&caches[reader % 2], &url);
            scope.spawn(move || assert_eq!(cache.file(url).unwrap().metadata().unwrap().len(), 50_000));
        }
    });
    assert_eq!(server.requests(), 2);
}

#[test]
fn an_index_needs_the_network_once() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    let file = tar(&[("a.jpg", b"picture"), ("a.txt", b"caption")]);
    let location = Location::parse(&server.put("/x.tar", &file, &[])).unwrap();
    let open = || Shards::new(dir.path(), u64::MAX, RetryPolicy { attempts: 1, ..QUICK }, "caption");
    assert!(!open().is_indexed(&location));
    let index = open().index(&location).unwrap();
    assert!(open().is_indexed(&location));
    assert_eq!(open().index(&location).unwrap(), index);
    assert_eq!(open().read(&location, index.length, &index.samples[0]).unwrap(), b"picture");
    assert_eq!(server.requests(), 1);
    // Evicted, then replaced on the server: not mistaken for the old file.
    std::fs::remove_dir_all(dir.path().join("shards")).unwrap();
    server.put("/x.tar", &tar(&[("a.jpg", &[0; 2000])]), &[]);
    let error = open().read(&location, index.length, &index.samples[0]).unwrap_err().to_string();
    assert!(error.contains("was changed meanwhile"), "{error}");
}

#[test]
fn local_shards_are_reindexed_when_they_change_and_rejected_when_compressed() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("x.tar");
    let location = Location::Local(file.clone());
    let shards = Shards::new(&dir.path().join("cache"), 0, QUICK, "caption");
    std::fs::write(&file, tar(&[("a.jpg", b"1"), ("a.txt", b"one")])).unwrap();
    assert_eq!(shards.index(&location).unwrap().samples[0].captions, ["one"]);
    std::thread::sleep(Duration::from_millis(20));
    std::fs::write(&file, tar(&[("a.jpg", b"1"), ("a.txt", b"two")])).unwrap();
    assert_eq!(shards.index(&location).unwrap().samples[0].captions, ["two"]);
    std::fs::write(&file, [0x1f, 0x8b, 8, 0, 0]).unwrap();
    assert!(shards.index(&location).unwrap_err().to_string().contains("compressed"));
    std::fs::remove_file(&file).unwrap();
    assert!(shards.index(&location).is_err());
}
