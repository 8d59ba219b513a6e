//! The business side: WABAs with their subscriptions, and the numbers in them.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::config::Config;

/// Where a WABA's (or a number's) webhooks go.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub struct Callback {
    /// The address.
    pub url: String,
    /// What the address must know at the handshake.
    pub verify_token: String,
}

/// A WhatsApp Business Account.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Waba {
    pub(crate) id: String,
    pub(crate) name: String,
    /// The business that owns it.
    pub(crate) business: Option<String>,
    pub(crate) tokens: BTreeSet<String>,
    pub(crate) app_secret: Option<String>,
    pub(crate) app_id: String,
    /// Whether an app is subscribed at all.
    pub(crate) subscribed: bool,
    pub(crate) callback: Option<Callback>,
    pub(crate) pin_attempts: u32,
}

/// A business number.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Number {
    pub(crate) id: String,
    pub(crate) waba: String,
    pub(crate) display: String,
    pub(crate) name: String,
    pub(crate) callback: Option<Callback>,
    pub(crate) registered: bool,
    pub(crate) verified: bool,
    pub(crate) pin: Option<String>,
    pub(crate) code: Option<String>,
    pub(crate) quality: String,
    pub(crate) tier: String,
    pub(crate) throughput: String,
    /// This number's own limit, else the configuration's.
    pub(crate) mps: Option<u32>,
    pub(crate) blocked: BTreeSet<String>,
    pub(crate) profile: BTreeMap<String, Value>,
}

/// The messages of the last second.
#[derive(Debug, Clone, Default)]
pub(crate) struct Traffic {
    times_us: VecDeque<u64>,
    pub(crate) peak: usize,
    pub(crate) refused: u64,
}

impl Traffic {
    /// Counts a message, unless it were one too many in the sliding second. 0 is no limit.
    pub(crate) fn admit(&mut self, now_us: u64, limit: u32) -> bool {
        let since = now_us.saturating_sub(1_000_000);
        while self.times_us.front().is_some_and(|time| *time <= since) && now_us > 1_000_000 {
            self.times_us.pop_front();
        }
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        if limit > 0 && self.times_us.len() >= limit {
            self.refused += 1;
            return false;
        }
        self.times_us.push_back(now_us);
        self.peak = self.peak.max(self.times_us.len());
        true
    }
}

impl Default for Number {
    fn default() -> Self {
        Self {
            id: String::new(),
            waba: String::new(),
            display: String::new(),
            name: "Empresa de demonstração".to_owned(),
            callback: None,
            registered: true,
            verified: true,
            pin: None,
            code: None,
            quality: "GREEN".to_owned(),
            tier: "TIER_2K".to_owned(),
            throughput: "STANDARD".to_owned(),
            mps: None,
            blocked: BTreeSet::new(),
            profile: BTreeMap::new(),
        }
    }
}

/// A number to register: what `POST /_sim/numbers` takes for each.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct NumberSpec {
    /// The id in the paths of the API.
    pub phone_number_id: String,
    /// The account it belongs to; by default 900000000 + n as for seeded companies.
    pub waba_id: Option<String>,
    /// The business that owns the account; by default one of its own.
    pub business_id: Option<String>,
    /// As people see it.
    #[serde(alias = "display_number", alias = "phone", alias = "phone_number", alias = "number")]
    pub display_phone_number: Option<String>,
    /// As people see it.
    #[serde(alias = "name", alias = "display_name")]
    pub verified_name: Option<String>,
    /// A token that may use it.
    #[serde(alias = "token")]
    pub access_token: Option<String>,
    /// Signs its webhooks.
    #[serde(alias = "secret")]
    pub app_secret: Option<String>,
    /// Where its webhooks go, without a handshake.
    #[serde(alias = "webhook_url", alias = "url")]
    pub callback_url: Option<String>,
    /// Makes the callback together with the platform's address.
    pub hook_key: Option<String>,
    /// For the handshake, should anyone ask for one.
    pub verify_token: Option<String>,
    /// Messages a second, if not the configuration's.
    pub mps: Option<u32>,
}

/// All accounts and numbers.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Numbers {
    pub(crate) wabas: BTreeMap<String, Waba>,
    pub(crate) by_id: BTreeMap<String, Number>,
    /// The messages of each number's last second.
    #[serde(skip)]
    pub(crate) traffic: HashMap<String, Traffic>,
}

impl Numbers {
    /// Adds or changes a number.
    pub(crate) fn register(&mut self, spec: NumberSpec, config: &Config) {
        let id = spec.phone_number_id;
        let known = self.by_id.get(&id).map(|number| number.waba.clone());
        let waba_id =
            spec.waba_id.or(known).unwrap_or_else(|| waba_of(&id, config.numbers_per_company));
        let callback = spec.callback_url.or_else(|| {
            let platform = config.platform.as_deref()?.trim_end_matches('/');
            Some(format!("{platform}/hooks/meta/{}", spec.hook_key?))
        });
        let waba = self.waba(&waba_id);
        waba.tokens.extend(spec.access_token);
        if spec.business_id.is_some() {
            waba.business = spec.business_id;
        }
        if spec.app_secret.is_some() {
            waba.app_secret = spec.app_secret;
        }
        if let Some(url) = callback {
            waba.subscribed = true;
            let verify_token = spec.verify_token.unwrap_or_default();
            waba.callback = Some(Callback { url, verify_token });
        }
        let number = self.by_id.entry(id.clone()).or_insert_with(|| unregistered(&id));
        number.waba = waba_id;
        if let Some(display) = spec.display_phone_number {
            number.display = crate::world::people::digits(&display);
        }
        if let Some(name) = spec.verified_name {
            number.name = name;
        }
        number.mps = spec.mps.or(number.mps);
    }

