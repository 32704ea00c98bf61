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
    fn reached(&self, _: usize) {}

    fn is_stopped(&self) -> bool {
        false
    }
}

#[test]
fn what_comes_out_does_not_depend_on_threads() {
    let with = |threads| {
        sweep()
            .play(Shard::WHOLE, NonZeroUsize::new(threads).unwrap(), &GoOn)
            .unwrap()
    };
    let alone = with(1);
    assert_eq!(alone.len(), 15);
    let order: Vec<_> = alone.iter().map(|one| (one.variant, one.seed)).collect();
    assert!(order.is_sorted(), "{order:?}");
    assert_eq!(with(4), alone);
    // Chance is drawn from the seed: what is lost, and so how long it takes, differs between them.
    let took: std::collections::BTreeSet<_> = alone.iter().map(|one| one.completion).collect();
    assert!(took.len() > 1, "{took:?}");
}

#[test]
fn whoever_has_seen_enough_ends_it() {
    struct Enough(AtomicUsize);
    impl Watch for Enough {
        fn reached(&self, runs: usize) {
            self.0.store(runs, Ordering::Relaxed);
        }

        fn is_stopped(&self) -> bool {
            self.0.load(Ordering::Relaxed) >= 3
        }
    }
    let enough = Enough(AtomicUsize::new(0));
    let played = sweep().play(Shard::WHOLE, NonZeroUsize::MIN, &enough);
    let played = played.unwrap();
    assert_eq!(played.len(), 3);
}

#[test]
fn what_does_not_fit_is_found_before_anything_is_played() {
    let mut wrong = sweep();
    wrong.variants[2].set.push("link.up.delay=soon".to_owned());
    let error = wrong
        .play(Shard::WHOLE, NonZeroUsize::MIN, &GoOn)
        .unwrap_err();
    assert!(error.to_string().contains("soon"), "{error}");
}

#[test]
fn shares_have_each_run_once() {
    let whole = sweep()
        .play(Shard::WHOLE, NonZeroUsize::MIN, &GoOn)
        .unwrap();
    let of = NonZeroUsize::new(4).unwrap();
    let mut all = Vec::new();
    for index in 1..=4 {
        let shard = Shard { index, of };
        let share = sweep().play(shard, NonZeroUsize::MIN, &GoOn).unwrap();
        assert_eq!(share.len(), sweep().len_of(shard));
        // 15 runs: three shares of four, one of three.
        assert!((3..=4).contains(&share.len()));
        all.extend(share);
    }
    all.sort_by_key(|run| (run.variant, run.seed));
    assert_eq!(all, whole);
}
