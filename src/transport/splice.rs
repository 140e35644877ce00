//! Puts large results into MCP messages as bytes.
//!
//! rmcp carries a result as a JSON tree, and building and printing that tree is most of a large call's cost. So the message
//! carries two short tokens, and when it is written out each is replaced by the bytes it stands for: one by the JSON text as a
//! string (`content`), one by the JSON itself (`structuredContent`). Tokens hold a random number of this process, so no text
//! from outside can contain one.

use std::{
    collections::HashMap,
    io,
    pin::Pin,
    sync::{
        Arc, LazyLock, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
};

use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame};
use tokio::io::AsyncWrite;

/// Random for each process; a token is `"` + marker + kind + number + `"`.
static MARKER: LazyLock<String> = LazyLock::new(|| format!("flvx-splice-{}-", uuid::Uuid::new_v4().simple()));
static NEXT: AtomicU64 = AtomicU64::new(0);
/// Results that wait to be written; more than that means that someone forgets to write them.
const MOST_PARKED: usize = 1_024;
/// Stands in for a result that is gone. Never seen unless there is a fault in this module.
const LOST: &str = r#"{"ok":false,"error":{"kind":"internal","message":"the result was lost inside the gateway"}}"#;

/// Results that wait for their message to be written.
#[derive(Debug, Clone, Default)]
pub struct Parking(Arc<Mutex<HashMap<u64, Arc<str>>>>);

/// The two tokens of one parked result.
#[derive(Debug)]
pub struct Tokens {
    /// Becomes the JSON text as a string.
    pub text: String,
    /// Becomes the JSON itself.
    pub json: String,
}

impl Parking {
    /// Parks a result.
    ///
    /// # Errors
    /// There is no room: the result comes back, to be put into the message the ordinary way.
    pub fn park(&self, json: String) -> Result<Tokens, String> {
        let mut parked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if parked.len() >= MOST_PARKED {
            return Err(json);
        }
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        parked.insert(number, json.into());
        Ok(Tokens { text: format!("{}t{number}", *MARKER), json: format!("{}j{number}", *MARKER) })
    }

    /// Whether nothing was parked.
    pub fn is_unused(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// The message with its tokens replaced; `None` when it has none.
    fn fill(&self, message: &[u8]) -> Option<Vec<u8>> {
        if self.is_unused() {
            return None;
        }
        let marker = MARKER.as_bytes();
        let mut out: Option<Vec<u8>> = None;
        let mut used = Vec::new();
        let mut rest = message;
        while let Some((before, kind, number, after)) = next_token(rest, marker) {
            let out = out.get_or_insert_with(|| Vec::with_capacity(message.len() * 2));
            out.extend_from_slice(before);
            let json = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&number).cloned();
            let json = json.as_deref().unwrap_or(LOST);
            if kind == b'j' {
                out.extend_from_slice(json.as_bytes());
            } else if serde_json::to_writer(&mut *out, json).is_err() {
                out.extend_from_slice(b"\"\"");
            }
            used.push(number);
            rest = after;
        }
        let mut out = out?;
        out.extend_from_slice(rest);
        let mut parked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for number in used {
            parked.remove(&number);
        }
        Some(out)
    }
}

/// The first token in `text`: what stands before it, its kind and number, and what follows its closing quote.
fn next_token<'a>(text: &'a [u8], marker: &[u8]) -> Option<(&'a [u8], u8, u64, &'a [u8])> {
    let mut from = 0;
    loop {
        let quote = from + memchr::memchr(b'"', text.get(from..)?)?;
        let inner = text.get(quote + 1..)?;
        if let Some([kind @ (b'j' | b't'), digits @ ..]) = inner.strip_prefix(marker) {
            let length = digits.iter().position(|byte| !byte.is_ascii_digit())?;
            let number = std::str::from_utf8(digits.get(..length)?).ok()?.parse().ok()?;
            let after = digits.get(length..)?.strip_prefix(b"\"")?;
            return Some((text.get(..quote)?, *kind, number, after));
        }
        from = quote + 1;
    }
}

/// A response body whose tokens are replaced as it passes. A message arrives in one frame: a JSON body is one, an SSE event is one.
#[derive(Debug)]
pub struct SpliceBody<B> {
    inner: B,
    parking: Parking,
}

