//! What an installation is told: one TOML file, and the environment over it.
//!
//! Invariants: this is the only place that reads the environment; a value that is a secret prints
//! as `[redacted]`; nothing has a default that would be unsafe on a server.

use std::{collections::BTreeMap, fmt, net::SocketAddr, path::PathBuf};

use anyhow::{Context as _, bail};
use base64::{Engine as _, engine::general_purpose::STANDARD};

/// A setting: its key in the file, its name in the environment, its default, and whether it is
/// shown.
struct Setting {
    key: &'static str,
    env: &'static str,
    default: Option<&'static str>,
    shown: Shown,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    Plain,
    /// An address: shown without the user and password in it.
    Address,
    Never,
}

const fn setting(
    key: &'static str,
    env: &'static str,
    default: Option<&'static str>,
    shown: Shown,
) -> Setting {
    Setting { key, env, default, shown }
}

const SETTINGS: &[Setting] = &[
    setting("database_url", "DATABASE_URL", None, Shown::Address),
    setting("database_direct_url", "DATABASE_DIRECT_URL", None, Shown::Address),
    setting("nats_url", "NATS_URL", None, Shown::Address),
    setting("nats_relay_url", "NATS_RELAY_URL", None, Shown::Address),
    setting("nats_prefix", "MASTERIA_NATS_PREFIX", Some(""), Shown::Plain),
    setting("http_addr", "MASTERIA_HTTP_ADDR", Some("127.0.0.1:8080"), Shown::Plain),
    setting("public_url", "MASTERIA_PUBLIC_URL", None, Shown::Plain),
    setting("trusted_proxies", "MASTERIA_TRUSTED_PROXIES", Some(""), Shown::Plain),
    setting("node_id", "MASTERIA_NODE_ID", None, Shown::Plain),
    setting("kek_file", "MASTERIA_KEK_FILE", None, Shown::Plain),
    setting("kek", "MASTERIA_KEK", None, Shown::Never),
    setting("blobs", "MASTERIA_BLOBS", Some("file:.local/blobs"), Shown::Plain),
    setting("dist", "MASTERIA_DIST", Some("frontend/dist"), Shown::Plain),
    setting("meta_graph_url", "META_GRAPH_URL", Some("https://graph.facebook.com"), Shown::Plain),
    setting("meta_file_hosts", "META_FILE_HOSTS", Some("lookaside.fbsbx.com"), Shown::Plain),
];

/// The settings of this process.
#[derive(Clone)]
pub struct Config {
    /// Where the pool connects; may be a transaction pooler.
    pub database_url: String,
    /// Where the writer and migrations connect.
    pub database_direct_url: String,
    /// Where NATS is, as a reader.
    pub nats_url: Option<String>,
    /// Where NATS is, as the relay, which alone may publish.
    pub nats_relay_url: Option<String>,
    /// In front of the streams' names, where several installations share one NATS.
    pub nats_prefix: String,
    /// The address to listen on.
    pub http_addr: SocketAddr,
    /// What browsers and providers call this installation, without a slash at the end.
    pub public_url: String,
    /// The proxies whose word on a client's address is taken, as networks.
    pub trusted_proxies: Vec<String>,
    /// This process among others.
    pub node_id: String,
    /// The ring of key-encryption keys.
    pub kek: KekSource,
    /// `file:…`, `s3://…` or `gs://…`.
    pub blobs: String,
    /// The built single-page application.
    pub dist: PathBuf,
    /// Meta's Graph API.
    pub meta_graph_url: String,
    /// The hosts that hand out Meta's files to whoever shows a token, comma-separated.
    pub meta_file_hosts: String,
    shown: BTreeMap<&'static str, String>,
}

/// Where the key-encryption keys are: the file before the environment (D28).
#[derive(Clone)]
pub enum KekSource {
    /// A file that only its owner reads.
    File(PathBuf),
    /// One key, 32 bytes.
    Key([u8; 32]),
    /// Nowhere; what needs keys refuses to start.
    None,
}

