//! Reads what `bitsup check --report` writes, and `tests/captures/*.txt`, which have the same form: `>` begins a line of
//! a request's head, `<` one of its response's, `|` the beginning of its body as a JSON string.

/// A request and what came back. Heads have the line ends of the wire, and the empty line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Exchange {
    pub(crate) request: String,
    /// `None`: none came.
    pub(crate) response: Option<String>,
    pub(crate) body: Vec<u8>,
}

impl Exchange {
    /// The packet's kind, or the method of another request.
    pub(crate) fn kind(&self) -> &str {
        field(&self.request, "BITS-Packet-Type").or(self.request.split(' ').next()).unwrap_or_default()
    }
}

/// A field's value, by its name in any letter case.
pub(crate) fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().skip(1).find_map(|line| {
        let (field, value) = line.split_once(':')?;
        field.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

/// The exchanges of a file.
///
/// # Panics
/// When it has another form.
pub(crate) fn read(text: &str) -> Vec<Exchange> {
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("bitsup-report 1"), "a form that this reads");
    let mut exchanges: Vec<Exchange> = Vec::new();
    let mut before = "";
    for line in lines {
        let (mark, rest) = line.split_once(' ').unwrap_or_default();
        if mark == ">" && before != ">" {
            exchanges.push(Exchange::default());
        }
        let last = exchanges.last_mut();
        match (mark, last) {
            (">", Some(exchange)) => exchange.request.extend([rest, "\r\n"]),
            ("<", Some(exchange)) => exchange.response.get_or_insert_default().extend([rest, "\r\n"]),
            ("|", Some(exchange)) => exchange.body = serde_json::from_str::<String>(rest).expect("a text").into_bytes(),
            _ => {}
        }
        before = mark;
    }
    for exchange in &mut exchanges {
        exchange.request += "\r\n";
        exchange.response.iter_mut().for_each(|response| *response += "\r\n");
    }
    exchanges
}

/// The file of this name in `tests/captures/`.
pub(crate) fn capture(name: &str) -> Vec<u8> {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures").join(name);
    std::fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// The conversation of Windows' client and IIS 6, as [MC-BUP] section 4 prints it, byte for byte.
pub(crate) fn recorded(name: &str) -> Vec<Exchange> {
    read(&String::from_utf8(capture(name)).expect("text"))
}
