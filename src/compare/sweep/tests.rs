use super::*;

const TEXT: &str = r#"
name = "short"
do = [
  { at = "0s", host = "server", act = "listen 80" },
  { at = "0s", host = "client", act = "connect server:80; send 40KiB; close" },
]
[host.client]
addr = "10.0.0.1"
[host.server]
addr = "10.0.0.2"
[link.up]
rate = "10Mbit"
delay = "10ms"
loss = "2%"
"#;

fn sweep() -> Sweep {
    let variant = |name: &str| Variant {
        name: name.to_owned(),
        set: vec![format!("host.client.tcp.cc={name}")],
    };
    Sweep {
        text: TEXT.to_owned(),
        variants: ["reno", "cubic", "bbr"].map(variant).into(),
        seeds: (1..=5).collect(),
    }
}

struct GoOn;

impl Watch for GoOn {
    fn reached(&self, _: usize) -> bool {
        true
    }
}

#[test]
fn what_comes_out_does_not_depend_on_threads() {
    let with = |threads| {
        sweep()
            .play(NonZeroUsize::new(threads).unwrap(), &GoOn)
            .unwrap()
    };
    let alone = with(1);
    assert_eq!(alone.len(), 15);
    let order: Vec<_> = alone.iter().map(|one| (one.variant, one.seed)).collect();
    assert!(order.is_sorted(), "{order:?}");
    assert_eq!(with(4), alone);
    // Chance is drawn from the seed: what is lost differs between them.
    let lost: std::collections::BTreeSet<_> = alone.iter().map(|one| one.measured.lost).collect();
    assert!(lost.len() > 1, "{lost:?}");
}

#[test]
fn whoever_has_seen_enough_ends_it() {
    struct Enough;
    impl Watch for Enough {
        fn reached(&self, runs: usize) -> bool {
            runs < 3
        }
    }
    let played = sweep().play(NonZeroUsize::MIN, &Enough).unwrap();
    assert_eq!(played.len(), 3);
}

#[test]
fn what_does_not_fit_is_found_before_anything_is_played() {
    let mut wrong = sweep();
    wrong.variants[2].set.push("link.up.delay=soon".to_owned());
    let error = wrong.play(NonZeroUsize::MIN, &GoOn).unwrap_err();
    assert!(error.to_string().contains("soon"), "{error}");
}
