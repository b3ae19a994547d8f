//! Network file systems, on which SQLite's write-ahead log does not work.

use std::path::Path;

/// The network file system of `folder`; none if it is local or unknown.
pub fn network_name(folder: &Path) -> Option<&'static str> {
    name_of(rustix::fs::statfs(folder).ok()?.f_type as u32)
}

/// Magic numbers as in statfs(2).
fn name_of(magic: u32) -> Option<&'static str> {
    Some(match magic {
        0x6969 => "NFS",
        0xFF53_4D42 => "CIFS",
        0xFE53_4D42 => "SMB2",
        0x517B => "SMB",
        0x0BD0_0BD0 => "Lustre",
        0x0102_1997 => "9p",
        0x6573_5546 => "FUSE",
        0x00C3_6400 => "Ceph",
        0x5346_414F => "AFS",
        0x4750_4653 => "GPFS",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn network_file_systems_are_known_by_their_number() {
        assert_eq!(name_of(0x6969), Some("NFS"));
        assert_eq!(name_of(0xEF53), None, "ext4 is local");
    }
}
