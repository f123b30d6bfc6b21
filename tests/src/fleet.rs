//! Many targets, a queue of tasks between them and the planner, and what drives the queue.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use aws::{AutoScalingGroups, Environment, S3Store};
use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::DisplayErrorContext;
use aws_sdk_sqs::types::{
    DeleteMessageBatchRequestEntry, Message, MessageSystemAttributeName, QueueAttributeName,
};
use documents::{Envelope, Forecast, Turn, decode, encode, keys};
use jiff::{SignedDuration, Timestamp};
use ports::{Condition, DocumentStore, GroupReader};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{Answer, Function, HarnessError, REGION, StandIn, binary, daily_wave};

const BUCKET: &str = "forescale-fleet";

/// Messages of one call, as `infra/template.yaml` has it.
const BATCH: i32 = 10;

/// How the queue delivers.
#[derive(Debug, Clone, Copy)]
pub struct Delivering {
    /// Seconds until a message comes again: longer than a process may run, as AWS demands.
    pub visibility: u32,
    /// How often a task is delivered.
    pub receives: u32,
}

/// What is wrong with a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Poison {
    /// Its table of the configuration.
    Config,
    /// Its group does not exist.
    Group,
    /// It has neither forecast nor demand.
    History,
    /// Auto Scaling throttles every call about it.
    Throttled,
}

impl Poison {
    const ALL: [Self; 4] = [Self::Config, Self::Group, Self::History, Self::Throttled];

    /// The code of the dead letter that it ends in.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Config => "Config",
            Self::Group => "NotFound",
            Self::History => "NothingKnown",
            Self::Throttled => "Throttled",
        }
    }
}

/// Targets in a stand-in for AWS, each with a group and a forecast but for the poisoned ones.
#[derive(Debug)]
pub struct Fleet {
    /// The stand-in they live in.
    pub aws: StandIn,
    /// Every target, and what is wrong with it.
    pub targets: BTreeMap<String, Option<Poison>>,
    store: S3Store,
    groups: AutoScalingGroups,
    queue: Client,
    places: Places,
    variables: Vec<(String, String)>,
}

#[derive(Debug, Clone, Deserialize)]
struct Places {
    tasks: String,
    dead_letters: String,
}

impl Fleet {
    /// MinSize of every group at first; each forecast needs more.
    pub const MIN_SIZE: u32 = 1;

    /// `count` targets, `poisoned` of them.
    ///
    /// # Errors
    /// [`HarnessError`].
    pub async fn set(
        now: Timestamp,
        count: usize,
        poisoned: usize,
        delivering: Delivering,
    ) -> Result<Self, HarnessError> {
        let fleet = Self::configured(count, poisoned, delivering).await?;
        fleet.fill(now).await?;
        // What was called to set it up is not of interest.
        fleet.aws.calls()?;
        Ok(fleet)
    }

    /// [`Fleet::set`] without groups and forecasts: each target is in the configuration, and no more.
    ///
    /// # Errors
    /// [`HarnessError`].
    pub async fn bare(count: usize, delivering: Delivering) -> Result<Self, HarnessError> {
        let fleet = Self::configured(count, count, delivering).await?;
        fleet.aws.calls()?;
        Ok(fleet)
    }

