//! Running blocks.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;

use super::{Block, Comparison, Expr, Operator, Statement, Value};

/// An exception, in words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Raised(pub String);

type Evaluated = Result<Value, Raised>;

/// What blocks have bound so far, and what they printed.
#[derive(Debug, Clone, Default)]
pub struct Program {
    names: BTreeMap<String, Value>,
    pub printed: Vec<String>,
}

impl Program {
    /// Binds names anew, as every block finds them.
    pub fn bind<'n>(&mut self, names: impl IntoIterator<Item = (&'n str, i64)>) {
        for (name, value) in names {
            let value = Value::Int(i128::from(value));
            self.names.insert(name.to_owned(), value);
        }
    }

    /// Runs a block.
    pub fn run(&mut self, block: &Block) -> Result<(), Raised> {
        for statement in &block.0 {
            match statement {
                Statement::Assert(test, message) => self.assert(test, message.as_ref())?,
                Statement::Assign(name, value) => {
                    let value = self.eval(value)?;
                    self.names.insert(name.clone(), value);
                }
                Statement::Augment(name, operator, value) => {
                    let left = self.look_up(name)?;
                    let right = self.eval(value)?;
                    let value = binary(*operator, left, right)?;
                    self.names.insert(name.clone(), value);
                }
                Statement::Expr(expr) => {
                    self.eval(expr)?;
                }
            }
        }
        Ok(())
    }

    fn assert(&mut self, test: &Expr, message: Option<&Expr>) -> Result<(), Raised> {
        if self.eval(test)?.is_true() {
            return Ok(());
        }
        let said = match message {
            Some(message) => format!(": {}", self.eval(message)?),
            None => String::new(),
        };
        Err(Raised(format!(
            "the assertion fails{said}{}",
            self.shown(test)
        )))
    }

    /// The names of a test with their values.
    fn shown(&self, test: &Expr) -> String {
        let block = Block(vec![Statement::Expr(test.clone())]);
        let mut names = block.names();
        names.sort_unstable();
        names.dedup();
        let each = names.iter().filter_map(|name| {
            let value = self.names.get(*name)?;
            Some(format!("{name} is {value}"))
        });
        match Vec::from_iter(each).join(", ") {
            list if list.is_empty() => list,
            list => format!(" ({list})"),
        }
    }

    fn look_up(&self, name: &str) -> Evaluated {
        let value = self.names.get(name);
        value
            .cloned()
            .ok_or_else(|| Raised(format!("the name {name} is not defined")))
    }

    fn eval(&mut self, expr: &Expr) -> Evaluated {
        Ok(match expr {
            Expr::Literal(value) => value.clone(),
            Expr::Name(name) => self.look_up(name)?,
            Expr::Tuple(list) => Value::Tuple(self.each(list)?),
            Expr::Call(name, args) => {
                let args = self.each(args)?;
                self.call(name, args)?
            }
            Expr::Not(one) => Value::Bool(!self.eval(one)?.is_true()),
            Expr::Unary(sign, one) => unary(*sign, self.eval(one)?)?,
            Expr::Binary(operator, left, right) => {
                let left = self.eval(left)?;
                binary(*operator, left, self.eval(right)?)?
            }
            Expr::And(left, right) => match self.eval(left)? {
                left if left.is_true() => self.eval(right)?,
                left => left,
            },
            Expr::Or(left, right) => match self.eval(left)? {
                left if left.is_true() => left,
                _ => self.eval(right)?,
            },
            Expr::Compare(first, rest) => {
                let mut left = self.eval(first)?;
                for (comparison, right) in rest {
                    let right = self.eval(right)?;
                    if !comparison.holds(&left, &right)? {
                        return Ok(Value::Bool(false));
                    }
                    left = right;
                }
                Value::Bool(true)
            }
        })
    }

    fn each(&mut self, list: &[Expr]) -> Result<Vec<Value>, Raised> {
        list.iter().map(|expr| self.eval(expr)).collect()
    }

    fn call(&mut self, name: &str, mut args: Vec<Value>) -> Evaluated {
        let wrong = || Raised(format!("{name}() does not take these arguments"));
        if name == "print" {
            let words: Vec<String> = args.iter().map(Value::to_string).collect();
            self.printed.push(words.join(" "));
            return Ok(Value::None);
        }
        if let (true, [Value::Tuple(list)]) = (matches!(name, "min" | "max"), &args[..]) {
            args = list.clone();
        }
        match (name, &args[..]) {
            ("abs", [value]) => match value {
                Value::Float(value) => Ok(Value::Float(value.abs())),
                value => Ok(Value::Int(value.int().ok_or_else(wrong)?.abs())),
            },
            ("len", [Value::Text(text)]) => Ok(Value::Int(text.chars().count() as i128)),
            ("len", [Value::Tuple(list)]) => Ok(Value::Int(list.len() as i128)),
            ("int", [Value::Float(value)]) => Ok(Value::Int(value.trunc() as i128)),
            ("int", [Value::Text(text)]) => {
                Ok(Value::Int(text.trim().parse().map_err(|_| wrong())?))
            }
            ("int", [value]) => Ok(Value::Int(value.int().ok_or_else(wrong)?)),
            ("str", [value]) => Ok(Value::Text(value.to_string())),
            ("min" | "max", [first, rest @ ..]) => {
                let mut best = first.clone();
                for value in rest {
                    let less = Comparison::Less.holds(value, &best)?;
                    let greater = Comparison::Greater.holds(value, &best)?;
                    if (name == "min" && less) || (name == "max" && greater) {
                        best = value.clone();
                    }
                }
                Ok(best)
            }
            _ => Err(wrong()),
        }
    }
}

