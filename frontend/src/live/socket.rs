//! The browser's socket, with its listeners kept alive as long as it is.

use leptos::prelude::window;
use shared::{
    feed::{ClientFrame, ServerFrame},
    ids::CompanyId,
};
use wasm_bindgen::{JsCast as _, closure::Closure};
use web_sys::{Event, MessageEvent, WebSocket};

use crate::wire;

/// What a socket reports.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Report {
    /// It is open.
    Opened,
    /// A frame came.
    Frame(Box<ServerFrame>),
    /// A frame came that cannot be read.
    Unreadable,
    /// It is closed.
    Closed,
}

/// An open or opening socket; dropping it closes it without a report.
pub(super) struct Socket {
    line: WebSocket,
    _listeners: [Closure<dyn FnMut(Event)>; 2],
    _messages: Closure<dyn FnMut(MessageEvent)>,
}

impl Socket {
    /// Opens the feed of this host for a company, which stands in the address because a browser's
    /// socket can carry no header.
    pub(super) fn open(
        company: CompanyId,
        report: impl Fn(Report) + Clone + 'static,
    ) -> Option<Self> {
        let location = window().location();
        let scheme = if location.protocol().ok()? == "https:" { "wss" } else { "ws" };
        let host = location.host().ok()?;
        let address = format!("{scheme}://{host}/api/v1/live?company={company}");
        let socket = WebSocket::new(&address).ok()?;

        let tell = report.clone();
        let opened = Closure::<dyn FnMut(Event)>::new(move |_| tell(Report::Opened));
        let tell = report.clone();
        let closed = Closure::<dyn FnMut(Event)>::new(move |_| tell(Report::Closed));
        let messages = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            let frame = event.data().as_string().and_then(|text| wire::frame(&text));
            report(frame.map_or(Report::Unreadable, |frame| Report::Frame(Box::new(frame))));
        });
        socket.set_onopen(Some(opened.as_ref().unchecked_ref()));
        socket.set_onclose(Some(closed.as_ref().unchecked_ref()));
        socket.set_onmessage(Some(messages.as_ref().unchecked_ref()));
        Some(Self { line: socket, _listeners: [opened, closed], _messages: messages })
    }

    /// Says something; a closed socket reports itself.
    pub(super) fn say(&self, frame: &ClientFrame) {
        let _sent = self.line.send_with_str(&wire::write(frame));
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.line.set_onopen(None);
        self.line.set_onclose(None);
        self.line.set_onmessage(None);
        let _closed = self.line.close();
    }
}
