//! Killed at every point: the panel stops before and after the work of each request, so a change has as many points as it has
//! requests, twice; at each a fresh world is broken off. Where the panel holds the change itself it then does it, loses it, or
//! does it only after somebody has asked again.

use std::{collections::BTreeMap, time::Duration};

use flvx_mcp::store::Stage;

use crate::{
    life::{Life, call},
    proof::{Undisturbed, check, undisturbed},
    scene::{self, Scene},
    support::within,
};

/// What becomes of the request that the panel holds.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fate {
    Done,
    Lost,
    Late,
}

/// Runs and outcomes by stage.
#[derive(Default)]
pub struct Table(BTreeMap<(String, String), u32>);

impl Table {
    pub fn note(&mut self, stage: &str, told: &[String]) {
        *self.0.entry((stage.to_owned(), told.join(" -> "))).or_default() += 1;
    }

    pub fn print(&self, scene: &str) {
        let runs: u32 = self.0.values().sum();
        let mut text = format!("{scene}: {runs} times killed with SIGKILL, at most one effect each time\n");
        for ((stage, told), runs) in &self.0 {
            text += &format!("  {runs:>4}  {stage:<46} {told}\n");
        }
        print!("{text}");
    }
}

/// Breaks the change off at its point number `number`. `false`: it has no such point.
async fn broken_off(scene: Scene, number: usize, fate: Fate, usual: &Undisturbed, table: &mut Table) -> bool {
    let (life, mut gateway) = Life::begin(scene).await;
    let panel = &life.sandbox.panel;
    let store = life.store();
    life.hold();
    life.ask(&mut gateway);
    let mut passed = 0;
    let stage = loop {
        tokio::select! {
            _ = panel.until_held() => {}
            () = settled(&life, &store) => return false,
        }
        if passed == number {
            break life.stage(&store).await;
        }
        passed += 1;
        panel.release();
    };
    let is_change = stage.starts_with('3') || stage.starts_with('4');
    if fate != Fate::Done && !is_change {
        return true;
    }
    drop(store);
    gateway.signal("KILL");
    assert_eq!(gateway.end().0, None, "it was killed");
    panel.no_more_faults();
    match fate {
        Fate::Done => {
            panel.release();
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        Fate::Lost => panel.lose(),
        Fate::Late => {}
    }
    let mut gateway = life.start();
    let place = format!("point {number} ({stage}, {fate:?})");
    if fate == Fate::Late && stage.starts_with('3') {
        let first = call(&mut gateway, life.tool, &life.arguments);
        assert_eq!((&first["ok"], &first["outcome"]), (&false.into(), &"unknown".into()), "{place}: {first}");
        panel.release();
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    panel.release();
    let (told, result) = life.repeat(&mut gateway).await;
    check(&life, &mut gateway, &result, usual, &place).await;
    let fate = if is_change { format!(" ({})", format!("{fate:?}").to_lowercase()) } else { String::new() };
    table.note(&format!("{stage}{fate}"), &told);
    true
}

async fn settled(life: &Life, store: &flvx_mcp::store::Store) {
    while life.row(store).await.is_none_or(|row| row.stage != Stage::Settled) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Broken off after everything is on disk, before the client has read a byte.
async fn not_read(scene: Scene, usual: &Undisturbed, table: &mut Table) {
    let (life, mut gateway) = Life::begin(scene).await;
    life.ask(&mut gateway);
    settled(&life, &life.store()).await;
    gateway.signal("KILL");
    gateway.end();
    let mut gateway = life.start();
    let (told, result) = life.repeat(&mut gateway).await;
    check(&life, &mut gateway, &result, usual, "settled").await;
    assert_eq!(told, ["replayed"], "{}", scene.name);
    table.note("6 settled, not read", &told);
}

/// Broken off before the program has looked at the call.
async fn not_begun(scene: Scene, usual: &Undisturbed, table: &mut Table) {
    let (life, mut gateway) = Life::begin(scene).await;
    life.ask(&mut gateway);
    gateway.signal("KILL");
    gateway.end();
    let mut gateway = life.start();
    let (told, result) = life.repeat(&mut gateway).await;
    check(&life, &mut gateway, &result, usual, "at once").await;
    table.note("0 at once", &told);
}

async fn every_point(scene: Scene) {
    let usual = undisturbed(scene).await;
    let mut table = Table::default();
    not_begun(scene, &usual, &mut table).await;
    for fate in [Fate::Done, Fate::Lost, Fate::Late] {
        let mut number = 0;
        let what = format!("{} {fate:?}", scene.name);
        while within(60, &what, broken_off(scene, number, fate, &usual, &mut table)).await {
            number += 1;
        }
    }
    not_read(scene, &usual, &mut table).await;
    table.print(scene.name);
}

macro_rules! every_point_of {
    ($($name:ident: $scene:ident),* $(,)?) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            every_point(scene::$scene).await;
        })*
    };
}

every_point_of! {
    a_create_is_made_once: CREATE,
    an_update_that_is_filled_in_is_made_once: UPDATE,
    a_confirmed_delete_is_made_once: DELETE,
    a_batch_is_made_once: BATCH,
    what_reading_cannot_prove_is_never_sent_again: RESET,
    an_approved_import_is_made_once: IMPORT,
    an_undo_is_made_once: UNDO,
    an_undo_of_several_calls_is_carried_on: UNDO_DELETE,
}
