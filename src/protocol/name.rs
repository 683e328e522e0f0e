//! Names of files that Windows cannot keep. IIS runs there, and the receiver refuses them everywhere.

/// Names that Windows gives to devices, whatever extension follows.
const DEVICES: [&str; 7] = ["CON", "PRN", "AUX", "NUL", "CLOCK$", "CONIN$", "CONOUT$"];

/// Why no server on Windows can have a file or folder of this name; `None` if nothing stands against it. The reasons read
/// well in brackets behind the name.
pub(crate) fn unusable(name: &str) -> Option<&'static str> {
    if name.contains(['/', '\\']) || name.contains(char::is_control) {
        Some("a separator or control character in a name")
    } else if name.contains(':') {
        Some("a character that Windows reserves")
    } else if name.ends_with(['.', ' ']) {
        // This covers `.` and `..` too. Windows drops such endings, so the name would be another's.
        Some("a name that ends in a dot or a space")
    } else if is_device(&name.to_ascii_uppercase()) {
        Some("a device's name on Windows")
    } else {
        None
    }
}

fn is_device(upper: &str) -> bool {
    let stem = upper.split('.').next().unwrap_or(upper).trim_end();
    let numbered = |prefix| {
        stem.strip_prefix(prefix).is_some_and(|rest| {
            let mut chars = rest.chars();
            matches!((chars.next(), chars.next()), (Some('0'..='9' | '¹' | '²' | '³'), None))
        })
    };
    DEVICES.contains(&stem) || numbered("COM") || numbered("LPT")
}
