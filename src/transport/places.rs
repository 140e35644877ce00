//! Places for calls that run over HTTP: so many for all, and of those so many for one principal, so that one who floods the
//! gateway, or never reads an answer, shuts out nobody else.

use std::{
    collections::HashMap,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use axum::body::Body;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio_util::task::{TaskTracker, task_tracker::TaskTrackerToken};

/// The places of one server. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct Places {
    /// One token a place that is taken; a stop waits for them.
    all: TaskTracker,
    /// How many each principal has.
    of: Arc<Mutex<HashMap<String, usize>>>,
}

/// Why there is no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Full {
    /// The principal has all that are for one.
    Principal,
    /// All are taken.
    Server,
}

impl Places {
    /// Takes a place for a principal.
    ///
    /// # Errors
    /// There is none.
    pub fn take(&self, principal: &str, most: usize, most_of_one: usize) -> Result<Arc<Place>, Full> {
        let mut of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = of.get(principal).copied().unwrap_or(0);
        if taken >= most_of_one {
            return Err(Full::Principal);
        }
        if self.all.len() >= most {
            return Err(Full::Server);
        }
        of.insert(principal.to_owned(), taken + 1);
        Ok(Arc::new(Place { principal: principal.to_owned(), of: Arc::clone(&self.of), _token: self.all.token() }))
    }

    /// Waits until all places are free. None is to be taken any more.
    pub async fn all_free(&self) {
        self.all.close();
        self.all.wait().await;
    }
}

/// A place, until the last who holds it drops it: the answer that is being sent, and the handler, which sees it in the
/// request's extensions and may run on after a client that hung up.
#[derive(Debug)]
pub(super) struct Place {
    principal: String,
    of: Arc<Mutex<HashMap<String, usize>>>,
    _token: TaskTrackerToken,
}

impl Place {
    /// Holds the place until this body has been sent.
    pub fn until_sent(place: Arc<Self>, body: Body) -> Body {
        Body::new(HeldBody { inner: body, _place: place })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(taken) = of.get_mut(&self.principal) {
            *taken = taken.saturating_sub(1);
            if *taken == 0 {
                of.remove(&self.principal);
            }
        }
    }
}

/// A body that holds a place until it has been sent.
#[derive(Debug)]
struct HeldBody {
    inner: Body,
    _place: Arc<Place>,
}

impl http_body::Body for HeldBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.inner).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        http_body::Body::size_hint(&self.inner)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::time::Duration;

    use super::*;

    #[test]
    fn one_principal_leaves_places_to_the_others_and_places_come_back() {
        let places = Places::default();
        let first = places.take("bot", 3, 2).unwrap();
        let _second = places.take("bot", 3, 2).unwrap();
        assert_eq!(places.take("bot", 3, 2).unwrap_err(), Full::Principal);
        let _third = places.take("ops", 3, 2).unwrap();
        assert_eq!(places.take("ops", 3, 2).unwrap_err(), Full::Server);
        drop(first);
        assert!(places.take("bot", 3, 2).is_ok());
    }

    #[tokio::test]
    async fn a_stop_waits_for_the_body_that_holds_the_last_place() {
        let places = Places::default();
        let body = Place::until_sent(places.take("bot", 3, 2).unwrap(), Body::from("answer"));
        let waiting = places.all_free();
        tokio::pin!(waiting);
        assert!(tokio::time::timeout(Duration::from_millis(20), waiting.as_mut()).await.is_err());
        drop(body);
        waiting.await;
        assert!(places.of.lock().unwrap().is_empty());
    }
}
