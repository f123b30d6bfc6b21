//! What a service's answer means to us.

use std::error::Error;

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use ports::PortError;

/// One call: which, and about what. Turns every way it can fail into a [`PortError`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call<'a> {
    pub(crate) operation: &'static str,
    pub(crate) resource: &'a str,
}

/// What a failed answer tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    NotFound,
    Conflict,
    Throttled,
    Denied,
    Refused,
    Unanswered,
}

impl Call<'_> {
    /// The error of a call through the SDK.
    pub(crate) fn failed<E>(self, error: &SdkError<E, HttpResponse>) -> PortError
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let SdkError::ServiceError(context) = error else {
            let detail = chain(error);
            return match error {
                // Never sent: the request itself could not be built.
                SdkError::ConstructionFailure(_) => self.refused(detail),
                _ => self.unanswered(detail),
            };
        };
        let service = context.err();
        let status = context.raw().status().as_u16();
        let detail = match (service.code(), service.message()) {
            (Some(code), Some(message)) => format!("{code}: {message}"),
            (Some(code), None) => format!("{code} (HTTP {status})"),
            (None, _) => format!("HTTP {status}"),
        };
        match classify(service.code(), service.message(), status) {
            Kind::NotFound => self.not_found(),
            Kind::Conflict => self.conflict(detail),
            Kind::Throttled => PortError::Throttled {
                operation: self.operation,
                resource: self.resource.to_owned(),
                detail,
            },
            Kind::Denied => self.denied(detail),
            Kind::Refused => self.refused(detail),
            Kind::Unanswered => self.unanswered(detail),
        }
    }

    pub(crate) fn not_found(self) -> PortError {
        PortError::NotFound {
            operation: self.operation,
            resource: self.resource.to_owned(),
        }
    }

    pub(crate) fn conflict(self, detail: impl Into<String>) -> PortError {
        PortError::Conflict {
            operation: self.operation,
            resource: self.resource.to_owned(),
            detail: detail.into(),
        }
    }

    pub(crate) fn denied(self, detail: impl Into<String>) -> PortError {
        PortError::Denied {
            operation: self.operation,
            resource: self.resource.to_owned(),
            detail: detail.into(),
        }
    }

    pub(crate) fn refused(self, detail: impl Into<String>) -> PortError {
        PortError::Refused {
            operation: self.operation,
            resource: self.resource.to_owned(),
            detail: detail.into(),
        }
    }

    pub(crate) fn unanswered(self, detail: impl Into<String>) -> PortError {
        PortError::Unanswered {
            operation: self.operation,
            resource: self.resource.to_owned(),
            detail: detail.into(),
        }
    }
}

/// An error and all its causes on one line. A cause that the one above it quotes is left out.
#[must_use]
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let sentence = next.to_string();
        if !text.ends_with(&sentence) {
            text.push_str(": ");
            text.push_str(&sentence);
        }
        cause = next.source();
    }
    text
}

/// Codes first, since they say more than the status; then the status.
///
/// Sources: the API references' "Errors" and "Common Error Types" of S3, EC2 Auto Scaling,
/// CloudWatch and SNS.
fn classify(code: Option<&str>, message: Option<&str>, status: u16) -> Kind {
    let code = code.unwrap_or_default();
    // The query services name some faults with this ending and some without.
    let bare = code.trim_end_matches("Fault").trim_end_matches("Exception");
    match bare {
        "NoSuchKey" | "NoSuchBucket" | "NotFound" | "ResourceNotFound" | "ObjectNotFound"
        | "ClusterNotFound" | "ServiceNotFound" | "NoSuchResource" | "NoSuchEntity" => {
            Kind::NotFound
        }
        // Auto Scaling says with the general code that a group is not there.
        "ValidationError"
            if message.is_some_and(|text| text.contains("AutoScalingGroup name not found")) =>
        {
            Kind::NotFound
        }
        "PreconditionFailed"
        | "ConditionalRequestConflict"
        | "OperationAborted"
        | "ScalingActivityInProgress"
        | "ResourceContention"
        | "ResourceInUse"
        | "InstanceRefreshInProgress"
        | "ConcurrentUpdate"
        | "AlreadyExists" => Kind::Conflict,
        "SlowDown" | "RequestLimitExceeded" | "TooManyRequests" | "BandwidthLimitExceeded" => {
            Kind::Throttled
        }
        _ if bare.starts_with("Throttl") || bare.starts_with("RequestThrottled") => Kind::Throttled,
        "UnauthorizedOperation"
        | "NotAuthorized"
        | "AuthorizationError"
        | "AuthFailure"
        | "OptInRequired"
        | "ExpiredToken"
        | "InvalidToken"
        | "InvalidAccessKeyId"
        | "InvalidClientTokenId"
        | "MissingAuthenticationToken"
        | "SignatureDoesNotMatch"
        | "UnrecognizedClient" => Kind::Denied,
        _ if bare.starts_with("AccessDenied") => Kind::Denied,
        // The time ran out on the service's side: it may have acted.
        "RequestTimeout" | "RequestExpired" => Kind::Unanswered,
        _ => match status {
            401 | 403 => Kind::Denied,
            404 => Kind::NotFound,
            408 => Kind::Unanswered,
            409 | 412 => Kind::Conflict,
            429 => Kind::Throttled,
            400..=499 => Kind::Refused,
            _ => Kind::Unanswered,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_services_codes() {
        for (code, status, kind) in [
            ("PreconditionFailed", 412, Kind::Conflict),
            ("ConditionalRequestConflict", 409, Kind::Conflict),
            ("ScalingActivityInProgress", 400, Kind::Conflict),
            ("ScalingActivityInProgressFault", 400, Kind::Conflict),
            ("ResourceContention", 500, Kind::Conflict),
            ("AlreadyExists", 400, Kind::Conflict),
            ("Throttling", 400, Kind::Throttled),
            ("ThrottlingException", 400, Kind::Throttled),
            ("ThrottledException", 429, Kind::Throttled),
            ("RequestLimitExceeded", 503, Kind::Throttled),
            ("SlowDown", 503, Kind::Throttled),
            ("AccessDenied", 403, Kind::Denied),
            ("AccessDeniedException", 400, Kind::Denied),
            ("ExpiredTokenException", 400, Kind::Denied),
            ("ValidationError", 400, Kind::Refused),
            ("LimitExceeded", 400, Kind::Refused),
            ("InternalFailure", 500, Kind::Unanswered),
            ("ServiceUnavailable", 503, Kind::Unanswered),
            ("NoSuchKey", 404, Kind::NotFound),
        ] {
            assert_eq!(classify(Some(code), None, status), kind, "{code}");
        }
    }

    #[test]
    fn falls_back_on_the_status() {
        for (status, kind) in [
            (403, Kind::Denied),
            (404, Kind::NotFound),
            (412, Kind::Conflict),
            (429, Kind::Throttled),
            (400, Kind::Refused),
            (502, Kind::Unanswered),
            (301, Kind::Unanswered),
        ] {
            assert_eq!(classify(None, None, status), kind, "{status}");
        }
    }

    #[test]
    fn a_missing_group_is_not_just_wrong() {
        let message = "AutoScalingGroup name not found - AutoScalingGroup 'g' not found";
        let kind = classify(Some("ValidationError"), Some(message), 400);
        assert_eq!(kind, Kind::NotFound);
    }
}
