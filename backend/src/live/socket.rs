//! One open screen: it says where it stands and what it wants to hear, and hears it.

use std::{collections::HashSet, sync::Arc, time::Duration};

use axum::{
    extract::{
        State, WebSocketUpgrade,
        ws::{CloseFrame, Message, WebSocket},
    },
    response::Response,
};
use futures::{SinkExt as _, StreamExt as _, stream::SplitSink};
use kernel::{
    head::{Cursor, Standing},
    http::{Can, Problem, Routes, get, right},
};
use shared::{
    feed::{ClientFrame, ServerFrame, Topic},
    permission::Permission,
};
use tokio::{
    sync::broadcast::error::RecvError,
    time::{MissedTickBehavior, interval, timeout},
};

use super::{
    Ground, Live,
    room::{Frame, behind, frame},
};

/// How long a socket may take to say where it stands.
const HELLO: Duration = Duration::from_secs(10);
/// How often the session and the rights are looked at again.
const RECHECK: Duration = Duration::from_secs(2);
/// How many events a screen may be behind before it loads itself anew.
const RESUMABLE: i64 = 5_000;
/// The most topics of one socket.
const TOPICS: usize = 64;
/// The largest frame of a client, in bytes.
const CLIENT_FRAME: usize = 16 * 1024;

type Right = right::ReadConversations;

/// The feed's one route.
pub(crate) fn routes(live: Live) -> Routes {
    Routes::new("live")
        .add(get("/api/v1/live", open).says("The live feed: a WebSocket of frames.").upgrades())
        .with_state(live)
}

async fn open(
    State(live): State<Live>,
    can: Can<Right>,
    upgrade: WebSocketUpgrade,
) -> Result<Response, Problem> {
    Ok(upgrade
        .max_message_size(CLIENT_FRAME)
        .max_frame_size(CLIENT_FRAME)
        .on_upgrade(move |socket| async move { serve(live, can, socket).await }))
}

/// Why a socket ends.
enum End {
    /// The other side went, or its line broke.
    Left,
    /// It is told why.
    Told(&'static str),
}

impl From<axum::Error> for End {
    fn from(_broken: axum::Error) -> Self {
        Self::Left
    }
}

async fn serve(live: Live, can: Can<Right>, socket: WebSocket) {
    let (mut out, mut inward) = socket.split();
    let Ok(Some(Ok(Message::Text(text)))) = timeout(HELLO, inward.next()).await else { return };
    let Ok(ClientFrame::Resume { company, cursor, topics }) = serde_json::from_str(&text) else {
        return close(&mut out, "feed.resume_expected").await;
    };
    if company.into_uuid() != can.company() {
        return close(&mut out, "feed.wrong_company").await;
    }
    let mut seat = Seat { can, out, topics: HashSet::new(), through: 0 };
    let end = seat.sit(&live, cursor.as_deref(), topics, &mut inward).await;
    if let Err(End::Told(code)) = end {
        close(&mut seat.out, code).await;
    }
}

async fn close(out: &mut SplitSink<WebSocket, Message>, code: &'static str) {
    let frame = ServerFrame::Closed { code: code.to_owned() };
    if let Ok(text) = serde_json::to_string(&frame) {
        let _ = out.send(Message::Text(text.into())).await;
    }
    let _ = out.send(Message::Close(Some(CloseFrame { code: 4001, reason: code.into() }))).await;
}

struct Seat {
    can: Can<Right>,
    out: SplitSink<WebSocket, Message>,
    topics: HashSet<Topic>,
    /// The number of the last event that was sent.
    through: i64,
}

impl Seat {
    async fn sit(
        &mut self,
        live: &Live,
        cursor: Option<&str>,
        topics: Vec<Topic>,
        inward: &mut futures::stream::SplitStream<WebSocket>,
    ) -> Result<(), End> {
        let ground = Arc::clone(live.ground());
        let room =
            live.room(self.can.company()).await.map_err(|_error| End::Told("unavailable"))?;
        let (mut frames, head) = room.enter().ok_or(End::Left)?;
        self.welcome(&ground, cursor, head).await?;
        self.choose(topics).await?;
        self.catch_up(&ground, head).await?;
        let mut recheck = interval(RECHECK);
        recheck.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut ended = self.can.ended();
        loop {
            tokio::select! {
                frame = frames.recv() => match frame {
                    Ok(frame) => self.pass_on(&ground, &frame).await?,
                    Err(RecvError::Lagged(_)) => self.catch_up(&ground, i64::MAX).await?,
                    Err(RecvError::Closed) => return Err(End::Left),
                },
                said = inward.next() => match said {
                    Some(Ok(Message::Text(text))) => match serde_json::from_str(&text) {
                        Ok(ClientFrame::Topics { topics }) => self.choose(topics).await?,
                        _ => return Err(End::Told("feed.frame_unknown")),
                    },
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                    _ => return Err(End::Left),
                },
                _ = recheck.tick() => self.recheck().await?,
                () = ended.changed_for_me() => self.recheck().await?,
            }
        }
    }

