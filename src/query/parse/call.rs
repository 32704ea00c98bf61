//! Calls: questions about a whole run.

use super::{Parse, ParseError, Parser, list};
use crate::query::suggest::nearest;
use crate::query::tree::{Call, Expr, Fold, Path, Select, Sign, What, Which};
use crate::query::units::Measure;

impl Parser<'_> {
    /// A name, an opening bracket, and what the name asks for.
    pub(super) fn call(&mut self, name: &str) -> Parse<Expr> {
        let which = Which::ALL.into_iter().find(|which| which.name() == name);
        let how = Fold::ALL.into_iter().find(|how| how.name() == name);
        if which.is_none() && how.is_none() && !PLAIN.contains(&name) {
            return Err(self.unknown_call(name));
        }
        self.deeper()?;
        // The name and the bracket.
        self.skip();
        self.skip();
        let what = match (which, how) {
            (Some(which), _) => self.pick(which)?,
            (None, Some(how)) => self.fold(how)?,
            (None, None) => self.plain(name)?,
        };
        self.depth -= 1;
        Ok(Expr::Call(Box::new(Call { id: 0, what })))
    }

    fn plain(&mut self, name: &str) -> Parse<What> {
        let what = match name {
            "count" => What::Count(self.select()?),
            "between" => {
                let from = self.select()?;
                self.comma("a comma and what ends the time")?;
                What::Between(from, self.select()?)
            }
            _ => self.at_instant()?,
        };
        self.close()?;
        Ok(what)
    }

    fn pick(&mut self, which: Which) -> Parse<What> {
        let of = self.select()?;
        let nth = match self.accept_mark(",") {
            true => self.ordinal()?,
            false if which == Which::Nth => return Err(self.unexpected("a comma and a number")),
            false => 1,
        };
        self.close()?;
        let path = match self.accept_mark(".") {
            true => Some(self.path()?),
            false => None,
        };
        Ok(What::Pick {
            which,
            nth,
            of,
            path,
        })
    }

    /// Which of many: 1 is the first.
    fn ordinal(&mut self) -> Parse<usize> {
        let at = self.at();
        let (number, unit) = self.amount(Sign::Plus)?;
        let nth = number.to_u64().filter(|_| unit.name().is_empty());
        nth.and_then(|nth| usize::try_from(nth).ok())
            .filter(|nth| (1..=NTH_MAX).contains(nth))
            .ok_or_else(|| self.error(at, format!("events are counted from 1 to {NTH_MAX}")))
    }

    fn fold(&mut self, how: Fold) -> Parse<What> {
        let kind = self.kind()?;
        if !self.accept_mark(".") {
            let error = self.unexpected("a point and a field");
            let name = how.name();
            return Err(error.hint(format!("as in {name}({kind}.time)")));
        }
        let path = self.path()?;
        let filter = self.filter()?;
        self.close()?;
        let of = Select { kind, filter };
        Ok(What::Fold { how, path, of })
    }

    fn at_instant(&mut self) -> Parse<What> {
        let at = self.at();
        let (number, unit) = self.amount(Sign::Plus)?;
        if unit.measure() != Measure::Time {
            return Err(self.error(at, "an instant is a time with its unit, as in 839.4ms"));
        }
        self.comma("a comma and a field")?;
        let path: Path = self.path()?;
        Ok(What::At(number, unit, path))
    }

    fn comma(&mut self, wanted: &str) -> Parse<()> {
        match self.accept_mark(",") {
            true => Ok(()),
            false => Err(self.unexpected(wanted)),
        }
    }

    fn unknown_call(&self, name: &str) -> ParseError {
        let folds = Fold::ALL.into_iter().map(Fold::name);
        let picks = Which::ALL.into_iter().map(Which::name);
        let known: Vec<&str> = PLAIN.into_iter().chain(picks).chain(folds).collect();
        let error = self.error(self.at(), format!("unknown question {name}"));
        match nearest(name, known.iter().copied()) {
            Some(near) => error.did_you_mean(Some(near)),
            None => error.hint(format!("there are {}", list(known.into_iter()))),
        }
    }
}

/// Those that have a form of their own.
const PLAIN: [&str; 3] = ["count", "between", "at"];
/// As many of the last events are kept while they may still be the one asked for.
const NTH_MAX: usize = 10_000;
