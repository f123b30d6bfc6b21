use aws_config::SdkConfig;
use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::types::StackStatus;
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use ports::{Formation, PortError};
use tokio::time::timeout;

use crate::ATTEMPT_TIMEOUT;
use crate::answer::{Call, chain};

/// The stack through CloudFormation's API, and answers to it over plain HTTP: the URL that it gives is
/// signed for S3, and what the SDK would sign once more would be refused.
#[derive(Debug)]
pub struct StackFormation {
    client: Client,
    http: Connector,
}

impl StackFormation {
    /// By the SDK's own connector, so that there is one TLS stack.
    #[must_use]
    pub fn new(sdk: &SdkConfig) -> Self {
        Self::over(Client::new(sdk))
    }

    fn over(client: Client) -> Self {
        let http = Connector::builder()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .build();
        Self { client, http }
    }
}

impl Formation for StackFormation {
    async fn is_being_deleted(&self, id: &str) -> Result<bool, PortError> {
        let call = Call {
            operation: "look at stack",
            resource: id,
        };
        let found = self.client.describe_stacks().stack_name(id).send().await;
        let found = found.map_err(|error| call.failed(&error))?;
        let stack = found.stacks().first();
        let status = stack.and_then(|stack| stack.stack_status());
        let status = status.ok_or_else(|| call.unanswered("a stack without status"))?;
        Ok(*status == StackStatus::DeleteInProgress)
    }

    async fn answer(&self, url: &str, answer: &str) -> Result<(), PortError> {
        let host = host(url);
        let call = Call {
            operation: "answer CloudFormation",
            resource: host.unwrap_or("no URL of HTTP"),
        };
        if host.is_none() {
            return Err(call.refused("an answer goes to https://HOST/..."));
        }
        let request = put(url, answer).map_err(|()| call.refused("the URL cannot be used"))?;
        let response = match timeout(ATTEMPT_TIMEOUT, self.http.call(request)).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err(call.unanswered(chain(&error))),
            Err(_) => return Err(call.unanswered("no answer in time")),
        };
        let status = response.status().as_u16();
        match status {
            200..=299 => Ok(()),
            429 | 500.. => Err(call.unanswered(format!("HTTP {status}"))),
            401 | 403 => Err(call.denied(format!("HTTP {status}: the URL has expired, perhaps"))),
            _ => Err(call.refused(format!("HTTP {status}"))),
        }
    }
}

/// A request to put `answer` at `url`. S3 has signed it for a request without content type.
fn put(url: &str, answer: &str) -> Result<HttpRequest, ()> {
    let mut request = HttpRequest::new(SdkBody::from(answer));
    request.set_method("PUT").map_err(drop)?;
    request.set_uri(url).map_err(drop)?;
    let length = answer.len().to_string();
    request.headers_mut().insert("content-length", length);
    Ok(request)
}

/// The host of `url`, which has to be encrypted on its way to any but this machine.
fn host(url: &str) -> Option<&str> {
    let (secure, rest) = match url.strip_prefix("https://") {
        Some(rest) => (true, rest),
        None => (false, url.strip_prefix("http://")?),
    };
    let host = rest.split(['/', '?', '#']).next()?;
    // Nobody signs a URL with a user in it.
    let plain = !host.is_empty() && !host.contains('@');
    let local = matches!(host.rsplit_once(':'), Some(("127.0.0.1" | "localhost", _)));
    (plain && (secure || local)).then_some(host)
}

#[cfg(test)]
mod tests {
    use aws_sdk_cloudformation::operation::describe_stacks::DescribeStacksOutput;
    use aws_sdk_cloudformation::types::Stack;
    use aws_smithy_mocks::{mock, mock_client};
    use aws_smithy_types::DateTime;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    fn formation() -> StackFormation {
        let config = SdkConfig::builder()
            .behavior_version(aws_config::BehaviorVersion::latest())
            .region(aws_config::Region::new("eu-west-1"))
            .build();
        StackFormation::new(&config)
    }