    async fn configured(
        count: usize,
        poisoned: usize,
        delivering: Delivering,
    ) -> Result<Self, HarnessError> {
        let bare = poisoned == count;
        let mut targets = BTreeMap::new();
        // Spread over the file, so that a batch has both kinds.
        let every = count / poisoned.max(1);
        for n in 0..count {
            let poison = match n / every {
                _ if bare => Some(Poison::Group),
                nth if n % every == every / 2 && nth < poisoned => {
                    Some(Poison::ALL[nth % Poison::ALL.len()])
                }
                _ => None,
            };
            targets.insert(format!("shop-{n:05}"), poison);
        }
        let aws = StandIn::start()?;
        let with_group = targets.iter();
        let with_group = with_group.filter(|(_, poison)| **poison != Some(Poison::Group));
        let seed = json!({
            "region": REGION, "bucket": BUCKET, "visibility": delivering.visibility,
            "receives": delivering.receives,
            "groups": with_group.map(|(name, _)| name).collect::<Vec<_>>(),
        });
        let places: Places = aws.script("seed_fleet.py", &seed)?;
        let sdk = aws.sdk().await;
        let environment = Environment {
            bucket: BUCKET.to_owned(),
            prefix: String::new(),
            topic_arn: None,
            event_bus: None,
            looks_url: None,
            stack: "forescale".to_owned(),
            tasks: None,
            path_style: true,
        };
        let mut variables = aws.variables();
        for (name, value) in [
            ("FORESCALE_BUCKET", BUCKET),
            ("FORESCALE_TASKS_URL", &places.tasks),
            ("FORESCALE_DEAD_LETTERS_URL", &places.dead_letters),
            ("FORESCALE_MOST_RECEIVES", &delivering.receives.to_string()),
            // Nobody wants to wait here; half a minute is for AWS.
            ("FORESCALE_RETRY_SECONDS", "1"),
            ("AWS_LAMBDA_LOG_FORMAT", "JSON"),
        ] {
            variables.push((name.to_owned(), value.to_owned()));
        }
        let fleet = Self {
            store: S3Store::new(&sdk, &environment),
            groups: AutoScalingGroups::new(&sdk),
            queue: Client::new(&sdk),
            aws,
            targets,
            places,
            variables,
        };
        fleet.configure().await?;
        Ok(fleet)
    }

    async fn configure(&self) -> Result<(), HarnessError> {
        let mut config = String::new();
        for (name, poison) in &self.targets {
            let risk = match poison {
                Some(Poison::Config) => "7",
                _ => "0.001",
            };
            // Writing to a string cannot fail.
            let _ = writeln!(
                config,
                "[[target]]\nname = \"{name}\"\nmax_servers = 20\nthroughput = 200\n\
                 lead_time = \"5m\"\nstep = \"1h\"\nmode = \"active\"\nrisk = {risk}\n\
                 load_balancer = \"app/{name}/50dc6c495c0c9188\"\n"
            );
        }
        self.put(keys::CONFIG, config.as_bytes()).await
    }

    async fn fill(&self, now: Timestamp) -> Result<(), HarnessError> {
        let start = timeseries::Step::HOUR.floor(now);
        let forecast = forecast(start);
        for (name, poison) in &self.targets {
            match poison {
                Some(Poison::History) => continue,
                Some(Poison::Throttled) => {
                    self.aws
                        .fail_about("autoscaling", name, 400, "Throttling")?;
                }
                _ => {}
            }
            let document = Envelope::new(Some(name), now, "forecaster", forecast.clone());
            let bytes = encode(&document).map_err(|error| HarnessError::Unexpected {
                what: "the forecast cannot be written".to_owned(),
                said: error.to_string(),
            })?;
            self.put(&keys::forecast(name, start), &bytes).await?;
        }
        Ok(())
    }

    async fn put(&self, key: &str, bytes: &[u8]) -> Result<(), HarnessError> {
        let put = self.store.put(key, bytes, Condition::Always).await;
        put.map(drop).map_err(HarnessError::Call)
    }

    /// A planner process that may run for `timeout` an event.
    ///
    /// # Errors
    /// [`HarnessError`].
    pub fn planner(&self, timeout: Duration) -> Result<Function, HarnessError> {
        let function = Function::start(&binary("planner")?, &self.variables)?;
        Ok(function.with_timeout(timeout))
    }

    /// What drives the queue for one process.
    #[must_use]
    pub fn worker(&self, timeout: Duration) -> Worker {
        Worker {
            queue: self.queue.clone(),
            tasks: self.places.tasks.clone(),
            variables: self.variables.clone(),
            timeout,
            log: String::new(),
            invocations: 0,
            peak_kib: 0,
        }
    }

