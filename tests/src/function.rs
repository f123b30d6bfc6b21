use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::Value;
use tempfile::NamedTempFile;

use crate::runtime_api::{Event, News, RuntimeApi};
use crate::{Answer, HarnessError};

/// Time for one event, and for a start: what the functions have in Lambda, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// How often to look whether the process still runs.
const GLANCE: Duration = Duration::from_millis(50);

/// A compiled function, running. Ends when dropped.
#[derive(Debug)]
pub struct Function {
    name: String,
    process: Child,
    api: RuntimeApi,
    log: NamedTempFile,
    startup: Duration,
    invocations: u32,
    timeout: Duration,
}

impl Function {
    /// Starts `binary` with nothing in its environment but what Lambda sets and `variables`, and
    /// waits until it asks for its first event.
    ///
    /// # Errors
    /// [`HarnessError::Unexpected`] with its log when it ends instead.
    pub fn start(binary: &Path, variables: &[(String, String)]) -> Result<Self, HarnessError> {
        let name = binary
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let failed = || HarnessError::io(format!("starting {}", binary.display()));
        let api = RuntimeApi::start()?;
        let log = NamedTempFile::new().map_err(failed())?;
        let output = || -> Result<File, HarnessError> { log.reopen().map_err(failed()) };
        let mut command = Command::new(binary);
        command
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", api.address.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", &name)
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/forescale")
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "end-to-end")
            .envs(variables.iter().cloned())
            .stdin(Stdio::null())
            .stdout(output()?)
            .stderr(output()?);
        let begun = Instant::now();
        let process = command.spawn().map_err(failed())?;
        let mut function = Self {
            name,
            process,
            api,
            log,
            startup: Duration::ZERO,
            invocations: 0,
            timeout: PATIENCE,
        };
        match function.news("ask for its first event")? {
            News::Asked(at) => function.startup = at.duration_since(begun),
            News::Answered(answer) => {
                return Err(function.unexpected(&format!("it failed to start: {answer:?}")));
            }
        }
        Ok(function)
    }

    /// From process start to asking for the first event.
    #[must_use]
    pub fn startup(&self) -> Duration {
        self.startup
    }

    /// The same, told with each event that it may run for `timeout`.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Hands it `event` and waits for what becomes of it.
    ///
    /// # Errors
    /// [`HarnessError::Unexpected`] with its log when it ends, hangs or does not ask for more.
    pub fn invoke(&mut self, event: &Value) -> Result<Answer, HarnessError> {
        self.begin(event)?;
        let News::Answered(answer) = self.news("answer")? else {
            return Err(self.unexpected("it asked for more without an answer"));
        };
        match self.news("ask for the next event")? {
            News::Asked(_) => Ok(answer),
            News::Answered(again) => Err(self.unexpected(&format!("it answered twice: {again:?}"))),
        }
    }

    /// Hands it `event` and leaves it to it: for one that is not to live long enough to answer.
    ///
    /// # Errors
    /// [`HarnessError::Unexpected`] with its log when it has ended.
    pub fn begin(&mut self, event: &Value) -> Result<(), HarnessError> {
        self.invocations += 1;
        let deadline = SystemTime::now() + self.timeout;
        let deadline = deadline.duration_since(UNIX_EPOCH).unwrap_or_default();
        let event = Event {
            request_id: format!("{}-{}", self.name, self.invocations),
            deadline_ms: i64::try_from(deadline.as_millis()).unwrap_or(i64::MAX),
            body: event.to_string().into_bytes(),
        };
        if self.api.events.send(event).is_err() {
            return Err(self.unexpected("the runtime API has ended"));
        }
        Ok(())
    }

    /// Resident memory now, in KiB.
    ///
    /// # Errors
    /// [`HarnessError`] where `/proc` does not tell.
    pub fn resident_kib(&self) -> Result<u64, HarnessError> {
        self.memory("VmRSS:")
    }

    /// The most memory that was ever resident, in KiB.
    ///
    /// # Errors
    /// [`HarnessError`] where `/proc` does not tell.
    pub fn peak_kib(&self) -> Result<u64, HarnessError> {
        self.memory("VmHWM:")
    }

    fn memory(&self, line: &str) -> Result<u64, HarnessError> {
        let path = format!("/proc/{}/status", self.process.id());
        let status =
            std::fs::read_to_string(&path).map_err(HarnessError::io(format!("reading {path}")))?;
        status
            .lines()
            .find_map(|it| it.strip_prefix(line))
            .and_then(|rest| rest.split_whitespace().next()?.parse().ok())
            .ok_or_else(|| HarnessError::Unexpected {
                what: format!("{path} has no {line}"),
                said: status.clone(),
            })
    }

    /// What it has logged so far.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log.path()).unwrap_or_default()
    }

    fn news(&mut self, expected: &str) -> Result<News, HarnessError> {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            match self.api.news.recv_timeout(GLANCE) {
                Ok(news) => return Ok(news),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if let Ok(Some(status)) = self.process.try_wait() {
                // Its last words may still be under way.
                return self
                    .api
                    .news
                    .recv_timeout(GLANCE)
                    .map_err(|_| self.unexpected(&format!("it ended with {status}")));
            }
        }
        Err(self.unexpected(&format!("it did not {expected} within {PATIENCE:?}")))
    }

    fn unexpected(&self, what: &str) -> HarnessError {
        HarnessError::Unexpected {
            what: format!("{}: {what}", self.name),
            said: self.log(),
        }
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
