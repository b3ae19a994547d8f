//! A cache of the metric names of log calls, so that a call does not copy them.

use super::record::Names;

/// Cached lists of names; a program has a handful.
const CAPACITY: usize = 32;

/// Lists of names, most recently used first.
#[derive(Default)]
pub struct NameCache(Vec<NameList>);

/// A list of names, and their concatenation: comparing with that touches little memory.
struct NameList {
    text: String,
    ends: Vec<usize>,
    names: Names,
}

impl NameCache {
    /// The names of `points`, shared with earlier calls with the same metrics in the same order.
    pub fn get(&mut self, points: &[(&str, f64)]) -> Names {
        match self.0.iter().position(|list| list.matches(points)) {
            Some(at) => self.0.swap(0, at),
            None => {
                self.0.truncate(CAPACITY - 1);
                self.0.insert(0, NameList::new(points));
            }
        }
        self.0[0].names.clone()
    }
}

impl NameList {
    fn new(points: &[(&str, f64)]) -> NameList {
        let (mut text, mut ends) = (String::new(), Vec::new());
        for (name, _) in points {
            text.push_str(name);
            ends.push(text.len());
        }
        let names = Names::from(points.iter().map(|(name, _)| name.to_string()).collect::<Vec<_>>());
        NameList { text, ends, names }
    }

    fn matches(&self, points: &[(&str, f64)]) -> bool {
        let (text, mut from) = (self.text.as_bytes(), 0);
        self.ends.len() == points.len()
            && self.ends.iter().zip(points).all(|(&end, (name, _))| {
                let same = text[from..end] == *name.as_bytes();
                from = end;
                same
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_names_in_the_same_order_are_shared() {
        let mut cache = NameCache::default();
        let mut list = |names: &[&str]| {
            let points: Vec<(&str, f64)> = names.iter().map(|name| (*name, 0.0)).collect();
            cache.get(&points).0.to_vec()
        };
        for names in
            [&["ab", "c"][..], &["a", "bc"], &["c", "ab"], &["ab"], &["ab", "c", ""], &["", "ab", "c"]]
        {
            assert_eq!(list(names), names);
            assert_eq!(list(names), names);
        }
        (0..2 * CAPACITY).for_each(|i| assert_eq!(list(&[&i.to_string()]), [i.to_string()]));
        assert_eq!(cache.0.len(), CAPACITY);
    }
}
