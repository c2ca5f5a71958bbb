//! A source file as the rules see it: code without comments and literals, and what is a test.

/// One file of `bus/src`, ready for the rules.
#[derive(Debug)]
pub(super) struct Source {
    /// The path below `src`, with `/`.
    pub(super) path: String,
    /// The text as it is.
    pub(super) text: String,
    /// The text with comments, strings and characters blanked: same lines, same columns.
    pub(super) code: String,
    /// For each line of `code`, how it is nested.
    pub(super) lines: Vec<Line>,
}

/// Where a line stands.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Line {
    /// Inside an item under `#[cfg(test)]`, or in a file of tests.
    pub(super) test: bool,
    /// How many `mod name { … }` are open around it.
    pub(super) modules: usize,
    /// Inside the body of a function.
    pub(super) function: bool,
}

impl Source {
    pub(super) fn new(path: &str, text: &str) -> Self {
        let code = blank(text);
        let mut lines = nesting(&code);
        // The body of a `mod tests;`.
        if path.ends_with("/tests.rs") || path.contains("/tests/") {
            lines.iter_mut().for_each(|line| line.test = true);
        }
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
            code,
            lines,
        }
    }

    /// The wing that the file belongs to: its folder, or `None` for a file of the ground.
    pub(super) fn wing(&self) -> Option<&str> {
        self.path.split_once('/').map(|(wing, _)| wing)
    }

    /// How many modules above this file's own is the root of the crate.
    pub(super) fn depth(&self) -> usize {
        let parts = self.path.split('/').count();
        parts - usize::from(self.path.ends_with("/mod.rs"))
    }

    /// The line of a byte of `code`, counted from 1.
    pub(super) fn line_of(&self, at: usize) -> usize {
        self.code[..at]
            .bytes()
            .filter(|byte| *byte == b'\n')
            .count()
            + 1
    }

    pub(super) fn at(&self, line: usize) -> Line {
        self.lines.get(line - 1).copied().unwrap_or_default()
    }

    /// Every place in the code where `word` stands, not as a part of a longer word.
    pub(super) fn find<'s>(&'s self, word: &'s str) -> impl Iterator<Item = usize> + 's {
        let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
        let starts_a_word = word.starts_with(part_of_word);
        let ends_a_word = word.ends_with(part_of_word);
        self.code.match_indices(word).filter_map(move |(at, _)| {
            let before = self.code[..at].chars().next_back();
            let after = self.code[at + word.len()..].chars().next();
            let longer = starts_a_word && before.is_some_and(part_of_word)
                || ends_a_word && after.is_some_and(part_of_word);
            (!longer).then_some(at)
        })
    }
}

/// Replaces comments and the insides of literals by blanks.
fn blank(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut code = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let end = match bytes[at] {
            b'/' if bytes.get(at + 1) == Some(&b'/') => line_end(bytes, at),
            b'/' if bytes.get(at + 1) == Some(&b'*') => comment_end(bytes, at),
            b'"' => string_end(bytes, at),
            b'r' if !follows_word(bytes, at) => match raw_end(bytes, at) {
                Some(end) => end,
                None => at,
            },
            b'\'' => char_end(bytes, at),
            _ => at,
        };
        for byte in &mut code[at..end] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
        at = end.max(at + 1);
    }
    String::from_utf8(code).expect("whole literals and comments were blanked, so whole characters")
}

fn follows_word(bytes: &[u8], at: usize) -> bool {
    at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_')
}

fn line_end(bytes: &[u8], at: usize) -> usize {
    let rest = bytes[at..].iter().position(|byte| *byte == b'\n');
    rest.map_or(bytes.len(), |length| at + length)
}

fn comment_end(bytes: &[u8], start: usize) -> usize {
    let (mut at, mut open) = (start + 2, 1);
    while at < bytes.len() && open > 0 {
        match &bytes[at..bytes.len().min(at + 2)] {
            b"/*" => (open, at) = (open + 1, at + 2),
            b"*/" => (open, at) = (open - 1, at + 2),
            _ => at += 1,
        }
    }
    at
}

fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(bytes.len())
}

