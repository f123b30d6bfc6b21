use jiff::SignedDuration;

use crate::Level;

/// How a plan moves its group.
#[derive(Debug, Clone, PartialEq)]
pub struct Control {
    /// Whether the desired capacity is set beside MinSize. Default: [`Desired::Auto`].
    pub desired: Desired,
    /// Whether Forescale sets the value of the group's target tracking. Default: no.
    pub manage_policy: bool,
    /// Most servers that one change adds, at least 1. Default: no limit.
    pub most_step_up: Option<u32>,
    /// Most servers that one change takes away, at least 1. Default: no limit.
    pub most_step_down: Option<u32>,
    /// Least time from one change to the next, 0 to 4 hours. Default: 0.
    pub least_dwell: SignedDuration,
    /// Server time that each server added costs beyond its boot, which a plan counts anyway, 0 to 4
    /// hours. Default: 0.
    pub launch_cost: SignedDuration,
    /// Quantile of demand that MaxSize leaves room for, 0.9 to 0.9999. Default: MaxSize stays as it
    /// is.
    pub ceiling: Option<f64>,
    /// What plans may cost. Default: whatever the risk asks for.
    pub budget: Option<Budget>,
    /// Whether the share that is applied grows and falls by itself. Default: yes.
    pub canary_grows: bool,
    /// A metric above whose `full` a canary or an active target steps back. Default: none.
    pub canary_guard: Option<Level>,
}

/// Whether the desired capacity is set beside MinSize.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Desired {
    /// Where no policy of the group removes servers.
    #[default]
    Auto,
    /// Never: reactive policies have it.
    Never,
    /// Always.
    Always,
}

/// What plans may cost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Budget {
    /// How much, above 0.
    pub amount: BudgetAmount,
    /// What it is for.
    pub per: Per,
    /// Share of demand above capacity, at least the target's risk and below 0.5, up to which the budget
    /// goes before the risk asked for. Without it what the budget would cost is only told.
    pub accept_risk: Option<f64>,
}

/// What a budget is for, in the target's zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Per {
    /// A calendar day, of 23 to 25 hours.
    Day,
    /// A calendar month.
    Month,
}

/// A budget's amount.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum BudgetAmount {
    /// Server-hours.
    ServerHours(f64),
    /// Money in the target's currency; its price is above 0.
    Money(f64),
}

impl Budget {
    /// Server-hours of a whole day or month, at `price` of one.
    #[must_use]
    pub fn server_hours(&self, price: f64) -> f64 {
        match self.amount {
            BudgetAmount::ServerHours(hours) => hours,
            BudgetAmount::Money(money) => money / price.max(f64::MIN_POSITIVE),
        }
    }
}

impl Default for Control {
    fn default() -> Self {
        Self {
            desired: Desired::Auto,
            manage_policy: false,
            most_step_up: None,
            most_step_down: None,
            least_dwell: SignedDuration::ZERO,
            launch_cost: SignedDuration::ZERO,
            ceiling: None,
            budget: None,
            canary_grows: true,
            canary_guard: None,
        }
    }
}
