use super::*;

#[test]
fn messages_are_found_in_a_stream_wherever_it_is_cut() {
    let messages: [&[u8]; 4] = [b"one", b"", b"a longer one", &[7; 300]];
    let mut stream = Vec::new();
    for message in messages {
        let len = u16::try_from(message.len()).expect("short");
        stream.extend(len.to_be_bytes());
        stream.extend(message);
    }
    for step in [1, 2, 3, 7, stream.len()] {
        let mut found = Vec::new();
        let mut reading = Messages::default();
        for piece in stream.chunks(step) {
            reading.pass(piece, |message| found.push(message.to_vec()));
        }
        assert_eq!(found, messages, "in steps of {step}");
    }
}
