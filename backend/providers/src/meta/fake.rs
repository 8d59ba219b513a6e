//! A provider for tests: answers as told, remembers what it was asked.

use std::{
    io::{Read as _, Write as _},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::Value;

use super::graph::Graph;

/// What the fake does with one request.
#[derive(Clone)]
pub(crate) enum Script {
    /// Answers.
    Answer(u16, Vec<u8>),
    /// Answers with another place to go to.
    Redirect(String),
    /// Reads the request and closes the line.
    Close,
    /// Promises more than it sends.
    Cut(u16, Vec<u8>),
    /// Never answers.
    Hang,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) line: String,
    pub(crate) headers: String,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }
}

pub(crate) struct Fake {
    pub(crate) address: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Fake {
    /// A fake that follows its scripts one after another and then refuses connections. `{here}` in a body
    /// is its own address.
    pub(crate) fn start(scripts: Vec<Script>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let requests = Arc::new(Mutex::new(vec![]));
        let (seen, here) = (Arc::clone(&requests), address.clone());
        std::thread::spawn(move || {
            let mut held = vec![];
            for script in scripts {
                let Ok((mut stream, _)) = listener.accept() else { return };
                seen.lock().expect("a lock").push(read(&mut stream));
                if let Some(stream) = answer(stream, script, &here) {
                    held.push(stream);
                }
            }
            drop(listener);
            std::thread::park_timeout(Duration::from_secs(if held.is_empty() { 0 } else { 60 }));
        });
        Self { address, requests }
    }

    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::start(vec![Script::Answer(status, serde_json::to_vec(body).expect("JSON"))])
    }

    pub(crate) fn graph(&self) -> Graph {
        Graph::new(client(), &self.address).expect("an address")
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().expect("a lock").clone()
    }
}

/// A client that waits a fifth of a second.
pub(crate) fn client() -> reqwest::Client {
    crate::http::provider_client(Duration::from_millis(200)).expect("a client")
}

fn read(stream: &mut TcpStream) -> Request {
    let mut bytes = vec![];
    let mut buffer = [0; 4096];
    loop {
        let n = stream.read(&mut buffer).expect("a request");
        bytes.extend_from_slice(&buffer[..n]);
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
            assert_ne!(n, 0, "a request without an end");
            continue;
        };
        let head = String::from_utf8(bytes[..end].to_vec()).expect("text");
        let (line, headers) = head.split_once("\r\n").expect("headers");
        let headers = headers.to_lowercase();
        let length = headers.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.map_or(0, |length| length.parse().expect("a number"));
        let mut body = bytes[end + 4..].to_vec();
        while body.len() < length {
            let n = stream.read(&mut buffer).expect("a body");
            body.extend_from_slice(&buffer[..n]);
        }
        return Request { line: line.to_owned(), headers, body };
    }
}

fn answer(mut stream: TcpStream, script: Script, here: &str) -> Option<TcpStream> {
    let (status, body, more, extra) = match script {
        Script::Answer(status, body) => (status, body, 0, String::new()),
        Script::Cut(status, body) => (status, body, 10, String::new()),
        Script::Redirect(to) => (307, vec![], 0, format!("location: {to}\r\n")),
        Script::Close => {
            let _ = stream.shutdown(Shutdown::Both);
            return None;
        }
        Script::Hang => return Some(stream),
    };
    let body = match String::from_utf8(body) {
        Ok(text) => text.replace("{here}", here).into_bytes(),
        Err(error) => error.into_bytes(),
    };
    let head = format!(
        "HTTP/1.1 {status} x\r\n{extra}connection: close\r\ncontent-length: {}\r\n\r\n",
        body.len() + more
    );
    let _ = stream.write_all(head.as_bytes());
    let _ = stream.write_all(&body);
    let _ = stream.shutdown(Shutdown::Write);
    None
}
