use jiff::SignedDuration;

use super::{LONGEST, MeasuredLeadTime, Span};

impl MeasuredLeadTime {
    /// What people should know of it, in plain sentences: the figure with its parts, then a change.
    #[must_use]
    pub fn sentences(&self) -> Vec<String> {
        let version = self.version.as_ref();
        let version = version.map_or(String::new(), |version| format!(" of version {version}"));
        let mut parts = vec![format!(
            "lead time of {} measured on {} launches{version}",
            told(self.lead_time),
            self.launches
        )];
        let launch = told(self.launch);
        match self.warmup {
            Some(warmup) => parts.push(format!(
                "launch to in service {launch} (boot and launch hooks), warm-up {}",
                told(warmup)
            )),
            None => parts.push(format!(
                "launch to in service {launch} (boot and launch hooks); the group has no default \
                 warm-up, so what code takes after that is not counted"
            )),
        }
        if let Some(pool) = &self.from_pool {
            let cold = self.cold.as_ref().map_or(String::new(), |cold| {
                format!(", from nothing {} in {}", cold.count, told(cold.p90))
            });
            parts.push(format!(
                "from the warm pool {} in {}{cold}",
                pool.count,
                told(pool.p90)
            ));
        }
        if let Some(Span { count, p90, .. }) = &self.into_pool {
            parts.push(format!(
                "into the warm pool {count} in {}, ahead of time (boot and code)",
                told(*p90)
            ));
        }
        if self.launch > LONGEST {
            parts.push(format!("taken as the longest allowed, {}", told(LONGEST)));
        }
        let mut sentences = vec![parts.join("; ")];
        sentences.extend(self.change.as_ref().map(|change| {
            let with = match &change.version {
                Some(version) => format!("with version {version}"),
                None => format!("at {}, without a new launch template version", change.since),
            };
            let yet = if change.followed {
                String::new()
            } else {
                format!(
                    "; {} launches are too few to plan by shorter boots",
                    change.launches
                )
            };
            let (from, to) = pair(change.from, change.to);
            format!("boots went from {from} to {to} {with}{yet}")
        }));
        sentences
    }
}

/// Whole minutes where both have them, so that a reader sees a change and no digits.
fn pair(from: SignedDuration, to: SignedDuration) -> (String, String) {
    let minutes = |span: SignedDuration| (span.as_secs() + 30) / 60;
    if minutes(from) != minutes(to) && from.as_secs() >= 60 && to.as_secs() >= 60 {
        return (
            minutes(from).to_string(),
            format!("{} minutes", minutes(to)),
        );
    }
    (told(from), told(to))
}

/// Hours, minutes and seconds.
fn told(span: SignedDuration) -> String {
    let whole = SignedDuration::from_secs(span.as_secs());
    format!("{whole:#}")
}
