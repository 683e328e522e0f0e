//! As much of JSON Schema as the schemas in `docs/` use. The libraries for it pull in tables for international host
//! names, big numbers and regular expressions.

use std::collections::BTreeSet;

use serde_json::Value;

/// Fails unless each line of `text` is an event of the schema. Gives the events.
#[track_caller]
pub(crate) fn events(text: &str) -> Vec<Value> {
    lines("events", text)
}

/// Fails unless each line of `text` is as `docs/NAME.schema.json` says. Gives the lines.
#[track_caller]
pub(crate) fn lines(name: &str, text: &str) -> Vec<Value> {
    let path = format!("{}/docs/{name}.schema.json", env!("CARGO_MANIFEST_DIR"));
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).expect("a schema")).expect("JSON");
    let lines = text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON"));
    lines.inspect(|line| drop(check(&schema, &schema, line).unwrap_or_else(|why| panic!("{why} in {line}")))).collect()
}

/// The fields of `value` that `schema` describes, if it holds.
fn check(root: &Value, schema: &Value, value: &Value) -> Result<BTreeSet<String>, String> {
    let mut described = BTreeSet::new();
    for (keyword, wanted) in schema.as_object().expect("a schema") {
        let holds = match keyword.as_str() {
            "$schema"
            | "title"
            | "description"
            | "format"
            | "$defs"
            | "unevaluatedProperties"
            | "additionalProperties" => true,
            "$ref" => {
                let pointer = wanted.as_str().and_then(|path| path.strip_prefix('#')).expect("a local reference");
                described.extend(check(root, root.pointer(pointer).expect("defined"), value)?);
                true
            }
            "const" => value == wanted,
            "enum" => array(wanted).contains(value),
            "type" => wanted.as_str().map_or_else(
                || array(wanted).iter().any(|one| is(value, one.as_str().expect("a type"))),
                |one| is(value, one),
            ),
            "minimum" => value.as_f64().is_none_or(|number| number >= wanted.as_f64().expect("a number")),
            "maximum" => value.as_f64().is_none_or(|number| number <= wanted.as_f64().expect("a number")),
            // The only one.
            "pattern" if wanted == "^0x[0-9A-F]{8}$" => value.as_str().is_none_or(is_hresult),
            "required" => array(wanted).iter().all(|name| value.get(name.as_str().expect("a name")).is_some()),
            "properties" => {
                for (name, property) in wanted.as_object().expect("properties") {
                    value.get(name).map_or(Ok(BTreeSet::new()), |value| check(root, property, value))?;
                    described.insert(name.clone());
                }
                true
            }
            "items" => {
                array(value).iter().try_for_each(|item| check(root, wanted, item).map(drop))?;
                true
            }
            "oneOf" | "anyOf" => {
                let mut holding = array(wanted).iter().filter_map(|one| check(root, one, value).ok());
                described.extend(holding.next().ok_or(format!("none of {keyword} holds"))?);
                keyword == "anyOf" || holding.next().is_none()
            }
            other => panic!("this checker does not know {other}"),
        };
        if !holds {
            return Err(format!("{keyword} {wanted} does not hold"));
        }
    }
    // A schema says with one of two words that it names all fields.
    let names_all = ["unevaluatedProperties", "additionalProperties"].iter().any(|word| schema.get(word).is_some());
    let unknown = value.as_object().and_then(|fields| fields.keys().find(|name| !described.contains(*name)));
    match unknown.filter(|_| names_all) {
        Some(name) => Err(format!("{name} is not in the schema")),
        None => Ok(described),
    }
}

fn array(value: &Value) -> &Vec<Value> {
    value.as_array().expect("an array")
}

fn is(value: &Value, kind: &str) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("this checker does not know {other}"),
    }
}

fn is_hresult(text: &str) -> bool {
    text.strip_prefix("0x").is_some_and(|digits| {
        digits.len() == 8 && digits.bytes().all(|b| b.is_ascii_digit() || (b'A'..=b'F').contains(&b))
    })
}

#[test]
fn the_checker_refuses_what_the_schema_does_not_allow() {
    let good = r#"{"v":1,"event":"resize","id":1,"from":2,"to":1,"why":"lost","time":"2026-11-27T06:32:31.123Z"}"#;
    assert_eq!(events(good).len(), 1);
    for (from, to) in [
        ("\"v\":1", "\"v\":2"),
        ("resize", "resise"),
        ("\"id\":1", "\"id\":0"),
        (",\"to\":1", ""),
        ("\"to\"", "\"too\""),
        ("\"to\"", "\"more\":0,\"to\""),
        (",\"time\":\"2026-11-27T06:32:31.123Z\"", ""),
    ] {
        let bad = good.replace(from, to);
        assert!(std::panic::catch_unwind(|| events(&bad)).is_err(), "{bad}");
    }
}