    /// How the run of `run` ended, with what `log` says of the tasks done.
    ///
    /// # Errors
    /// [`HarnessError`].
    pub async fn tally(&self, run: Timestamp, log: &str) -> Result<Tally, HarnessError> {
        let mut tally = Tally::default();
        for line in log.lines().filter(|line| line.contains("\"task done\"")) {
            let line: Value = serde_json::from_str(line).unwrap_or_default();
            let name = line["fields"]["target_name"].as_str().unwrap_or_default();
            *tally.times.entry(name.to_owned()).or_default() += 1;
        }
        for name in self.targets.keys() {
            let key = keys::turn(name, "planner");
            let stored = self.store.get(&key).await.map_err(HarnessError::Call)?;
            let turn = stored.and_then(|it| decode::<Turn>(&key, &it.bytes).ok());
            let ended = turn.filter(|turn| turn.body.run == run);
            match ended.and_then(|turn| turn.body.ended).as_deref() {
                None => tally.lost.push(name.clone()),
                Some("given-up") => tally.given_up.push(name.clone()),
                Some(_) => {
                    let group = self.groups.group(name).await;
                    let min_size = group.map_err(HarnessError::Call)?.min_size;
                    if min_size > Self::MIN_SIZE {
                        tally.done.push(name.clone());
                    } else {
                        tally.lost.push(name.clone());
                    }
                }
            }
        }
        tally.letters = self.letters().await?;
        Ok(tally)
    }

    /// Every dead letter: target, code and reason.
    async fn letters(&self) -> Result<Vec<(String, String, String)>, HarnessError> {
        let mut letters = Vec::new();
        loop {
            let found = receive(&self.queue, &self.places.dead_letters).await?;
            if found.is_empty() {
                return Ok(letters);
            }
            for message in &found {
                let attribute = |name: &str| {
                    let attributes = message.message_attributes();
                    let value = attributes.and_then(|all| all.get(name)?.string_value());
                    value.unwrap_or_default().to_owned()
                };
                let mut reason = attribute("reason");
                if reason.is_empty() {
                    // Moved by the queue itself.
                    reason = message.body().unwrap_or_default().to_owned();
                }
                letters.push((attribute("target"), attribute("code"), reason));
            }
            delete(&self.queue, &self.places.dead_letters, &found).await?;
        }
    }
}

/// Three days of the daily wave, scaled to ten servers at most, a tenth wide.
fn forecast(start: Timestamp) -> Forecast {
    let row = |step: i64| {
        let at = start.saturating_add(SignedDuration::from_hours(step));
        let demand = 600.0 + daily_wave(at.unwrap_or(start)) / 2.0;
        [0.9, 1.0, 1.1, 1.15].map(|width| demand * width).to_vec()
    };
    Forecast {
        start,
        step_seconds: 3600,
        levels: vec![0.05, 0.5, 0.95, 0.99],
        quantiles: (0..72).map(row).collect(),
        model: "given".to_owned(),
        ..Forecast::default()
    }
}

/// How a run ended.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// Targets whose group follows a plan of this run.
    pub done: Vec<String>,
    /// Targets that were given up.
    pub given_up: Vec<String>,
    /// Targets that are neither.
    pub lost: Vec<String>,
    /// How often the workers' logs say that a target was done.
    pub times: BTreeMap<String, u32>,
    /// Dead letters: target, code and reason.
    pub letters: Vec<(String, String, String)>,
}

impl Tally {
    /// Targets that were done more than once.
    pub fn twice(&self) -> impl Iterator<Item = &str> {
        let twice = self.times.iter().filter(|(_, times)| **times > 1);
        twice.map(|(name, _)| name.as_str())
    }
}

/// One process of the planner and what hands it messages, as Lambda's event source mapping does:
/// receives some, calls, deletes what the answer does not name.
#[derive(Debug)]
pub struct Worker {
    queue: Client,
    tasks: String,
    variables: Vec<(String, String)>,
    timeout: Duration,
    /// What its processes logged.
    pub log: String,
    /// Calls of the function.
    pub invocations: u32,
    /// The most memory that a process of it had resident, in KiB.
    pub peak_kib: u64,
}

impl Worker {
    /// The next event; nothing where no message is visible.
    ///
    /// # Errors
    /// [`HarnessError`].
    pub async fn receive(&self) -> Result<Option<(Value, Vec<Message>)>, HarnessError> {
        let found = receive(&self.queue, &self.tasks).await?;
        let records: Vec<Value> = found.iter().map(record).collect();
        Ok((!found.is_empty()).then(|| (json!({ "Records": records }), found)))
    }

