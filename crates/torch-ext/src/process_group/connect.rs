//! How processes find each other.

use std::{
    env,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, ToSocketAddrs as _, UdpSocket},
    sync::{Arc, mpsc},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, anyhow, bail, ensure};

use super::{ProcessGroup, error::Ranks, ffi, heartbeat::Heartbeat, member::Member, store::Store};

/// How long rank 0 keeps the store of a group that did not form, for the others to find out who is missing.
const LINGER: Duration = Duration::from_secs(2);

/// Who moves the bytes between processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// TCP, for tensors on the CPU.
    Gloo,
    /// For tensors on NVIDIA GPUs; not in libtorch's CPU half.
    Nccl,
}

/// Where the processes of a job meet.
#[derive(Debug, Clone)]
pub struct Rendezvous {
    /// The number of this process, from 0.
    pub rank: usize,
    /// The number of processes.
    pub size: usize,
    /// Name or address of the host of the store.
    pub host: String,
    /// Port of the store.
    pub port: u16,
    /// Whether rank 0 starts the store. False if a launcher has started it, such as torchrun.
    pub serve: bool,
    /// Put before the store's keys, with a number of the attempt if the store outlives one.
    pub prefix: String,
    /// Whether the processes are on several hosts.
    pub many_hosts: bool,
    /// How long [`ProcessGroup::connect`] waits for the other ranks, which may start much later.
    pub start_timeout: Duration,
    /// How long an operation waits for the other ranks.
    pub timeout: Duration,
}

impl ProcessGroup {
    /// Connects with all other ranks. For Gloo the interface is the one on the way to `host`, or the one that
    /// `GLOO_SOCKET_IFNAME` names.
    ///
    /// # Errors
    /// If the store cannot be reached, or a rank does not come in time, with its number.
    pub fn connect(backend: Backend, at: &Rendezvous) -> Result<Self> {
        ensure!(at.rank < at.size, "rank {} of {} does not exist", at.rank, at.size);
        if backend == Backend::Nccl {
            bail!("NCCL is not in the CPU half of libtorch: it needs `cargo xtask setup --cuda`");
        }
        // In a thread of its own, since a server of the store that is stopped never answers.
        let (sender, receiver) = mpsc::channel();
        let meeting = at.clone();
        thread::spawn(move || sender.send(Self::meet(&meeting)));
        receiver
            .recv_timeout(at.start_timeout + at.timeout + LINGER + Duration::from_secs(1))
            .unwrap_or_else(|_| Err(at.lost("it does not answer")))
    }

    fn meet(at: &Rendezvous) -> Result<Self> {
        let deadline = Instant::now() + at.start_timeout;
        let store = open(at)?;
        let master = reachable(&at.host, at.port);
        let seen = master.map_or(String::new(), |(_, master)| master.to_string());
        store.set(&key(at.rank), seen.as_bytes()).map_err(|fault| at.lost(&fault))?;
        let all = await_all(&store, at, deadline)?;
        let address = own_address(at, master.map(|(own, _)| own), &all);
        let raw = ffi::gloo(store.raw(), at.rank, at.size, &address, at.timeout)
            .map_err(|fault| anyhow!("rank {} of {}: Gloo on `{address}`: {fault}", at.rank, at.size))?;
        let member = Arc::new(Member::new(store, at.rank, at.size, at.timeout));
        let heartbeat = Heartbeat::start(member.clone());
        Ok(Self { raw, heartbeat, member })
    }
}

impl Rendezvous {
    fn lost(&self, fault: &str) -> anyhow::Error {
        let Self { rank, size, host, port, .. } = self;
        anyhow!("rank {rank} of {size}: the store at {host}:{port} failed: {fault}")
    }
}

