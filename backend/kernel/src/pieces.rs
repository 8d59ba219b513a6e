//! Bytes that are too many to be sealed at once: files, sealed piece by piece under a key of their own
//! while they stream through (D32).
//!
//! The form: pieces of 64 KiB, each AES-256-GCM with its tag behind it. The nonce is the piece's number
//! and whether it is the last, so that pieces that were swapped, dropped or cut off at the end do not
//! open. A key seals one file only, so no nonce is used twice.

use std::fmt;

use aes_gcm::{
    Aes256Gcm, Key,
    aead::{Aead as _, KeyInit as _, Nonce},
};
use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD as BASE64};
use bytes::Bytes;
use futures::{Stream, StreamExt as _, stream};
use zeroize::Zeroizing;

use crate::{
    error::{Error, Result},
    seal::new_key,
};

/// How much of a file is in a piece.
const PIECE: usize = 64 << 10;
/// What sealing adds to a piece.
const TAG: usize = 16;

/// The key of one file. It is kept sealed, beside the file's name, and goes with the person's keys.
#[derive(Clone, PartialEq, Eq)]
pub struct FileKey(Zeroizing<[u8; 32]>);

impl fmt::Debug for FileKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("FileKey")
    }
}

impl FileKey {
    /// A fresh one.
    ///
    /// # Errors
    /// If the system has no randomness.
    pub fn fresh() -> Result<Self> {
        Ok(Self(Zeroizing::new(new_key().ok_or(Error::Seal)?)))
    }

    /// As it is put into a sealed value.
    #[must_use]
    pub fn to_text(&self) -> String {
        BASE64.encode(self.0.as_slice())
    }

    /// As it comes out of one.
    ///
    /// # Errors
    /// If it is none.
    pub fn from_text(text: &str) -> Result<Self> {
        let bytes = Zeroizing::new(BASE64.decode(text).map_err(|_not_base64| Error::Seal)?);
        let key: [u8; 32] = bytes.as_slice().try_into().map_err(|_wrong_length| Error::Seal)?;
        Ok(Self(Zeroizing::new(key)))
    }
}

/// Seals content on its way; `broken` is the failure when that cannot be done.
pub fn sealed<S, E>(
    content: S,
    key: &FileKey,
    broken: fn() -> E,
) -> impl Stream<Item = Out<E>> + use<S, E>
where
    S: Stream<Item = Out<E>> + Send + Unpin,
{
    through(content, Pieces::new(key, Way::In), broken)
}

/// Opens content on its way. What is not as it was sealed, or not whole, ends in `broken`.
pub fn opened<S, E>(
    content: S,
    key: &FileKey,
    broken: fn() -> E,
) -> impl Stream<Item = Out<E>> + use<S, E>
where
    S: Stream<Item = Out<E>> + Send + Unpin,
{
    through(content, Pieces::new(key, Way::Out), broken)
}

type Out<E> = std::result::Result<Bytes, E>;

fn through<S, E>(content: S, pieces: Pieces, broken: fn() -> E) -> impl Stream<Item = Out<E>>
where
    S: Stream<Item = Out<E>> + Send + Unpin,
{
    stream::unfold(Some((content, pieces)), move |state| async move {
        let (mut content, mut pieces) = state?;
        loop {
            let done = match content.next().await {
                Some(Ok(bytes)) => match pieces.push(&bytes) {
                    Some(done) if done.is_empty() => continue,
                    done => done,
                },
                Some(Err(error)) => return Some((Err(error), None)),
                None => return Some((pieces.end().map(Bytes::from).ok_or_else(broken), None)),
            };
            return Some(match done {
                Some(done) => (Ok(Bytes::from(done)), Some((content, pieces))),
                None => (Err(broken()), None),
            });
        }
    })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    In,
    Out,
}

struct Pieces {
    cipher: Aes256Gcm,
    way: Way,
    number: u64,
    rest: Vec<u8>,
}

impl Pieces {
    fn new(key: &FileKey, way: Way) -> Self {
        let cipher = Aes256Gcm::new(&Key::<Aes256Gcm>::from(*key.0));
        Self { cipher, way, number: 0, rest: Vec::new() }
    }

