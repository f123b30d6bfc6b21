use std::ops::RangeInclusive;

use thiserror::Error;

/// A variable that is missing or cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EnvironmentError {
    /// It is not set, or empty.
    #[error("environment variable {name} is not set: {wanted}")]
    Missing {
        /// The variable.
        name: &'static str,
        /// What it should hold.
        wanted: &'static str,
    },
    /// It holds something impossible.
    #[error("environment variable {name} is '{value}': {wanted}")]
    Impossible {
        /// The variable.
        name: &'static str,
        /// What it holds.
        value: String,
        /// What it should hold.
        wanted: &'static str,
    },
}

/// What a function is told by its environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// `FORESCALE_BUCKET`: the bucket of configuration and documents.
    pub bucket: String,
    /// `FORESCALE_PREFIX`: what every key begins with; empty, or ends with `/`.
    pub prefix: String,
    /// `FORESCALE_TOPIC_ARN`: the SNS topic for messages; without one they are only logged.
    pub topic_arn: Option<String>,
    /// `FORESCALE_EVENT_BUS`: the EventBridge bus for events; without one there are none.
    pub event_bus: Option<String>,
    /// `FORESCALE_LOOKS_URL`: the SQS queue through which the responder looks again; without one it
    /// looks once.
    pub looks_url: Option<String>,
    /// Where and how many targets are handed on, where they are.
    pub tasks: Option<TasksEnvironment>,
    /// `FORESCALE_STACK`: what metrics about all targets are told under. Default: `forescale`.
    pub stack: String,
    /// Whether buckets are addressed by path, as other services than AWS's own need it: when
    /// `AWS_ENDPOINT_URL` or `AWS_ENDPOINT_URL_S3` is set.
    pub path_style: bool,
}

/// What a function is told of its queue of tasks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TasksEnvironment {
    /// `FORESCALE_TASKS_URL`: the SQS queue of tasks; without one a run serves all targets itself.
    pub url: String,
    /// `FORESCALE_DEAD_LETTERS_URL`: the SQS queue of what is given up.
    pub dead_letters_url: String,
    /// `FORESCALE_INLINE_TARGETS`: most targets that a run serves itself, 0 to 1000.
    pub inline: Option<u32>,
    /// `FORESCALE_MOST_RECEIVES`: how often the queue delivers a task, 1 to 1000.
    pub receives: Option<u32>,
    /// `FORESCALE_RETRY_SECONDS`: the first wait of a task that is tried again, 1 to 900.
    pub retry_seconds: Option<u32>,
}

const BUCKET: &str = "FORESCALE_BUCKET";
const PREFIX: &str = "FORESCALE_PREFIX";
const TOPIC: &str = "FORESCALE_TOPIC_ARN";
const BUS: &str = "FORESCALE_EVENT_BUS";
const LOOKS: &str = "FORESCALE_LOOKS_URL";
const TASKS: &str = "FORESCALE_TASKS_URL";
const DEAD_LETTERS: &str = "FORESCALE_DEAD_LETTERS_URL";
const INLINE: &str = "FORESCALE_INLINE_TARGETS";
const RECEIVES: &str = "FORESCALE_MOST_RECEIVES";
const RETRY: &str = "FORESCALE_RETRY_SECONDS";
const STACK: &str = "FORESCALE_STACK";

const WANTED_BUCKET: &str =
    "the name of an S3 bucket, 3 to 63 lower-case letters, digits, dots and hyphens";
const WANTED_PREFIX: &str =
    "letters, digits, '-', '_', '.', with '/' between parts, at most 256 characters";
const WANTED_BUS: &str = "the name or ARN of an EventBridge bus, 1 to 1600 characters";
const WANTED_QUEUE: &str = "the URL of an SQS queue, http or https";
const WANTED_STACK: &str = "1 to 128 letters, digits and hyphens";
const WANTED_TOPIC: &str = "the ARN of an SNS topic, arn:...:sns:region:account:name";

impl Environment {
    /// Reads the process's environment.
    ///
    /// # Errors
    /// [`EnvironmentError`] naming the first variable that is missing or impossible.
    #[expect(clippy::disallowed_methods, reason = "called once, by main")]
    pub fn read() -> Result<Self, EnvironmentError> {
        Self::from_variables(|name| std::env::var(name).ok())
    }

