use super::*;

fn read(line: &str) -> Result<Question, &'static str> {
    let args: Vec<String> = line.split(' ').map(str::to_owned).collect();
    Question::read(&args)
}

#[test]
fn each_call_of_the_contract_is_understood() {
    assert_eq!(
        read("--extcap-interfaces --extcap-version=4.0"),
        Ok(Question::Interfaces)
    );
    assert_eq!(
        read("--extcap-interface a --extcap-dlts"),
        Ok(Question::LinkTypes("a".into()))
    );
    assert_eq!(
        read("--extcap-config --extcap-interface=a"),
        Ok(Question::Choices("a".into()))
    );
    let line = "--capture --extcap-interface a --fifo /tmp/f --seed 7 --rich \
                --extcap-capture-filter tcp --extcap-control-in=/x --link=tun";
    let set = ["--seed", "7", "--rich", "--link=tun"].map(str::to_owned);
    assert_eq!(
        read(line),
        Ok(Question::Capture {
            interface: "a".into(),
            fifo: "/tmp/f".into(),
            set: set.to_vec(),
        })
    );
}

#[test]
fn what_is_missing_is_named() {
    assert_eq!(read("--extcap-dlts"), Err("--extcap-interface"));
    assert_eq!(read("--capture --extcap-interface a"), Err("--fifo"));
    assert!(read("--seed 7").is_err());
}

#[test]
fn what_may_be_set_is_told_in_the_words_of_the_contract() {
    let interface = Interface {
        name: "a",
        shown: "A",
        choices: &[
            Choice {
                option: "--seed",
                shown: "Seed",
                tip: "of chance",
                takes: Takes::Number(42),
            },
            Choice {
                option: "--link",
                shown: "Link",
                tip: "how",
                takes: Takes::OneOf(&[("auto", "the best"), ("tun", "TUN")]),
            },
        ],
    };
    assert_eq!(
        choices(&interface),
        "arg {number=0}{call=--seed}{display=Seed}{tooltip=of chance}{type=unsigned}{default=42}\n\
         arg {number=1}{call=--link}{display=Link}{tooltip=how}{type=selector}\n\
         value {arg=1}{value=auto}{display=the best}{default=true}\n\
         value {arg=1}{value=tun}{display=TUN}{default=false}\n"
    );
    let list = interfaces([interface].into_iter());
    assert_eq!(list.lines().nth(1), Some("interface {value=a}{display=A}"));
}
