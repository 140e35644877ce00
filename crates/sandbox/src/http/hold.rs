//! Requests that are held until somebody lets them go: a test can stop the panel at a known point, before or after its work,
//! look at everything around it, and go on. A held request is worked on to its end even when its client has gone, as the
//! panel does.

use tokio::sync::watch;

/// Where held requests wait.
#[derive(Debug)]
pub(crate) struct Hall(watch::Sender<Waiting>);

/// Who waits. A new round lets all go that waited in the old one.
#[derive(Debug, Default)]
struct Waiting {
    round: u64,
    lost: bool,
    paths: Vec<String>,
}

impl Default for Hall {
    fn default() -> Self {
        Self(watch::Sender::new(Waiting::default()))
    }
}

impl Hall {
    /// Waits to be let go. `false`: the request is lost instead.
    pub(crate) async fn wait(&self, path: &str) -> bool {
        let mut waiting = self.0.subscribe();
        let mut mine = 0;
        self.0.send_modify(|waiting| {
            mine = waiting.round;
            waiting.paths.push(path.to_owned());
        });
        // The sender lives as long as this.
        waiting.wait_for(|waiting| waiting.round > mine).await.is_ok_and(|waiting| !waiting.lost)
    }

    /// Lets all go that wait now: on, or into nothing.
    pub(crate) fn release(&self, lost: bool) {
        self.0.send_modify(|waiting| *waiting = Waiting { round: waiting.round + 1, lost, paths: Vec::new() });
    }

    /// The paths of those that wait.
    pub(crate) fn held(&self) -> Vec<String> {
        self.0.borrow().paths.clone()
    }

    /// Waits until some wait, and gives their paths.
    pub(crate) async fn until_held(&self) -> Vec<String> {
        let mut waiting = self.0.subscribe();
        waiting.wait_for(|waiting| !waiting.paths.is_empty()).await.map_or_else(|_| Vec::new(), |now| now.paths.clone())
    }
}
