use super::*;
use crate::report::fixtures::{HOSTILE, log};
use crate::report::journey::arrows;

#[test]
fn a_connection_is_a_diagram_with_bands_and_states() {
    assert_eq!(
        mermaid(&Journey::of(&log())),
        "sequenceDiagram
    participant C as c1 10.90.0.2:1
    participant S as 10.90.0.1:80
    rect rgba(0, 96, 160, 0.10)
    C->>S: #35;1 SYN seq 0
    Note over C: SYN-SENT
    S->>C: #35;2 SYN,ACK seq 0 ack 1
    Note over C: ESTABLISHED
    end
    rect rgba(0, 105, 79, 0.10)
    C->>S: 5 segments, 5,000 B (#35;3–#35;8)
    S->>C: 1 ACK (#35;3–#35;8)
    Note over C: the rto timer expired
    C->>S: #35;9 1,000 B seq 1 ack 1 (sent again)
    S->>C: #35;10 ACK ack 5001
    end
"
    );
}

#[test]
fn no_text_becomes_a_mark() {
    let mut journey = Journey::of(&log());
    journey.scenes[0].theirs = HOSTILE.into();
    let text = mermaid(&journey);
    let [.., hostile] = text.lines().take(3).collect::<Vec<_>>()[..] else {
        panic!("three lines");
    };
    assert_eq!(
        hostile,
        "    participant S as #60;script#62;a#59;#35;b#37;#37;#123;c#125;#124;#96;d#96;\
         #92;u#123;1b#125;[31m#92;n#92;u#123;202e#125;#38;#34;#39;"
    );
    assert_eq!(
        text.lines().count(),
        mermaid(&Journey::of(&log())).lines().count()
    );
}

#[test]
fn a_diagram_is_never_too_long_for_github() {
    let journey = Journey::of(&log());
    let [scene] = &journey.scenes[..] else {
        panic!("one connection");
    };
    // States are no arrows, but they take room.
    let mut long = scene.clone();
    let state = Step::State {
        old: "\u{7}".repeat(20),
        new: "\u{7}".repeat(20),
    };
    long.steps.extend(vec![state; 2_000]);
    let text = diagram(&long);
    assert!(text.len() < 45_000, "{}", text.len());
    assert!(text.contains("more steps are left out"));
    let mut many = scene.clone();
    let packet = scene.steps[0].clone();
    many.steps.extend(vec![packet; 1_000]);
    assert!(arrows(&many.steps) > ARROWS_MOST);
    let drawn = diagram(&many).matches("->>").count();
    assert!(drawn <= ARROWS_MOST, "{drawn}");
}
