//! Lists of files: lines, names that end with NUL, or the CSV that `Import-Csv | Start-BitsTransfer` reads.

use std::borrow::Cow;
use std::ffi::OsString;

/// One file of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ListedFile {
    /// Its path, or `-`.
    pub(super) source: OsString,
    /// A URL, or a path below the URL that was typed.
    pub(super) destination: Option<String>,
}

/// Reads a list. Names end with NUL if `null`; else it is CSV if its first line has the column `Source`, and lines
/// otherwise.
///
/// # Errors
/// When it cannot be read as what it is; the message says where.
pub(super) fn parse(bytes: &[u8], null: bool) -> Result<Vec<ListedFile>, String> {
    let text = as_utf8(bytes);
    // Its lines would be told as names of files that are missing, and go to the server as such.
    if text.trim_ascii_start().starts_with(b"-----BEGIN ") {
        return Err("it is a PEM file, a key or a certificate, not a list of files".to_owned());
    }
    if null {
        return names_that_end_with_nul(&text);
    }
    if let Some(at) = text.iter().position(|byte| byte.is_ascii_control() && !b"\t\n\r\x0c".contains(byte)) {
        let (byte, hint) = (text[at], "a list whose names end with a NUL byte needs -0");
        return Err(format!("it is not a text file: byte {at} is 0x{byte:02x} ({hint})"));
    }
    match header(&text) {
        Some(table) => table.records(&text),
        None => lines(&text),
    }
}

fn lines(text: &[u8]) -> Result<Vec<ListedFile>, String> {
    let names = text.split(|byte| *byte == b'\n').enumerate().filter_map(|(at, text)| Some((at + 1, line(text)?)));
    // Quotes around nothing: such a name may be what a script made of a variable that it does not have.
    names
        .map(|(at, name)| if name.is_empty() { Err(format!("line {at} names no file")) } else { named(&name) })
        .collect()
}

fn names_that_end_with_nul(bytes: &[u8]) -> Result<Vec<ListedFile>, String> {
    if !bytes.contains(&0) && bytes.contains(&b'\n') {
        return Err("no name in it ends with a NUL byte: leave out -0".to_owned());
    }
    bytes.split(|byte| *byte == 0).filter(|name| !name.is_empty()).map(named).collect()
}

/// The name in a line, without the quotation marks around it; `None` if the line is blank or a comment.
fn line(line: &[u8]) -> Option<Cow<'_, [u8]>> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.trim_ascii().is_empty() || line.starts_with(b"#") {
        return None;
    }
    let quoted = line.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\""));
    let inside = quoted.and_then(|inside| std::str::from_utf8(inside).ok());
    Some(match inside.map(|inside| (inside, inside.replace("\"\"", ""))) {
        // One in it is doubled, as in CSV; else the marks belong to the name.
        Some((inside, rest)) if !rest.contains('"') => inside.replace("\"\"", "\"").into_bytes().into(),
        _ => line.into(),
    })
}

fn named(name: &[u8]) -> Result<ListedFile, String> {
    Ok(ListedFile { source: os_string(name)?, destination: None })
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "has the signature of the others")]
fn os_string(name: &[u8]) -> Result<OsString, String> {
    Ok(std::os::unix::ffi::OsStringExt::from_vec(name.to_vec()))
}

#[cfg(not(unix))]
fn os_string(name: &[u8]) -> Result<OsString, String> {
    let text = std::str::from_utf8(name);
    text.map(OsString::from).map_err(|_| format!("{:?} is not UTF-8", String::from_utf8_lossy(name)))
}

/// Without a byte order mark. Windows PowerShell writes UTF-16.
fn as_utf8(bytes: &[u8]) -> Cow<'_, [u8]> {
    if let Some(rest) = bytes.strip_prefix(b"\xef\xbb\xbf") {
        return rest.into();
    }
    let (rest, unit): (_, fn([u8; 2]) -> u16) = match bytes {
        [0xff, 0xfe, rest @ ..] => (rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => (rest, u16::from_be_bytes),
        _ => return bytes.into(),
    };
    let units: Vec<u16> = rest.as_chunks().0.iter().map(|pair| unit(*pair)).collect();
    String::from_utf16_lossy(&units).into_bytes().into()
}

/// CSV whose columns are known.
struct Table {
    /// Spreadsheets write a semicolon where the comma is for decimals; or a TAB.
    delimiter: u8,
    source: usize,
    destination: Option<usize>,
}

/// `None` if it is no such CSV.
fn header(bytes: &[u8]) -> Option<Table> {
    b",;\t".iter().find_map(|delimiter| {
        let mut first = csv::ByteRecord::new();
        reader(bytes, *delimiter).read_byte_record(&mut first).ok()?;
        let is = |field: &[u8], name: &str| field.trim_ascii().eq_ignore_ascii_case(name.as_bytes());
        let column = |name: &str| first.iter().position(|field| is(field, name));
        let (source, destination) = (column("source")?, column("destination"));
        // A file may have this name.
        (first.len() > 1 || is_quoted(bytes)).then_some(Table { delimiter: *delimiter, source, destination })
    })
}

/// Whether the first line that is no comment begins with a quotation mark.
fn is_quoted(bytes: &[u8]) -> bool {
    bytes.split(|byte| *byte == b'\n').find(|line| !line.starts_with(b"#")).is_some_and(|line| line.starts_with(b"\""))
}