impl Value {
    fn is_true(&self) -> bool {
        match self {
            Value::Int(value) => *value != 0,
            Value::Float(value) => *value != 0.0,
            Value::Bool(value) => *value,
            Value::Text(text) => !text.is_empty(),
            Value::None => false,
            Value::Tuple(list) => !list.is_empty(),
        }
    }

    /// An integer, or a truth as 0 or 1.
    fn int(&self) -> Option<i128> {
        match self {
            Value::Int(value) => Some(*value),
            Value::Bool(value) => Some(i128::from(*value)),
            _ => None,
        }
    }

    fn float(&self) -> Option<f64> {
        match self {
            Value::Float(value) => Some(*value),
            value => value.int().map(|value| value as f64),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Int(value) => write!(f, "{value}"),
            Value::Float(value) => write!(f, "{value:?}"),
            Value::Bool(true) => f.write_str("True"),
            Value::Bool(false) => f.write_str("False"),
            Value::Text(text) => f.write_str(text),
            Value::None => f.write_str("None"),
            Value::Tuple(list) => {
                let list: Vec<String> = list.iter().map(Value::to_string).collect();
                write!(f, "({})", list.join(", "))
            }
        }
    }
}

impl Comparison {
    fn holds(self, left: &Value, right: &Value) -> Result<bool, Raised> {
        let order = match (left.int(), right.int()) {
            (Some(left), Some(right)) => Some(left.cmp(&right)),
            _ => match (left.float(), right.float(), left, right) {
                (Some(left), Some(right), ..) => left.partial_cmp(&right),
                (_, _, Value::Text(left), Value::Text(right)) => Some(left.cmp(right)),
                _ => None,
            },
        };
        Ok(match self {
            Comparison::Equal => order.map_or(left == right, |order| order.is_eq()),
            Comparison::NotEqual => order.map_or(left != right, |order| order.is_ne()),
            _ => {
                let text = format!("{left} and {right} have no order");
                let order = order.ok_or(Raised(text))?;
                match self {
                    Comparison::Less => order == Ordering::Less,
                    Comparison::LessOrEqual => order != Ordering::Greater,
                    Comparison::Greater => order == Ordering::Greater,
                    _ => order != Ordering::Less,
                }
            }
        })
    }
}

fn unary(sign: char, value: Value) -> Evaluated {
    let wrong = || Raised(format!("{sign}{value} is nothing"));
    match (sign, &value) {
        ('-', Value::Float(value)) => Ok(Value::Float(-value)),
        ('+', Value::Float(value)) => Ok(Value::Float(*value)),
        ('-', value) => Ok(Value::Int(-value.int().ok_or_else(wrong)?)),
        ('+', value) => Ok(Value::Int(value.int().ok_or_else(wrong)?)),
        _ => Ok(Value::Int(!value.int().ok_or_else(wrong)?)),
    }
}

fn binary(operator: Operator, left: Value, right: Value) -> Evaluated {
    match (operator, &left, &right) {
        (Operator::Remainder, Value::Text(format), _) => {
            return super::eval::format(format, &right).map(Value::Text);
        }
        (Operator::Add, Value::Text(left), Value::Text(right)) => {
            return Ok(Value::Text(format!("{left}{right}")));
        }
        _ => {}
    }
    let wrong = || Raised(format!("no {operator:?} of {left} and {right}"));
    if let (Some(left), Some(right)) = (left.int(), right.int())
        && operator != Operator::Divide
    {
        return integers(operator, left, right).map(Value::Int);
    }
    let (Some(left), Some(right)) = (left.float(), right.float()) else {
        return Err(wrong());
    };
    let divides = matches!(
        operator,
        Operator::Divide | Operator::FloorDivide | Operator::Remainder
    );
    if divides && right == 0.0 {
        return Err(Raised("division by zero".into()));
    }
    Ok(Value::Float(match operator {
        Operator::Add => left + right,
        Operator::Subtract => left - right,
        Operator::Multiply => left * right,
        Operator::Divide => left / right,
        Operator::FloorDivide => (left / right).floor(),
        Operator::Remainder => left - right * (left / right).floor(),
        _ => return Err(wrong()),
    }))
}

