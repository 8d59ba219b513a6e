//! What is said next on the socket, as a state machine without a socket.

use chrono::{DateTime, Utc};
use shared::{
    feed::{Change, ClientFrame, ServerFrame, Topic},
    ids::CompanyId,
};

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Act {
    /// Say this.
    Say(ClientFrame),
    /// Begin a new line, which goes on from our cursor.
    Anew,
    /// These things happened.
    Apply(Vec<Change>),
    /// The feed goes on, and everything on the screen must be loaded again.
    Reload,
    /// A topic is not for this reader any more.
    Gone(Topic),
    /// The read models stand still since then; nothing: they move again.
    Stale(Option<DateTime<Utc>>),
    /// The server ends it, with a problem code.
    End(String),
}

/// Where the browser stands.
#[derive(Clone, Debug)]
pub(crate) struct Protocol {
    company: CompanyId,
    topics: Vec<Topic>,
    cursor: Option<String>,
    position: Option<i64>,
    is_stale: bool,
}

impl Protocol {
    /// A browser that has heard nothing yet.
    pub(crate) fn new(company: CompanyId, topics: Vec<Topic>) -> Self {
        Self { company, topics, cursor: None, position: None, is_stale: false }
    }

    /// The line is open: where we stand, and what we want to hear.
    pub(crate) fn opened(&self) -> ClientFrame {
        ClientFrame::Resume {
            company: self.company,
            cursor: self.cursor.clone(),
            topics: self.topics.clone(),
        }
    }

    /// Another set of topics. A new topic begins on a new line, which goes on from our cursor, so
    /// that nothing falls between its first load and its first frame; fewer are simply said.
    pub(crate) fn listen(&mut self, topics: Vec<Topic>) -> Option<Act> {
        if topics == self.topics {
            return None;
        }
        let is_new = topics.iter().any(|topic| !self.topics.contains(topic));
        self.topics.clone_from(&topics);
        Some(if is_new { Act::Anew } else { Act::Say(ClientFrame::Topics { topics }) })
    }

    /// A frame came.
    pub(crate) fn hear(&mut self, frame: ServerFrame) -> Vec<Act> {
        match frame {
            ServerFrame::Welcome { cursor, reload, now: _ } => {
                // What was loaded before the feed began may have missed something in between.
                let is_first = self.cursor.replace(cursor).is_none();
                if reload || is_first { vec![Act::Reload] } else { Vec::new() }
            }
            ServerFrame::Changes { after, .. } if self.cursor.as_ref() != Some(&after) => {
                vec![Act::Anew]
            }
            ServerFrame::Changes { through, position, changes, .. } => {
                self.cursor = Some(through);
                self.position = Some(position);
                let mut acts = Vec::new();
                if std::mem::take(&mut self.is_stale) {
                    acts.push(Act::Stale(None));
                }
                if !changes.is_empty() {
                    acts.push(Act::Apply(changes));
                }
                acts
            }
            ServerFrame::Gone { topic } => {
                self.topics.retain(|other| *other != topic);
                vec![Act::Gone(topic)]
            }
            ServerFrame::Stale { since } => {
                self.is_stale = true;
                vec![Act::Stale(Some(since))]
            }
            ServerFrame::Closed { code } => vec![Act::End(code)],
        }
    }

    /// The number of the last event on the screen.
    pub(crate) const fn position(&self) -> Option<i64> {
        self.position
    }

