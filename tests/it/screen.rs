//! An open screen, as a browser keeps it: it counts what it hears, and a frame that does not begin
//! where the one before ended fails the test (D13).

use std::{collections::BTreeSet, time::Duration};

use futures::{SinkExt as _, StreamExt as _};
use kernel::head::Cursor;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{self, Message, client::IntoClientRequest as _, http::HeaderValue},
};

/// How long a frame may take to come; an idle feed beats once a second.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a browser keeps when its line is cut.
#[derive(Clone, Debug, Default)]
pub(crate) struct Heard {
    /// Where it stands.
    pub(crate) cursor: Option<String>,
    /// The texts of the messages it was shown.
    pub(crate) texts: BTreeSet<String>,
    /// How often it was told that its rights changed.
    pub(crate) n_rights: usize,
    /// How often it was told to load everything anew.
    pub(crate) n_reloads: usize,
    /// The code with which the server ended it.
    pub(crate) closed: Option<String>,
}

/// Who opens it.
#[derive(Clone, Copy)]
pub(crate) enum Shown<'a> {
    Cookie(&'a str),
    Key(&'a str),
}

pub(crate) struct Screen {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    pub(crate) heard: Heard,
}

/// The number that a cursor stands for.
fn seq(cursor: &str) -> i64 {
    cursor.parse::<Cursor>().unwrap().company_seq
}

impl Screen {
    /// Opens a line that goes on from what was heard.
    pub(crate) async fn open(
        base: &str,
        who: Shown<'_>,
        company: &str,
        topics: &Value,
        heard: Heard,
    ) -> Self {
        let mut socket = Self::connect(base, who, None).await.unwrap();
        let mut resume = json!({ "type": "resume", "company": company, "topics": topics });
        if let Some(cursor) = &heard.cursor {
            resume["cursor"] = json!(cursor);
        }
        socket.send(Message::text(resume.to_string())).await.unwrap();
        let mut screen = Self { socket, heard };
        assert_eq!(screen.next().await["type"], "welcome");
        screen
    }

    /// The line itself, or how it was refused.
    pub(crate) async fn connect(
        base: &str,
        who: Shown<'_>,
        company: Option<&str>,
    ) -> Result<WebSocketStream<MaybeTlsStream<TcpStream>>, tungstenite::Error> {
        let query = company.map(|company| format!("?company={company}")).unwrap_or_default();
        let address = format!("{}/api/v1/live{query}", base.replacen("http", "ws", 1));
        let mut request = address.into_client_request().unwrap();
        let (name, value) = match who {
            Shown::Cookie(cookie) => ("cookie", cookie.to_owned()),
            Shown::Key(key) => ("authorization", format!("Bearer {key}")),
        };
        request.headers_mut().insert(name, HeaderValue::from_str(&value).unwrap());
        request.headers_mut().insert("origin", HeaderValue::from_str(base).unwrap());
        Ok(connect_async(request).await?.0)
    }

    /// The line breaks without a farewell; what was heard stays.
    pub(crate) fn cut(self) -> Heard {
        self.heard
    }

    /// Says something to the server.
    pub(crate) async fn say(&mut self, frame: &Value) {
        self.socket.send(Message::text(frame.to_string())).await.unwrap();
    }

    /// The next frame, counted; null when the line has ended.
    pub(crate) async fn next(&mut self) -> Value {
        let text = loop {
            let said = tokio::time::timeout(PATIENCE, self.socket.next()).await;
            match said.expect("the feed is silent") {
                Some(Ok(Message::Text(text))) => break text,
                Some(Ok(Message::Close(_)) | Err(_)) | None => return Value::Null,
                Some(Ok(_)) => {}
            }
        };
        let frame: Value = serde_json::from_str(&text).unwrap();
        self.count(&frame);
        frame
    }

    fn count(&mut self, frame: &Value) {
        let heard = &mut self.heard;
        let text = |name: &str| frame[name].as_str().unwrap().to_owned();
        match frame["type"].as_str().unwrap() {
            "welcome" => {
                let cursor = text("cursor");
                let reload = frame["reload"] == true;
                heard.n_reloads += usize::from(reload);
                let before = heard.cursor.replace(cursor.clone());
                assert!(reload || before.is_none_or(|before| before == cursor), "{frame}");
            }
            "changes" => {
                assert_eq!(heard.cursor.as_deref(), Some(text("after").as_str()), "a gap");
                assert!(seq(&text("through")) >= seq(&text("after")), "it goes back");
                heard.cursor = Some(text("through"));
                for change in frame["changes"].as_array().unwrap() {
                    match change["kind"].as_str().unwrap() {
                        "message" => {
                            let body = change["value"]["content"]["body"].as_str();
                            heard.texts.extend(body.map(str::to_owned));
                        }
                        "rights" => heard.n_rights += 1,
                        _ => {}
                    }
                }
            }
            "closed" => heard.closed = Some(text("code")),
            _ => {}
        }
    }

    /// Listens until all of it was heard.
    pub(crate) async fn until_all(&mut self, texts: &BTreeSet<String>) {
        while !self.heard.texts.is_superset(texts) {
            let frame = self.next().await;
            let n_missing = texts.difference(&self.heard.texts).count();
            assert!(!frame.is_null(), "the line ended and {n_missing} are missing");
        }
    }

    /// Listens until the server ends it; the code it gave.
    pub(crate) async fn until_closed(&mut self) -> String {
        while !self.next().await.is_null() {}
        self.heard.closed.clone().expect("it ended without a word")
    }
}