    /// Deletes those of `messages` that `answer` does not name.
    ///
    /// # Errors
    /// [`HarnessError`]; also for an answer that is none.
    pub async fn settle(&self, messages: &[Message], answer: &Answer) -> Result<(), HarnessError> {
        let Answer::Success(body) = answer else {
            // As in Lambda: all of them come again.
            return Ok(());
        };
        let Some(failures) = body["batchItemFailures"].as_array() else {
            return Err(HarnessError::Unexpected {
                what: "no answer to a batch".to_owned(),
                said: body.to_string(),
            });
        };
        let failed: Vec<&str> = failures
            .iter()
            .filter_map(|it| it["itemIdentifier"].as_str())
            .collect();
        let done: Vec<Message> = messages
            .iter()
            .filter(|it| !failed.contains(&it.message_id().unwrap_or_default()))
            .cloned()
            .collect();
        delete(&self.queue, &self.tasks, &done).await
    }

    /// Works until the queue is empty, hidden messages included, or `patience` is over.
    ///
    /// # Errors
    /// [`HarnessError`].
    pub async fn work(&mut self, patience: Duration) -> Result<(), HarnessError> {
        let begun = Instant::now();
        let mut function = Function::start(&binary("planner")?, &self.variables)?;
        function = function.with_timeout(self.timeout);
        while begun.elapsed() < patience {
            let Some((event, messages)) = self.receive().await? else {
                if self.left().await? == 0 {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
                continue;
            };
            let answer = function.invoke(&event)?;
            self.invocations += 1;
            self.settle(&messages, &answer).await?;
        }
        self.peak_kib = self.peak_kib.max(function.peak_kib()?);
        self.log.push_str(&function.log());
        Ok(())
    }

    /// Messages in the queue, hidden ones included.
    async fn left(&self) -> Result<u64, HarnessError> {
        let names = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
        ];
        let asked = self.queue.get_queue_attributes().queue_url(&self.tasks);
        let asked = asked.set_attribute_names(Some(names.to_vec()));
        let answer = asked.send().await.map_err(|error| failed(&error))?;
        let all = answer.attributes().into_iter().flatten();
        Ok(all.filter_map(|(_, value)| value.parse::<u64>().ok()).sum())
    }
}

/// A message as Lambda hands it to a function.
fn record(message: &Message) -> Value {
    let received = MessageSystemAttributeName::ApproximateReceiveCount;
    let received = message.attributes().and_then(|all| all.get(&received));
    json!({
        "messageId": message.message_id(), "receiptHandle": message.receipt_handle(),
        "body": message.body(), "messageAttributes": {}, "eventSource": "aws:sqs",
        "attributes": { "ApproximateReceiveCount": received },
    })
}

async fn receive(queue: &Client, url: &str) -> Result<Vec<Message>, HarnessError> {
    let answer = queue
        .receive_message()
        .queue_url(url)
        .max_number_of_messages(BATCH)
        .message_attribute_names("All")
        .message_system_attribute_names(MessageSystemAttributeName::ApproximateReceiveCount)
        .send()
        .await
        .map_err(|error| failed(&error))?;
    Ok(answer.messages.unwrap_or_default())
}

async fn delete(queue: &Client, url: &str, messages: &[Message]) -> Result<(), HarnessError> {
    if messages.is_empty() {
        return Ok(());
    }
    let entries = messages.iter().enumerate().map(|(place, message)| {
        DeleteMessageBatchRequestEntry::builder()
            .id(place.to_string())
            .set_receipt_handle(message.receipt_handle.clone())
            .build()
    });
    let entries = entries.collect::<Result<Vec<_>, _>>();
    let entries = entries.map_err(|error| failed(&error))?;
    let asked = queue.delete_message_batch().queue_url(url);
    let asked = asked.set_entries(Some(entries));
    asked.send().await.map_err(|error| failed(&error))?;
    Ok(())
}

fn failed<E: std::error::Error>(error: &E) -> HarnessError {
    HarnessError::Unexpected {
        what: "the queue does not answer".to_owned(),
        said: DisplayErrorContext(error).to_string(),
    }
}
