use std::time::Duration;

use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use aws_smithy_http_client::test_util::{ReplayEvent, StaticReplayClient};
use aws_smithy_types::body::SdkBody;

use super::*;

type Request = http::Request<SdkBody>;
type Response = http::Response<SdkBody>;

const BODY: &[u8] = b"{\"fence\":7}";

fn answer(status: u16, etag: Option<&str>, body: &str) -> Response {
    let mut response = http::Response::builder().status(status);
    if let Some(etag) = etag {
        response = response.header("etag", etag);
    }
    response.body(SdkBody::from(body)).unwrap()
}

fn refusal(status: u16, code: &str) -> Response {
    let body = format!("<Error><Code>{code}</Code><Message>because</Message></Error>");
    answer(status, None, &body)
}

fn listing(keys: &[&str], next: Option<&str>) -> Response {
    let contents: String = keys
        .iter()
        .map(|key| format!("<Contents><Key>{key}</Key></Contents>"))
        .collect();
    let next = next.map_or(String::new(), |token| {
        format!("<NextContinuationToken>{token}</NextContinuationToken>")
    });
    let body = format!("<ListBucketResult>{contents}{next}</ListBucketResult>");
    answer(200, None, &body)
}

fn folders(names: &[&str], next: Option<&str>) -> Response {
    let found: String = names
        .iter()
        .map(|name| format!("<CommonPrefixes><Prefix>{name}</Prefix></CommonPrefixes>"))
        .collect();
    let next = next.map_or(String::new(), |token| {
        format!("<NextContinuationToken>{token}</NextContinuationToken>")
    });
    let body = format!("<ListBucketResult>{found}{next}</ListBucketResult>");
    answer(200, None, &body)
}

#[tokio::test]
async fn folders_are_told_to_the_last_page_without_what_lies_in_them() {
    let (store, http) = store(vec![
        folders(&["team/targets/api/"], Some("more")),
        folders(&["team/targets/web/"], None),
    ]);
    assert_eq!(store.folders("targets/").await.unwrap(), ["api", "web"]);
    let asked: Vec<String> = http
        .actual_requests()
        .map(|request| request.uri().to_owned())
        .collect();
    assert!(
        asked.iter().all(|uri| uri.contains("delimiter=%2F")),
        "{asked:?}"
    );
    assert!(asked[1].contains("continuation-token=more"), "{asked:?}");
}

fn times(count: usize, answer: impl Fn() -> Response) -> Vec<Response> {
    std::iter::repeat_with(answer).take(count).collect()
}

/// A store whose service gives `answers` one after the other.
fn store(answers: Vec<Response>) -> (S3Store, StaticReplayClient) {
    let events = answers
        .into_iter()
        .map(|response| ReplayEvent::new(Request::new(SdkBody::empty()), response))
        .collect();
    let http = StaticReplayClient::new(events);
    let retries = RetryConfig::standard()
        .with_max_attempts(3)
        .with_initial_backoff(Duration::from_millis(1));
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .credentials_provider(Credentials::new("id", "secret", None, None, "test"))
        .retry_config(retries)
        .http_client(http.clone())
        .force_path_style(true)
        .build();
    let store = S3Store::over(Client::from_conf(config), "bucket", "team/");
    (store, http)
}

async fn put(answers: Vec<Response>, condition: Condition) -> Result<Version, PortError> {
    store(answers)
        .0
        .put("lease/shop.json", BODY, condition)
        .await
}

fn seen() -> Condition {
    Condition::Matches(Version("\"1\"".to_owned()))
}

#[tokio::test]
async fn sends_the_condition_and_returns_the_tag() {
    let (store, http) = store(vec![
        answer(200, Some("\"2\""), ""),
        answer(200, Some("\"3\""), ""),
    ]);
    let written = store.put("a/b.json", BODY, Condition::Absent).await;
    assert_eq!(written, Ok(Version("\"2\"".to_owned())));
    store.put("a/b.json", BODY, seen()).await.unwrap();
    let sent: Vec<_> = http.actual_requests().collect();
    assert_eq!(sent[0].headers().get("if-none-match"), Some("*"));
    assert_eq!(sent[1].headers().get("if-match"), Some("\"1\""));
    assert!(sent[0].uri().contains("/bucket/team/a/b.json"));
}

