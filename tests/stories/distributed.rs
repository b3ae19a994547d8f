//! Training on several processes: the losses and weights of one process with `micro_batch = batch / N`, faults, resuming.

use std::{
    fs,
    net::TcpListener,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use clip_lab_checkpoint::TensorFile;
use tch::Kind;

use crate::{
    lab::{COLOURS, Lab, TINY, colours},
    program::{Done, Running, assert_contains, until},
};

const LOSS: f64 = 1e-6;
const WEIGHTS: f64 = 1e-5;

/// The spec of these stories: twenty steps in micro-batches of four, so that two processes have one each.
fn spec(loss: &str, more: &str) -> String {
    let text =
        TINY.replace("steps = 12", "steps = 20\nmicro_batch = 4").replace("eval_every = 2", "eval_every = 1");
    text.replace("plugin = \"clip\"\n[optimizer]", &format!("{loss}\n[optimizer]")) + more
}

/// A lab whose captions have different lengths and are partly equal.
fn lab(spec: &str) -> Lab {
    let lab = Lab::new();
    let list = fs::read_to_string(lab.path("data/captions.csv")).unwrap();
    let line = |(index, line): (usize, &str)| match index {
        0 => format!("{line}\n"),
        _ if index % 5 == 0 => line.replace(&format!("number {}", index - 1), "same caption") + "\n",
        _ => line.replace("a square", &"a very small square ".repeat(index % 4)) + "\n",
    };
    lab.write("data/captions.csv", list.lines().enumerate().map(line).collect::<String>());
    lab.write("tiny.toml", spec);
    lab
}

/// Losses and weights of a run.
struct Trained {
    losses: Vec<(u64, f64)>,
    weights: Vec<(String, Vec<f64>)>,
}

impl Trained {
    /// Those of the newest run.
    fn newest(lab: &Lab) -> Self {
        let number = |(step, loss): (u64, String)| (step, loss.parse().unwrap());
        let losses = lab.losses().into_iter().map(number).collect();
        Self { losses, weights: weights(&lab.folder().join("last.safetensors")) }
    }

    /// The largest differences of losses and of weights.
    fn differences(&self, other: &Self) -> (f64, f64) {
        let steps = |trained: &Self| trained.losses.iter().map(|(step, _)| *step).collect::<Vec<_>>();
        assert_eq!(steps(self), steps(other));
        let losses = self.losses.iter().zip(&other.losses).map(|((_, a), (_, b))| (a - b).abs());
        let mut weights = 0.0f64;
        for ((name, a), (other, b)) in self.weights.iter().zip(&other.weights) {
            assert_eq!((name, a.len()), (other, b.len()));
            weights = a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(weights, f64::max);
        }
        (losses.fold(0.0, f64::max), weights)
    }

    #[track_caller]
    fn assert_equals(&self, other: &Self, what: &str) {
        let (losses, weights) = self.differences(other);
        println!("{what}: losses differ by {losses:.1e}, weights by {weights:.1e}");
        assert!(losses <= LOSS && weights <= WEIGHTS, "{what}: {losses:e}, {weights:e}");
    }
}

/// All numbers of a checkpoint: weights, running statistics, optimizer and averages.
fn weights(path: &Path) -> Vec<(String, Vec<f64>)> {
    let file = TensorFile::open(path).unwrap();
    let mut names = file.names();
    names.sort();
    let values = |name: &String| {
        let tensor = file.tensor(name).unwrap().to_kind(Kind::Double).reshape([-1]);
        Vec::try_from(tensor).unwrap()
    };
    names.iter().map(|name| (name.clone(), values(name))).collect()
}

/// Trains with one process and with several, and compares them.
fn assert_equal(lab: &Lab, what: &str, more: &[&str], counts: &[&str]) {
    lab.run(&[&["run", "tiny.toml"], more].concat()).success();
    let one = Trained::newest(lab);
    assert!(one.losses.len() == 20 && one.losses[0].1 != one.losses[19].1);
    for count in counts {
        lab.run(&[&["run", "tiny.toml", "--nproc", count], more].concat()).success();
        Trained::newest(lab).assert_equals(&one, &format!("{what}, 1 and {count}"));
    }
}

#[test]
fn two_processes_give_the_losses_and_weights_of_one() {
    for (what, loss, tricks) in [
        ("clip", "plugin = \"clip\"", ""),
        ("siglip, ema", "plugin = \"siglip\"", "[[trick]]\nplugin = \"ema\"\ndecay = 0.9\n"),
        (
            "multi_positive, clip_grad",
            "plugin = \"multi_positive\"",
            "[[trick]]\nplugin = \"clip_grad\"\nmax_norm = 0.5\n",
        ),
        ("clip, layer_decay", "plugin = \"clip\"", "[[trick]]\nplugin = \"layer_decay\"\n"),
        (
            "clip, text locked until 7",
            "plugin = \"clip\"",
            "[[trick]]\nplugin = \"freeze\"\nparams = [\"text\"]\nuntil = 7\n",
        ),
    ] {
        assert_equal(&lab(&spec(loss, tricks)), what, &[], &["2"]);
    }
}

/// The spec with the image tower of a run, locked.
fn locked(uid: &str) -> String {
    let text = spec("plugin = \"clip\"", "[[trick]]\nplugin = \"freeze\"\n");
    let (head, rest) = text.split_once("[model.image]").unwrap();
    let rest = rest.split_once("[model.text]").unwrap().1;
    format!("{head}[model.image]\nfrom = \"runs/{uid}\"\n[model.text]{rest}")
}

#[test]
fn a_locked_tower_is_the_same_on_all_processes() {
    let lab = lab(&spec("plugin = \"clip\"", ""));
    lab.run(&["run", "tiny.toml"]).success();
    let spec = locked(lab.newest()["uid"].as_str().unwrap());
    lab.write("tiny.toml", &spec);
    assert_equal(&lab, "locked", &[], &["2"]);
    // Without random augmentation the features are cached, and an unreadable image is known before the first step.
    let (head, rest) = spec.split_once("[[augment]]").unwrap();
    lab.write("tiny.toml", format!("{head}[tokenizer]{}", rest.split_once("[tokenizer]").unwrap().1));
    fs::write(lab.path("data/11.png"), "not an image").unwrap();
    assert_equal(&lab, "cached features, an unreadable image", &[], &["2"]);
}

#[test]
fn micro_batches_of_a_process_are_those_of_the_whole_batch() {
    let lab = lab(&spec("plugin = \"clip\"", ""));
    let sixteen = ["--set", "run.batch=16"];
    assert_equal(&lab, "batches of 16", &sixteen, &["2", "4"]);
    let four = Trained::newest(&lab);
    lab.run(&[&["run", "tiny.toml", "--set", "run.micro_batch=16"], &sixteen[..]].concat()).success();
    let (losses, weights) = Trained::newest(&lab).differences(&four);
    println!("other micro-batches: losses differ by {losses:.1e}, weights by {weights:.1e}");
    assert!(losses > 1e3 * LOSS && weights > 1e2 * WEIGHTS, "these tests would see a difference");
}

#[test]
fn classes_are_trained_as_by_one_process() {
    let lab = Lab::new();
    colours(&lab, "rgb", COLOURS, 8);
    let text = spec("plugin = \"cross_entropy\"", "");
    let (run, rest) = text.split_once("[data.train]").unwrap();
    let image = rest.split_once("[model.image]").unwrap().1.split_once("[model.text]").unwrap().0;
    let loss = rest.split_once("[loss]").unwrap().1.split_once("[[eval]]").unwrap().0;
    let data = "[data.train]\nplugin = \"image_folder\"\nroot = \"rgb\"\n";
    let spec = format!("{run}{data}[model.image]{image}[model.classifier]\n[loss]{loss}");
    lab.write("tiny.toml", spec);
    assert_equal(&lab, "cross_entropy", &[], &["2"]);
}

#[test]
fn an_unreadable_image_of_one_process_leaves_the_others_equal() {
    let lab = lab(&spec("plugin = \"clip\"", ""));
    fs::write(lab.path("data/07.png"), "not an image").unwrap();
    assert_equal(&lab, "an unreadable image", &[], &["2"]);
    let events = lab.events("broken_picture");
    assert!(events.len() == 1 && events[0].contains("07.png"), "{events:?}");
}

#[test]
fn a_run_is_resumed_with_another_number_of_processes() {
    let long = ["--set", "run.steps=120", "--set", "run.checkpoint_every=4"];
    let whole = lab(&spec("plugin = \"clip\"", ""));
    whole.run(&[&["run", "tiny.toml"], &long[..]].concat()).success();
    for (before, after, name) in [("2", "1", "TERM"), ("1", "2", "TERM"), ("2", "2", "KILL")] {
        let lab = lab(&spec("plugin = \"clip\"", ""));
        let mut run = lab.start(&[&["run", "tiny.toml", "--nproc", before], &long[..]].concat());
        run.until_out("step ");
        if name == "TERM" {
            run.signal("TERM");
            run.wait().stopped();
        } else {
            until("a checkpoint is written", || lab.folder().join("last.safetensors").exists());
            signal("KILL", ranks(&run)[1]);
            run.wait().failure();
        }
        let uid = lab.newest()["uid"].as_str().unwrap().to_owned();
        let resume = ["run", "tiny.toml", "--nproc", after, "--resume", &uid];
        lab.run(&[&resume, &long[..]].concat()).success();
        let what = format!("SIG{name} with {before}, resumed with {after}");
        Trained::newest(&lab).assert_equals(&Trained::newest(&whole), &what);
        let events = lab.events("processes").join("\n");
        assert_eq!(
            events.contains(&format!("{after} instead of {before} processes")),
            before != after,
            "{events}"
        );
    }
}

#[test]
fn what_cannot_be_divided_is_an_error() {
    let lab = lab(&spec("plugin = \"clip\"", ""));
    let error = lab.run(&["run", "tiny.toml", "--nproc", "3"]).failure();
    assert_contains(&error, &["[run].batch = 8 cannot be divided by 3 processes"]);
    let error = lab.run(&["run", "tiny.toml", "--nproc", "4"]).failure();
    assert_contains(&error, &["[run].micro_batch = 4 does not divide the 2 rows"]);
    assert!(!lab.store().exists() || lab.runs().is_empty());
}

/// The processes of a run by rank.
fn ranks(run: &Running) -> Vec<u32> {
    let children = format!("/proc/{0}/task/{0}/children", run.child.id());
    let mut ranks = Vec::new();
    for child in fs::read_to_string(children).unwrap().split_whitespace() {
        let variables = fs::read(format!("/proc/{child}/environ")).unwrap_or_default();
        let rank = variables.split(|byte| *byte == 0).find_map(|entry| entry.strip_prefix(b"RANK="));
        let number = |rank: &[u8]| String::from_utf8_lossy(rank).parse::<usize>().unwrap();
        ranks.extend(rank.map(|rank| (number(rank), child.parse().unwrap())));
    }
    ranks.sort_unstable();
    ranks.into_iter().map(|(_, pid)| pid).collect()
}

fn signal(name: &str, pid: u32) {
    assert!(Command::new("kill").args(["-s", name, &pid.to_string()]).status().unwrap().success());
}

/// A run of two processes that has begun to train, with a checkpoint.
fn begun(lab: &Lab) -> Running {
    let long = ["--set", "run.steps=20000", "--set", "run.checkpoint_every=1", "--set", "run.eval_every=0"];
    let mut run = lab.start(&[&["run", "tiny.toml", "--nproc", "2", "--timeout", "5"], &long[..]].concat());
    run.until_out("step ");
    until("a checkpoint is written", || lab.folder().join("last.safetensors").exists());
    run
}

#[test]
fn a_killed_or_stopped_process_ends_the_others_and_the_checkpoint_is_sound() {
    for (name, rank, status) in [("KILL", 1, "failed"), ("STOP", 1, "failed"), ("KILL", 0, "crashed")] {
        let lab = lab(&spec("plugin = \"clip\"", ""));
        let run = begun(&lab);
        let (all, started) = (ranks(&run), Instant::now());
        signal(name, all[rank]);
        let done = run.wait();
        let seconds = started.elapsed();
        assert!(!done.status.success() && seconds < Duration::from_secs(100), "{name} {rank}: {done:?}");
        assert_contains(&done.err, &["another rank"]);
        println!("{name} of rank {rank}: ended after {:.1} s: {}", seconds.as_secs_f64(), done.err.trim());
        // The heartbeat of a run that was killed is recent for a moment.
        until("the status is known", || lab.newest()["status"] != "running");
        let shown = lab.newest();
        assert_eq!(shown["status"], status, "{name} {rank}: {shown}");
        lab.run(&["model", "show", shown["uid"].as_str().unwrap()]).success();
        assert!(!weights(&lab.folder().join("last.safetensors")).is_empty());
        for pid in all {
            assert!(!Path::new(&format!("/proc/{pid}")).exists(), "process {pid} has not ended");
        }
    }
}

#[test]
fn a_signal_to_one_process_stops_all_with_a_checkpoint() {
    let lab = lab(&spec("plugin = \"clip\"", ""));
    let run = begun(&lab);
    signal("TERM", ranks(&run)[1]);
    run.wait().stopped();
    let shown = lab.newest();
    assert_eq!(shown["status"], "interrupted", "{shown}");
    let saved = weights(&lab.folder().join("last.safetensors"));
    assert!(saved.iter().all(|(_, values)| values.iter().all(|value| value.is_finite())));
}

#[test]
fn a_loss_that_is_not_finite_ends_all_processes() {
    let lab = lab(&spec("plugin = \"clip\"", ""));
    let run = lab.run(&["run", "tiny.toml", "--nproc", "2", "--set", "optimizer.lr=1e30"]);
    assert_eq!(run.status.code(), Some(1), "{run:?}");
    assert_contains(&lab.events("non_finite").join("\n"), &["the loss became", "was not applied"]);
}

#[test]
fn a_full_disk_of_rank_0_ends_all_processes() {
    let lab = lab(&spec("plugin = \"clip\"", ""));
    // Files are limited to 8 MiB: the store is smaller, a checkpoint is larger, so writing it fails half way.
    let full = "trap '' XFSZ; ulimit -f 8192; exec \"$@\"";
    let program = env!("CARGO_BIN_EXE_clip-lab");
    let args = ["-c", full, "sh", program, "run", "tiny.toml", "--nproc", "2"];
    let error = Running::spawn(lab.program("sh", &args)).wait().failure();
    assert_contains(
        &error,
        &["saving a checkpoint", "rank 1: error: rank 1 of 2 gave up", "another rank failed: rank 0"],
    );
    assert_eq!(lab.newest()["status"], "failed");
}

/// Starts two processes as a launcher does, each with more arguments.
fn launched(lab: &Lab, more: [&[&str]; 2]) -> Vec<Done> {
    let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port().to_string();
    let start = |rank: usize| {
        let mut command = lab.program(env!("CARGO_BIN_EXE_clip-lab"), &["run", "tiny.toml"]);
        command.args(more[rank]).env("RANK", rank.to_string()).env("LOCAL_RANK", rank.to_string());
        command.env("WORLD_SIZE", "2").env("LOCAL_WORLD_SIZE", "2");
        command.env("MASTER_ADDR", "localhost").env("MASTER_PORT", &port);
        Running::spawn(command)
    };
    let all: Vec<Running> = (0..2).map(start).collect();
    all.into_iter().map(Running::wait).collect()
}

#[test]
fn the_variables_of_torchrun_make_a_process_one_of_several() {
    let lab = lab(&spec("plugin = \"clip\"", ""));
    lab.run(&["run", "tiny.toml"]).success();
    let one = Trained::newest(&lab);
    for done in launched(&lab, [&[], &[]]) {
        done.success();
    }
    Trained::newest(&lab).assert_equals(&one, "by torchrun's variables, 1 and 2");
    assert_eq!(lab.runs().len(), 2, "rank 0 alone records");
}

#[test]
fn processes_with_different_specs_do_not_train() {
    let lab = lab(&spec("plugin = \"clip\"", ""));
    for done in launched(&lab, [&[], &["--set", "optimizer.lr=0.1"]]) {
        assert_contains(&done.failure(), &["the spec differs between the processes: rank 0 has"]);
    }
}
