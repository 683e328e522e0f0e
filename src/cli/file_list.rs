//! Lists of files: lines, names that end with NUL, or the CSV that `Import-Csv | Start-BitsTransfer` reads.

use std::ffi::OsString;

/// One file of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ListedFile {
    /// Its path, or `-`.
    pub(super) source: OsString,
    /// A URL, or a path below the URL that was typed.
    pub(super) destination: Option<String>,
}

/// Reads a list. Names end with NUL if `null`; else it is CSV if its first line has the columns `Source` and
/// `Destination`, and lines otherwise.
///
/// # Errors
/// When it cannot be read as what it is; the message says where.
pub(super) fn parse(bytes: &[u8], null: bool) -> Result<Vec<ListedFile>, String> {
    // Its lines would be told as names of files that are missing, and go to the server as such.
    if as_utf8(bytes).trim_ascii_start().starts_with(b"-----BEGIN ") {
        return Err("it is a PEM file, a key or a certificate, not a list of files".to_owned());
    }
    if null {
        return bytes.split(|byte| *byte == 0).filter(|name| !name.is_empty()).map(named).collect();
    }
    let bytes = as_utf8(bytes);
    let bytes = bytes.as_ref();
    if let Some(columns) = header(bytes) {
        return records(bytes, columns);
    }
    let lines = bytes.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    lines.filter(|line| !line.trim_ascii().is_empty()).map(named).collect()
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
fn as_utf8(bytes: &[u8]) -> std::borrow::Cow<'_, [u8]> {
    if let Some(rest) = bytes.strip_prefix(b"\xef\xbb\xbf") {
        return rest.into();
    }
    let (rest, unit): (_, fn([u8; 2]) -> u16) = match bytes {
        [0xff, 0xfe, rest @ ..] => (rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => (rest, u16::from_be_bytes),
        _ => return bytes.into(),
    };
    let units: Vec<u16> = rest.chunks_exact(2).map(|pair| unit([pair[0], pair[1]])).collect();
    String::from_utf16_lossy(&units).into_bytes().into()
}

fn reader(bytes: &[u8]) -> csv::Reader<&[u8]> {
    // `Export-Csv` may begin with `#TYPE …`.
    csv::ReaderBuilder::new().has_headers(false).flexible(true).comment(Some(b'#')).from_reader(bytes)
}

/// In which columns the two are, if this is such a CSV.
fn header(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut first = csv::ByteRecord::new();
    reader(bytes).read_byte_record(&mut first).ok()?;
    let column = |name: &str| first.iter().position(|field| field.trim_ascii().eq_ignore_ascii_case(name.as_bytes()));
    Some((column("source")?, column("destination")?))
}

fn records(bytes: &[u8], (source, destination): (usize, usize)) -> Result<Vec<ListedFile>, String> {
    let mut listed = Vec::new();
    for record in reader(bytes).into_byte_records().skip(1) {
        let record = record.map_err(|error| error.to_string())?;
        let line = record.position().map_or(0, csv::Position::line);
        let Some(path) = record.get(source).filter(|path| !path.is_empty()) else {
            return Err(format!("line {line} has no Source"));
        };
        let to = record.get(destination).unwrap_or_default();
        let to = std::str::from_utf8(to).map_err(|_| format!("line {line}: Destination is not UTF-8"))?;
        let destination = Some(to.to_owned()).filter(|to| !to.is_empty());
        listed.push(ListedFile { source: os_string(path)?, destination });
    }
    Ok(listed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(source: &str, destination: Option<&str>) -> ListedFile {
        ListedFile { source: source.into(), destination: destination.map(str::to_owned) }
    }

    #[test]
    fn lines_may_end_as_on_windows_and_blank_ones_mean_nothing() {
        let expected = vec![listed("a", None), listed(" b,c\"", None), listed("#d", None)];
        assert_eq!(parse(b"a\r\n\n b,c\"\n#d", false), Ok(expected.clone()));
        assert_eq!(parse(b"\xef\xbb\xbfa\n b,c\"\n#d\n", false), Ok(expected));
        assert_eq!(parse(b"", false), Ok(Vec::new()));
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
        assert_eq!(parse(b"Source,Destination\na,b\n,c\n", false), Err("line 3 has no Source".to_owned()));
    }
}
