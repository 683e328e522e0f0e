//! The schemas in `docs/`, generated from the types that are written.

use std::path::Path;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;

/// Fails unless `docs/NAME.schema.json` is the schema of `T`; writes it instead where `BITSUP_WRITE_SCHEMAS` is set.
#[track_caller]
pub(crate) fn check<T: JsonSchema>(name: &str) {
    let schema = SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<T>();
    let text = serde_json::to_string_pretty(&schema).expect("JSON") + "\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("docs/{name}.schema.json"));
    if std::env::var_os("BITSUP_WRITE_SCHEMAS").is_some() {
        std::fs::write(path, text).expect("written");
    } else {
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(committed == text, "{} is out of date: run completions/generate.sh", path.display());
    }
}
