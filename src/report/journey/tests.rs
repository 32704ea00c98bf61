use super::*;
use crate::report::fixtures::log;

#[test]
fn what_is_ordinary_stands_together_and_what_is_not_stands_alone() {
    let journey = Journey::of(&log());
    let [scene] = &journey.scenes[..] else {
        panic!("one connection");
    };
    assert_eq!(
        (
            scene.title.as_str(),
            scene.ours.as_str(),
            scene.theirs.as_str()
        ),
        ("c1", "10.90.0.2:1", "10.90.0.1:80")
    );
    let told: Vec<String> = scene.steps.iter().map(in_short).collect();
    assert_eq!(
        told,
        [
            "#1 SYN seq 0 ",
            "CLOSED → SYN-SENT",
            "#2 SYN,ACK seq 0 ack 1 ",
            "SYN-SENT → ESTABLISHED",
            "#3–#8 5 segments, 5,000 B | 1 ACK",
            "rto expired",
            "#9 1,000 B seq 1 ack 1 sent again",
            "#10 ACK ack 5001 ",
        ]
    );
}

#[test]
fn a_packet_that_a_link_lost_is_told_so() {
    let Step::Packet(packet) = &Journey::of(&log()).scenes[0].steps[6] else {
        panic!("the retransmission");
    };
    // The events say so of the first that was sent, which then stands in no run.
    assert!(!packet.lost);
    let lost =
        r#"{"time":9,"name":"link:dropped","host":"l","data":{"packet":9,"reason":"random"}}"#;
    let journey = Journey::of(&crate::report::fixtures::log_with(lost));
    let lost = journey.scenes[0].steps.iter().find_map(|step| match step {
        Step::Packet(packet) if packet.lost => Some((packet.frame, packet.odd)),
        _ => None,
    });
    assert_eq!(lost, Some((Some(3), Some("lost on the link"))));
}

#[test]
fn too_many_steps_stand_together_whatever_they_are() {
    let packet = |frame: u64| {
        Step::Packet(Packet {
            frame: Some(frame),
            at: Instant::from_nanos(frame),
            out: true,
            what: String::new(),
            clause: String::new(),
            why: String::new(),
            odd: Some("sent again"),
            lost: false,
            bulk: Some(10),
        })
    };
    let few: Vec<Step> = (1..=400).map(packet).collect();
    assert_eq!(shortened(few.clone()), few);
    let many = (1..=401).map(packet).collect();
    let steps = shortened(many);
    assert_eq!(
        steps.iter().map(in_short).collect::<Vec<_>>(),
        ["#1–#401 401 segments, 4,010 B, 401 of them out of the ordinary | "]
    );
}

fn in_short(step: &Step) -> String {
    match step {
        Step::Packet(packet) => {
            format!(
                "{} {} {}",
                packet.name(),
                packet.what,
                packet.odd.unwrap_or_default()
            )
        }
        Step::Run(run) => format!("{} {} | {}", run.name(), run.out.words(), run.back.words()),
        Step::State { old, new } => format!("{old} → {new}"),
        Step::Timer(timer) => format!("{timer} expired"),
    }
}