    /// The cursor up to which everything was applied.
    pub(crate) fn cursor(&self) -> Option<&str> {
        self.cursor.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::{Act, Protocol};
    use chrono::{DateTime, Utc};
    use shared::feed::{Change, ClientFrame, ServerFrame, Topic};
    use uuid::Uuid;

    fn now() -> DateTime<Utc> {
        DateTime::UNIX_EPOCH
    }

    fn welcome(cursor: &str) -> ServerFrame {
        ServerFrame::Welcome { cursor: cursor.to_owned(), reload: false, now: now() }
    }

    fn changes(after: &str, through: &str) -> ServerFrame {
        ServerFrame::Changes {
            after: after.to_owned(),
            through: through.to_owned(),
            position: 7,
            changes: vec![Change::Rights],
            now: now(),
        }
    }

    fn open() -> Protocol {
        let mut protocol = Protocol::new(Uuid::nil().into(), vec![Topic::Threads]);
        protocol.opened();
        protocol.hear(welcome("1"));
        protocol
    }

    fn asked(frame: &ClientFrame) -> Option<&str> {
        match frame {
            ClientFrame::Resume { cursor, .. } => cursor.as_deref(),
            ClientFrame::Topics { .. } => panic!("not a resume"),
        }
    }

    #[test]
    fn d13_frames_are_applied_one_after_the_other() {
        let mut protocol = open();
        assert_eq!(protocol.hear(changes("1", "2")), [Act::Apply(vec![Change::Rights])]);
        assert_eq!(protocol.hear(changes("2", "3")), [Act::Apply(vec![Change::Rights])]);
        assert_eq!((protocol.cursor(), protocol.position()), (Some("3"), Some(7)));
    }

    #[test]
    fn d13_a_gap_is_not_applied_and_asked_for_on_a_new_line() {
        let mut protocol = open();
        assert_eq!(protocol.hear(changes("5", "6")), [Act::Anew]);
        assert_eq!(asked(&protocol.opened()), Some("1"));
        protocol.hear(welcome("1"));
        assert_eq!(protocol.hear(changes("1", "7")), [Act::Apply(vec![Change::Rights])]);
    }

    #[test]
    fn a_new_socket_goes_on_where_the_old_one_was_cut() {
        let mut protocol = open();
        protocol.hear(changes("1", "2"));
        assert_eq!(asked(&protocol.opened()), Some("2"));
    }

    #[test]
    fn the_first_welcome_loads_the_screens() {
        let mut protocol = Protocol::new(Uuid::nil().into(), vec![]);
        protocol.opened();
        assert_eq!(protocol.hear(welcome("1")), [Act::Reload]);
        protocol.opened();
        assert_eq!(protocol.hear(welcome("1")), []);
    }

    #[test]
    fn a_cursor_of_no_use_means_loading_again() {
        let mut protocol = open();
        let frame = ServerFrame::Welcome { cursor: "99".to_owned(), reload: true, now: now() };
        assert_eq!(protocol.hear(frame), [Act::Reload]);
        assert_eq!(protocol.hear(changes("99", "100")), [Act::Apply(vec![Change::Rights])]);
    }

    #[test]
    fn a_new_topic_begins_on_a_new_line_from_the_cursor_and_fewer_are_said() {
        let mut protocol = open();
        let more = vec![Topic::Threads, Topic::Channels];
        assert_eq!(protocol.listen(more.clone()), Some(Act::Anew));
        let ClientFrame::Resume { topics, cursor, .. } = protocol.opened() else { panic!() };
        assert_eq!((topics, cursor.as_deref()), (more.clone(), Some("1")));
        assert_eq!(protocol.listen(more), None);
        let fewer = vec![Topic::Threads];
        let said = Act::Say(ClientFrame::Topics { topics: fewer.clone() });
        assert_eq!(protocol.listen(fewer), Some(said));
    }

    #[test]
    fn a_lost_right_takes_its_topic_away() {
        let mut protocol = open();
        assert_eq!(
            protocol.hear(ServerFrame::Gone { topic: Topic::Threads }),
            [Act::Gone(Topic::Threads)]
        );
        let ClientFrame::Resume { topics, .. } = protocol.opened() else { panic!() };
        assert!(topics.is_empty());
    }

    #[test]
    fn a_screen_that_stood_still_says_when_it_moves_again() {
        let mut protocol = open();
        assert_eq!(protocol.hear(ServerFrame::Stale { since: now() }), [Act::Stale(Some(now()))]);
        let acts = protocol.hear(changes("1", "2"));
        assert_eq!(acts, [Act::Stale(None), Act::Apply(vec![Change::Rights])]);
    }
}
