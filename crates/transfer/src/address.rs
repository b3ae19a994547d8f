//! Where a store is: a file, or a file on another machine.

use std::path::PathBuf;

use anyhow::{Result, bail, ensure};

/// The address of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A file of this machine.
    File(PathBuf),
    /// A file of another machine, through the ssh client.
    Ssh {
        /// `USER@HOST` or `HOST`.
        host: String,
        /// The port, if it is not the one of the ssh configuration.
        port: Option<u16>,
        /// The file there; relative to the home folder if it does not begin with `/`.
        path: String,
    },
}

impl Address {
    /// Reads `ssh://[USER@]HOST[:PORT]/PATH`, or the path of a file. `/~/` begins a path in the home folder.
    ///
    /// # Errors
    /// For an incomplete address, another scheme, and a host that the ssh client would take as an option.
    pub fn read(text: &str) -> Result<Address> {
        let Some(rest) = text.strip_prefix("ssh://") else {
            if let Some((scheme, _)) = text.split_once("://") {
                bail!("{scheme}:// is not supported: pass the path of a store, or ssh://[USER@]HOST/PATH");
            }
            ensure!(!text.is_empty(), "the path of the store is empty");
            return Ok(Address::File(text.into()));
        };
        let Some((host, path)) = rest.split_once('/').filter(|(_, path)| !path.is_empty()) else {
            bail!("{text} names no file: ssh://[USER@]HOST/PATH, such as ssh://gpu1/data/runs/clip-lab.db");
        };
        let (host, port) = split_port(host)?;
        let plain = |letter: char| letter.is_ascii_alphanumeric() || ".-_@:%".contains(letter);
        let option =
            host.starts_with('-') || host.split('@').any(|part| part.starts_with('-') || part.is_empty());
        ensure!(!option && host.chars().all(plain), "{host:?} is not the name of a host");
        ensure!(!path.contains(['\0', '\n']), "{path:?} is not the path of a store");
        let path = path.strip_prefix("~/").map_or_else(|| format!("/{path}"), str::to_owned);
        ensure!(!path.is_empty(), "{text} names no file");
        Ok(Address::Ssh { host, port, path })
    }

    /// The arguments of the ssh client that start `program` for this store; none for a file.
    pub fn ssh_arguments(&self, program: &str) -> Option<Vec<String>> {
        let Address::Ssh { host, port, path } = self else { return None };
        let mut arguments = vec!["-T".to_owned()];
        arguments.extend(port.iter().flat_map(|port| ["-p".to_owned(), port.to_string()]));
        let path = path.replace('\'', r"'\''");
        arguments.extend([host.clone(), format!("{program} runs serve-store -- '{path}'")]);
        Some(arguments)
    }
}

/// Splits off the port, and removes the brackets of an IPv6 address.
fn split_port(host: &str) -> Result<(String, Option<u16>)> {
    let (user, name) = host.rsplit_once('@').map_or(("", host), |(user, name)| (user, name));
    let user = if host.contains('@') { format!("{user}@") } else { String::new() };
    let (name, port) = match name.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((name, rest)) => (name, rest.strip_prefix(':')),
        None => name.split_once(':').map_or((name, None), |(name, port)| (name, Some(port))),
    };
    let port =
        port.map(|port| port.parse().map_err(|_| anyhow::anyhow!("{port:?} is not a port"))).transpose()?;
    Ok((user + name, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_files_or_hosts() {
        let ssh = |host: &str, port, path: &str| Address::Ssh { host: host.into(), port, path: path.into() };
        assert_eq!(Address::read("runs/a.db").unwrap(), Address::File("runs/a.db".into()));
        assert_eq!(Address::read("ssh://gpu1/data/a b.db").unwrap(), ssh("gpu1", None, "/data/a b.db"));
        assert_eq!(Address::read("ssh://me@gpu1:2222/~/a.db").unwrap(), ssh("me@gpu1", Some(2222), "a.db"));
        assert_eq!(Address::read("ssh://[::1]:22/a").unwrap(), ssh("::1", Some(22), "/a"));
    }

    #[test]
    fn a_host_is_no_option_and_a_path_is_quoted() {
        let bad = [
            "",
            "ssh://",
            "ssh://host",
            "ssh://host/",
            "ssh:///a",
            "ssh://-oProxyCommand=x/a",
            "ssh://me@-x/a",
            "ssh://-me@host/a",
            "ssh://h;x/a",
            "ssh://h x/a",
            "ssh://h:port/a",
            "ssh://@h/a",
            "http://h/a",
            "postgres://h/a",
            "ssh://h/a\nb",
        ];
        for bad in bad {
            assert!(Address::read(bad).is_err(), "{bad:?}");
        }
        let address = Address::read("ssh://h:7/it's $(x)").unwrap();
        let command = r"clip-lab runs serve-store -- '/it'\''s $(x)'";
        assert_eq!(address.ssh_arguments("clip-lab").unwrap(), ["-T", "-p", "7", "h", command]);
    }
}
