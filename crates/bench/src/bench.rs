//! What a benchmark is.

use crate::run::Job;

/// Ours and its rivals, measured in turn.
#[derive(Clone, Debug)]
pub struct Bench {
    /// By which filters select it.
    pub name: &'static str,
    /// What is measured, for the table.
    pub work: &'static str,
    /// Unit of the numbers, such as `pairs/s`.
    pub unit: &'static str,
    pub better: Better,
    pub ours: Job,
    pub rivals: Vec<Rival>,
    /// A comparison of results, not of speed, measured once.
    pub agreement: Option<Agreement>,
}

/// What ours is compared with.
#[derive(Clone, Debug)]
pub struct Rival {
    pub name: &'static str,
    pub job: Job,
    /// The range in which the ratio should be; None for a figure that is shown only.
    pub aim: Option<Aim>,
}

/// Whether more or less of the unit is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    More,
    Less,
}

/// Bounds of a ratio.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Aim {
    pub at_least: f64,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub at_most: Option<f64>,
}

impl Aim {
    pub const fn at_least(bound: f64) -> Option<Self> {
        Some(Self { at_least: bound, at_most: None })
    }

    pub const fn between(low: f64, high: f64) -> Option<Self> {
        Some(Self { at_least: low, at_most: Some(high) })
    }

    pub fn met(self, ratio: f64) -> bool {
        ratio >= self.at_least && self.at_most.is_none_or(|bound| ratio <= bound)
    }
}

/// Two programs that should compute the same numbers.
#[derive(Clone, Copy, Debug)]
pub struct Agreement {
    /// What is compared, such as `losses`.
    pub what: &'static str,
    /// The largest absolute difference that counts as agreement.
    pub tolerance: f64,
    pub compare: fn(&crate::lab::Lab) -> Result<f64, crate::run::Failure>,
}

impl Better {
    /// How many times better `ours` is than `rival`.
    pub fn ratio(self, ours: f64, rival: f64) -> f64 {
        match self {
            Self::More => ours / rival,
            Self::Less => rival / ours,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_above_one_is_better_in_either_direction() {
        assert_eq!(Better::More.ratio(30.0, 20.0), 1.5);
        assert_eq!(Better::Less.ratio(2.0, 3.0), 1.5);
    }

    #[test]
    fn an_aim_has_one_bound_or_two() {
        let aim = Aim::at_least(1.5).unwrap();
        assert!(aim.met(1.5) && aim.met(9.0) && !aim.met(1.49) && !aim.met(f64::NAN));
        let aim = Aim::between(0.75, 1.25).unwrap();
        assert!(aim.met(1.0) && !aim.met(0.7) && !aim.met(1.3));
    }
}