fn integers(operator: Operator, left: i128, right: i128) -> Result<i128, Raised> {
    let shift = || {
        u32::try_from(right)
            .ok()
            .filter(|shift| *shift < SHIFT_MAX)
            .ok_or_else(|| Raised("a shift so far".into()))
    };
    let too_large = || Raised("a number so large".into());
    Ok(match operator {
        Operator::Or => left | right,
        Operator::Xor => left ^ right,
        Operator::And => left & right,
        Operator::ShiftLeft => {
            let shift = shift()?;
            left.checked_mul(1 << shift).ok_or_else(too_large)?
        }
        Operator::ShiftRight => left >> shift()?,
        Operator::Add => left.checked_add(right).ok_or_else(too_large)?,
        Operator::Subtract => left.checked_sub(right).ok_or_else(too_large)?,
        Operator::Multiply => left.checked_mul(right).ok_or_else(too_large)?,
        Operator::Divide | Operator::FloorDivide | Operator::Remainder if right == 0 => {
            return Err(Raised("division by zero".into()));
        }
        // Rounded down, as Python does, and the remainder has the divisor's sign.
        Operator::FloorDivide | Operator::Divide => {
            let toward_zero = left / right;
            let inexact = left % right != 0 && (left < 0) != (right < 0);
            toward_zero - i128::from(inexact)
        }
        Operator::Remainder => left.rem_euclid(right.abs()) + adjusted(left, right),
    })
}

/// What makes a remainder that is not below zero one of the divisor's sign.
fn adjusted(left: i128, right: i128) -> i128 {
    let remainder = left.rem_euclid(right.abs());
    if right < 0 && remainder != 0 {
        right
    } else {
        0
    }
}

/// `'%d of %s' % (1, 'two')`
fn format(format: &str, value: &Value) -> Result<String, Raised> {
    let mut values = match value {
        Value::Tuple(list) => list.clone(),
        value => vec![value.clone()],
    }
    .into_iter();
    let mut text = String::new();
    let mut rest = format.chars().peekable();
    while let Some(c) = rest.next() {
        if c != '%' {
            text.push(c);
            continue;
        }
        let mut spec = String::new();
        while let Some(c) = rest.next_if(|c| "-+ #0123456789.l".contains(*c)) {
            spec.push(c);
        }
        let conversion = rest.next();
        if conversion == Some('%') {
            text.push('%');
            continue;
        }
        let too_few = || Raised("too few values for a format".into());
        let value = values.next().ok_or_else(too_few)?;
        text += &converted(conversion, &spec, &value)?;
    }
    if values.next().is_some() {
        return Err(Raised("too many values for a format".into()));
    }
    Ok(text)
}

fn converted(conversion: Option<char>, spec: &str, value: &Value) -> Result<String, Raised> {
    let wrong = || Raised(format!("{value} does not fit a format"));
    let whole = || match value {
        Value::Float(value) => Ok(value.trunc() as i128),
        value => value.int().ok_or_else(wrong),
    };
    let (width, precision) = spec.split_once('.').unwrap_or((spec, ""));
    let text = match conversion {
        Some('d' | 'i' | 'u') => whole()?.to_string(),
        Some('x') => format!("{:x}", whole()?),
        Some('X') => format!("{:X}", whole()?),
        Some('o') => format!("{:o}", whole()?),
        Some('s' | 'r') => value.to_string(),
        Some('f' | 'F') => {
            let places = precision.parse().unwrap_or(6).min(PLACES_MAX);
            format!("{:.places$}", value.float().ok_or_else(wrong)?)
        }
        Some('g' | 'e') => format!("{}", value.float().ok_or_else(wrong)?),
        _ => return Err(Raised("a format that is none".into())),
    };
    let digits = width.trim_start_matches(['-', '+', ' ', '#', '0']);
    let wide = digits.parse().unwrap_or(0).min(WIDTH_MAX);
    Ok(match width.starts_with('-') {
        true => format!("{text:<wide$}"),
        false => format!("{text:>wide$}"),
    })
}

/// Within 128 bits with room for a sign.
const SHIFT_MAX: u32 = 96;
const PLACES_MAX: usize = 20;
const WIDTH_MAX: usize = 200;
