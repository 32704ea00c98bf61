use crate::drill::parse::{Surroundings, parse};

fn dump(text: &str) -> String {
    let ((), script) = parse(text, |_| Ok(((), Surroundings::default()))).expect(text);
    script.to_string()
}

/// What is left of one line after time 0.
fn line(text: &str) -> String {
    dump(&format!("0 {text}"))
        .trim_start_matches("0 ")
        .trim_end()
        .to_owned()
}

#[test]
fn all_that_a_script_says_is_in_its_normal_form() {
    let text = "--ip_version=ipv4 --debug --define=A=\"b\"\n`init`\n\
        0.5 < 1 > 2 SP. 1:3(2) ack 4 win 5 urg 6 <mss 7,nop,wscale 8,sackOK,eol,eol>\n\
        +.1~+.2 > [ect0, flowlabel 0x7] .5 1:1(0) ack 1 <...>\n\
        * > icmp unreachable frag_needed mtu 9 id 3 [1:2(1)]\n\
        +0...0.3 poll([{fd=4, events=POLLIN|0x10}], 1, -1) = -1 EINTR (a note)\n\
        +0 %{ assert 1 }%\n+0 `command`\n`cleanup`";
    assert_eq!(
        dump(text),
        "option ip_version=\"ipv4\"\n\
         option debug\n\
         option define=A=\"b\"\n\
         init \"init\"\n\
         500000 < 1 > 2 SP. 1:3(2) ack 4 win 5 urg 6 \
         <mss 7,nop,wscale 8,sackOK,eol,eol>\n\
         +100000~+200000 > [ect0, flowlabel 0x7] .5 1:1(0) ack 1 <...>\n\
         * > icmp type 3 code 4 mtu 9 id 3 [1:2(1)]\n\
         +0 ...300000 poll([{fd=4, events=POLLIN|16}], 1, -1) = -1 EINTR\n\
         +0 code \" assert 1 \"\n\
         +0 command \"command\"\n\
         cleanup \"cleanup\"\n"
    );
}

#[test]
fn one_meaning_has_one_form() {
    for (text, form) in [
        ("> P.F 1:1(0)", "> FP. 1:1(0)"),
        ("> .EP 1:1(0)", "> PE. 1:1(0)"),
        ("> - 1:1(0)", "> - 1:1(0)"),
        ("> (ce) AEW. 1:1(0)", "> [ce] EWA. 1:1(0)"),
        ("f(0x10, \"a\" \"b\") = 0x0", "f(16, \"ab\") = 0"),
        ("< udp 1>2 (3)", "< udp 1 > 2 (3)"),
        (
            "> . 1:1(0) ack 1 <FO ABCD,nop,nop,nop,nop>",
            "> . 1:1(0) ack 1 <FO abcd,nop,nop,nop,nop>",
        ),
        (
            "> . 1:1(0) ack 1 <nop,nop,sack 1:2 3:4>",
            "> . 1:1(0) ack 1 <nop,nop,sack 1:2 3:4>",
        ),
        ("> S. ...(0) ack 1", "> S. ...(0) ack 1"),
        ("< R 9:9(0)! win 0", "< R 9:9(0)! win 0"),
    ] {
        assert_eq!(line(text), form, "{text}");
    }
}

#[test]
fn what_is_not_run_is_named_in_the_normal_form() {
    assert_eq!(
        dump("0 > . 1:1(0) ack 1 sock(3)"),
        "0 > . 1:1(0) ack 1\nunsupported sock 1:20\n"
    );
}
