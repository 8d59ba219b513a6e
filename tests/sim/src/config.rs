//! How the simulated providers behave: everything `POST /_sim/config` may change.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What happens to one call that sends a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Value", into = "Value")]
pub enum Answer {
    /// Accepted. Written `0` or `"ok"`.
    Accept,
    /// Refused at once with a code of the provider's table. Written as the number.
    Refuse(u32),
    /// Accepted, and failed later by a status with this code. Written `"status:131026"`.
    FailLater(u32),
    /// Accepted, and the connection is cut before the answer. Written `"cut"`.
    CutAfterAccept,
    /// The connection is cut, and nothing was accepted. Written `"cut_before"`.
    CutBeforeAccept,
    /// No answer ever comes, and nothing was accepted. Written `"hang"`.
    Hang,
    /// No answer ever comes, but the message was accepted. Written `"hang_after"`.
    HangAfterAccept,
}

impl TryFrom<Value> for Answer {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        let text = match &value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        Ok(match text.as_str() {
            "0" | "ok" => Self::Accept,
            "cut" | "cut_after_accept" => Self::CutAfterAccept,
            "cut_before" | "cut_before_accept" => Self::CutBeforeAccept,
            "hang" => Self::Hang,
            "hang_after" => Self::HangAfterAccept,
            text => {
                let (code, later) = match text.strip_prefix("status:") {
                    Some(code) => (code, true),
                    None => (text, false),
                };
                let code = code.parse().map_err(|error| format!("answer {text:?}: {error}"))?;
                if later { Self::FailLater(code) } else { Self::Refuse(code) }
            }
        })
    }
}

impl From<Answer> for Value {
    fn from(answer: Answer) -> Self {
        match answer {
            Answer::Accept => Self::from("ok"),
            Answer::Refuse(code) => Self::from(code),
            Answer::FailLater(code) => Self::from(format!("status:{code}")),
            Answer::CutAfterAccept => Self::from("cut"),
            Answer::CutBeforeAccept => Self::from("cut_before"),
            Answer::Hang => Self::from("hang"),
            Answer::HangAfterAccept => Self::from("hang_after"),
        }
    }
}

/// How the 24 hours of a customer's last message are minded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Window {
    /// Free text always passes.
    Off,
    /// Free text is refused to a person whose last message the simulator saw over 24 h ago.
    Known,
    /// As `Known`, and to a person who never wrote through the simulator.
    Strict,
}

/// How a refusal that Meta decides on after the call is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// The call is accepted, a `failed` status follows: Meta's usual way.
    ByStatus,
    /// The call itself is refused.
    ByCall,
}

/// The behaviour of the simulator; each field is a key of `POST /_sim/config`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default)]
pub struct Config {
    /// All chance follows from it.
    pub seed: u64,
    /// Time from a call's arrival to its judgement and answer.
    pub latency_ms: u64,
    /// Up to so much more, at random.
    pub jitter_ms: u64,
    /// Calls refused at once, by code: `{"131056": 0.02}`.
    pub fail: BTreeMap<String, f64>,
    /// Calls accepted that a `failed` status follows, by code.
    pub fail_status: BTreeMap<String, f64>,
    /// What happens to the next calls, whoever makes them.
    pub answers: VecDeque<Answer>,
    /// What happens to the next calls to a recipient.
    pub answers_to: BTreeMap<String, VecDeque<Answer>>,
    /// Share of calls that are accepted and cut before the answer.
    pub cut_after_accept: f64,
    /// Share of calls that are cut with nothing accepted.
    pub cut_before_accept: f64,
    /// Share of calls that are never answered; nothing is accepted.
    pub hang: f64,
    /// Messages a number may send and receive in any sliding second; 0 for no limit.
    pub mps: u32,
    /// Messages a pair may borrow from its future; 0 for no pair limit.
    pub pair_burst: u32,
    /// Time that pays one message of a pair back.
    pub pair_every_ms: u64,
    /// Free text only within 24 h.
    pub window: Window,
    /// How a closed window is told.
    pub window_told: Told,
    /// From acceptance to `sent`; none for no such status.
    pub sent_ms: Option<u64>,
    /// From acceptance to `delivered`.
    pub delivered_ms: Option<u64>,
    /// From acceptance to `read`; people of the phone page read when they look.
    pub read_ms: Option<u64>,
    /// Share of webhooks that are lost and never repeated.
    pub drop: f64,
    /// Share of webhooks that are delivered twice.
    pub duplicate: f64,
    /// Share of webhooks that come late, and so out of order.
    pub shuffle: f64,
    /// How late a shuffled webhook may be.
    pub shuffle_ms: u64,
    /// At most so many entries in one delivery, when they are due together.
    pub batch: usize,
    /// First pause before a refused delivery is repeated; it doubles.
    pub retry_ms: u64,
    /// The pause never grows beyond this. Meta's reaches hours; a test wants seconds.
    pub retry_max_ms: u64,
    /// Where webhooks go for which nobody subscribed an address of their own.
    pub callback_url: Option<String>,
    /// The platform's address: with a number's hook key it makes its callback.
    pub platform: Option<String>,
    /// Signs webhooks, for numbers that were registered without a secret.
    pub app_secret: String,
    /// If set, the only token for numbers that were registered without one.
    pub token: Option<String>,
    /// Tokens that have expired: 190, subcode 463.
    pub expired_tokens: BTreeSet<String>,
    /// Numbers nobody registered exist as soon as they are named.
    pub accept_unknown: bool,
    /// Numbers of a company whose WABA is 900000000 + (`phone_number_id` − 100000000) / this.
    pub numbers_per_company: u64,
    /// A template nobody created is refused with 132001.
    pub strict_templates: bool,
    /// From a template's creation to its verdict.
    pub template_review_ms: u64,
    /// Templates whose name contains one of these are rejected.
    pub reject_templates: Vec<String>,
    /// Webhooks carry business-scoped user ids.
    pub bsuid: bool,
    /// How long a media URL lives.
    pub media_ttl_s: i64,
    /// Moves the simulator's clock.
    pub clock_offset_s: i64,
    /// Messages and requests kept for looking at; counts are kept for all.
    pub remember: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            seed: 1,
            latency_ms: 0,
            jitter_ms: 0,
            fail: BTreeMap::new(),
            fail_status: BTreeMap::new(),
            answers: VecDeque::new(),
            answers_to: BTreeMap::new(),
            cut_after_accept: 0.0,
            cut_before_accept: 0.0,
            hang: 0.0,
            mps: 80,
            pair_burst: 45,
            pair_every_ms: 6_000,
            window: Window::Known,
            window_told: Told::ByStatus,
            sent_ms: Some(150),
            delivered_ms: Some(450),
            read_ms: Some(2_500),
            drop: 0.0,
            duplicate: 0.0,
            shuffle: 0.0,
            shuffle_ms: 2_000,
            batch: 1,
            retry_ms: 500,
            retry_max_ms: 15_000,
            callback_url: None,
            platform: None,
            app_secret: "masteria-sim-app-secret".to_owned(),
            token: None,
            expired_tokens: BTreeSet::new(),
            accept_unknown: true,
            numbers_per_company: 1,
            strict_templates: false,
            template_review_ms: 1_000,
            reject_templates: vec!["rejeitar".to_owned(), "reject".to_owned()],
            bsuid: true,
            media_ttl_s: 300,
            clock_offset_s: 0,
            remember: 20_000,
        }
    }
}

