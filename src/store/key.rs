//! The store's own key: 32 random bytes in a file beside the state. Digests made with it cannot be made by whoever has only
//! the state, so a password inside a request cannot be found by trying, and a record cannot be forged.

use std::fs;

use hmac::{Hmac, Mac as _};
use sha2::Sha256;

use super::{Folder, StoreError};

const LENGTH: usize = 32;

/// The key. `Debug` does not show it.
pub(super) struct Key([u8; LENGTH]);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key([redacted])")
    }
}

impl Key {
    /// The folder's key; drawn at the first use of the folder.
    pub fn of(folder: &Folder) -> Result<Self, StoreError> {
        let path = folder.path().join("key");
        if !path.exists() {
            let (a, b) = (uuid::Uuid::new_v4(), uuid::Uuid::new_v4());
            let (c, d) = (uuid::Uuid::new_v4(), uuid::Uuid::new_v4());
            // Version bits of a UUID are fixed; hashing 488 random bits leaves none of them visible.
            let random = <Sha256 as sha2::Digest>::digest([a, b, c, d].map(uuid::Uuid::into_bytes).concat());
            match folder.write_new(&path, &random) {
                Ok(()) => {}
                // Another process was faster; its key counts.
                Err(_) if path.exists() => {}
                Err(error) => return Err(error),
            }
        }
        let bytes = fs::read(&path).map_err(|error| StoreError::unusable(&path, error.to_string()))?;
        let key = bytes.try_into().map_err(|bytes: Vec<u8>| {
            StoreError::unusable(
                &path,
                format!("{} bytes where {LENGTH} are expected; the state cannot be used without its key", bytes.len()),
            )
        })?;
        Ok(Self(key))
    }

    pub fn mac(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
        // Keys of any length are legal.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else { return [0; 32] };
        for part in std::iter::once(&purpose.as_bytes()).chain(parts) {
            // With its length in front no two lists of parts look the same.
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}
