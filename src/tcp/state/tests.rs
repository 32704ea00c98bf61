//! RFC 9293 Figure 5, arrow by arrow, and that there is no other.

use crate::probe::{Edge, State};

/// All labels.
const EDGES: [Edge; 14] = [
    Edge::PassiveOpen,
    Edge::ActiveOpen,
    Edge::SynReceived,
    Edge::SynAckReceived,
    Edge::SynAcked,
    Edge::FinSent,
    Edge::FinReceived,
    Edge::FinAcked,
    Edge::Closed,
    Edge::Aborted,
    Edge::ResetReceived,
    Edge::ResetReceivedPassive,
    Edge::TwoMslElapsed,
    Edge::Reopened,
];

/// The figure, read from CLOSED at its top to CLOSED at its bottom, each box from left to right;
/// an arrow's label without what is sent with it.
const FIGURE_5: &str = "
    CLOSED        PassiveOpen           LISTEN
    CLOSED        ActiveOpen            SYN-SENT
    LISTEN        Closed                CLOSED
    LISTEN        SynReceived           SYN-RECEIVED
    LISTEN        ActiveOpen            SYN-SENT
    SYN-SENT      Closed                CLOSED
    SYN-SENT      SynReceived           SYN-RECEIVED
    SYN-SENT      SynAckReceived        ESTABLISHED
    SYN-RECEIVED  ResetReceivedPassive  LISTEN
    SYN-RECEIVED  SynAcked              ESTABLISHED
    SYN-RECEIVED  FinSent               FIN-WAIT-1
    ESTABLISHED   FinSent               FIN-WAIT-1
    ESTABLISHED   FinReceived           CLOSE-WAIT
    FIN-WAIT-1    FinAcked              FIN-WAIT-2
    FIN-WAIT-1    FinReceived           CLOSING
    CLOSE-WAIT    FinSent               LAST-ACK
    FIN-WAIT-2    FinReceived           TIME-WAIT
    CLOSING       FinAcked              TIME-WAIT
    LAST-ACK      FinAcked              CLOSED
    TIME-WAIT     TwoMslElapsed         CLOSED
";

/// What section 3.10 has and the figure leaves out: 3.10.7.4, eighth, lets a FIN come in
/// SYN-RECEIVED; a reset that is taken (3.10.7.3, 3.10.7.4, second), ABORT (3.10.5) and timeouts
/// (3.10.8) delete the control block in any state. LISTEN ignores resets (3.10.7.2). In TIME-WAIT
/// a new connection may be accepted (3.10.7.4, fourth).
const SECTION_3_10: &str = "
    SYN-RECEIVED  FinReceived           CLOSE-WAIT
    SYN-SENT      ResetReceived         CLOSED
    SYN-RECEIVED  ResetReceived         CLOSED
    ESTABLISHED   ResetReceived         CLOSED
    FIN-WAIT-1    ResetReceived         CLOSED
    FIN-WAIT-2    ResetReceived         CLOSED
    CLOSE-WAIT    ResetReceived         CLOSED
    CLOSING       ResetReceived         CLOSED
    LAST-ACK      ResetReceived         CLOSED
    TIME-WAIT     ResetReceived         CLOSED
    TIME-WAIT     Reopened              CLOSED
    LISTEN        Aborted               CLOSED
    SYN-SENT      Aborted               CLOSED
    SYN-RECEIVED  Aborted               CLOSED
    ESTABLISHED   Aborted               CLOSED
    FIN-WAIT-1    Aborted               CLOSED
    FIN-WAIT-2    Aborted               CLOSED
    CLOSE-WAIT    Aborted               CLOSED
    CLOSING       Aborted               CLOSED
    LAST-ACK      Aborted               CLOSED
    TIME-WAIT     Aborted               CLOSED
";

/// The rows of both tables.
fn rows() -> Vec<[&'static str; 3]> {
    let lines = FIGURE_5.lines().chain(SECTION_3_10.lines());
    lines
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .filter(|words| !words.is_empty())
        .map(|words| <[&str; 3]>::try_from(words).expect("from, label, to"))
        .collect()
}

// req: RFC9293-3.6-2, RFC9293-3.10.7.4-21, RFC9293-3.10.7.4-14, RFC9293-3.5.3-3
#[test]
fn the_arrows_are_those_of_figure_5_and_no_others() {
    let rows = rows();
    let mut found = 0;
    for from in State::ALL {
        for edge in EDGES {
            let label = format!("{edge:?}");
            let to = rows
                .iter()
                .find(|[at, on, _]| *at == from.name() && *on == label)
                .map(|[_, _, to]| *to);
            assert_eq!(from.after(edge).map(State::name), to, "{from}, {label}");
            found += usize::from(to.is_some());
        }
    }
    assert_eq!(found, rows.len(), "a row names no state or no label");
}

/// Section 3.4: the states in which both SYNs are acknowledged; 3.10.2: in which SEND takes text;
/// 3.10.7.4, seventh: in which text is received (SYN-RECEIVED has left for ESTABLISHED by then);
/// and behind which of the figure's arrows our FIN has been sent.
#[test]
fn each_state_says_what_may_be_done_in_it() {
    let row = |state: State| {
        let marks = [
            (state.is_synchronized(), "synchronized"),
            (state.may_send(), "send"),
            (state.may_receive(), "receive"),
            (state.fin_is_sent(), "fin"),
        ];
        let set = marks.iter().filter(|(holds, _)| *holds);
        let words: Vec<&str> = set.map(|(_, word)| *word).collect();
        format!("{state:13}{}", words.join(" "))
            .trim_end()
            .to_string()
    };
    let rows: Vec<String> = State::ALL.map(row).into();
    assert_eq!(
        rows,
        [
            "LISTEN",
            "SYN-SENT     send",
            "SYN-RECEIVED send receive",
            "ESTABLISHED  synchronized send receive",
            "FIN-WAIT-1   synchronized receive fin",
            "FIN-WAIT-2   synchronized receive fin",
            "CLOSE-WAIT   synchronized send",
            "CLOSING      synchronized fin",
            "LAST-ACK     synchronized fin",
            "TIME-WAIT    synchronized fin",
            "CLOSED",
        ]
    );
}