    /// An account, made on the way if nobody named it before.
    pub(crate) fn waba(&mut self, id: &str) -> &mut Waba {
        self.wabas.entry(id.to_owned()).or_insert_with(|| Waba {
            id: id.to_owned(),
            name: format!("WABA {id}"),
            app_id: "1000000000000001".to_owned(),
            ..Waba::default()
        })
    }

    /// A number, made on the way if the configuration allows it.
    pub(crate) fn number(&mut self, id: &str, config: &Config) -> Option<&mut Number> {
        if !self.by_id.contains_key(id) {
            let looks_like_one = id.len() >= 5 && id.len() <= 20 && id.bytes().all(is_digit);
            if !config.accept_unknown || !looks_like_one || self.wabas.contains_key(id) {
                return None;
            }
            self.register(
                NumberSpec { phone_number_id: id.to_owned(), ..NumberSpec::default() },
                config,
            );
        }
        self.by_id.get_mut(id)
    }

    /// Where a webhook goes and what signs it; none if nobody subscribed.
    pub(crate) fn route(
        &self,
        waba: &str,
        number: Option<&str>,
        config: &Config,
    ) -> Option<(String, String)> {
        let account = self.wabas.get(waba);
        let secret = account
            .and_then(|account| account.app_secret.clone())
            .unwrap_or_else(|| config.app_secret.clone());
        let own = number
            .and_then(|id| self.by_id.get(id))
            .and_then(|number| number.callback.as_ref())
            .map(|callback| callback.url.clone());
        let shared = account
            .filter(|account| account.subscribed)
            .and_then(|account| account.callback.as_ref())
            .map(|callback| callback.url.clone());
        let url = own.or(shared).or_else(|| config.callback_url.clone())?;
        Some((url, secret))
    }

    /// Counts a message of a number, unless it were one too many in the sliding second.
    pub(crate) fn admit(&mut self, number: &str, now_us: u64, limit: u32) -> bool {
        if !self.traffic.contains_key(number) {
            self.traffic.insert(number.to_owned(), Traffic::default());
        }
        self.traffic.get_mut(number).is_none_or(|traffic| traffic.admit(now_us, limit))
    }

    /// Finds a number by its id or by how people see it.
    pub(crate) fn find(&self, name: &str) -> Option<&Number> {
        self.by_id.get(name).or_else(|| {
            let digits = crate::world::people::digits(name);
            self.by_id.values().find(|number| !digits.is_empty() && number.display == digits)
        })
    }
}

fn is_digit(byte: u8) -> bool {
    byte.is_ascii_digit()
}

fn unregistered(id: &str) -> Number {
    let n = id.parse::<u64>().unwrap_or(0).checked_rem(10_000_000).unwrap_or(0);
    Number { id: id.to_owned(), display: format!("55113{n:07}"), ..Number::default() }
}

/// The account of a seeded company's number.
fn waba_of(id: &str, per_company: u64) -> String {
    let n = id.parse::<u64>().unwrap_or(0).saturating_sub(100_000_000);
    let company = n.checked_div(per_company.max(1)).unwrap_or(0);
    (900_000_000 + company).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sliding_second_takes_no_more_than_the_limit() {
        let mut traffic = Traffic::default();
        let at = |ms: u64| 5_000_000 + ms * 1_000;
        assert!((0..10).all(|n| traffic.admit(at(n * 50), 10)));
        assert!(!traffic.admit(at(999), 10));
        assert!(traffic.admit(at(1_000), 10), "the first is a second old");
        assert!(!traffic.admit(at(1_001), 10));
        assert_eq!((traffic.peak, traffic.refused), (10, 2));
    }

    #[test]
    fn a_seeded_number_finds_its_company() {
        let config = Config { numbers_per_company: 2, ..Config::default() };
        let mut numbers = Numbers::default();
        let waba = numbers.number("100000005", &config).unwrap().waba.clone();
        assert_eq!(waba, "900000002");
    }

    #[test]
    fn nobody_subscribed_means_no_route() {
        let mut numbers = Numbers::default();
        let config = Config::default();
        numbers.number("100000000", &config).unwrap();
        assert_eq!(numbers.route("900000000", Some("100000000"), &config), None);
        let waba = numbers.waba("900000000");
        waba.subscribed = true;
        waba.callback = Some(Callback { url: "http://x/h".into(), verify_token: "t".into() });
        let (url, secret) = numbers.route("900000000", Some("100000000"), &config).unwrap();
        assert_eq!((url.as_str(), secret), ("http://x/h", config.app_secret));
    }
}
