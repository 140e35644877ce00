//! The links of the chain: what a row's hash covers, and the seals at both ends.

use std::{fmt, str::FromStr};

use rusqlite::types::ValueRef;

use crate::store::Store;

/// One row's number and hash; what the next row hangs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// Number of the row; 0: before the first.
    pub seq: i64,
    /// Its hash.
    pub hash: [u8; 32],
}

impl Link {
    /// What the first row of all hangs on.
    pub const GENESIS: Self = Self { seq: 0, hash: [0; 32] };

    /// From its columns.
    pub(super) fn new(seq: i64, hash: &[u8]) -> Option<Self> {
        Some(Self { seq, hash: hash.try_into().ok()? })
    }

    /// The hash as it is written for people and in files.
    pub fn hex(&self) -> String {
        hex(&self.hash)
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.seq, self.hex())
    }
}

/// A text that names no link.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no SEQ:HASH as `flvx-mcp audit head` prints it")]
pub struct LinkError(String);

impl FromStr for Link {
    type Err = LinkError;

    fn from_str(text: &str) -> Result<Self, LinkError> {
        let read = || {
            let (seq, hash) = text.trim().split_once(':')?;
            Self::new(seq.parse().ok().filter(|seq| *seq >= 0)?, &from_hex(hash)?)
        };
        read().ok_or_else(|| LinkError(text.to_owned()))
    }
}

/// Bytes in lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The reverse.
fn from_hex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.bytes().all(|letter| letter.is_ascii_hexdigit()) {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect()
}

/// The columns that a row's hash covers, besides its number, in this order.
pub(super) const COVERED: &str = "time_ms, trace_id, kind, principal, tool, outcome, error, targets, record";
/// How many they are.
pub(super) const COUNT: usize = 9;

/// A column as it goes into the hash: its SQLite type, then its bytes, so that a text and the same bytes as a blob differ.
pub(super) fn part(value: ValueRef<'_>) -> Vec<u8> {
    let tagged = |tag: u8, bytes: &[u8]| [&[tag], bytes].concat();
    match value {
        ValueRef::Null => vec![b'n'],
        ValueRef::Integer(number) => tagged(b'i', &number.to_be_bytes()),
        ValueRef::Real(number) => tagged(b'r', &number.to_bits().to_be_bytes()),
        ValueRef::Text(text) => tagged(b't', text),
        ValueRef::Blob(bytes) => tagged(b'b', bytes),
    }
}

impl Store {
    /// The hash of a row that follows `before`.
    pub fn audit_hash(&self, before: &[u8; 32], seq: i64, columns: &[Vec<u8>]) -> [u8; 32] {
        let seq = seq.to_be_bytes();
        let mut parts: Vec<&[u8]> = vec![before, &seq];
        parts.extend(columns.iter().map(Vec::as_slice));
        self.mac("audit row", &parts)
    }

    /// The seal of an end of the chain.
    pub(super) fn audit_seal(&self, which: &str, link: &Link, time_ms: i64) -> [u8; 32] {
        self.mac("audit end", &[which.as_bytes(), &link.seq.to_be_bytes(), &link.hash, &time_ms.to_be_bytes()])
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_link_is_read_as_it_is_written() {
        let link = Link { seq: 42, hash: [0xab; 32] };
        assert_eq!(link.to_string().parse::<Link>().unwrap(), link);
        for text in
            ["", "42", "42:ab", "-1:00", "x:00", &format!("1:{}", "g".repeat(64)), &format!("1:é{}", "0".repeat(62))]
        {
            assert!(text.parse::<Link>().is_err(), "{text}");
        }
    }
}