fn open(at: &Rendezvous) -> Result<Store> {
    let serve = at.serve && at.rank == 0;
    let Rendezvous { rank, size, host, port, prefix, start_timeout: timeout, .. } = at;
    Store::open(host, *port, serve, prefix, *timeout).map_err(|fault| anyhow!(fault)).with_context(|| {
        if serve {
            format!("rank 0 of {size} cannot serve the store on port {port}")
        } else {
            let waited = timeout.as_secs_f64();
            format!("rank {rank} of {size} waited {waited:.1} s for the store at {host}:{port}")
        }
    })
}

/// What each rank has stored, once all have.
fn await_all(store: &Store, at: &Rendezvous, deadline: Instant) -> Result<Vec<String>> {
    let value = |rank| {
        let left = deadline.saturating_duration_since(Instant::now());
        store.get(&key(rank), left).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    };
    (0..at.size).map(value).collect::<Result<_, _>>().map_err(|fault| {
        let there: Result<Vec<bool>, _> = (0..at.size).map(|rank| store.has(&key(rank))).collect();
        let Ok(there) = there else { return at.lost(&fault) };
        if at.rank == 0 {
            thread::sleep(LINGER);
        }
        let missing: Vec<usize> = (0..at.size).filter(|rank| !there[*rank]).collect();
        let (waited, Rendezvous { rank, size, host, port, .. }) = (at.start_timeout.as_secs_f64(), at);
        anyhow!(
            "rank {rank} of {size} waited {waited:.1} s for {} to connect to {host}:{port}",
            Ranks(&missing)
        )
    })
}

fn key(rank: usize) -> String {
    format!("rank/{rank}")
}

/// The address that the system uses on the way to `host`, and the address of `host`. Sends nothing.
fn reachable(host: &str, port: u16) -> Option<(IpAddr, IpAddr)> {
    (host, port).to_socket_addrs().ok()?.find_map(|master| {
        let any: IpAddr =
            if master.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        let socket = UdpSocket::bind((any, 0)).ok()?;
        socket.connect(master).ok()?;
        Some((socket.local_addr().ok()?.ip(), master.ip()))
    })
}

/// The address at which the other ranks reach this one; empty: libtorch chooses, by `GLOO_SOCKET_IFNAME`. A host often
/// resolves its own name to a loopback address, useless to other hosts: `seen` is how the ranks address this host.
fn own_address(at: &Rendezvous, own: Option<IpAddr>, seen: &[String]) -> String {
    if env::var_os("GLOO_SOCKET_IFNAME").is_some() {
        return String::new();
    }
    let is_global = |text: &&String| text.parse().is_ok_and(|ip: IpAddr| !ip.is_loopback());
    match own {
        Some(own) if own.is_loopback() && at.many_hosts => {
            seen.iter().find(is_global).cloned().unwrap_or_default()
        }
        Some(own) => own.to_string(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(many_hosts: bool) -> Rendezvous {
        let (host, prefix, timeout) = ("localhost".to_owned(), String::new(), Duration::from_secs(1));
        Rendezvous {
            rank: 0,
            size: 2,
            host,
            port: 1,
            serve: true,
            prefix,
            many_hosts,
            start_timeout: timeout,
            timeout,
        }
    }

    #[test]
    fn a_host_that_knows_itself_as_loopback_takes_the_address_that_others_use() {
        let loopback = Some(IpAddr::from(Ipv4Addr::LOCALHOST));
        let seen = ["127.0.1.1".to_owned(), "10.0.0.1".to_owned()];
        assert_eq!(own_address(&at(true), loopback, &seen), "10.0.0.1");
        assert_eq!(own_address(&at(false), loopback, &seen), "127.0.0.1");
        assert_eq!(own_address(&at(true), Some("10.0.0.2".parse().unwrap()), &seen), "10.0.0.2");
    }

    #[test]
    fn the_way_to_this_host_is_loopback() {
        let (own, master) = reachable("127.0.0.1", 9).unwrap();
        assert!(own.is_loopback() && master.is_loopback());
    }

    #[test]
    fn nccl_reports_what_it_needs() {
        let error = ProcessGroup::connect(Backend::Nccl, &at(false)).unwrap_err().to_string();
        assert!(error.contains("setup --cuda"), "{error}");
    }
}