    async fn status(status: StackStatus) -> bool {
        let found = mock!(Client::describe_stacks)
            .match_requests(|input| input.stack_name() == Some("arn:stack"))
            .then_output(move || {
                let stack = Stack::builder()
                    .stack_name("forescale")
                    .creation_time(DateTime::from_secs(0))
                    .stack_status(status.clone())
                    .build();
                DescribeStacksOutput::builder().stacks(stack).build()
            });
        let formation = StackFormation::over(mock_client!(aws_sdk_cloudformation, [&found]));
        formation.is_being_deleted("arn:stack").await.unwrap()
    }

    #[tokio::test]
    async fn only_a_stack_that_goes_as_a_whole_is_being_deleted() {
        assert!(status(StackStatus::DeleteInProgress).await);
        for other in [
            StackStatus::UpdateInProgress,
            StackStatus::UpdateCompleteCleanupInProgress,
            StackStatus::UpdateRollbackInProgress,
            StackStatus::UpdateRollbackCompleteCleanupInProgress,
            StackStatus::RollbackInProgress,
        ] {
            assert!(!status(other.clone()).await, "{other}");
        }
    }

    /// Answers one request with `reply`; what was asked.
    async fn served(listener: TcpListener, reply: &'static str) -> String {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut seen = Vec::new();
        let mut buffer = [0; 4096];
        while !String::from_utf8_lossy(&seen).contains("}") {
            let count = stream.read(&mut buffer).await.unwrap();
            assert!(count > 0, "the request ends early");
            seen.extend_from_slice(&buffer[..count]);
        }
        stream.write_all(reply.as_bytes()).await.unwrap();
        String::from_utf8(seen).unwrap()
    }

    async fn put_at(reply: &'static str) -> (Result<(), PortError>, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let url = format!("http://{address}/bucket/key%7C1?Signature=a%2Fb&Expires=1");
        let formation = formation();
        let (done, seen) = tokio::join!(
            formation.answer(&url, r#"{"Status":"SUCCESS"}"#),
            served(listener, reply)
        );
        (done, seen)
    }

    #[tokio::test]
    async fn an_answer_is_put_as_s3_has_signed_it() {
        let (done, seen) = put_at("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
        done.unwrap();
        let first = seen.lines().next().unwrap();
        assert_eq!(
            first,
            "PUT /bucket/key%7C1?Signature=a%2Fb&Expires=1 HTTP/1.1"
        );
        let head = seen.to_lowercase();
        assert!(head.contains("content-length: 20"), "{seen}");
        assert!(
            !head.contains("content-type") && !head.contains("authorization"),
            "{seen}"
        );
        assert!(seen.ends_with(r#"{"Status":"SUCCESS"}"#), "{seen}");
    }

    #[tokio::test]
    async fn what_s3_says_decides_whether_it_is_tried_again() {
        for (reply, code, passes) in [
            (
                "HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\n\r\n",
                "Unanswered",
                true,
            ),
            (
                "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
                "Denied",
                false,
            ),
            (
                "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
                "Refused",
                false,
            ),
            ("nonsense\r\n\r\n", "Unanswered", true),
        ] {
            let error = put_at(reply).await.0.unwrap_err();
            assert_eq!((error.code(), error.passes()), (code, passes), "{error}");
            assert!(!error.to_string().contains("Signature"), "{error}");
        }
    }

    #[tokio::test]
    async fn nobody_listens() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/x?Signature=s", listener.local_addr().unwrap());
        drop(listener);
        let error = formation().answer(&url, "{}").await.unwrap_err();
        assert!(error.passes(), "{error}");
        assert!(!error.to_string().contains("Signature"), "{error}");
    }

    #[tokio::test]
    async fn an_answer_goes_nowhere_unencrypted() {
        for url in [
            "http://bucket.s3.amazonaws.com/x",
            "http://127.0.0.1.example.com/x",
            "http://127.0.0.1:80@example.com/x",
            "https://user@example.com/x",
            "file:///etc/passwd",
            "https:///x",
            "",
        ] {
            let error = formation().answer(url, "{}").await.unwrap_err();
            assert_eq!(error.code(), "Refused", "{url}: {error}");
        }
    }
}
