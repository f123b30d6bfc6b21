//! How many servers may be added.

/// What may still be added, whoever asks.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Caps {
    /// Most servers in one step.
    pub step: Option<u32>,
    /// Most servers over the plan in one event.
    pub event: Option<u32>,
    /// Servers that may still be added today.
    pub day_left: Option<u32>,
    /// Servers over the plan that the month's budget still pays for as long as this event may last.
    pub budget_left: Option<u32>,
}

/// What the caps make of a wish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Allowed {
    pub(crate) servers: u32,
    /// Which cap binds, where one does.
    pub(crate) bound: Option<String>,
}

impl Caps {
    /// The most of `wanted` servers that may be there, given `there` (which no cap takes away), the
    /// `planned` floor and the `most` that the group takes.
    pub(crate) fn allow(&self, wanted: u32, there: u32, planned: u32, most: u32) -> Allowed {
        let over = |base: u32, more: Option<u32>| more.map(|more| base.saturating_add(more));
        let caps = [
            (Some(most), "max_servers or the group's MaxSize"),
            (over(there, self.step), "the cap per step"),
            (over(planned, self.event), "the cap per event"),
            (over(there, self.day_left), "what the cap per day leaves"),
            (
                over(planned, self.budget_left),
                "what the monthly budget leaves",
            ),
        ];
        let mut allowed = Allowed {
            servers: wanted,
            bound: None,
        };
        for (cap, name) in caps {
            let Some(cap) = cap.map(|cap| cap.max(there)) else {
                continue;
            };
            if cap < allowed.servers {
                allowed = Allowed {
                    servers: cap,
                    bound: Some(format!("{name} ({cap} servers)")),
                };
            }
        }
        allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tightest_cap_binds_and_none_takes_away() {
        let caps = Caps {
            step: Some(10),
            event: Some(8),
            day_left: Some(7),
            budget_left: None,
        };
        let allowed = caps.allow(40, 10, 8, 30);
        assert_eq!(allowed.servers, 16);
        assert!(allowed.bound.unwrap().contains("per event"));
        assert_eq!(caps.allow(12, 10, 8, 30).bound, None);
        assert_eq!(caps.allow(40, 20, 2, 12).servers, 20);
        let none = Caps {
            day_left: Some(0),
            ..Caps::default()
        };
        assert_eq!(none.allow(9, 5, 5, 99).servers, 5);
    }

    /// What the budget pays for already is there: looking again does not buy it again.
    #[test]
    fn the_budget_counts_all_servers_over_the_plan() {
        let caps = Caps {
            budget_left: Some(3),
            ..Caps::default()
        };
        assert_eq!(caps.allow(40, 8, 8, 99).servers, 11);
        let again = caps.allow(40, 11, 8, 99);
        assert_eq!(again.servers, 11);
        assert!(again.bound.unwrap().contains("budget"));
    }
}
