//! Code blocks: assertions over `tcp_info`, in the small part of Python that scripts use.
//!
//! `parse` reads the text of a block, `eval` runs blocks in order as one program: names that a
//! block binds stay for those after it.

mod eval;
mod parse;

pub use eval::{Program, Raised};
pub use parse::{Block, Unread, read};

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Int(i128),
    Float(f64),
    Bool(bool),
    Text(String),
    None,
    Tuple(Vec<Value>),
}

/// An expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    Literal(Value),
    Name(String),
    Tuple(Vec<Expr>),
    Call(String, Vec<Expr>),
    Not(Box<Expr>),
    /// `-` or `~`, or `+`, which changes nothing.
    Unary(char, Box<Expr>),
    Binary(Operator, Box<Expr>, Box<Expr>),
    And(Box<Expr>, Box<Expr>),
    Or(Box<Expr>, Box<Expr>),
    /// `a < b <= c`
    Compare(Box<Expr>, Vec<(Comparison, Expr)>),
}

/// An operator on two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    Or,
    Xor,
    And,
    ShiftLeft,
    ShiftRight,
    Add,
    Subtract,
    Multiply,
    Divide,
    FloorDivide,
    Remainder,
}

/// How two values compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    NotEqual,
}

/// A statement.
#[derive(Debug, Clone, PartialEq)]
pub enum Statement {
    Assert(Expr, Option<Expr>),
    Assign(String, Expr),
    Augment(String, Operator, Expr),
    Expr(Expr),
}

#[cfg(test)]
mod tests;
