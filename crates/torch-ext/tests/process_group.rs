//! Process groups of two and four processes: this test binary starts itself again for each rank.

use std::{
    env,
    io::{BufRead as _, BufReader},
    net::TcpListener,
    process::{Child, Command, Output, Stdio, exit},
    thread::sleep,
    time::{Duration, Instant},
};

use clip_lab_torch_ext::process_group::{Backend, Cause, GroupError, Op, ProcessGroup, Rendezvous};
use tch::{Device, Kind, Tensor};

const ROLE: &str = "CLIP_LAB_GROUP_TEST_ROLE";
const PLACE: &str = "CLIP_LAB_GROUP_TEST_PLACE";
/// Timeout of operations in the roles that wait for it.
const TIMEOUT: Duration = Duration::from_secs(3);
/// Timeout of all others, for a busy machine.
const LONG: Duration = Duration::from_secs(30);
/// How long ranks wait for one that does not come. Meanwhile the others must start.
const START: Duration = Duration::from_secs(8);

/// Starts the processes of a group; what each prints is its output after `@ `.
fn start(size: usize, role: &str) -> Vec<Child> {
    let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    let one = |rank: usize| {
        let mut command = Command::new(env::current_exe().unwrap());
        command.args(["child_process", "--exact", "--nocapture", "--test-threads=1"]);
        command.env(ROLE, role).env(PLACE, format!("{rank} {size} {port}"));
        command.env("OMP_NUM_THREADS", "1");
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    (0..size).map(one).collect()
}

fn text(output: &Output) -> String {
    let all = [&output.stdout[..], &output.stderr[..]].concat();
    String::from_utf8_lossy(&all).into_owned()
}

/// What each process printed; all must succeed.
fn run(size: usize, role: &str) -> Vec<String> {
    let outputs = start(size, role).into_iter().map(|child| child.wait_with_output().unwrap());
    let text = |output: Output| {
        assert!(output.status.success(), "{}", text(&output));
        text(&output)
    };
    outputs.map(text).collect()
}

fn place() -> Rendezvous {
    let (role, place) = (env::var(ROLE).unwrap(), env::var(PLACE).unwrap());
    let numbers: Vec<usize> = place.split(' ').map(|number| number.parse().unwrap()).collect();
    let waits = ["aborts", "dead", "stopped", "stopped at work", "works"].contains(&role.as_str());
    Rendezvous {
        rank: numbers[0],
        size: numbers[1],
        host: "127.0.0.1".to_owned(),
        port: numbers[2] as u16,
        serve: true,
        prefix: "test".to_owned(),
        many_hosts: false,
        start_timeout: if role == "missing" { START } else { LONG },
        timeout: if waits { TIMEOUT } else { LONG },
    }
}

fn floats(tensor: &Tensor) -> Vec<f32> {
    Vec::try_from(&tensor.reshape([-1])).unwrap()
}

/// Ends this process with the error of an operation.
fn report(error: GroupError) -> ! {
    let cause = match error.cause {
        Cause::Timeout => "timeout",
        Cause::Disconnected(_) => "disconnected",
        Cause::Reported(_) => "reported",
        Cause::Other(_) => "other",
    };
    println!("@ {cause}: {error}");
    exit(5)
}

#[test]
fn child_process() {
    let Ok(role) = env::var(ROLE) else { return };
    let at = place();
    if role == "missing" && at.rank == 1 {
        return;
    }
    let group = match ProcessGroup::connect(Backend::Gloo, &at) {
        Ok(group) => group,
        Err(error) => {
            println!("@ {error:#}");
            return;
        }
    };
    assert_eq!((group.rank(), group.size(), group.timeout()), (at.rank, at.size, at.timeout));
    match role.as_str() {
        "collectives" => collectives(&group),
        "host values" => host_values(&group),
        "digests" => {
            group.all_agree("the code", "same").unwrap();
            let digest = if at.rank == 1 { "bb" } else { "aa" };
            println!("@ {:#}", group.all_agree("the spec", digest).unwrap_err());
        }
        "speed" => return speed(&group),
        "aborts" if at.rank == 1 => {
            group.abort("the disk is full");
            exit(6)
        }
        "aborts" => {
            let tensor = Tensor::from_slice(&[1f32; 1000]);
            report(group.all_reduce(&tensor, Op::Sum).unwrap_err())
        }
        "dead" | "stopped" | "stopped at work" => wait_for_a_lost_rank(&group, &role),
        "works" => {
            if at.rank == 0 {
                sleep(3 * TIMEOUT);
            }
            group.barrier_within(20 * TIMEOUT).unwrap();
        }
        "undivided" => {
            println!("@ {}", group.all_to_all(&Tensor::from_slice(&[1f32; 3])).unwrap_err());
            exit(0)
        }
        "shapes" => {
            let numbers = Tensor::zeros([2, 3], (Kind::Float, Device::Cpu));
            let columns = numbers.transpose(0, 1);
            println!("@ {}", group.all_reduce(&columns, Op::Sum).unwrap_err());
            exit(0)
        }
        _ => panic!("{role}"),
    }
    group.close().unwrap();
}

fn collectives(group: &ProcessGroup) {
    let (rank, size) = (group.rank() as f32, group.size() as f32);
    let sum_of_ranks = size * (size - 1.0) / 2.0;
    for (op, want) in [(Op::Sum, sum_of_ranks), (Op::Min, 0.0), (Op::Max, size - 1.0)] {
        let tensor = Tensor::from_slice(&[rank, rank + 10.0]);
        group.all_reduce(&tensor, op).unwrap();
        let tens = if op == Op::Sum { 10.0 * size } else { 10.0 };
        assert_eq!(floats(&tensor), [want, want + tens], "{op:?}");
    }
    let rows = Tensor::from_slice(&[rank, -rank]).reshape([1, 2]);
    let all = group.all_gather(&rows).unwrap();
    let want: Vec<f32> = (0..group.size()).flat_map(|rank| [rank as f32, -(rank as f32)]).collect();
    assert_eq!((all.size(), floats(&all)), (vec![group.size() as i64, 2], want));

    let wide: Vec<f32> = (0..2 * group.size()).map(|n| n as f32 + rank).collect();
    let part = group.reduce_scatter(&Tensor::from_slice(&wide), Op::Sum).unwrap();
    let slice = |n: f32| size * (2.0 * rank + n) + sum_of_ranks;
    assert_eq!(floats(&part), [slice(0.0), slice(1.0)]);

    let parts = group.all_to_all(&Tensor::from_slice(&wide)).unwrap();
    let from = |other: usize| [0.0, 1.0].map(|n| 2.0 * rank + n + other as f32);
    assert_eq!(floats(&parts), (0..group.size()).flat_map(from).collect::<Vec<f32>>());
    let odd = Tensor::from_slice(&vec![0f32; 2 * group.size()]).view([-1, 1]);
    assert_eq!(group.all_to_all(&odd).unwrap().size(), odd.size());
    let given = group.bytes_given();
    assert_eq!((given["all_gather"], given["all_to_all"]), (8, 2 * 8 * group.size() as u64));

    let root = group.size() - 1;
    let tensor = Tensor::from_slice(&[rank]);
    group.broadcast(&tensor, root).unwrap();
    assert_eq!(floats(&tensor), [root as f32]);

    // Several at once, waited for in another order.
    let buckets: Vec<Tensor> = (0..4).map(|n| Tensor::from_slice(&[n as f32 + rank; 1000])).collect();
    let works: Vec<_> =
        buckets.iter().map(|bucket| group.start_all_reduce(bucket, Op::Sum).unwrap()).collect();
    for (n, work) in works.into_iter().enumerate().rev() {
        let sum = work.wait().unwrap();
        assert_eq!(floats(&sum)[999], n as f32 * size + sum_of_ranks);
    }
    let work = group.start_all_gather(&Tensor::from_slice(&[rank])).unwrap();
    while !work.is_done() {
        sleep(Duration::from_millis(1));
    }
    assert_eq!(work.wait().unwrap().size(), [group.size() as i64]);
    group.barrier_within(Duration::from_secs(9)).unwrap();
}

fn host_values(group: &ProcessGroup) {
    let bytes = vec![7u8; 1000 * group.rank()];
    let all = group.all_gather_bytes(&bytes).unwrap();
    let lengths: Vec<usize> = all.iter().map(Vec::len).collect();
    assert_eq!(lengths, (0..group.size()).map(|rank| 1000 * rank).collect::<Vec<_>>());
    let texts = group.all_gather_text(&format!("{{\"rank\": {}}}", group.rank())).unwrap();
    assert_eq!(texts[1], "{\"rank\": 1}");
    group.all_agree("the data", "digest").unwrap();
}

/// The last rank leaves; the others wait for it.
fn wait_for_a_lost_rank(group: &ProcessGroup, role: &str) {
    let tensor = Tensor::from_slice(&[1f32; 1000]);
    group.all_reduce(&tensor, Op::Sum).unwrap();
    if group.rank() == group.size() - 1 {
        println!("@ ready");
        match role {
            "dead" => exit(9),
            _ => sleep(Duration::from_secs(60)),
        }
    }
    let error = match role {
        "stopped at work" => group.barrier_within(20 * TIMEOUT),
        _ => group.all_reduce(&tensor, Op::Sum).and_then(|()| group.barrier()),
    };
    let error = error.unwrap_err();
    assert!(group.barrier().is_err(), "a group that failed cannot be used");
    report(error)
}

/// Milliseconds of an all_reduce of 4 bytes and of 10 MB.
fn speed(group: &ProcessGroup) {
    for (numbers, times) in [(1, 300), (2_500_000, 20)] {
        let tensor = Tensor::zeros([numbers], (Kind::Float, Device::Cpu));
        group.all_reduce(&tensor, Op::Sum).unwrap();
        let start = Instant::now();
        for _ in 0..times {
            group.all_reduce(&tensor, Op::Sum).unwrap();
        }
        println!("@ {} bytes: {:.3} ms", 4 * numbers, start.elapsed().as_secs_f64() * 1e3 / f64::from(times));
    }
}

#[test]
fn two_processes_compute_every_collective() {
    run(2, "collectives");
}

#[test]
fn four_processes_compute_every_collective() {
    run(4, "collectives");
    run(4, "host values");
}

#[test]
fn digests_that_differ_are_named_on_every_rank() {
    let want = "@ the spec differs between the processes: ranks 0, 2 have aa, rank 1 has bb";
    for output in run(3, "digests") {
        assert!(output.contains(want), "{output}");
    }
}

#[test]
fn a_tensor_that_is_not_contiguous_is_refused() {
    for output in run(2, "shapes") {
        assert!(output.contains("not contiguous"), "{output}");
    }
}

#[test]
fn rows_that_cannot_be_divided_are_refused() {
    for output in run(2, "undivided") {
        assert!(output.contains("3 rows cannot be divided by 2"), "{output}");
    }
}

#[test]
fn a_rank_that_does_not_come_is_named() {
    let outputs = run(3, "missing");
    for rank in [0, 2] {
        let want = format!("rank {rank} of 3 waited 8.0 s for rank 1 to connect to 127.0.0.1:");
        assert!(outputs[rank].contains(&want), "{}", outputs[rank]);
    }
}

/// The outputs of the other ranks after the last one is dead or stopped.
fn survivors(size: usize, role: &str) -> Vec<String> {
    let start_time = Instant::now();
    let mut children = start(size, role);
    let mut lost = children.pop().unwrap();
    if role != "dead" {
        let mut line = String::new();
        let mut stdout = BufReader::new(lost.stdout.take().unwrap());
        while !line.contains("@ ready") {
            line.clear();
            assert_ne!(stdout.read_line(&mut line).unwrap(), 0, "the last rank ended");
        }
        let pid = lost.id().to_string();
        assert!(Command::new("kill").args(["-STOP", &pid]).status().unwrap().success());
    }
    let outputs: Vec<Output> = children.into_iter().map(|child| child.wait_with_output().unwrap()).collect();
    let _ = lost.kill();
    lost.wait().unwrap();
    assert!(start_time.elapsed() < Duration::from_secs(30), "{:?}", start_time.elapsed());
    let survivor = |output: Output| {
        assert_eq!(output.status.code(), Some(5), "{}", text(&output));
        text(&output)
    };
    outputs.into_iter().map(survivor).collect()
}

#[test]
fn a_dead_rank_ends_the_others() {
    let outputs = survivors(4, "dead");
    for (rank, output) in outputs.iter().enumerate() {
        assert!(output.contains(&format!(": rank {rank} of 4 ")), "{output}");
        assert!(output.contains("no heartbeat from rank 3\n"), "{output}");
    }
    assert!(outputs.concat().contains("@ disconnected: "), "{outputs:?}");
}

/// The seconds that an error reports: `waited 3.1 s for`.
fn waited(output: &str) -> f64 {
    let (_, seconds) = output.split_once("waited ").unwrap_or_else(|| panic!("{output}"));
    seconds.split_once(" s for").unwrap().0.parse().unwrap()
}

#[test]
fn a_stopped_rank_ends_the_others_after_the_timeout() {
    let outputs = survivors(3, "stopped");
    for (rank, output) in outputs.iter().enumerate() {
        assert!(output.contains(&format!(": rank {rank} of 3 ")), "{output}");
        // At least the timeout; more on a busy machine.
        assert!((3.0..10.0).contains(&waited(output)), "{output}");
        assert!(output.contains("all_reduce 1 of Float [1000]"), "{output}");
        assert!(output.contains("no heartbeat from rank 2\n"), "{output}");
    }
    assert!(outputs.concat().contains("@ timeout: "), "{outputs:?}");
}

#[test]
fn a_rank_that_works_is_waited_for_longer_than_the_timeout() {
    run(2, "works");
}

#[test]
fn a_rank_that_is_stopped_at_work_ends_the_others_after_the_timeout() {
    let outputs = survivors(3, "stopped at work");
    for output in &outputs {
        assert!(output.contains("barrier 1") && output.contains("no heartbeat from rank 2\n"), "{output}");
    }
    assert!(outputs.concat().contains("@ timeout: "), "{outputs:?}");
}

#[test]
fn a_rank_that_gives_up_gives_its_reason_to_the_others() {
    let outputs: Vec<Output> =
        start(3, "aborts").into_iter().map(|child| child.wait_with_output().unwrap()).collect();
    for rank in [0, 2] {
        let output = text(&outputs[rank]);
        assert_eq!(outputs[rank].status.code(), Some(5), "{output}");
        let want = format!("@ reported: rank {rank} of 3 gave up all_reduce 0 of Float [1000]");
        assert!(output.contains(&want) && output.contains("rank 1 of 3: the disk is full"), "{output}");
    }
}

/// Latency: `cargo test -p clip-lab-torch-ext --test process_group -- --ignored --nocapture`.
#[test]
#[ignore = "measures"]
fn latency() {
    print!("{}", run(2, "speed")[0]);
}