impl Config {
    /// Reads the file (`MASTERIA_CONFIG`, else `masteria.toml` where it exists) and the environment.
    ///
    /// # Errors
    /// Names the setting that is missing or cannot be read; never its value.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub fn load() -> anyhow::Result<Self> {
        let named = std::env::var("MASTERIA_CONFIG").ok();
        let file = config::File::with_name(named.as_deref().unwrap_or("masteria.toml"))
            .format(config::FileFormat::Toml)
            .required(named.is_some());
        let file = config::Config::builder()
            .add_source(file)
            .build()
            .map_err(|error| anyhow::anyhow!("the configuration file cannot be read: {error}"))?;
        Self::from_settings(|key, name| {
            std::env::var(name)
                .ok()
                .filter(|value| !value.is_empty())
                .or_else(|| file.get_string(key).ok())
        })
    }

    /// Takes each setting from `given`, by its key in the file and its name in the environment.
    ///
    /// # Errors
    /// Names the setting that is missing or cannot be read; never its value.
    pub fn from_settings(given: impl Fn(&str, &str) -> Option<String>) -> anyhow::Result<Self> {
        let mut values = BTreeMap::new();
        for setting in SETTINGS {
            if let Some(value) =
                given(setting.key, setting.env).or_else(|| setting.default.map(str::to_owned))
            {
                values.insert(setting.key, value);
            }
        }
        let shown = SETTINGS
            .iter()
            .filter_map(|setting| {
                Some((setting.key, show(setting.shown, values.get(setting.key)?)))
            })
            .collect();
        let mut take = |key: &str| values.remove(key);
        let database_url = take("database_url").context("DATABASE_URL is not set")?;
        let http_addr = take("http_addr").unwrap_or_default();
        let http_addr: SocketAddr =
            http_addr.parse().context("MASTERIA_HTTP_ADDR is not an address and a port")?;
        let public_url = take("public_url").unwrap_or_else(|| format!("http://{http_addr}"));
        let kek = match (take("kek_file"), take("kek")) {
            (Some(file), _) => KekSource::File(file.into()),
            (None, Some(text)) => KekSource::Key(key(&text)?),
            (None, None) => KekSource::None,
        };
        let proxies = take("trusted_proxies").unwrap_or_default();
        let nats_url = take("nats_url");
        Ok(Self {
            database_direct_url: take("database_direct_url")
                .unwrap_or_else(|| database_url.clone()),
            database_url,
            nats_relay_url: take("nats_relay_url").or_else(|| nats_url.clone()),
            nats_url,
            nats_prefix: take("nats_prefix").unwrap_or_default(),
            http_addr,
            public_url: public_url.trim_end_matches('/').to_owned(),
            trusted_proxies: proxies
                .split(',')
                .map(str::trim)
                .filter(|proxy| !proxy.is_empty())
                .map(str::to_owned)
                .collect(),
            node_id: take("node_id").unwrap_or_else(|| "node-1".to_owned()),
            kek,
            blobs: take("blobs").unwrap_or_default(),
            dist: take("dist").unwrap_or_default().into(),
            meta_graph_url: take("meta_graph_url")
                .unwrap_or_default()
                .trim_end_matches('/')
                .to_owned(),
            meta_file_hosts: take("meta_file_hosts").unwrap_or_default(),
            shown,
        })
    }

    /// The settings as `doctor` prints them, secrets redacted.
    #[must_use]
    pub const fn shown(&self) -> &BTreeMap<&'static str, String> {
        &self.shown
    }

    /// Whether browsers reach this installation over TLS.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.public_url.starts_with("https://")
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_map().entries(&self.shown).finish()
    }
}

fn show(shown: Shown, value: &str) -> String {
    match shown {
        Shown::Plain => value.to_owned(),
        Shown::Never => "[redacted]".to_owned(),
        Shown::Address => match (value.split_once("://"), value.rsplit_once('@')) {
            (Some((scheme, _)), Some((_, place))) => format!("{scheme}://[redacted]@{place}"),
            _ => value.to_owned(),
        },
    }
}

fn key(text: &str) -> anyhow::Result<[u8; 32]> {
    match STANDARD.decode(text.trim()).map(<[u8; 32]>::try_from) {
        Ok(Ok(key)) => Ok(key),
        _ => bail!("MASTERIA_KEK is not 32 bytes in base64"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Config, KekSource};

    fn with(pairs: &[(&str, &str)]) -> anyhow::Result<Config> {
        Config::from_settings(|_, name| {
            pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn secrets_are_never_printed() {
        let kek = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        let config = with(&[
            ("DATABASE_URL", "postgres://masteria:sesame@127.0.0.1:5432/masteria"),
            ("MASTERIA_KEK", kek),
        ])
        .unwrap();
        let printed = format!("{config:?}");
        assert!(!printed.contains("sesame") && !printed.contains(kek), "{printed}");
        assert!(printed.contains("127.0.0.1:5432/masteria"), "{printed}");
        assert!(matches!(config.kek, KekSource::Key(_)));
    }

    #[test]
    fn a_wrong_value_is_named_but_not_shown() {
        let error = with(&[("DATABASE_URL", "x"), ("MASTERIA_KEK", "sesame")]).unwrap_err();
        assert_eq!(error.to_string(), "MASTERIA_KEK is not 32 bytes in base64");
        assert_eq!(with(&[]).unwrap_err().to_string(), "DATABASE_URL is not set");
    }

    #[test]
    fn the_writer_goes_the_direct_way_where_there_is_one() {
        let config = with(&[("DATABASE_URL", "a"), ("DATABASE_DIRECT_URL", "b")]).unwrap();
        assert_eq!((config.database_url.as_str(), config.database_direct_url.as_str()), ("a", "b"));
        assert_eq!(with(&[("DATABASE_URL", "a")]).unwrap().database_direct_url, "a");
    }
}
