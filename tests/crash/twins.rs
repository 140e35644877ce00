//! Two programs over one state: the same change asked of both at once has one effect, and one of them may die in the middle.

use std::time::Duration;

use flvx_sandbox::{Fault, FaultRule};

use crate::{
    life::{Life, call},
    proof::{check, undisturbed},
    scene::{ALL, CREATE},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_programs_that_are_asked_at_once_make_the_change_once() {
    for scene in ALL {
        let usual = undisturbed(scene).await;
        let (life, mut one) = Life::begin(scene).await;
        let mut two = life.start();
        life.ask(&mut one);
        life.ask(&mut two);
        let outcomes: Vec<String> = [&one, &two]
            .map(|program| program.message()["result"]["structuredContent"].clone())
            .iter()
            .map(|result| result["outcome"].as_str().unwrap_or_default().to_owned())
            .collect();
        // Whoever comes second waits for the first, but not for ever.
        let of = |word: &str| outcomes.iter().filter(|outcome| *outcome == word).count();
        assert_eq!((of("done"), of("replayed") + of("rejected")), (1, 1), "{}: {outcomes:?}", scene.name);
        let (_, result) = life.repeat(&mut two).await;
        check(&life, &mut two, &result, &usual, "two programs").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_other_program_tells_what_became_of_the_change_of_one_that_died() {
    let usual = undisturbed(CREATE).await;
    let (life, mut one) = Life::begin(CREATE).await;
    let mut two = life.start();
    life.sandbox.panel.fault(FaultRule::new(Fault::HoldBefore).on(CREATE.paths[0]));
    life.ask(&mut one);
    life.sandbox.panel.until_held().await;
    let running = call(&mut two, life.tool, &life.arguments);
    assert_eq!(running["error"]["kind"], "in_progress", "{running}");
    one.signal("KILL");
    one.end();
    let unknown = call(&mut two, life.tool, &life.arguments);
    assert_eq!(unknown["outcome"], "unknown", "{unknown}");
    life.sandbox.panel.release();
    crate::support::soon("the change", async {
        while life.effects() == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    let (told, result) = life.repeat(&mut two).await;
    assert_eq!(told, ["replayed"]);
    check(&life, &mut two, &result, &usual, "one died").await;
}