#[tokio::test]
async fn a_condition_that_does_not_hold_is_a_conflict() {
    for (answer, condition) in [
        (refusal(412, "PreconditionFailed"), Condition::Absent),
        (refusal(412, "PreconditionFailed"), seen()),
        (refusal(409, "ConditionalRequestConflict"), seen()),
        (refusal(404, "NoSuchKey"), seen()),
    ] {
        let error = put(vec![answer], condition).await.unwrap_err();
        assert_eq!(error.code(), "Conflict", "{error}");
    }
}

#[tokio::test]
async fn recognises_its_own_write_after_a_lost_answer() {
    let answers = |stored: &str| {
        vec![
            refusal(500, "InternalError"),
            refusal(412, "PreconditionFailed"),
            answer(200, Some("\"9\""), stored),
        ]
    };
    let ours = std::str::from_utf8(BODY).unwrap();
    let written = put(answers(ours), Condition::Absent).await;
    assert_eq!(written, Ok(Version("\"9\"".to_owned())));
    let error = put(answers("{\"fence\":8}"), Condition::Absent).await;
    assert_eq!(error.unwrap_err().code(), "Conflict");
}

#[tokio::test]
async fn tells_the_other_errors_apart() {
    for (answers, code) in [
        (vec![refusal(403, "AccessDenied")], "Denied"),
        (vec![refusal(404, "NoSuchBucket")], "Refused"),
        (vec![refusal(400, "InvalidRequest")], "Refused"),
        (times(3, || refusal(503, "SlowDown")), "Throttled"),
        (times(3, || refusal(500, "InternalError")), "Unanswered"),
        (vec![answer(200, None, "")], "Unanswered"),
    ] {
        let error = put(answers, Condition::Always).await.unwrap_err();
        assert_eq!(error.code(), code, "{error}");
    }
}

#[tokio::test]
async fn reads_a_document_or_none() {
    let get = async |answers| store(answers).0.get("a.json").await;
    let stored = get(vec![answer(200, Some("\"1\""), "{}")]).await.unwrap();
    assert_eq!(
        stored,
        Some(Stored {
            bytes: b"{}".to_vec(),
            version: Version("\"1\"".to_owned()),
        })
    );
    assert_eq!(get(vec![refusal(404, "NoSuchKey")]).await, Ok(None));
    let error = get(vec![refusal(404, "NoSuchBucket")]).await.unwrap_err();
    assert_eq!(error.code(), "Refused");
    assert!(
        error.to_string().contains("s3://bucket/team/a.json"),
        "{error}"
    );
}

#[tokio::test]
async fn follows_a_listing_to_its_end() {
    let (store, http) = store(vec![
        listing(&["team/plan/a.json", "team/plan/b.json"], Some("more")),
        listing(&["team/plan/c.json"], None),
    ]);
    let keys = store.list("plan/").await.unwrap();
    assert_eq!(keys, ["plan/a.json", "plan/b.json", "plan/c.json"]);
    let sent: Vec<_> = http.actual_requests().collect();
    assert!(sent[0].uri().contains("prefix=team%2Fplan%2F"));
    assert!(sent[1].uri().contains("continuation-token=more"));
}

#[tokio::test]
async fn a_listing_that_breaks_off_is_an_error() {
    let (store, _) = store(vec![
        listing(&["team/plan/a.json"], Some("more")),
        refusal(403, "AccessDenied"),
    ]);
    assert_eq!(store.list("plan/").await.unwrap_err().code(), "Denied");
}

#[tokio::test]
async fn removes_what_is_there_or_not() {
    for answer in [answer(204, None, ""), refusal(404, "NoSuchKey")] {
        assert_eq!(store(vec![answer]).0.delete("a.json").await, Ok(()));
    }
}

#[tokio::test]
async fn what_piles_up_is_tagged_by_its_kind() {
    for (key, tag) in [
        (
            "targets/web/forecast/2026-11-20.json",
            Some("kind=forecast"),
        ),
        (
            "targets/web/ledger/2026-11-20.json",
            Some("kind=shadow-ledger"),
        ),
        ("targets/web/history.json.damaged-1", Some("kind=damaged")),
        ("targets/web/history.json", None),
        // Targets may be called as they like.
        ("targets/forecast/plan.json", None),
        ("targets/ledger/history.json", None),
        ("config/forescale.toml", None),
    ] {
        let (store, http) = store(vec![answer(200, Some("\"1\""), "")]);
        store.put(key, BODY, Condition::Always).await.unwrap();
        let request = http.actual_requests().next().unwrap();
        assert_eq!(request.headers().get("x-amz-tagging"), tag, "{key}");
    }
}
