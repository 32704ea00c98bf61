//! Shell commands, read without a shell: a command's text as simple commands and how they hang
//! together.
//!
//! Newlines, `;` and `&&` part commands, each of which must succeed; `||` runs what follows it when
//! what stands before it failed; `|` makes a pipeline. Quotes, `\`-newline, comments and products
//! in `$((...))` are read; redirections are kept apart. What words mean is `command`'s business.

/// A pipeline, and when it runs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Step {
    /// It stands after `||`: it runs only if the one before it failed, and then counts in its
    /// place.
    pub otherwise: bool,
    /// Each command of the pipeline.
    pub pipeline: Vec<Simple>,
}

/// One command.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Simple {
    pub words: Vec<String>,
    /// Where its output goes, if it is redirected: the last file named.
    pub to: Option<String>,
}

/// Reads a command's text. `None`: a quote that never closes, or arithmetic that is no product.
pub fn read(text: &str) -> Option<Vec<Step>> {
    let mut reader = Reader {
        rest: text.chars().peekable(),
        steps: Vec::new(),
        step: Step::default(),
        simple: Simple::default(),
        word: None,
        redirected: false,
    };
    reader.read()?;
    Some(reader.steps)
}

struct Reader<'a> {
    rest: std::iter::Peekable<std::str::Chars<'a>>,
    steps: Vec<Step>,
    step: Step,
    simple: Simple,
    /// The word that is being read; an empty one was quoted.
    word: Option<String>,
    /// The next word is where something is redirected to.
    redirected: bool,
}

impl Reader<'_> {
    fn read(&mut self) -> Option<()> {
        while let Some(c) = self.rest.next() {
            match c {
                ' ' | '\t' => self.end_word(),
                '\n' | ';' => self.end_step(false),
                '#' if self.word.is_none() => self.skip_line(),
                '\\' => self.escape(),
                '\'' | '"' => self.quoted(c)?,
                '&' | '|' | '>' | '<' => self.operator(c),
                '$' if self.rest.peek() == Some(&'(') => {
                    let value = self.arithmetic()?;
                    self.word.get_or_insert_default().push_str(&value);
                }
                c => self.word.get_or_insert_default().push(c),
            }
        }
        self.end_step(false);
        Some(())
    }

    fn operator(&mut self, c: char) {
        let doubled = self.rest.peek() == Some(&c);
        match (c, doubled) {
            ('&', true) => {
                self.rest.next();
                self.end_step(false);
            }
            ('|', true) => {
                self.rest.next();
                self.end_step(true);
            }
            ('|', false) => self.end_command(),
            // `&>file`: a redirection of both; a lone `&` parts as `;` does.
            ('&', false) if self.rest.peek() == Some(&'>') => {}
            ('&', false) => self.end_step(false),
            _ => self.redirect(doubled),
        }
    }

    /// `>`, `>>`, `2>`, `2>&1`, `<`: no words of the command.
    fn redirect(&mut self, doubled: bool) {
        if doubled {
            self.rest.next();
        }
        // A number that touches the sign says which descriptor.
        if self.word.as_ref().is_some_and(|word| is_number(word)) {
            self.word = None;
        }
        self.end_word();
        if self.rest.peek() == Some(&'&') {
            self.rest.next();
        }
        self.redirected = true;
    }

    fn end_word(&mut self) {
        let Some(word) = self.word.take() else {
            return;
        };
        if self.redirected {
            self.redirected = false;
            self.simple.to = Some(word);
        } else {
            self.simple.words.push(word);
        }
    }

    fn end_command(&mut self) {
        self.end_word();
        self.redirected = false;
        let simple = std::mem::take(&mut self.simple);
        if !simple.words.is_empty() {
            self.step.pipeline.push(simple);
        }
    }

    /// `otherwise`: what follows runs only if this fails.
    fn end_step(&mut self, otherwise: bool) {
        self.end_command();
        if self.step.pipeline.is_empty() {
            return;
        }
        let next = Step {
            otherwise,
            pipeline: Vec::new(),
        };
        self.steps.push(std::mem::replace(&mut self.step, next));
    }

    fn skip_line(&mut self) {
        while self.rest.next_if(|c| *c != '\n').is_some() {}
    }

    /// A backslash joins lines, or keeps the next character as it is.
    fn escape(&mut self) {
        match self.rest.next() {
            None | Some('\n') => {}
            Some(c) => self.word.get_or_insert_default().push(c),
        }
    }

    fn quoted(&mut self, mark: char) -> Option<()> {
        self.word.get_or_insert_default();
        loop {
            let c = self.rest.next()?;
            if c == mark {
                return Some(());
            }
            let c = match c {
                '\\' if mark == '"' => match self.rest.next()? {
                    '\n' => continue,
                    kept @ ('"' | '\\' | '$' | '`') => kept,
                    other => {
                        self.word.get_or_insert_default().push('\\');
                        other
                    }
                },
                '$' if mark == '"' && self.rest.peek() == Some(&'(') => {
                    let value = self.arithmetic()?;
                    self.word.get_or_insert_default().push_str(&value);
                    continue;
                }
                c => c,
            };
            self.word.get_or_insert_default().push(c);
        }
    }

    /// `$((A*B*...))`, its `$` taken.
    fn arithmetic(&mut self) -> Option<String> {
        let mut inside = String::new();
        for wanted in ['(', '('] {
            self.rest.next_if_eq(&wanted)?;
        }
        while let Some(c) = self.rest.next_if(|c| *c != ')') {
            inside.push(c);
        }
        for wanted in [')', ')'] {
            self.rest.next_if_eq(&wanted)?;
        }
        let factors = inside.split('*').map(|factor| factor.trim().parse::<i64>());
        let mut product: i64 = 1;
        for factor in factors {
            product = product.checked_mul(factor.ok()?)?;
        }
        Some(product.to_string())
    }
}