    async fn recheck(&mut self) -> Result<(), End> {
        match self.can.recheck().await {
            Ok(can) => {
                self.can = can;
                let lost: Vec<Topic> =
                    self.topics.iter().copied().filter(|topic| !self.may(*topic)).collect();
                for topic in lost {
                    self.topics.remove(&topic);
                    self.say(&ServerFrame::Gone { topic }).await?;
                }
                Ok(())
            }
            Err(_problem) => Err(End::Told("session.ended")),
        }
    }

    /// Where the screen's cursor stands; 0 of `through` never leaves here.
    async fn welcome(
        &mut self,
        ground: &Ground,
        cursor: Option<&str>,
        head: i64,
    ) -> Result<(), End> {
        let standing = cursor.map(|text| {
            text.parse::<Cursor>().map_or(Standing::OtherLife, |cursor| {
                cursor.standing(ground.ledger.incarnation(), head)
            })
        });
        let (through, reload) = match standing {
            None => (head, false),
            Some(Standing::Known(seq)) if head - seq <= RESUMABLE => (seq, false),
            // A cursor ahead of this process's room may have been given by another process that is
            // further: it holds, and the room comes to it.
            Some(Standing::Ahead) => match cursor.and_then(|text| text.parse::<Cursor>().ok()) {
                Some(cursor) if cursor.company_seq - head <= RESUMABLE => {
                    (cursor.company_seq, false)
                }
                _ => (head, true),
            },
            Some(_) => (head, true),
        };
        self.through = through;
        let cursor = cursor_of(ground, through);
        self.say(&ServerFrame::Welcome { cursor, reload, now: ground.clock.now() }).await
    }

    async fn choose(&mut self, topics: Vec<Topic>) -> Result<(), End> {
        if topics.len() > TOPICS {
            return Err(End::Told("feed.too_many_topics"));
        }
        self.topics.clear();
        for topic in topics {
            if self.may(topic) {
                self.topics.insert(topic);
            } else {
                self.say(&ServerFrame::Gone { topic }).await?;
            }
        }
        Ok(())
    }

    fn may(&self, topic: Topic) -> bool {
        match topic {
            Topic::Threads | Topic::Conversation(_) => self.can.may(Permission::ReadConversations),
            Topic::Channels | Topic::Channel(_) => self.can.may(Permission::ReadChannels),
            Topic::Contacts => self.can.may(Permission::ReadContacts),
            Topic::Team => true,
        }
    }

    /// Sends what lies between the screen and the room, straight from the ledger.
    async fn catch_up(&mut self, ground: &Ground, head: i64) -> Result<(), End> {
        while self.through < head {
            let unavailable = |_error| End::Told("unavailable");
            let company = self.can.company();
            let events = behind(ground, company, self.through).await.map_err(unavailable)?;
            if events.is_empty() {
                return Ok(());
            }
            let frame =
                frame(ground, company, self.through, &events, None).await.map_err(unavailable)?;
            self.pass_on(ground, &frame).await?;
        }
        Ok(())
    }

    /// Sends a frame, unless its events were sent already. A frame that begins further on would
    /// leave a hole: the ledger fills it first.
    async fn pass_on(&mut self, ground: &Ground, frame: &Frame) -> Result<(), End> {
        if frame.through < self.through {
            return Ok(());
        }
        if frame.after > self.through {
            Box::pin(self.catch_up(ground, frame.after)).await?;
            if frame.through <= self.through {
                return Ok(());
            }
        }
        if let Some(since) = frame.stale {
            self.say(&ServerFrame::Stale { since }).await?;
        }
        let changes = frame
            .changes
            .iter()
            .filter(|(topics, _)| topics.iter().any(|topic| self.topics.contains(topic)))
            .map(|(_, change)| change.clone())
            .collect();
        let after = cursor_of(ground, self.through);
        self.through = frame.through;
        let through = cursor_of(ground, frame.through);
        let position = frame.through;
        let now = ground.clock.now();
        self.say(&ServerFrame::Changes { after, through, position, changes, now }).await
    }

    async fn say(&mut self, frame: &ServerFrame) -> Result<(), End> {
        let text = serde_json::to_string(frame).map_err(|_unreachable| End::Told("internal"))?;
        Ok(self.out.send(Message::Text(text.into())).await?)
    }
}

fn cursor_of(ground: &Ground, company_seq: i64) -> String {
    Cursor { incarnation: ground.ledger.incarnation(), company_seq }.to_string()
}
