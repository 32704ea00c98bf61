use super::*;

/// Runs a block with a few fields and constants bound.
fn run(text: &str) -> Result<Program, Raised> {
    let block = read(text).unwrap_or_else(|e| panic!("{text}: not read: {e}"));
    let mut program = Program::default();
    program.bind([
        ("tcpi_snd_cwnd", 10),
        ("tcpi_rtt", 40_000),
        ("TCP_CA_Open", 0),
    ]);
    program.run(&block).map(|()| program)
}

fn holds(test: &str) {
    if let Err(raised) = run(&format!("assert {test}")) {
        panic!("{test}: {raised}");
    }
}

fn raises(text: &str) -> String {
    match run(text) {
        Ok(_) => panic!("{text}"),
        Err(Raised(what)) => what,
    }
}

fn unread(text: &str) -> String {
    match read(text) {
        Ok(block) => panic!("{text}: {block:?}"),
        Err(Unread(what)) => what,
    }
}

#[test]
fn operators_bind_as_in_python() {
    for test in [
        "1 + 2 * 3 == 7",
        "(1 + 2) * 3 == 9",
        "7 - 2 - 1 == 4",
        "1 | 2 ^ 3 & 1 == 1 | (2 ^ (3 & 1))",
        "1 << 2 + 1 == 8",
        "0x10 | 1 == 17",
        "not 1 == 2",
        "not 0 and 1",
        "1 or 1 / 0",
        "0 and 1 / 0 or 5",
        "-2 * -3 == 6",
        "- -2 == 2",
        "~0 == -1",
        "+3 == 3",
        "10 % 3 == 1",
        "-7 // 2 == -4",
        "-7 % 3 == 2",
        "7 % -3 == -2",
        "7 / 2 == 3.5",
        "6 / 2 == 3",
        "7 // 2 == 3",
        "1 == 1.0",
        "True == 1",
        "None == None",
        "0o17 == 15",
        "017 == 15",
        "1_000 == 1000",
        ".5 * 2 == 1",
    ] {
        holds(test);
    }
}

#[test]
fn comparisons_chain() {
    holds("1 < 2 < 3");
    holds("not 1 < 3 < 2");
    holds("0 < tcpi_snd_cwnd <= 10 != 11");
    holds("'a' < 'b' and 'a' == 'a' and 'a' != 1");
    holds("(1, 2) == (1, 2)");
}

#[test]
fn functions_are_those_of_python() {
    for test in [
        "abs(-3) == 3",
        "abs(-2.5) == 2.5",
        "len('abc') == 3",
        "len((1, 2)) == 2",
        "min(3, 1, 2) == 1",
        "max((3, 1, 2)) == 3",
        "int(2.9) == 2",
        "int('12') == 12",
        "int(True) == 1",
        "str(5) == '5'",
        "str(1.5) == '1.5'",
    ] {
        holds(test);
    }
    raises("abs('x')");
    raises("len(5)");
    raises("min(1, 'x')");
}

#[test]
fn statements_end_at_newlines_and_semicolons() {
    let program =
        run("a = 1; b = a + 1\n  # a comment ; x\nb += 2; b -= 1; b *= 10\nassert b == 30")
            .unwrap();
    assert_eq!(program.printed, [""; 0]);
    run("assert (1 +\n 2) == 3").unwrap();
    run("assert 1 + \\\n 2 == 3").unwrap();
    run("a = 1 \\").unwrap();
    run("\n;\n").unwrap();
    run("    assert 1").unwrap();
    raises(
        "a = 1 assert 0; a\nassert 0"
            .replace(" assert 0;", ";")
            .as_str(),
    );
}

#[test]
fn a_failed_assertion_says_its_message_and_what_it_saw() {
    assert_eq!(
        raises("assert tcpi_snd_cwnd == 5, 'cwnd %d' % tcpi_snd_cwnd"),
        "the assertion fails: cwnd 10 (tcpi_snd_cwnd is 10)"
    );
    assert_eq!(raises("assert 0"), "the assertion fails");
    assert_eq!(raises("assert x"), "the name x is not defined");
    assert_eq!(raises("1 / 0"), "division by zero");
    assert_eq!(raises("1 // 0"), "division by zero");
    assert_eq!(raises("'a' + 1"), "no Add of a and 1");
    assert_eq!(raises("1 < 'a'"), "1 and a have no order");
    raises("1 << 1000");
}

#[test]
fn strings_are_formatted() {
    for (text, shown) in [
        ("'%d%%' % 5", "5%"),
        ("'%d and %s' % (1, 'two')", "1 and two"),
        ("'%x %X %o %u' % (255, 255, 8, 7)", "ff FF 10 7"),
        ("'%.2f' % 1.5", "1.50"),
        ("'%5d|%-4d|' % (1, 2)", "    1|2   |"),
        ("'a' 'b'", "ab"),
        ("\"it's\"", "it's"),
        (r"'a\'b\n\x'", "a'b\n\\x"),
        ("(1, 'a', None, True)", "(1, a, None, True)"),
    ] {
        let program = run(&format!("print({text})")).unwrap();
        assert_eq!(program.printed, [shown], "{text}");
    }
    raises("'%d' % 'x'");
    raises("'%d' % ()");
    raises("'%d' % (1, 2)");
    raises("'%q' % 1");
}

#[test]
fn names_stay_from_block_to_block_but_fields_are_bound_anew() {
    let mut program = Program::default();
    program.bind([("tcpi_snd_cwnd", 10)]);
    program
        .run(&read("first = tcpi_snd_cwnd; tcpi_snd_cwnd = 0").unwrap())
        .unwrap();
    program.bind([("tcpi_snd_cwnd", 5)]);
    let block = read("assert tcpi_snd_cwnd == 5 and first == 10").unwrap();
    program.run(&block).unwrap();
    assert_eq!(block.names(), ["tcpi_snd_cwnd", "first"]);
}

#[test]
fn what_is_python_and_not_read_has_a_name() {
    for (text, what) in [
        ("if 1: pass", "`if`"),
        ("for x in y:\n pass", "`for`"),
        ("import os", "`import`"),
        ("def f(): return 1", "`def`"),
        ("x = 1 if 2 else 3", "`if`"),
        ("assert x in (1, 2)", "`in`"),
        ("assert x is None", "`is`"),
        ("x = [1, 2]", "a list or an index"),
        ("x[0]", "a list or an index"),
        ("x.y", "`.`"),
        ("2 ** 3", "`**`"),
        ("x /= 2", "`/=`"),
        ("open('x')", "`open()`"),
        ("f = lambda: 1", "`lambda`"),
        ("'''a'''", "a string of many lines"),
        ("'abc", "a string that never ends"),
        ("assert", "a block that ends early"),
        ("1 +\n2", "a line that ends early"),
        ("(1", "a block that ends early"),
        ("1 2", "`2`"),
        ("12ab", "`12ab`"),
        ("x = {}", "`{`"),
    ] {
        assert_eq!(unread(text), what, "{text}");
    }
    let deep = format!("{}1{}", "(".repeat(100), ")".repeat(100));
    assert_eq!(unread(&deep), "an expression nested so deep");
}
