//! Killed at random times, of which many lie between the points that the panel can see. More runs than usual with
//! `FLVX_CRASH_RUNS`.

use std::time::Duration;

use crate::{
    life::Life,
    proof::{check, undisturbed},
    scene::ALL,
    stages::Table,
    support::within,
};

/// Runs of all scenes together.
const RUNS: usize = 64;
/// Longest wait before the kill, microseconds.
const WITHIN: u64 = 40_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_time_a_change_has_one_effect_and_the_right_answer() {
    let runs = std::env::var("FLVX_CRASH_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(RUNS);
    for scene in ALL {
        let usual = undisturbed(scene).await;
        let mut table = Table::default();
        for run in 0..runs.div_ceil(ALL.len()) {
            let (life, mut gateway) = Life::begin(scene).await;
            let micros = uuid::Uuid::new_v4().as_u128() as u64 % WITHIN;
            life.ask(&mut gateway);
            tokio::time::sleep(Duration::from_micros(micros)).await;
            let stage = life.stage(&life.store()).await;
            gateway.signal("KILL");
            gateway.end();
            let mut gateway = life.start();
            let (told, result) = within(60, scene.name, life.repeat(&mut gateway)).await;
            check(&life, &mut gateway, &result, &usual, &format!("run {run}, after {micros} µs")).await;
            table.note(&format!("{stage} (a moment before)"), &told);
        }
        table.print(scene.name);
    }
}
