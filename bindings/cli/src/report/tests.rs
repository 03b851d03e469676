//! The page as a whole, made from a synthetic comparison.

use super::*;
use crate::compare::{Better, Measure, Over, Row, Stat};
use crate::numbers::Format;

const NAMES: [&str; 6] =
    ["recommended", "kube-default", "least-allocated", "load-aware", "target-load-packing", "dynamic"];
const KEYS: [&str; 4] = ["hot_node_minutes", "overload_core_minutes", "saturated_node_minutes", "unplaced"];
const DAY_SAMPLES: usize = 288;

/// A repeatable jitter in 0..1.
fn jitter(a: usize, b: usize) -> f64 {
    let mixed = (a as u64 * 0x9e37_79b9 + b as u64 * 0x85eb_ca6b).wrapping_mul(0xc2b2_ae3d_27d4_eb4f);
    (mixed >> 40) as f64 / f64::from(1 << 24)
}

fn course(place: usize, nodes: usize) -> Course {
    let spread = [0.05, 0.22, 0.2, 0.12, 0.1, 0.16][place % 6];
    let samples = 2 * DAY_SAMPLES;
    let wave = |t: usize| 0.42 + 0.12 * (t as f64 / DAY_SAMPLES as f64 * std::f64::consts::TAU).sin();
    let offset =
        |node: usize, t: usize| (jitter(node, t / 24 + place) - 0.5) * 2.0 * spread + (jitter(node, t) - 0.5) * 0.06;
    let share = |node: usize, t: usize| (wave(t) + offset(node, t)).max(0.0);
    let nodes: Vec<(String, Vec<f32>)> =
        (0..nodes).map(|n| (format!("node-{n:03}"), (0..samples).map(|t| share(n, t) as f32).collect())).collect();
    Course {
        profile: NAMES[place % 6].to_owned(),
        step_min: 5.0,
        utilisation: (0..samples).map(wave).collect(),
        node_step_min: 5.0,
        pending: (0..samples).map(|t| (jitter(t, place) * 4.0 - 3.0).max(0.0).ceil()).collect(),
        nodes,
        ..Course::default()
    }
}

fn comparison(names: &[&str]) -> Comparison {
    let measures = [
        ("hot_node_minutes", "Hot-node minutes", "minutes that nodes spent above the water level", Better::Less),
        ("overload_core_minutes", "Overload core-minutes", "cpu demand above the water level", Better::Less),
        (
            "saturated_node_minutes",
            "Saturated minutes",
            "minutes that nodes were asked for more than they have",
            Better::Less,
        ),
        ("unplaced", "Unplaced pods", "pods that never found a node", Better::Less),
    ];
    let measure =
        |(key, title, meaning, better)| Measure { key, title, meaning, better, format: Format::Count, over: Over::Sum };
    let hot = [1_563.0, 5_730.0, 5_840.0, 2_391.0, 2_757.0, 9_982.0];
    let row = |(place, name): (usize, &&str)| {
        let of = |scale: f64| {
            let mean = hot[place % 6] * scale;
            Some(Stat { mean, sd: mean * 0.04, per_seed: vec![mean * 0.95, mean, mean * 1.05] })
        };
        Row { profile: (*name).to_owned(), stats: vec![of(1.0), of(1.4), of(0.01), of(0.0)] }
    };
    Comparison {
        measures: measures.into_iter().map(measure).collect(),
        rows: names.iter().enumerate().map(row).collect(),
        decisive: vec!["unplaced", "hot_node_minutes"],
    }
}

fn page(names: &[&str], nodes: usize, scenes: usize) -> String {
    let comparison = comparison(names);
    let scene = |place: usize| Scene {
        title: format!("daily-{place}, seed 0"),
        water_level: Some(0.65),
        measured_from_min: 1_440.0,
        courses: (0..names.len())
            .map(|profile| Course { profile: names[profile].into(), ..course(profile, nodes) })
            .collect(),
    };
    Report {
        facts: vec![("Workload", "daily-1".to_owned()), ("Nodes", "60".to_owned()), ("Pods", "4,600".to_owned())],
        comparison: &comparison,
        columns: &KEYS,
        shown: &KEYS,
        recommended: "recommended",
        not_drawn: 0,
        scenes: (0..scenes).map(scene).collect(),
        command: "sched replay --report out.html".to_owned(),
    }
    .render()
}

#[test]
fn the_page_is_small_and_asks_the_network_for_nothing() {
    let page = page(&NAMES, 60, 4);
    assert!(page.len() < 2_000_000, "{} bytes", page.len());
    for wrong in ["http:", "https:", "src=", "@import", "url(", "NaN", "inf "] {
        assert!(!page.contains(wrong), "{wrong}");
    }
}

#[test]
fn the_best_profile_is_in_the_headline() {
    assert!(
        page(&NAMES, 4, 1).contains("<h1>recommended did better: 1,563 hot-node minutes, 35 % fewer than load-aware")
    );
}

#[test]
fn markup_in_names_stays_text() {
    let page = page(&["<script>alert(1)</script>", "</script>\"'&"], 4, 1);
    assert!(!page.contains("<script>alert"), "{page}");
    assert_eq!(page.matches("</script>").count(), 2);
}

#[test]
fn a_replay_of_nothing_is_a_page_too() {
    assert!(page(&[], 0, 0).contains("</html>"));
    assert!(page(&["only"], 1, 1).contains("only ran alone"));
}