fn reader(bytes: &[u8], delimiter: u8) -> csv::Reader<&[u8]> {
    // `Export-Csv` may begin with `#TYPE …`.
    let mut builder = csv::ReaderBuilder::new();
    builder.has_headers(false).flexible(true).comment(Some(b'#')).delimiter(delimiter).from_reader(bytes)
}

impl Table {
    fn records(&self, bytes: &[u8]) -> Result<Vec<ListedFile>, String> {
        reader(bytes, self.delimiter).into_byte_records().skip(1).map(|record| self.file(record)).collect()
    }

    fn file(&self, record: csv::Result<csv::ByteRecord>) -> Result<ListedFile, String> {
        let record = record.map_err(|error| error.to_string())?;
        let line = record.position().map_or(0, csv::Position::line);
        // As `Import-Csv` does: blanks behind a comma belong to no name.
        let field = |column| record.get(column).map(<[u8]>::trim_ascii);
        let Some(path) = field(self.source).filter(|path| !path.is_empty()) else {
            return Err(format!("line {line} has no Source"));
        };
        let to = self.destination.and_then(field).unwrap_or_default();
        let to = std::str::from_utf8(to).map_err(|_| format!("line {line}: Destination is not UTF-8"))?;
        Ok(ListedFile { source: os_string(path)?, destination: Some(to.to_owned()).filter(|to| !to.is_empty()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(source: &str, destination: Option<&str>) -> ListedFile {
        ListedFile { source: source.into(), destination: destination.map(str::to_owned) }
    }

    #[test]
    fn lines_may_end_as_on_windows_and_blank_ones_mean_nothing() {
        let expected = vec![listed("a", None), listed(" b,c\"", None), listed("./#d", None)];
        assert_eq!(parse(b"a\r\n\n b,c\"\n./#d", false), Ok(expected.clone()));
        assert_eq!(parse(b"\xef\xbb\xbfa\n b,c\"\n./#d\n", false), Ok(expected));
        assert_eq!(parse(b"", false), Ok(Vec::new()));
    }

    #[test]
    fn case_71_comments_mean_nothing_and_quotes_are_not_of_the_name() {
        let text = b"# mine\n\"a b\"\n\"say \"\"no\"\"\"\n\"a\" and \"b\"\n\"\n#c\nd # e\n";
        let expected = ["a b", "say \"no\"", "\"a\" and \"b\"", "\"", "d # e"].map(|name| listed(name, None));
        assert_eq!(parse(text, false), Ok(expected.to_vec()));
    }

    #[test]
    fn case_71_columns_are_divided_by_commas_semicolons_or_tabs() {
        for divider in [",", ";", "\t"] {
            let text = ["Source", "Destination\r\n# none\r\n\"a,;\tb\"", "c d\r\n"].join(divider);
            assert_eq!(parse(text.as_bytes(), false), Ok(vec![listed("a,;\tb", Some("c d"))]), "{text}");
        }
        assert_eq!(parse(b"\"Source\"\r\n\"a b\"\r\n", false), Ok(vec![listed("a b", None)]));
        assert_eq!(parse(b"Name;source\nx;a\n", false), Ok(vec![listed("a", None)]));
        let blanks = parse(b"Source, Destination\na b , http://h/x\n", false);
        assert_eq!(blanks, Ok(vec![listed("a b", Some("http://h/x"))]));
        assert_eq!(parse(b"\xef\xbb\xbfa\0b\0", true), Ok(vec![listed("a", None), listed("b", None)]));
        assert_eq!(parse(b"source\na\n", false), Ok(vec![listed("source", None), listed("a", None)]));
    }

    #[test]
    fn case_71_what_is_no_list_is_told_in_one_line() {
        let binary = parse(b"PK\x03\x04\x00\x0a", false).expect_err("no text");
        assert_eq!(binary, "it is not a text file: byte 2 is 0x03 (a list whose names end with a NUL byte needs -0)");
        assert!(parse(b"a\0b\0", false).expect_err("no text").contains("byte 1 is 0x00"));
        assert_eq!(parse(b"a\nb\n", true), Err("no name in it ends with a NUL byte: leave out -0".to_owned()));
        assert_eq!(parse(b"a", true), Ok(vec![listed("a", None)]));
    }

    #[test]
    fn names_that_end_with_nul_may_hold_line_breaks() {
        assert_eq!(parse(b"a\nb\0c\0", true), Ok(vec![listed("a\nb", None), listed("c", None)]));
    }

    #[test]
    fn the_csv_of_start_bitstransfer_is_read_with_its_quotes() {
        let text =
            "#TYPE Selected\r\n\"Destination\",\"SOURCE\"\r\n\"http://h/a \"\"1\"\"\",\"c:\\a, b\"\r\n,\"x\ny\"\r\n";
        let expected = vec![listed("c:\\a, b", Some("http://h/a \"1\"")), listed("x\ny", None)];
        assert_eq!(parse(text.as_bytes(), false), Ok(expected.clone()));
        for to_bytes in [u16::to_le_bytes, u16::to_be_bytes] {
            let wide: Vec<u8> = [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(to_bytes).collect();
            assert_eq!(parse(&wide, false), Ok(expected.clone()));
        }
        assert_eq!(parse(b"Source,Destination\na\n", false), Ok(vec![listed("a", None)]));
    }

    #[test]
    fn a_record_without_a_source_is_named_by_its_line() {
        assert_eq!(parse(b"a\n\n\"\"\n", false), Err("line 3 names no file".to_owned()));
        assert_eq!(parse(b"Source,Destination\na,b\n,c\n", false), Err("line 3 has no Source".to_owned()));
    }
}