impl<B> SpliceBody<B> {
    /// Watches a body for the tokens of one request's results.
    pub fn new(inner: B, parking: Parking) -> Self {
        Self { inner, parking }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for SpliceBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(cx));
        Poll::Ready(frame.map(|frame| {
            frame.map(|frame| match frame.into_data() {
                Ok(data) => Frame::data(self.parking.fill(&data).map_or(data, Bytes::from)),
                Err(frame) => frame,
            })
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }
    // No size hint: the inner body's speaks of the tokens.
}

/// A writer of lines whose tokens are replaced. A line is held until it is whole.
#[derive(Debug)]
pub struct SpliceWriter<W> {
    inner: W,
    parking: Parking,
    line: Vec<u8>,
    ready: BytesMut,
}

impl<W> SpliceWriter<W> {
    /// Watches a writer for the tokens of any call.
    pub fn new(inner: W, parking: Parking) -> Self {
        Self { inner, parking, line: Vec::new(), ready: BytesMut::new() }
    }
}

impl<W: AsyncWrite + Unpin> SpliceWriter<W> {
    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.ready.is_empty() {
            let written = ready!(Pin::new(&mut self.inner).poll_write(cx, &self.ready))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            let _ = self.ready.split_to(written);
        }
        Poll::Ready(Ok(()))
    }
}

impl<W: AsyncWrite + Unpin> AsyncWrite for SpliceWriter<W> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        // Take nothing while earlier lines wait, so that memory stays bounded by one message.
        ready!(self.poll_drain(cx))?;
        self.line.extend_from_slice(bytes);
        if let Some(end) = memchr::memrchr(b'\n', &self.line) {
            let rest = self.line.split_off(end + 1);
            let whole = std::mem::replace(&mut self.line, rest);
            let filled = self.parking.fill(&whole).unwrap_or(whole);
            self.ready.extend_from_slice(&filled);
            // Written as far as the pipe takes it; the rest goes with the next write or flush.
            if let Poll::Ready(Err(error)) = self.poll_drain(cx) {
                return Poll::Ready(Err(error));
            }
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_drain(cx))?;
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_drain(cx))?;
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use tokio::io::AsyncWriteExt as _;

    use super::*;

    #[test]
    fn both_tokens_become_the_result_and_free_their_place() {
        let parking = Parking::default();
        let tokens = parking.park(r#"{"a":"x\"y"}"#.to_owned()).unwrap();
        let message =
            format!(r#"{{"content":[{{"text":"{}"}}],"structuredContent":"{}","id":"q"}}"#, tokens.text, tokens.json);
        let filled = parking.fill(message.as_bytes()).unwrap();
        assert_eq!(
            String::from_utf8(filled).unwrap(),
            r#"{"content":[{"text":"{\"a\":\"x\\\"y\"}"}],"structuredContent":{"a":"x\"y"},"id":"q"}"#
        );
        assert!(parking.is_unused());
    }

    #[test]
    fn a_message_without_tokens_is_left_alone() {
        let parking = Parking::default();
        parking.park("{}".to_owned()).unwrap();
        assert!(parking.fill(br#"{"jsonrpc":"2.0","result":{"tools":["flvx-splice-"]}}"#).is_none());
    }

    #[test]
    fn a_full_parking_says_so() {
        let parking = Parking::default();
        for _ in 0..MOST_PARKED {
            parking.park(String::new()).unwrap();
        }
        assert_eq!(parking.park("{}".to_owned()).unwrap_err(), "{}");
    }

    #[tokio::test]
    async fn lines_are_filled_even_when_they_arrive_in_pieces() {
        let parking = Parking::default();
        let tokens = parking.park("[1,2]".to_owned()).unwrap();
        let (far, near) = tokio::io::duplex(8);
        let reader = tokio::spawn(async move {
            let mut text = String::new();
            tokio::io::AsyncReadExt::read_to_string(&mut tokio::io::BufReader::new(far), &mut text).await.unwrap();
            text
        });
        let mut writer = SpliceWriter::new(near, parking);
        let line = format!("{{\"r\":\"{}\"}}\nplain\n", tokens.json);
        for piece in line.as_bytes().chunks(5) {
            writer.write_all(piece).await.unwrap();
        }
        writer.shutdown().await.unwrap();
        drop(writer);
        assert_eq!(reader.await.unwrap(), "{\"r\":[1,2]}\nplain\n");
    }
}
