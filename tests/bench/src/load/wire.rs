//! A bare HTTP/1.1 connection: one request at a time, and only what a status needs.

use std::io;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    closes: bool,
}

impl Connection {
    pub(crate) async fn open(address: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(4_096), closes: false })
    }

    /// Whether another request may follow.
    pub(crate) fn is_open(&self) -> bool {
        !self.closes
    }

    /// Sends a request and reads its answer to the end.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> io::Result<u16> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let (head_ends, head) = loop {
            if let Some(at) = position(&self.buffer, b"\r\n\r\n") {
                break (at + 4, Head::read(self.buffer.get(..at).unwrap_or_default())?);
            }
            self.more().await?;
        };
        self.closes = head.closes;
        if head.is_chunked {
            while position(self.buffer.get(head_ends..).unwrap_or_default(), b"0\r\n\r\n").is_none()
            {
                self.more().await?;
            }
        } else {
            while self.buffer.len() < head_ends + head.length {
                self.more().await?;
            }
        }
        Ok(head.status)
    }

    async fn more(&mut self) -> io::Result<()> {
        if self.stream.read_buf(&mut self.buffer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(())
    }
}

#[derive(Debug, Default, PartialEq)]
struct Head {
    status: u16,
    length: usize,
    is_chunked: bool,
    closes: bool,
}

impl Head {
    fn read(bytes: &[u8]) -> io::Result<Self> {
        let text = std::str::from_utf8(bytes).map_err(io::Error::other)?;
        let status = text.split(' ').nth(1).and_then(|code| code.parse().ok());
        let status = status.ok_or(io::ErrorKind::InvalidData)?;
        let mut head = Self { status, ..Self::default() };
        for line in text.split("\r\n").skip(1) {
            let Some((name, value)) = line.split_once(':') else { continue };
            let value = value.trim();
            if name.eq_ignore_ascii_case("content-length") {
                head.length = value.parse().unwrap_or(0);
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                head.is_chunked = value.eq_ignore_ascii_case("chunked");
            } else if name.eq_ignore_ascii_case("connection") {
                head.closes = value.eq_ignore_ascii_case("close");
            }
        }
        Ok(head)
    }
}

fn position(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_tells_how_long_the_answer_is() {
        let head =
            Head::read(b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\nConnection: close").unwrap();
        assert_eq!(head, Head { status: 200, length: 12, is_chunked: false, closes: true });
        assert!(Head::read(b"nonsense").is_err());
    }
}
