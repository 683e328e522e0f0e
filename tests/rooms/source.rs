//! The paths in a Rust source: enough of the language to find them, and no more.

use std::collections::BTreeMap;

/// A path that a source uses, from the crate's root or that of another crate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) path: String,
    pub(crate) line: usize,
}

/// A word, a `::`, or another sign.
#[derive(Debug, Clone)]
struct Token {
    text: String,
    line: usize,
}

/// A source without its tests, comments and texts.
#[derive(Debug)]
pub(crate) struct Source {
    module: String,
    tokens: Vec<Token>,
}

/// The module that a file or folder below `src/` is.
pub(crate) fn module_of(place: &str) -> String {
    let place = place.trim_end_matches('/').trim_end_matches(".rs");
    let place = place.strip_suffix("/mod").unwrap_or(place);
    match place {
        "lib" | "main" => "crate".to_owned(),
        _ => format!("crate::{}", place.replace('/', "::")),
    }
}

impl Source {
    pub(crate) fn read(place: &str, text: &str) -> Self {
        Self { module: module_of(place), tokens: without_tests(&tokens(text)) }
    }

    /// Every path that leads out of the file: those of `use`, and those in the code.
    pub(crate) fn known(&self) -> Vec<Known> {
        let mut names = self.declared_modules();
        let mut imported = Vec::new();
        let mut code = Vec::new();
        let mut at = 0;
        while at < self.tokens.len() {
            // `use<'a>` in a type is no import.
            if self.is(at, "use") && !self.is(at + 1, "<") {
                at = self.import(at + 1, &[], &mut imported);
            } else {
                code.push(at);
                at += 1;
            }
        }
        let mut known = Vec::new();
        for (path, name, line) in imported {
            let path = self.absolute(&path, &names);
            known.push(Known { path: path.clone(), line });
            names.insert(name, path);
        }
        known.extend(code.iter().filter_map(|&at| self.path_at(at)).filter_map(|(path, line)| {
            let leads_out = names.contains_key(&path[0]) || is_root(&path[0]);
            leads_out.then(|| Known { path: self.absolute(&path, &names), line })
        }));
        known.extend(
            code.iter()
                .filter(|&&at| self.reads_clock(at))
                .map(|&at| Known { path: "std::time::Instant::now".to_owned(), line: self.tokens[at].line }),
        );
        known
    }

    /// Names of the macros that are called.
    pub(crate) fn macros(&self) -> Vec<(String, usize)> {
        let called = |pair: &[Token]| is_word(&pair[0].text) && pair[1].text == "!";
        self.tokens.windows(2).filter(|pair| called(pair)).map(|pair| (pair[0].text.clone(), pair[0].line)).collect()
    }

    /// The line of the first thing that is neither an attribute nor `mod name;`.
    pub(crate) fn first_code(&self) -> Option<usize> {
        let mut at = 0;
        while at < self.tokens.len() {
            let line = self.tokens[at].line;
            if self.is(at, "#") {
                at = end_of_group(&self.tokens, at + 1 + usize::from(self.is(at + 1, "!")));
                continue;
            }
            if self.is(at, "pub") {
                at += 1;
                if self.is(at, "(") {
                    at = end_of_group(&self.tokens, at);
                }
            }
            if !self.is(at, "mod") || !self.is(at + 2, ";") {
                return Some(line);
            }
            at += 3;
        }
        None
    }

    fn is(&self, at: usize, text: &str) -> bool {
        self.tokens.get(at).is_some_and(|token| token.text == text)
    }

    fn declared_modules(&self) -> BTreeMap<String, String> {
        let pairs = self.tokens.windows(2).filter(|pair| pair[0].text == "mod");
        pairs.map(|pair| (pair[1].text.clone(), format!("{}::{}", self.module, pair[1].text))).collect()
    }

    /// Reads a tree of `use` from `at` on; returns where it ends.
    fn import(&self, mut at: usize, above: &[String], found: &mut Vec<(Vec<String>, String, usize)>) -> usize {
        let mut path = above.to_vec();
        while let Some(token) = self.tokens.get(at) {
            match token.text.as_str() {
                "::" => {
                    at += 1;
                    continue;
                }
                "{" => {
                    at += 1;
                    while at < self.tokens.len() && !self.is(at, "}") {
                        at = if self.is(at, ",") { at + 1 } else { self.import(at, &path, found) };
                    }
                    return at + 1;
                }
                "*" => {
                    found.push((path, "*".to_owned(), token.line));
                    return at + 1;
                }
                "self" if !path.is_empty() => at += 1,
                _ if is_word(&token.text) => {
                    path.push(token.text.clone());
                    at += 1;
                }
                _ => break,
            }
            if !self.is(at, "::") {
                let line = token.line;
                let renamed = self.is(at, "as").then(|| self.tokens[at + 1].text.clone());
                let end = if renamed.is_some() { at + 2 } else { at };
                let name = renamed.or_else(|| path.last().cloned()).unwrap_or_default();
                found.push((path, name, line));
                return end;
            }
        }
        at + 1
    }

    /// The path of at least two parts that begins at `at`.
    fn path_at(&self, at: usize) -> Option<(Vec<String>, usize)> {
        if !is_word(&self.tokens[at].text) || at > 0 && self.is(at - 1, "::") {
            return None;
        }
        let mut path = vec![self.tokens[at].text.clone()];
        let mut next = at + 1;
        while self.is(next, "::") && self.tokens.get(next + 1).is_some_and(|token| is_word(&token.text)) {
            path.push(self.tokens[next + 1].text.clone());
            next += 2;
        }
        (path.len() > 1).then(|| (path, self.tokens[at].line))
    }

