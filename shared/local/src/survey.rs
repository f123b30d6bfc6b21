use std::collections::BTreeMap;

use ports::{
    AlarmListing, DeadLetters, Listing, PortError, RoleCall, RoleOf, Survey, Timetable, Verdict,
};

/// An account as written down. What is `None` is not known, and asking for it is refused: the default
/// is a machine without any account.
#[derive(Debug, Clone, Default)]
pub struct Account {
    /// Its groups.
    pub listings: Option<Vec<Listing>>,
    /// Load balancers by target group.
    pub load_balancers: Option<BTreeMap<String, Vec<String>>>,
    /// Its alarms.
    pub alarms: Option<Vec<AlarmListing>>,
    /// What names of alarms begin with that call the responder.
    pub answered_prefixes: Option<Vec<String>>,
    /// ARNs of what the stack has, by the names in its template.
    pub stack_arns: Option<BTreeMap<String, String>>,
    /// The nightly schedule.
    pub nightly: Option<Option<Timetable>>,
    /// What was given up.
    pub dead_letters: Option<DeadLetters>,
    /// Texts of Parameter Store, by name.
    pub parameters: Option<BTreeMap<String, String>>,
    /// The quota of vCPUs.
    pub vcpu_quota: Option<f64>,
    /// Actions that IAM denies each role; everything else is allowed.
    pub denied: Option<BTreeMap<RoleOf, Vec<String>>>,
    /// Roles of which IAM does not answer.
    pub silent: Vec<RoleOf>,
}

fn known<T: Clone>(operation: &'static str, value: Option<&T>) -> Result<T, PortError> {
    value.cloned().ok_or_else(|| PortError::Refused {
        operation,
        resource: "the account".to_owned(),
        detail: "there is no account here, only a folder".to_owned(),
    })
}

impl Survey for Account {
    async fn listings(&self) -> Result<Vec<Listing>, PortError> {
        known("list groups", self.listings.as_ref())
    }

    async fn load_balancers(
        &self,
        target_groups: &[String],
    ) -> Result<BTreeMap<String, Vec<String>>, PortError> {
        let mut found = known("list target groups", self.load_balancers.as_ref())?;
        found.retain(|group, _| target_groups.contains(group));
        Ok(found)
    }

    async fn alarms(&self, prefix: &str) -> Result<Vec<AlarmListing>, PortError> {
        let mut found = known("list alarms", self.alarms.as_ref())?;
        found.retain(|alarm| alarm.name.starts_with(prefix));
        Ok(found)
    }

    async fn answered_prefixes(&self) -> Result<Vec<String>, PortError> {
        known("list rules", self.answered_prefixes.as_ref())
    }

    async fn stack_arn(&self, logical: &str) -> Result<String, PortError> {
        let all = known("find resource", self.stack_arns.as_ref())?;
        all.get(logical)
            .cloned()
            .ok_or_else(|| PortError::NotFound {
                operation: "find resource",
                resource: logical.to_owned(),
            })
    }

    async fn nightly(&self) -> Result<Option<Timetable>, PortError> {
        known("get schedule", self.nightly.as_ref())
    }

    async fn dead_letters(&self) -> Result<DeadLetters, PortError> {
        known("count failed events", self.dead_letters.as_ref())
    }

    async fn parameter(&self, name: &str) -> Result<Option<String>, PortError> {
        let all = known("read parameter", self.parameters.as_ref())?;
        Ok(all.get(name).cloned())
    }

    async fn vcpu_quota(&self) -> Result<f64, PortError> {
        known("get quota", self.vcpu_quota.as_ref())
    }

    async fn allowed(&self, role: RoleOf, calls: &[RoleCall]) -> Result<Vec<Verdict>, PortError> {
        let denied = known("simulate policy", self.denied.as_ref())?;
        if self.silent.contains(&role) {
            return Err(PortError::Throttled {
                operation: "simulate policy",
                resource: role.as_str().to_owned(),
                detail: "asked too often".to_owned(),
            });
        }
        let denied = denied.get(&role).cloned().unwrap_or_default();
        let verdict = |call: &RoleCall| {
            let allowed = !denied.contains(&call.action);
            Verdict {
                action: call.action.clone(),
                resource: call.resource.clone(),
                allowed,
                decision: if allowed { "allowed" } else { "implicitDeny" }.to_owned(),
            }
        };
        Ok(calls.iter().map(verdict).collect())
    }
}
