//! Small values of the host, exchanged as tensors: a request to the store has no timeout if its server is stopped.

use anyhow::{Result, bail};
use tch::Tensor;

use super::{ProcessGroup, error::Ranks};

impl ProcessGroup {
    /// The bytes of all ranks in their order; they may have different lengths.
    pub fn all_gather_bytes(&self, bytes: &[u8]) -> Result<Vec<Vec<u8>>> {
        let length = Tensor::from_slice(&[bytes.len() as i64]);
        let lengths = Vec::<i64>::try_from(&self.all_gather(&length)?)?;
        let longest = lengths.iter().copied().max().unwrap_or(0).max(1) as usize;
        let mut padded = bytes.to_vec();
        padded.resize(longest, 0);
        let all = Vec::<u8>::try_from(&self.all_gather(&Tensor::from_slice(&padded))?)?;
        let parts = all.chunks(longest).zip(lengths);
        Ok(parts.map(|(part, length)| part[..length as usize].to_vec()).collect())
    }

    /// The texts of all ranks in their order, such as one line of JSON each.
    pub fn all_gather_text(&self, text: &str) -> Result<Vec<String>> {
        let all = self.all_gather_bytes(text.as_bytes())?;
        all.into_iter().map(|bytes| Ok(String::from_utf8(bytes)?)).collect()
    }

    /// Checks that all ranks have the same `digest` of `what`, such as `the spec`.
    ///
    /// # Errors
    /// As [`Self::all_reduce`], and on all ranks if the digests differ, with the ranks of each.
    pub fn all_agree(&self, what: &str, digest: &str) -> Result<()> {
        match disagreement(&self.all_gather_text(digest)?) {
            None => Ok(()),
            Some(text) => bail!("{what} differs between the processes: {text}"),
        }
    }
}

/// `ranks 0, 1 have aa, rank 2 has bb`; none if all digests are equal.
fn disagreement(digests: &[String]) -> Option<String> {
    let mut groups: Vec<(&str, Vec<usize>)> = Vec::new();
    for (rank, digest) in digests.iter().enumerate() {
        match groups.iter_mut().find(|(other, _)| other == digest) {
            Some((_, ranks)) => ranks.push(rank),
            None => groups.push((digest, vec![rank])),
        }
    }
    let text = |(digest, ranks): &(&str, Vec<usize>)| {
        let verb = if ranks.len() == 1 { "has" } else { "have" };
        format!("{} {verb} {digest}", Ranks(ranks))
    };
    (groups.len() > 1).then(|| groups.iter().map(text).collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_that_differ_are_listed_with_their_ranks() {
        let digests = |list: [&str; 3]| list.map(str::to_owned);
        assert_eq!(disagreement(&digests(["a", "a", "a"])), None);
        let text = disagreement(&digests(["a", "b", "a"]));
        assert_eq!(text.as_deref(), Some("ranks 0, 2 have a, rank 1 has b"));
    }
}