fn is_number(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|c| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Steps in one line: words with blanks, pipelines with `|`, steps with `;` or `||`.
    fn show(text: &str) -> String {
        let Some(steps) = read(text) else {
            return "unread".into();
        };
        let mut shown = String::new();
        for step in steps {
            let parts: Vec<String> = step
                .pipeline
                .iter()
                .map(|one| one.words.join(" "))
                .collect();
            if !shown.is_empty() {
                shown += if step.otherwise { " || " } else { " ; " };
            }
            shown += &parts.join(" | ");
        }
        shown
    }

    #[test]
    fn commands_are_parted() {
        for (text, shown) in [
            ("", ""),
            ("  \n ; \n", ""),
            ("a b", "a b"),
            ("a\nb;c&&d", "a ; b ; c ; d"),
            ("a || b", "a || b"),
            ("a || b ; c", "a || b ; c"),
            ("a | b | c", "a | b | c"),
            ("a \\\n b", "a b"),
            ("a # b\nc#d", "a ; c#d"),
            ("a &", "a"),
        ] {
            assert_eq!(show(text), shown, "{text}");
        }
    }

    #[test]
    fn quotes_make_one_word() {
        let words = |text: &str| read(text).unwrap()[0].pipeline[0].words.clone();
        assert_eq!(words("a 'b c' d"), ["a", "b c", "d"]);
        assert_eq!(words("k=\"1 2 3\""), ["k=1 2 3"]);
        assert_eq!(words("a ''"), ["a", ""]);
        assert_eq!(words(r#"a "b\"c\n" d\ e"#), ["a", "b\"c\\n", "d e"]);
        assert_eq!(words("a 'b;c|d'"), ["a", "b;c|d"]);
        assert_eq!(show("a 'b"), "unread");
    }

    #[test]
    fn redirections_are_no_words() {
        for text in [
            "a b > /dev/null",
            "a b >/dev/null 2>&1",
            "a 2>/dev/null b",
            "a b >> file",
            "a < file b",
            "a b &> /dev/null",
        ] {
            assert_eq!(show(text), "a b", "{text}");
        }
        assert_eq!(show("a 2 > f | b"), "a 2 | b");
        let steps = read("echo 3 > /sys/x").unwrap();
        assert_eq!(steps[0].pipeline[0].to.as_deref(), Some("/sys/x"));
    }

    #[test]
    fn products_are_computed() {
        assert_eq!(show("k=$((2*3 * 4))"), "k=24");
        assert_eq!(show("k=\"4096 $((1024*1024))\""), "k=4096 1048576");
        assert_eq!(show("k=$((7))"), "k=7");
        for text in ["$((2+3))", "$((x))", "$(date)", "$((1)"] {
            assert_eq!(show(text), "unread", "{text}");
        }
    }
}
