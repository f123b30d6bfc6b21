use jiff::{SignedDuration, Timestamp};

/// A campaign or a spike: demand times a factor that ramps up, holds and fades. Where several
/// overlap, the highest factor counts.
#[derive(Debug, Clone, PartialEq)]
pub struct Bump {
    /// Its name.
    pub name: String,
    /// When the ramp begins.
    pub start: Timestamp,
    /// When people knew; `None` for a spike that nobody announced.
    pub announced_at: Option<Timestamp>,
    /// Factor at its height.
    pub multiplier: f64,
    /// Factor that was announced, where one was.
    pub announced_multiplier: Option<f64>,
    /// From the start to its height.
    pub ramp: SignedDuration,
    /// At its height.
    pub hold: SignedDuration,
    /// Half-life of what is left afterwards.
    pub half_life: SignedDuration,
}

/// Demand that goes away and comes back all at once.
#[derive(Debug, Clone, PartialEq)]
pub struct Outage {
    /// Its start.
    pub start: Timestamp,
    /// Its length.
    pub length: SignedDuration,
    /// Share of demand that is left meanwhile.
    pub left: f64,
    /// Factor on demand right afterwards, when clients retry.
    pub storm: f64,
    /// Half-life of the storm.
    pub storm_half_life: SignedDuration,
}

/// A lasting change of level.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shift {
    /// From when on.
    pub at: Timestamp,
    /// Times the level before.
    pub factor: f64,
}

impl Bump {
    /// How much of it is on, 0 to 1, so many minutes after its start.
    pub(super) fn height(&self, since: f64) -> f64 {
        let ramp = minutes(self.ramp);
        let fades_from = ramp + minutes(self.hold);
        if since < 0.0 {
            0.0
        } else if since < ramp {
            since / ramp
        } else if since <= fades_from {
            1.0
        } else {
            libm::exp2(-(since - fades_from) / minutes(self.half_life).max(1e-9))
        }
    }
}

pub(super) fn minutes(span: SignedDuration) -> f64 {
    span.as_secs_f64() / 60.0
}

pub(super) fn whole_minutes(minutes: f64) -> SignedDuration {
    SignedDuration::from_mins(minutes as i64)
}