    /// Reads variables from `variable`. An empty one counts as not set.
    ///
    /// # Errors
    /// As [`Environment::read`].
    pub fn from_variables(
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, EnvironmentError> {
        let set = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
        let bucket = set(BUCKET).ok_or(EnvironmentError::Missing {
            name: BUCKET,
            wanted: WANTED_BUCKET,
        })?;
        Ok(Self {
            bucket: checked(BUCKET, bucket, is_bucket, WANTED_BUCKET)?,
            prefix: match set(PREFIX) {
                None => String::new(),
                Some(value) => {
                    let parts = value.trim_matches('/').to_owned();
                    checked(PREFIX, parts, is_prefix, WANTED_PREFIX)? + "/"
                }
            },
            topic_arn: set(TOPIC)
                .map(|value| checked(TOPIC, value, is_topic, WANTED_TOPIC))
                .transpose()?,
            event_bus: set(BUS)
                .map(|value| checked(BUS, value, is_bus, WANTED_BUS))
                .transpose()?,
            looks_url: set(LOOKS)
                .map(|value| checked(LOOKS, value, is_url, WANTED_QUEUE))
                .transpose()?,
            tasks: tasks(&set)?,
            stack: match set(STACK) {
                None => "forescale".to_owned(),
                Some(value) => checked(STACK, value, is_stack, WANTED_STACK)?,
            },
            path_style: set("AWS_ENDPOINT_URL").is_some() || set("AWS_ENDPOINT_URL_S3").is_some(),
        })
    }
}

fn tasks(
    set: &impl Fn(&str) -> Option<String>,
) -> Result<Option<TasksEnvironment>, EnvironmentError> {
    let Some(url) = set(TASKS) else {
        return Ok(None);
    };
    // What is given up must not be lost.
    let dead = set(DEAD_LETTERS).ok_or(EnvironmentError::Missing {
        name: DEAD_LETTERS,
        wanted: WANTED_QUEUE,
    })?;
    Ok(Some(TasksEnvironment {
        url: checked(TASKS, url, is_url, WANTED_QUEUE)?,
        dead_letters_url: checked(DEAD_LETTERS, dead, is_url, WANTED_QUEUE)?,
        inline: whole(set, INLINE, 0..=1000, "a whole number, 0 to 1000")?,
        receives: whole(set, RECEIVES, 1..=1000, "a whole number, 1 to 1000")?,
        retry_seconds: whole(set, RETRY, 1..=900, "a whole number, 1 to 900")?,
    }))
}

fn whole(
    set: &impl Fn(&str) -> Option<String>,
    name: &'static str,
    range: RangeInclusive<u32>,
    wanted: &'static str,
) -> Result<Option<u32>, EnvironmentError> {
    let Some(value) = set(name) else {
        return Ok(None);
    };
    let number = value.trim().parse().ok().filter(|it| range.contains(it));
    match number {
        Some(number) => Ok(Some(number)),
        None => Err(EnvironmentError::Impossible {
            name,
            value,
            wanted,
        }),
    }
}

fn checked(
    name: &'static str,
    value: String,
    fits: fn(&str) -> bool,
    wanted: &'static str,
) -> Result<String, EnvironmentError> {
    if fits(&value) {
        Ok(value)
    } else {
        Err(EnvironmentError::Impossible {
            name,
            value,
            wanted,
        })
    }
}

fn is_bucket(value: &str) -> bool {
    (3..=63).contains(&value.len())
        && value.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-')
        })
}

fn is_prefix(value: &str) -> bool {
    (1..=256).contains(&value.len())
        && value.split('/').all(|part| {
            !matches!(part, "" | "." | "..")
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
        })
}

fn is_bus(value: &str) -> bool {
    (1..=1600).contains(&value.len())
        && value
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"/.-_:".contains(&byte))
}

fn is_url(value: &str) -> bool {
    let rest = value
        .strip_prefix("https://")
        .or_else(|| value.strip_prefix("http://"));
    rest.is_some_and(|rest| rest.len() > 3 && !rest.contains(char::is_whitespace))
}

fn is_stack(value: &str) -> bool {
    (1..=128).contains(&value.len())
        && value
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn is_topic(value: &str) -> bool {
    let parts: Vec<&str> = value.split(':').collect();
    parts.len() == 6
        && parts.first() == Some(&"arn")
        && parts.get(2) == Some(&"sns")
        && parts.iter().skip(3).all(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Environment, EnvironmentError> {
        Environment::from_variables(|name| {
            pairs
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn reads_what_is_there() {
        let all = read(&[
            (BUCKET, "forescale-state"),
            (PREFIX, "/team/shop/"),
            (TOPIC, "arn:aws:sns:eu-west-1:123456789012:forescale"),
            ("AWS_ENDPOINT_URL", "http://127.0.0.1:5000"),
        ])
        .unwrap();
        assert_eq!(all.prefix, "team/shop/");
        assert!(all.path_style);
        let least = read(&[(BUCKET, "forescale-state"), (PREFIX, "")]).unwrap();
        assert_eq!(least.prefix, "");
        assert_eq!(least.topic_arn, None);
        assert_eq!(least.stack, "forescale");
        assert!(!least.path_style);
    }

    #[test]
    fn names_the_variable_that_is_wrong() {
        for (pairs, name) in [
            (vec![], BUCKET),
            (vec![(BUCKET, " ")], BUCKET),
            (vec![(BUCKET, "Has_Capitals")], BUCKET),
            (vec![(BUCKET, "state"), (PREFIX, "a//b")], PREFIX),
            (vec![(BUCKET, "state"), (PREFIX, "../up")], PREFIX),
            (vec![(BUCKET, "state"), (TOPIC, "topic")], TOPIC),
            (vec![(BUCKET, "state"), (BUS, "a bus")], BUS),
            (vec![(BUCKET, "state"), (LOOKS, "queue")], LOOKS),
            (vec![(BUCKET, "state"), (STACK, "a stack")], STACK),
            (
                vec![(BUCKET, "state"), (TASKS, "https://queue")],
                DEAD_LETTERS,
            ),
            (
                vec![
                    (BUCKET, "state"),
                    (TASKS, "https://queue"),
                    (DEAD_LETTERS, "https://dead"),
                    (RECEIVES, "0"),
                ],
                RECEIVES,
            ),
            (
                vec![(BUCKET, "state"), (TOPIC, "arn:aws:sqs:eu-west-1:1:q")],
                TOPIC,
            ),
        ] {
            let error = read(&pairs).unwrap_err().to_string();
            assert!(error.contains(name), "{pairs:?}: {error}");
        }
    }
}