/// The end of `r"…"` or `r#"…"#`, if that begins here.
fn raw_end(bytes: &[u8], start: usize) -> Option<usize> {
    let hashes = bytes[start + 1..].iter().take_while(|byte| **byte == b'#');
    let hashes = hashes.count();
    let open = start + 1 + hashes;
    if bytes.get(open) != Some(&b'"') {
        return None;
    }
    let close = [&b"\""[..], &vec![b'#'; hashes]].concat();
    let length = bytes[open + 1..]
        .windows(close.len())
        .position(|window| window == close);
    Some(length.map_or(bytes.len(), |length| open + 1 + length + close.len()))
}

/// The end of a character; a lifetime is left as it is.
fn char_end(bytes: &[u8], start: usize) -> usize {
    if bytes.get(start + 1) == Some(&b'\\') {
        let rest = bytes[start + 3..].iter().position(|byte| *byte == b'\'');
        return rest.map_or(bytes.len(), |length| start + 3 + length + 1);
    }
    let width = match bytes.get(start + 1) {
        Some(0xF0..) => 4,
        Some(0xE0..) => 3,
        Some(0xC0..) => 2,
        _ => 1,
    };
    match bytes.get(start + 1 + width) {
        Some(b'\'') => start + width + 2,
        _ => start,
    }
}

#[derive(Clone, Copy)]
enum Block {
    Module { test: bool },
    Function { test: bool },
    Other { test: bool },
}

/// Follows the braces: what is each line in?
fn nesting(code: &str) -> Vec<Line> {
    let mut open: Vec<Block> = Vec::new();
    let mut header = String::new();
    let mut lines = Vec::new();
    for text in code.lines() {
        let mut line = state(&open);
        for c in text.chars() {
            match c {
                '{' => {
                    open.push(block(&header));
                    // An item on one line is in itself.
                    let now = state(&open);
                    line.test |= now.test;
                    header.clear();
                }
                '}' => {
                    open.pop();
                    header.clear();
                }
                ';' => {
                    line.test |= header.contains("#[cfg(test)]");
                    header.clear();
                }
                c => header.push(c),
            }
        }
        // The attribute and the signature belong to what they introduce.
        line.test |= header.contains("#[cfg(test)]");
        header.push(' ');
        lines.push(line);
    }
    lines
}

fn block(header: &str) -> Block {
    let test = header.contains("#[cfg(test)]");
    let mut words = header.split(|c: char| !(c.is_alphanumeric() || c == '_'));
    if words.clone().any(|word| word == "fn") {
        Block::Function { test }
    } else if words.any(|word| word == "mod") {
        Block::Module { test }
    } else {
        Block::Other { test }
    }
}

fn state(open: &[Block]) -> Line {
    let mut line = Line::default();
    for block in open {
        match block {
            Block::Module { test } => {
                line.modules += 1;
                line.test |= test;
            }
            Block::Function { test } => {
                line.function = true;
                line.test |= test;
            }
            Block::Other { test } => line.test |= test,
        }
    }
    line
}

#[test]
fn comments_and_literals_are_no_code() {
    let source = Source::new(
        "a.rs",
        "//! doc crate::x\nfn a<'l>(c: char) { /* crate::y /* */ */ b(\"crate::z\\\"\", 'x', '\\'', 'é', r#\"q\"w\"#) } // end\n",
    );
    let code: String = source.code.split_whitespace().collect();
    assert_eq!(code, "fna<'l>(c:char){b(,,,,)}");
    assert_eq!(source.code.len(), source.text.len());
}

#[test]
fn tests_modules_and_functions_are_told_apart() {
    let source = Source::new(
        "a.rs",
        "fn a() {\n    b();\n}\nmod c {\n    use x;\n}\n#[cfg(test)]\nmod tests {\n    fn d() {\n        e();\n    }\n}\nstruct F;\n",
    );
    assert!(source.at(2).function && !source.at(2).test);
    assert_eq!((source.at(5).modules, source.at(5).test), (1, false));
    assert!(source.at(7).test && source.at(10).test && source.at(10).function);
    assert!(!source.at(13).test && !source.at(13).function);
    assert_eq!(source.at(13).modules, 0);
}