    const fn size(&self) -> usize {
        match self.way {
            Way::In => PIECE,
            Way::Out => PIECE + TAG,
        }
    }

    /// Takes what came and gives the pieces that are whole. One is always kept back: it may be the last.
    fn push(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        self.rest.extend_from_slice(bytes);
        let mut done = Vec::new();
        let mut from = 0;
        while self.rest.len() - from > self.size() {
            let until = from + self.size();
            let piece = self.turn(self.rest.get(from..until)?, false)?;
            done.extend_from_slice(&piece);
            self.number += 1;
            from = until;
        }
        self.rest.drain(..from);
        Some(done)
    }

    fn end(self) -> Option<Vec<u8>> {
        self.turn(&self.rest, true)
    }

    fn turn(&self, piece: &[u8], is_last: bool) -> Option<Vec<u8>> {
        let mut nonce = [0; 12];
        let number = self.number.to_be_bytes();
        for (byte, value) in nonce.iter_mut().skip(3).zip(number) {
            *byte = value;
        }
        if let Some(byte) = nonce.last_mut() {
            *byte = u8::from(is_last);
        }
        let nonce = Nonce::<Aes256Gcm>::from(nonce);
        match self.way {
            Way::In => self.cipher.encrypt(&nonce, piece).ok(),
            Way::Out => self.cipher.decrypt(&nonce, piece).ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use futures::{StreamExt as _, TryStreamExt as _, stream};

    use super::{FileKey, PIECE, TAG, opened, sealed};

    fn content(bytes: &[u8], by: usize) -> stream::BoxStream<'static, Result<Bytes, ()>> {
        let parts: Vec<_> = bytes.chunks(by).map(|part| Ok(Bytes::copy_from_slice(part))).collect();
        stream::iter(parts).boxed()
    }

    async fn seal(bytes: &[u8], key: &FileKey) -> Vec<u8> {
        let parts: Vec<Bytes> =
            sealed(content(bytes, 1_000), key, || ()).try_collect().await.unwrap();
        parts.concat()
    }

    async fn open(bytes: &[u8], key: &FileKey) -> Result<Vec<u8>, ()> {
        let parts: Vec<Bytes> = opened(content(bytes, 777), key, || ()).try_collect().await?;
        Ok(parts.concat())
    }

    #[tokio::test]
    async fn d32_a_file_of_any_size_comes_back_and_only_with_its_key() {
        let key = FileKey::fresh().unwrap();
        let same = FileKey::from_text(&key.to_text()).unwrap();
        for size in [1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE, 3 * PIECE + 5] {
            let plain: Vec<u8> = (0..=250).cycle().take(size).collect();
            let closed = seal(&plain, &key).await;
            assert_eq!(closed.len(), size + size.div_ceil(PIECE) * TAG);
            assert!(closed.windows(16).all(|window| plain.get(..16) != Some(window)));
            assert_eq!(open(&closed, &same).await, Ok(plain));
            assert!(open(&closed, &FileKey::fresh().unwrap()).await.is_err());
        }
    }

    #[tokio::test]
    async fn d32_what_was_cut_swapped_or_changed_does_not_open() {
        let key = FileKey::fresh().unwrap();
        let plain = vec![7; 3 * PIECE];
        let closed = seal(&plain, &key).await;
        let piece = PIECE + TAG;
        assert!(open(&closed[..2 * piece], &key).await.is_err(), "cut behind a piece");
        assert!(open(&closed[..closed.len() - 1], &key).await.is_err(), "cut inside a piece");
        let swapped = [&closed[piece..2 * piece], &closed[..piece], &closed[2 * piece..]].concat();
        assert!(open(&swapped, &key).await.is_err(), "swapped");
        let mut changed = closed.clone();
        changed[5] ^= 1;
        assert!(open(&changed, &key).await.is_err(), "changed");
        assert!(open(&[closed.clone(), closed].concat(), &key).await.is_err(), "doubled");
    }
}
