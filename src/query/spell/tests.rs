//! What is written out is read as the same tree, whatever the tree.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::query::fixtures::vocabulary;
use crate::query::number::Number;
use crate::query::parse::{Parsed, parse};
use crate::query::tree::{
    Call, Comparison, Expr, Fold, Kind, Operator, Path, Select, Sign, Times, What, Which,
};
use crate::query::units::{Measure, Unit};

type Exprs = BoxedStrategy<Expr>;

/// Expressions behind `where`, and others.
#[derive(Clone)]
struct Both {
    in_event: Exprs,
    of_run: Exprs,
}

/// Trees as deep as that; in one tree all units measure the same.
fn exprs(depth: u32, measure: Measure) -> Both {
    let number = |units: Vec<Unit>| {
        // Whole micros, so that all units make whole nanoseconds of them.
        let numbers = (-1_000_000i128..1_000_000).prop_map(|n| Number::millionths(n * 1000));
        let numbers = numbers.prop_map(|number| number.expect("small"));
        (numbers, select(units)).prop_map(|(number, unit)| Expr::Number(number, unit))
    };
    let all: Vec<Unit> = [Unit::None].into_iter().chain(Unit::NAMED).collect();
    let of_measure = |unit: &Unit| unit.measure().with(measure).is_some();
    let in_event: Vec<Unit> = all.into_iter().filter(of_measure).collect();
    let of_run = in_event.iter().copied().filter(|unit| *unit != Unit::Mss);
    let plain = || prop_oneof![text().prop_map(Expr::Text), Just(Expr::Null)];
    let path = path().prop_map(Expr::Path);
    let leaves = Both {
        of_run: prop_oneof![number(of_run.collect()), plain()].boxed(),
        in_event: prop_oneof![number(in_event), plain(), path].boxed(),
    };
    let deeper = |shallow: Both| Both {
        in_event: node(shallow.in_event.clone(), shallow.in_event.clone(), measure),
        of_run: node(shallow.of_run, shallow.in_event, measure),
    };
    (0..depth).fold(leaves, |shallow, _| deeper(shallow))
}

/// One level more, of parts where it stands, and of filters behind `where`.
fn node(part: Exprs, filter: Exprs, measure: Measure) -> Exprs {
    let parts = || vec(part.clone(), 2..4);
    let signs = prop_oneof![Just(Sign::Plus), Just(Sign::Minus)];
    let times = prop_oneof![Just(Times::Times), Just(Times::Over)];
    let operator = select(Operator::ALL.to_vec());
    let compare = (part.clone(), operator, part.clone()).prop_map(|(left, operator, right)| {
        Expr::Compare(Box::new(Comparison {
            left,
            operator,
            right,
        }))
    });
    let call = what(filter, measure).prop_map(|what| Expr::Call(Box::new(Call { id: 0, what })));
    prop_oneof![
        part.clone(),
        parts().prop_map(Expr::Or),
        parts().prop_map(Expr::And),
        part.clone().prop_map(|one| Expr::Not(Box::new(one))),
        compare,
        (part.clone(), vec((signs, part.clone()), 1..3))
            .prop_map(|(first, rest)| Expr::Sum(marked(Sign::Plus, first, rest))),
        (part.clone(), vec((times, part.clone()), 1..3))
            .prop_map(|(first, rest)| Expr::Product(marked(Times::Times, first, rest))),
        call,
    ]
    .boxed()
}

fn marked<M>(mark: M, first: Expr, rest: Vec<(M, Expr)>) -> Vec<(M, Expr)> {
    std::iter::once((mark, first)).chain(rest).collect()
}

fn what(filter: Exprs, measure: Measure) -> BoxedStrategy<What> {
    let of = || selection(filter.clone());
    let pick = (
        select(Which::ALL.to_vec()),
        1usize..10_000,
        of(),
        prop::option::of(path()),
    )
        .prop_map(|(which, nth, of, path)| What::Pick {
            which,
            nth,
            of,
            path,
        });
    let fold = (select(Fold::ALL.to_vec()), path(), of()).prop_map(|(how, path, of)| What::Fold {
        how,
        path,
        of,
    });
    let instant = (0u32..1_000_000).prop_map(|n| Number::whole(n).expect("small"));
    let times = select(vec![Unit::Micros, Unit::Millis, Unit::Seconds]);
    let at = (instant, times, path()).prop_map(|(number, unit, path)| What::At(number, unit, path));
    let count = of().prop_map(What::Count);
    match measure {
        // It is a time.
        Measure::Size => prop_oneof![count, pick, fold, at].boxed(),
        _ => {
            let between = (of(), of()).prop_map(|(from, to)| What::Between(from, to));
            prop_oneof![count, pick, fold, at, between].boxed()
        }
    }
}

fn selection(filter: Exprs) -> impl Strategy<Value = Select> {
    let kind = select(vec!["tcp:reset", "tcp:*", "tcp:segment_sent", "ip:*"]).prop_map(Kind::new);
    (kind, prop::option::of(filter)).prop_map(|(kind, filter)| Select { kind, filter })
}

fn path() -> impl Strategy<Value = Path> {
    let known = vec![
        "cwnd",
        "congestion_window",
        "why.rule",
        "state.mss",
        "options.mss",
        "of",
    ];
    select(known).prop_map(|path| Path::new(path.split('.').map(str::to_owned).collect()))
}

fn text() -> impl Strategy<Value = String> {
    "[a-z' é()\n]{0,6}"
}

proptest! {
    #[test]
    fn a_tree_of_times_comes_back(tree in exprs(3, Measure::Time).of_run) {
        comes_back(tree)?;
    }

    #[test]
    fn a_tree_of_sizes_comes_back(tree in exprs(3, Measure::Size).of_run) {
        comes_back(tree)?;
    }

    #[test]
    fn a_selection_comes_back(select in selection(exprs(2, Measure::Time).in_event)) {
        let text = select.to_string();
        prop_assume!(text.len() <= 4096);
        let read = parse(&text, &vocabulary());
        prop_assert_eq!(read, Ok(Parsed::Selection(select)), "{}", text);
    }
}

fn comes_back(tree: Expr) -> Result<(), TestCaseError> {
    let text = tree.to_string();
    prop_assume!(text.len() <= 4096);
    let read = parse(&text, &vocabulary());
    prop_assert_eq!(read, Ok(Parsed::Expression(tree)), "{}", text);
    Ok(())
}

#[test]
fn brackets_stand_only_where_they_change_something() {
    let spelt = |text: &str| match parse(text, &vocabulary()) {
        Ok(Parsed::Expression(expr)) => expr.to_string(),
        other => panic!("{text}: {other:?}"),
    };
    let same = [
        "1 + 2 * 3 = 7 and not (1 = 2 or 2 = 3)",
        "(1 + 2) * 3 - (4 - 5) = 1",
        "first(tcp:reset where not push, 2).cwnd / (2 / 3) = 'it''s'",
        "nth(tcp:reset, 1) = null",
        "last(tcp:*) - -1 = 0",
    ];
    for text in same {
        assert_eq!(spelt(text), text);
    }
    assert_eq!(spelt("((1))=((2)+(3*4))"), "1 = 2 + 3 * 4");
    assert_eq!(
        spelt("first ( tcp:reset , 1 ) . time<2 ms"),
        "first(tcp:reset).time < 2ms"
    );
}