    /// `.elapsed()` takes the time as `now` does.
    fn reads_clock(&self, at: usize) -> bool {
        [".", "elapsed", "(", ")"].iter().enumerate().all(|(i, text)| self.is(at + i, text))
    }

    fn absolute(&self, path: &[String], names: &BTreeMap<String, String>) -> String {
        let mut base: Vec<String> = Vec::new();
        let mut rest = path;
        while let Some((first, after)) = rest.split_first() {
            match first.as_str() {
                "self" if base.is_empty() => base = split(&self.module),
                "super" => {
                    if base.is_empty() {
                        base = split(&self.module);
                    }
                    base.pop();
                }
                "core" | "alloc" if base.is_empty() => base = vec!["std".to_owned()],
                name if base.is_empty() && names.contains_key(name) => base = split(&names[name]),
                _ => break,
            }
            rest = after;
        }
        base.extend_from_slice(rest);
        base.join("::")
    }
}

fn split(path: &str) -> Vec<String> {
    path.split("::").map(str::to_owned).collect()
}

/// Whether a path that begins so leads to a module or a crate, and not to a primitive type or a lint.
fn is_root(name: &str) -> bool {
    let others = [
        "bool", "char", "clippy", "f32", "f64", "i128", "i16", "i32", "i64", "i8", "isize", "str", "u128", "u16",
        "u32", "u64", "u8", "usize",
    ];
    name.starts_with(|c: char| c.is_lowercase()) && !others.contains(&name)
}

fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Leaves out what `#[cfg(test)]` stands before.
fn without_tests(tokens: &[Token]) -> Vec<Token> {
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if is_test_attribute(tokens, at) {
            at = end_of_item(tokens, at);
        } else {
            kept.push(tokens[at].clone());
            at += 1;
        }
    }
    kept
}

fn is_test_attribute(tokens: &[Token], at: usize) -> bool {
    let starts =
        ["#", "[", "cfg", "("].iter().enumerate().all(|(i, s)| tokens.get(at + i).is_some_and(|t| t.text == *s));
    let inside = || &tokens[at..end_of_group(tokens, at + 1)];
    starts && inside().iter().any(|t| t.text == "test") && !inside().iter().any(|t| t.text == "not")
}

/// Behind the item whose first attribute is at `at`.
fn end_of_item(tokens: &[Token], mut at: usize) -> usize {
    while at < tokens.len() {
        match tokens[at].text.as_str() {
            ";" => return at + 1,
            "{" => return end_of_group(tokens, at),
            "(" | "[" => at = end_of_group(tokens, at),
            _ => at += 1,
        }
    }
    at
}

/// Behind the bracket that closes the one at `at`.
fn end_of_group(tokens: &[Token], at: usize) -> usize {
    let mut depth = 0_usize;
    for (i, token) in tokens.iter().enumerate().skip(at) {
        match token.text.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return i + 1;
        }
    }
    tokens.len()
}

fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = text;
    let mut line = 1;
    while !rest.is_empty() {
        let (len, is_token) = next_len(rest);
        let (taken, after) = rest.split_at(len);
        if is_token {
            tokens.push(Token { text: taken.trim_start_matches("r#").to_owned(), line });
        }
        line += taken.matches('\n').count();
        rest = after;
    }
    tokens
}

/// The length of what `text` begins with, and whether it is more than space, comment or literal.
fn next_len(text: &str) -> (usize, bool) {
    let first = text.chars().next().unwrap_or(' ');
    if text.starts_with("//") {
        return (text.find('\n').unwrap_or(text.len()), false);
    }
    if text.starts_with("/*") {
        return (comment_len(text), false);
    }
    if let Some(len) = literal_len(text) {
        return (len, false);
    }
    if first.is_alphanumeric() || first == '_' || text.starts_with("r#") {
        let raw = if text.starts_with("r#") { 2 } else { 0 };
        let end = text[raw..].find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len() - raw);
        return (raw + end, true);
    }
    if text.starts_with("::") { (2, true) } else { (first.len_utf8(), !first.is_whitespace()) }
}

fn comment_len(text: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    at
}

/// The length of the text or character that `text` begins with, or of a lifetime.
fn literal_len(text: &str) -> Option<usize> {
    let unprefixed = text.trim_start_matches(['b', 'c']);
    let prefix = text.len() - unprefixed.len();
    if prefix > 1 {
        return None;
    }
    if let Some(raw) = unprefixed.strip_prefix('r') {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        let body = raw[hashes..].strip_prefix('"')?;
        let close = format!("\"{}", "#".repeat(hashes));
        let end = body.find(&close).map_or(body.len(), |i| i + close.len());
        return Some(prefix + 1 + hashes + 1 + end);
    }
    if let Some(body) = unprefixed.strip_prefix('"') {
        return Some(prefix + 1 + quoted_len(body, '"'));
    }
    let body = unprefixed.strip_prefix('\'')?;
    let mut characters = body.chars();
    let (first, second) = (characters.next()?, characters.next());
    if first == '\\' || second == Some('\'') {
        Some(prefix + 1 + quoted_len(body, '\''))
    } else {
        // A lifetime: the quote alone; its name does no harm.
        Some(prefix + 1)
    }
}

/// Up to and with the closing quote.
fn quoted_len(body: &str, quote: char) -> usize {
    let mut escaped = false;
    for (i, c) in body.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return i + c.len_utf8(),
            _ => {}
        }
    }
    body.len()
}
