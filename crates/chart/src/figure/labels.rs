//! Placement of direct labels without overlap.

/// Positions of labels of height `size` near their `wanted` positions (any order), within `low..=high`.
///
/// Keeps the order and minimises displacement: overlapping neighbours form a block around their mean. When there is no
/// room for all, the first labels win.
pub fn place_labels(wanted: &[f64], size: f64, low: f64, high: f64) -> Vec<Option<f64>> {
    let room = ((high - low) / size + 1e-9).floor().max(0.0) as usize;
    let mut order: Vec<usize> = (0..wanted.len()).filter(|i| wanted[*i].is_finite()).take(room).collect();
    order.sort_by(|a, b| wanted[*a].total_cmp(&wanted[*b]).then(a.cmp(b)));
    let mut blocks: Vec<Block> = Vec::new();
    for index in order {
        let middle = wanted[index].clamp(low + size / 2.0, high - size / 2.0);
        blocks.push(Block { middle, members: vec![index] });
        merge(&mut blocks, size, low, high);
    }
    let mut out = vec![None; wanted.len()];
    for block in blocks {
        let first = block.middle - size * (block.members.len() as f64 - 1.0) / 2.0;
        for (i, member) in block.members.into_iter().enumerate() {
            out[member] = Some(first + size * i as f64);
        }
    }
    out
}

struct Block {
    middle: f64,
    members: Vec<usize>,
}

/// Merges the last two blocks while they overlap.
fn merge(blocks: &mut Vec<Block>, size: f64, low: f64, high: f64) {
    while blocks.len() > 1 {
        let (last, before) = (&blocks[blocks.len() - 1], &blocks[blocks.len() - 2]);
        let (n, m) = (before.members.len() as f64, last.members.len() as f64);
        if last.middle - before.middle >= size * (n + m) / 2.0 - 1e-9 {
            return;
        }
        let half = size * (n + m) / 2.0;
        let middle = (before.middle * n + last.middle * m) / (n + m);
        let members = blocks.pop().map_or(Vec::new(), |block| block.members);
        if let Some(before) = blocks.last_mut() {
            before.middle = middle.clamp(low + half, (high - half).max(low + half));
            before.members.extend(members);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn distant_labels_stay_where_they_want_to_be() {
        assert_eq!(place_labels(&[2.5, 8.5], 1.0, 0.0, 10.0), [Some(2.5), Some(8.5)]);
    }

    #[test]
    fn without_room_the_first_ones_win() {
        let placed = place_labels(&[1.0, 1.0, 1.0], 1.0, 0.0, 2.0);
        assert_eq!(placed, [Some(0.5), Some(1.5), None]);
    }

    proptest! {
        #[test]
        fn labels_stay_inside_and_apart(wanted in proptest::collection::vec(-5.0f64..15.0, 0..14)) {
            let mut placed: Vec<f64> = place_labels(&wanted, 1.0, 0.0, 10.0).into_iter().flatten().collect();
            prop_assert_eq!(placed.len(), wanted.len().min(10));
            placed.sort_by(f64::total_cmp);
            prop_assert!(placed.iter().all(|p| (0.5 - 1e-6..=9.5 + 1e-6).contains(p)));
            prop_assert!(placed.windows(2).all(|w| w[1] - w[0] >= 1.0 - 1e-6), "{:?}", placed);
        }
    }
}