impl Config {
    /// Changes the named keys and answers those that do not exist.
    pub fn merge(&mut self, patch: &Map<String, Value>) -> Result<Vec<String>, String> {
        let Ok(Value::Object(mut whole)) = serde_json::to_value(&*self) else {
            return Err("the configuration is no object".to_owned());
        };
        let mut ignored = Vec::new();
        for (key, value) in spelled_out(patch) {
            if whole.contains_key(&key) {
                whole.insert(key, value);
            } else {
                ignored.push(key);
            }
        }
        *self = serde_json::from_value(Value::Object(whole)).map_err(|error| error.to_string())?;
        Ok(ignored)
    }
}

/// Other spellings of the same wish: grouped delays, `true` for always, `_rate` behind a rate.
fn spelled_out(patch: &Map<String, Value>) -> Vec<(String, Value)> {
    let mut keys = Vec::new();
    for (key, value) in patch {
        match key.as_str() {
            "status_delays_ms" | "status_delay_ms" | "status_delays" | "delays_ms" => {
                for name in ["sent", "delivered", "read"] {
                    let delay = if value.is_object() { value.get(name) } else { Some(value) };
                    if let Some(delay) = delay {
                        keys.push((format!("{name}_ms"), delay.clone()));
                    }
                }
            }
            "cut_after_accept" | "cut_before_accept" | "hang" | "drop" | "duplicate"
            | "shuffle" => keys.push((key.clone(), rate(value))),
            "drop_rate" | "duplicate_rate" | "shuffle_rate" | "hang_rate" => {
                keys.push((key.trim_end_matches("_rate").to_owned(), rate(value)));
            }
            "sent_delay_ms" | "delivered_delay_ms" | "read_delay_ms" => {
                keys.push((key.replace("_delay", ""), value.clone()));
            }
            "script" => keys.push(("answers".to_owned(), value.clone())),
            _ => keys.push((key.clone(), value.clone())),
        }
    }
    keys
}

fn rate(value: &Value) -> Value {
    match value {
        Value::Bool(always) => Value::from(if *always { 1.0 } else { 0.0 }),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn merged(patch: &Value) -> (Config, Vec<String>) {
        let mut config = Config::default();
        let ignored = config.merge(patch.as_object().unwrap()).unwrap();
        (config, ignored)
    }

    #[test]
    fn a_patch_changes_what_it_names_and_nothing_else() {
        let (config, ignored) = merged(&json!({"latency_ms": 20, "fail": {"131056": 0.5}}));
        assert_eq!(config.latency_ms, 20);
        assert_eq!(config.fail.get("131056"), Some(&0.5));
        assert_eq!(config.mps, 80);
        assert!(ignored.is_empty());
    }

    #[test]
    fn delays_may_be_grouped_and_rates_may_be_words() {
        let (config, _) = merged(&json!({
            "status_delays_ms": {"sent": 1, "read": null},
            "drop_rate": 0.25,
            "hang": true,
        }));
        assert_eq!(
            (config.sent_ms, config.delivered_ms, config.read_ms),
            (Some(1), Some(450), None)
        );
        assert!((config.drop - 0.25).abs() < f64::EPSILON);
        assert!((config.hang - 1.0).abs() < f64::EPSILON);
    }

    #[test]
    fn unknown_keys_are_named_and_wrong_values_refused() {
        let (_, ignored) = merged(&json!({"latencyms": 1}));
        assert_eq!(ignored, ["latencyms"]);
        let patch = json!({"mps": "many"});
        assert!(Config::default().merge(patch.as_object().unwrap()).is_err());
    }

    #[test]
    fn answers_are_read_from_numbers_and_words() {
        let (config, _) = merged(&json!({"answers": [0, 131_056, "cut", "status:131026", "hang"]}));
        assert_eq!(
            Vec::from(config.answers),
            [
                Answer::Accept,
                Answer::Refuse(131_056),
                Answer::CutAfterAccept,
                Answer::FailLater(131_026),
                Answer::Hang,
            ]
        );
    }
}
