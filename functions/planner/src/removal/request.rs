//! What CloudFormation asks, what it is answered, and what is handed on in between.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tasks::Delivery;

/// Longest reason that is told, in bytes. Source: CloudFormation user guide, "Custom resource response
/// objects": a response has 4096 bytes, of which the names of stack and request take up to 2,000.
const LONGEST_REASON: usize = 1500;

/// The id of the one resource where CloudFormation has none yet. It never changes: another one would
/// have the former resource deleted, and every group released.
const ID: &str = "forescale-release";

/// What is asked of a custom resource.
///
/// Source: CloudFormation user guide, "Custom resource request objects".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Request {
    /// What happens to the resource.
    #[serde(rename = "RequestType")]
    pub(crate) kind: Kind,
    /// Where the answer is put. Whoever has it can answer: it is never logged.
    #[serde(rename = "ResponseURL")]
    pub(crate) answer_to: String,
    #[serde(rename = "StackId")]
    pub(crate) stack: String,
    #[serde(rename = "RequestId")]
    request: String,
    #[serde(rename = "LogicalResourceId")]
    logical: String,
    #[serde(rename = "PhysicalResourceId", default)]
    physical: Option<String>,
}

/// What happens to the resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Kind {
    Create,
    Update,
    Delete,
}

/// What CloudFormation is answered.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Response<'a> {
    status: &'static str,
    reason: &'a str,
    physical_resource_id: &'a str,
    stack_id: &'a str,
    request_id: &'a str,
    logical_resource_id: &'a str,
}

impl Request {
    /// The request in `event`, if CloudFormation sent it.
    pub(crate) fn of(event: &Value) -> Option<Result<Self, serde_json::Error>> {
        event.get("ResponseURL")?;
        Some(serde_json::from_value(event.clone()))
    }

    /// The answer that `reason` says whether it `worked`.
    pub(crate) fn answer(&self, worked: bool, reason: &str) -> String {
        let response = Response {
            status: if worked { "SUCCESS" } else { "FAILED" },
            reason: short(reason, LONGEST_REASON),
            physical_resource_id: self.physical.as_deref().unwrap_or(ID),
            stack_id: &self.stack,
            request_id: &self.request,
            logical_resource_id: &self.logical,
        };
        // Six texts: nothing that could not be written.
        serde_json::to_string(&response).unwrap_or_default()
    }

    /// The stack's name, out of its ARN.
    pub(crate) fn stack_name(&self) -> &str {
        self.stack.split('/').nth(1).unwrap_or(&self.stack)
    }
}

/// The first bytes of `text`, at most `most`, in whole characters.
pub(crate) fn short(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len()))
        .rev()
        .find(|end| text.is_char_boundary(*end));
    text.get(..end.unwrap_or(0)).unwrap_or_default()
}

/// How far a removal has come: what one call hands on to the next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Progress {
    /// What is to be answered.
    pub(crate) request: Request,
    /// When it was asked.
    pub(crate) began: Timestamp,
    /// Which time targets are gone through, from 1 on.
    pub(crate) round: u32,
    /// Whether the wait before this round is over.
    pub(crate) waited: bool,
    /// The last target of the first round that was tried; empty before the first.
    pub(crate) after: String,
    /// Targets of a later round that are still to be tried.
    pub(crate) left: Vec<String>,
    /// Targets of this round that may be released the next time.
    pub(crate) again: Vec<String>,
    /// How many have their own limits again.
    pub(crate) released: usize,
    /// How many have not, for good.
    pub(crate) failed: usize,
    /// Why, of the first of them.
    pub(crate) reasons: Vec<String>,
}

/// A message around it, so that it is told from a task.
#[derive(Serialize, Deserialize)]
struct Body<T> {
    #[serde(rename = "forescaleRemoval")]
    removal: T,
}

impl Progress {
    pub(crate) fn new(request: Request, began: Timestamp) -> Self {
        Self {
            request,
            began,
            round: 1,
            waited: true,
            after: String::new(),
            left: Vec::new(),
            again: Vec::new(),
            released: 0,
            failed: 0,
            reasons: Vec::new(),
        }
    }

    /// As a message.
    pub(crate) fn body(&self) -> String {
        // Names, times and counts: nothing that could not be written.
        serde_json::to_string(&Body { removal: self }).unwrap_or_default()
    }

    /// The progress in a message, if it is one.
    pub(crate) fn read(delivery: &Delivery) -> Option<Self> {
        let body: Body<Self> = serde_json::from_str(&delivery.body).ok()?;
        Some(body.removal)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(kind: &str) -> Value {
        json!({
            "RequestType": kind, "ResponseURL": "https://bucket.s3.amazonaws.com/x?Signature=secret",
            "StackId": "arn:aws:cloudformation:eu-west-1:123456789012:stack/forescale/5b6f",
            "RequestId": "r-1", "LogicalResourceId": "Release", "ResourceType": "Custom::Release",
            "ServiceToken": "arn", "ResourceProperties": { "ServiceToken": "arn" },
        })
    }

    #[test]
    fn a_request_is_known_and_answered_with_its_own_names() {
        let request = Request::of(&event("Create")).unwrap().unwrap();
        assert_eq!(request.kind, Kind::Create);
        assert_eq!(request.stack_name(), "forescale");
        let answer: Value = serde_json::from_str(&request.answer(true, "fine")).unwrap();
        assert_eq!(
            answer,
            json!({
                "Status": "SUCCESS", "Reason": "fine", "PhysicalResourceId": "forescale-release",
                "StackId": event("Create")["StackId"], "RequestId": "r-1",
                "LogicalResourceId": "Release",
            })
        );
        assert!(Request::of(&json!({ "scheduled": "2026-11-22T12:40:00Z" })).is_none());
        assert!(Request::of(&json!({ "Records": [] })).is_none());
        assert!(Request::of(&event("Mend")).unwrap().is_err());
    }

    #[test]
    fn the_id_stays_what_cloudformation_has() {
        let mut event = event("Delete");
        event["PhysicalResourceId"] = json!("forescale-AB12");
        let request = Request::of(&event).unwrap().unwrap();
        let answer: Value = serde_json::from_str(&request.answer(false, "no")).unwrap();
        assert_eq!(answer["PhysicalResourceId"], "forescale-AB12");
        assert_eq!(answer["Status"], "FAILED");
    }

    #[test]
    fn an_answer_is_as_short_as_cloudformation_wants_it() {
        let request = Request::of(&event("Delete")).unwrap().unwrap();
        let answer = request.answer(false, &"ü".repeat(5000));
        assert!(answer.len() < 4096, "{}", answer.len());
        assert!(answer.contains("üü\""), "whole characters");
    }

    #[test]
    fn progress_comes_back_as_it_was_sent() {
        let request = Request::of(&event("Delete")).unwrap().unwrap();
        let mut progress = Progress::new(request, Timestamp::UNIX_EPOCH);
        progress.again = vec!["web".to_owned()];
        let delivery = |body| Delivery {
            id: "1".to_owned(),
            receipt: "1".to_owned(),
            body,
            receives: 1,
        };
        assert_eq!(
            Progress::read(&delivery(progress.body())),
            Some(progress.clone())
        );
        assert_eq!(
            Progress::read(&delivery("{\"forescaleTask\":{}}".to_owned())),
            None
        );
    }
}
