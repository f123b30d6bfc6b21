use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use aws_config::{Region, SdkConfig};
use aws_sdk_autoscaling::config::{Credentials, SharedCredentialsProvider};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::programs::{python, root};
use crate::{Demand, HarnessError};

/// The region everything lives in.
pub const REGION: &str = "eu-west-1";

/// AWS on loopback. Ends when dropped.
#[derive(Debug)]
pub struct StandIn {
    process: Child,
    endpoint: String,
}

/// What is there before a function runs.
#[derive(Debug, Clone, Serialize)]
pub struct Seed {
    /// Region of it all.
    pub region: &'static str,
    /// An empty bucket.
    pub bucket: String,
    /// An Auto Scaling group.
    pub group: String,
    /// Its MinSize.
    pub min_size: u32,
    /// Its MaxSize.
    pub max_size: u32,
    /// Its DesiredCapacity.
    pub desired_capacity: u32,
    /// Whether it has a policy that removes capacity.
    pub scales_in: bool,
}

/// Where messages go that a function sends.
#[derive(Debug, Clone, Deserialize)]
pub struct Places {
    /// ARN of the topic.
    pub topic: String,
    /// URL of the queue that is subscribed to it.
    pub messages: String,
    /// URL of the queue for the responder's looks.
    pub looks: String,
}

impl StandIn {
    /// Starts an empty one on a free port.
    ///
    /// # Errors
    /// [`HarnessError::NoPython`] and whatever keeps it from starting.
    pub fn start() -> Result<Self, HarnessError> {
        let python = python()?;
        let failed = || HarnessError::io("starting the stand-in for AWS");
        let mut process = Command::new(python)
            .arg(root().join("tests/aws/stand_in.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(failed())?;
        let mut port = String::new();
        if let Some(output) = process.stdout.take() {
            BufReader::new(output)
                .read_line(&mut port)
                .map_err(failed())?;
        }
        let stand_in = Self {
            process,
            endpoint: format!("http://127.0.0.1:{}", port.trim()),
        };
        if port.trim().parse::<u16>().is_err() {
            return Err(HarnessError::Unexpected {
                what: "the stand-in for AWS named no port".to_owned(),
                said: port,
            });
        }
        Ok(stand_in)
    }

    /// Where it listens.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// What clients in this process are made from.
    pub async fn sdk(&self) -> SdkConfig {
        let credentials = Credentials::new("testing", "testing", None, None, "end-to-end");
        aws::loader()
            .endpoint_url(&self.endpoint)
            .region(Region::new(REGION))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .load()
            .await
    }

    /// What makes a function use it.
    #[must_use]
    pub fn variables(&self) -> Vec<(String, String)> {
        [
            ("AWS_REGION", REGION),
            ("AWS_ACCESS_KEY_ID", "testing"),
            ("AWS_SECRET_ACCESS_KEY", "testing"),
            ("AWS_ENDPOINT_URL", &self.endpoint),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
    }

    /// Makes bucket, topic, queues and group.
    ///
    /// # Errors
    /// [`HarnessError::Unexpected`] with what the script said.
    pub fn seed(&self, seed: &Seed) -> Result<Places, HarnessError> {
        self.script("seed.py", seed)
    }

    /// Hands `seed` to a script of `tests/aws`; what it printed.
    ///
    /// # Errors
    /// [`HarnessError::Unexpected`] with what the script said.
    pub(crate) fn script<T: DeserializeOwned>(
        &self,
        name: &str,
        seed: &impl Serialize,
    ) -> Result<T, HarnessError> {
        let failed = || HarnessError::io("seeding the stand-in for AWS");
        let mut script = Command::new(python()?)
            .arg(root().join("tests/aws").join(name))
            .arg(&self.endpoint)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(failed())?;
        if let Some(mut input) = script.stdin.take() {
            let text = serde_json::to_vec(seed).map_err(std::io::Error::other);
            input
                .write_all(&text.map_err(failed())?)
                .map_err(failed())?;
        }
        let output = script.wait_with_output().map_err(failed())?;
        if !output.status.success() {
            return Err(HarnessError::Unexpected {
                what: format!("seeding ended with {}", output.status),
                said: String::from_utf8_lossy(&output.stderr).into_owned(),
            });
        }
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        serde_json::from_str(&said).map_err(|_| HarnessError::Unexpected {
            what: "seeding named no places".to_owned(),
            said,
        })
    }

    /// Takes every message that waits in `queue` now, as JSON.
    ///
    /// # Errors
    /// [`HarnessError::Unexpected`] with what the script said.
    pub fn messages(&self, queue: &str) -> Result<Vec<Value>, HarnessError> {
        let output = Command::new(python()?)
            .arg(root().join("tests/aws/messages.py"))
            .args([&self.endpoint, REGION, queue])
            .output()
            .map_err(HarnessError::io("reading messages from the stand-in"))?;
        if !output.status.success() {
            return Err(HarnessError::Unexpected {
                what: format!("reading messages ended with {}", output.status),
                said: String::from_utf8_lossy(&output.stderr).into_owned(),
            });
        }
        let said = String::from_utf8_lossy(&output.stdout);
        said.lines()
            .map(|line| {
                serde_json::from_str(line).map_err(|_| HarnessError::Unexpected {
                    what: "a message is no JSON".to_owned(),
                    said: line.to_owned(),
                })
            })
            .collect()
    }

    /// Makes the next `times` calls of `service` (as in signatures: `autoscaling`, `s3`) fail with
    /// HTTP `status` and error `code`.
    ///
    /// # Errors
    /// [`HarnessError::Io`].
    pub fn fail_next(
        &self,
        service: &str,
        status: u16,
        code: &str,
        times: u32,
    ) -> Result<(), HarnessError> {
        let fault = json!({"service": service, "status": status, "code": code, "times": times});
        self.ask("POST", "/faults", &fault.to_string()).map(drop)
    }

    /// Makes every call of `service` fail that has `text` in its body.
    ///
    /// # Errors
    /// [`HarnessError::Io`].
    pub fn fail_about(
        &self,
        service: &str,
        text: &str,
        status: u16,
        code: &str,
    ) -> Result<(), HarnessError> {
        let fault = json!({
            "service": service, "status": status, "code": code, "times": u32::MAX, "about": text,
        });
        self.ask("POST", "/faults", &fault.to_string()).map(drop)
    }

    /// How often each operation was called since this was last asked, as `service Operation`.
    ///
    /// # Errors
    /// [`HarnessError`].
    pub fn calls(&self) -> Result<BTreeMap<String, u64>, HarnessError> {
        let said = self.ask("GET", "/calls", "")?;
        let (_, body) = said.split_once("\r\n\r\n").unwrap_or_default();
        serde_json::from_str(body).map_err(|_| HarnessError::Unexpected {
            what: "the stand-in told no calls".to_owned(),
            said: said.clone(),
        })
    }

    /// Asks the stand-in itself; its whole answer.
    fn ask(&self, method: &str, path: &str, body: &str) -> Result<String, HarnessError> {
        let failed = || HarnessError::io("asking the stand-in");
        let address = self.endpoint.trim_start_matches("http://");
        let mut stream = TcpStream::connect(address).map_err(failed())?;
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).map_err(failed())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).map_err(failed())?;
        Ok(answer)
    }

    /// Puts demand into its CloudWatch.
    ///
    /// # Errors
    /// [`HarnessError::Demand`].
    pub async fn put(&self, demand: &Demand) -> Result<(), HarnessError> {
        demand.put(&self.sdk().await).await
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        // It also ends by itself when its input closes, should nobody come to drop it.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
