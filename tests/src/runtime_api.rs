//! The Lambda Runtime API on loopback, as far as one function needs it.
//!
//! Source: Lambda developer guide, "Using the Lambda runtime API for custom runtimes".

use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Instant;

use serde_json::Value;

use crate::HarnessError;

/// Largest body a function may answer with: 6 MB in Lambda, a little more here.
const LARGEST_BODY: usize = 8 * 1024 * 1024;

/// An event for the function.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) request_id: String,
    pub(crate) deadline_ms: i64,
    pub(crate) body: Vec<u8>,
}

/// What the function did.
#[derive(Debug)]
pub(crate) enum News {
    /// It asked for an event.
    Asked(Instant),
    /// It is done with one.
    Answered(Answer),
}

/// What became of an event.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// The function's answer.
    Success(Value),
    /// The function's error.
    Failure {
        /// Its stable code.
        error_type: String,
        /// The message with all causes.
        message: String,
    },
}

/// The API for one function. Ends when dropped.
#[derive(Debug)]
pub(crate) struct RuntimeApi {
    pub(crate) address: SocketAddr,
    pub(crate) events: Sender<Event>,
    pub(crate) news: Receiver<News>,
    stopped: Arc<AtomicBool>,
}

impl RuntimeApi {
    pub(crate) fn start() -> Result<Self, HarnessError> {
        let failed = || HarnessError::io("listening as the Lambda Runtime API");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(failed())?;
        let address = listener.local_addr().map_err(failed())?;
        let (events, pending) = channel();
        let (tell, news) = channel();
        let pending = Arc::new(Mutex::new(pending));
        let stopped = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&stopped);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if stop.load(Ordering::Acquire) {
                    return;
                }
                let (pending, tell) = (Arc::clone(&pending), tell.clone());
                // A connection that breaks is the function's to open again.
                thread::spawn(move || serve(stream, &pending, &tell));
            }
        });
        Ok(Self {
            address,
            events,
            news,
            stopped,
        })
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Release);
        // Wakes the listener, so that it sees that it is over.
        drop(TcpStream::connect(self.address));
    }
}

struct Request {
    method: String,
    path: String,
    body: Vec<u8>,
}

fn serve(
    stream: TcpStream,
    pending: &Mutex<Receiver<Event>>,
    tell: &Sender<News>,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut writer = stream;
    while let Some(request) = read_request(&mut reader)? {
        let path = request.path.trim_start_matches("/2018-06-01/runtime/");
        match (request.method.as_str(), path) {
            ("GET", "invocation/next") => {
                // Nobody listens any more once the test is over.
                let _ = tell.send(News::Asked(Instant::now()));
                let Some(event) = next(pending) else {
                    return Ok(());
                };
                write_event(&mut writer, &event)?;
            }
            ("POST", path) if path.ends_with("/response") => {
                let body = serde_json::from_slice(&request.body).unwrap_or_default();
                let _ = tell.send(News::Answered(Answer::Success(body)));
                write_status(&mut writer, "202 Accepted")?;
            }
            ("POST", path) if path.ends_with("/error") => {
                let _ = tell.send(News::Answered(failure(&request.body)));
                write_status(&mut writer, "202 Accepted")?;
            }
            _ => write_status(&mut writer, "404 Not Found")?,
        }
    }
    Ok(())
}

fn next(pending: &Mutex<Receiver<Event>>) -> Option<Event> {
    pending.lock().ok()?.recv().ok()
}

fn failure(body: &[u8]) -> Answer {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |key: &str| body[key].as_str().unwrap_or_default().to_owned();
    Answer::Failure {
        error_type: text("errorType"),
        message: text("errorMessage"),
    }
}

/// The next request of the connection; `None` at its end.
fn read_request(reader: &mut impl BufRead) -> io::Result<Option<Request>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace();
    let method = words.next().unwrap_or_default().to_owned();
    let path = words.next().unwrap_or_default().to_owned();
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        let header = header.trim().to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
        if header.starts_with("transfer-encoding:") {
            return Err(io::Error::other("a chunked request is not understood"));
        }
    }
    let mut body = vec![0; usize::min(length, LARGEST_BODY)];
    reader.read_exact(&mut body)?;
    Ok(Some(Request { method, path, body }))
}

fn write_event(writer: &mut impl Write, event: &Event) -> io::Result<()> {
    let Event {
        request_id,
        deadline_ms,
        body,
    } = event;
    let head = format!(
        "HTTP/1.1 200 OK\r\n\
         content-type: application/json\r\n\
         content-length: {}\r\n\
         lambda-runtime-aws-request-id: {request_id}\r\n\
         lambda-runtime-deadline-ms: {deadline_ms}\r\n\
         lambda-runtime-invoked-function-arn: \
         arn:aws:lambda:eu-west-1:123456789012:function:forescale\r\n\
         lambda-runtime-trace-id: Root=1-00000000-000000000000000000000000\r\n\r\n",
        body.len()
    );
    writer.write_all(head.as_bytes())?;
    writer.write_all(body)?;
    writer.flush()
}

fn write_status(writer: &mut impl Write, status: &str) -> io::Result<()> {
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{{}}"
    );
    writer.write_all(head.as_bytes())?;
    writer.flush()
}
