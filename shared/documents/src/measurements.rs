use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Document;

/// What was measured of a target's servers, and what is remembered for measuring again.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Measurements {
    /// Launch template version of each instance launched in the last six weeks, by instance id.
    /// Auto Scaling tells it only of instances that are still there.
    pub versions: BTreeMap<String, String>,
}

/// Longest launch template version and instance id: far longer than AWS's.
const LONGEST: usize = 255;

impl Document for Measurements {
    const KIND: &'static str = "measurements";
    const SCHEMA: u32 = 1;

    fn check(&self) -> Result<(), String> {
        let long = |text: &String| text.is_empty() || text.len() > LONGEST;
        let bad = self.versions.iter().find(|(id, v)| long(id) || long(v));
        match bad {
            Some((id, version)) => Err(format!(
                "version '{version}' of instance '{id}': both are 1 to {LONGEST} bytes long"
            )),
            None => Ok(()),
        }
    }
}
