//! Checks of sizes in settings, before anything is built.

use crate::BlockConfig;

/// A problem: the setting and what is wrong with it.
pub type Problem = (&'static str, String);

/// The largest sensible size; products of smaller sizes do not overflow.
const LARGEST: i64 = 1 << 20;

/// The problem of a dropout probability outside of [0, 1), if any.
pub fn share(key: &'static str, p: f64) -> Option<Problem> {
    (!(0.0..1.0).contains(&p)).then(|| (key, "must be at least 0 and below 1".to_owned()))
}

/// The problems of sizes out of range.
pub fn sizes(values: &[(&'static str, i64)]) -> Vec<Problem> {
    let invalid = values.iter().filter(|(_, value)| !(1..=LARGEST).contains(value));
    invalid.map(|(key, _)| (*key, format!("must be from 1 to {LARGEST}"))).collect()
}

impl BlockConfig {
    /// The problems of the settings that all transformers share: `width`, `heads`, `norm_eps`, `dropout`,
    /// `attention_dropout`, `drop_path` and, for the hidden width of the MLP, `mlp`.
    pub fn problems(&self, mlp: &'static str) -> Vec<Problem> {
        let (width, heads) = (self.attention.width, self.attention.heads);
        let mut problems = sizes(&[("width", width)]);
        if sizes(&[("", self.mlp_dim)]).len() == 1 {
            problems.push((
                mlp,
                format!("makes the MLP {} wide: its width must be from 1 to {LARGEST}", self.mlp_dim),
            ));
        }
        if heads <= 0 || width % heads != 0 {
            problems.push(("heads", format!("must divide the width, {width}")));
        }
        if self.norm_eps.is_nan() || self.norm_eps <= 0.0 {
            problems.push(("norm_eps", "must be above 0".to_owned()));
        }
        let shares = [
            ("dropout", self.dropout),
            ("attention_dropout", self.attention.dropout),
            ("drop_path", self.drop_path),
        ];
        problems.extend(shares.into_iter().filter_map(|(key, p)| share(key, p)));
        problems
    }
}
