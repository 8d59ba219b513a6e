//! NATS with JetStream, on the loopback, with an account of its own.

use std::{
    fs,
    net::{Ipv4Addr, TcpStream},
    path::Path,
};

use rustix::process::Signal;

use super::{
    child::{Service, bare},
    credentials::Credentials,
};
use crate::{shell::root, tools};

/// A server and the addresses of its two users.
pub(crate) struct Nats {
    pub(crate) service: Service,
    pub(crate) url: String,
    pub(crate) relay_url: String,
}

impl Nats {
    /// Starts it with its data in `<folder>/nats`.
    pub(crate) fn start(folder: &Path, port: u16) -> anyhow::Result<Self> {
        let programs = tools::programs()?;
        fs::create_dir_all(folder)?;
        let credentials = Credentials::of(folder)?;
        let mut server = bare(&programs.nats, "TERM", &[]);
        server.arg("-c").arg(root().join("nats/server.conf"));
        server.args(["-a", "127.0.0.1", "-p", &port.to_string(), "-sd"]).arg(folder.join("nats"));
        server.env("MASTERIA_NATS_RELAY_PASSWORD", &credentials.relay);
        server.env("MASTERIA_NATS_PASSWORD", &credentials.reader);
        let mut service = Service::start("nats", server, Signal::TERM, folder)?;
        service.until(|| TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok())?;
        Ok(Self {
            service,
            url: format!("nats://masteria:{}@127.0.0.1:{port}", credentials.reader),
            relay_url: format!("nats://relay:{}@127.0.0.1:{port}", credentials.relay),
        })
    }
}
