#!/usr/bin/env python3
"""inventory.py TARGET LICENCES SBOM: writes what a program for this target is linked from: the licence texts of all
crates, of Rust's standard library and of the C library where it is linked, and a bill of materials (CycloneDX 1.5).

FEATURES are the program's Cargo features. The crates' sources must be there, as after a build. The same
Cargo.lock makes the same files. It fails if a licence text is missing.
"""

import html.parser
import json
import os
import pathlib
import re
import subprocess
import sys
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parent.parent
LICENCE_FILE = re.compile(r"(licen[cs]e|copying|copyright|notice|unlicense)", re.IGNORECASE)
RULE = "=" * 100

MIT = """Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""


def main(target, licences, sbom):
    packages, edges, ours = linked_crates(target)
    texts = [(f"{p['name']} {p['version']}", expression(p), crate_texts(p)) for p in packages]
    texts.append((f"Rust's standard library {rust('release')}", "MIT OR Apache-2.0", library_texts()))
    if "musl" in target:
        texts.append(("musl", "MIT", ["Copyright © 2005-2020 Rich Felker, et al.\n\n" + MIT]))
    write_licences(licences, texts)
    write_sbom(sbom, target, packages, edges, ours)


def cargo(*arguments):
    features = os.environ["FEATURES"]
    command = ["cargo", *arguments, "--locked", "--features", features]
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, encoding="utf-8").stdout


def linked_crates(target):
    """All crates but those that run only during the build, their dependencies, and bitsup itself."""
    tree = cargo("tree", "--target", target, "-e", "normal,no-proc-macro", "--prefix", "none", "-f", "{p}")
    linked = {tuple(line.split(" ")[:2]) for line in tree.splitlines() if line}
    known = json.loads(cargo("metadata", "--format-version", "1", "--filter-platform", target))
    chosen = {p["id"]: p for p in known["packages"] if (p["name"], "v" + p["version"]) in linked}
    nodes = {node["id"]: node for node in known["resolve"]["nodes"]}
    edges = {key: sorted(d for d in nodes[key]["dependencies"] if d in chosen) for key in chosen}
    ours = chosen.pop(known["resolve"]["root"])
    return sorted(chosen.values(), key=lambda p: (p["name"], p["version"])), edges, ours


def expression(package):
    return (package["license"] or "").replace("/", " OR ")


def crate_texts(package):
    folder = pathlib.Path(package["manifest_path"]).parent
    files = sorted(f for f in folder.iterdir() if f.is_file() and LICENCE_FILE.match(f.name))
    files += sorted(f for d in folder.iterdir() if d.is_dir() and LICENCE_FILE.match(d.name) for f in d.iterdir())
    texts = [f.read_text(encoding="utf-8", errors="replace") for f in files if f.suffix != ".rs"]
    if not texts and "MIT" in expression(package):
        texts = [f"Copyright (c) {', '.join(package['authors']) or 'the authors of ' + package['name']}\n\n{MIT}"]
    if not texts:
        sys.exit(f"inventory: no licence text in {folder}")
    return texts


def rust(field):
    output = subprocess.run(["rustc", "-vV"], check=True, stdout=subprocess.PIPE, encoding="utf-8").stdout
    return re.search(rf"^{field}: (.*)$", output, re.MULTILINE)[1]


class Text(html.parser.HTMLParser):
    """The texts of a page: each licence is one, and so is what stands between two."""

    def __init__(self):
        super().__init__()
        self.texts = [""]

    def handle_starttag(self, tag, attrs):
        self.texts[-1] += "\n" if tag in ("p", "h2", "h3", "li", "details") else ""
        self.cut(tag)

    def handle_endtag(self, tag):
        self.cut(tag)

    def cut(self, tag):
        if tag == "pre":
            self.texts.append("")

    def handle_data(self, data):
        self.texts[-1] += data


def library_texts():
    command = ["rustc", "--print", "sysroot"]
    sysroot = subprocess.run(command, check=True, stdout=subprocess.PIPE, encoding="utf-8").stdout.strip()
    page = pathlib.Path(sysroot, "share/doc/rust/COPYRIGHT-library.html")
    if not page.exists():
        sys.exit(f"inventory: the licences of Rust's standard library are missing: {page}")
    reader = Text()
    reader.feed(page.read_text(encoding="utf-8"))
    return [re.sub(r"\n\s*\n+", "\n\n", text) for text in reader.texts if text.strip()]


def write_licences(path, texts):
    """Each text once, since hundreds of crates have the same one."""
    seen, parts = {}, ["bitsup is linked from these works, each under its own licence.\n"]
    for name, licence, own in texts:
        parts.append(f"{RULE}\n{name}: {licence}\n{RULE}\n")
        for text in own:
            key = " ".join(text.split())
            if key in seen:
                parts.append(f"A text of {seen[key]} applies, word for word: see there.\n")
            else:
                seen[key] = name
                parts.append(text.strip() + "\n")
    pathlib.Path(path).write_text("\n".join(parts), encoding="utf-8", newline="\n")


def write_sbom(path, target, packages, edges, ours):
    checksums = dict(
        ((name, version), checksum)
        for name, version, checksum in re.findall(
            r'name = "(.*)"\nversion = "(.*)"\nsource = .*\nchecksum = "(.*)"', (ROOT / "Cargo.lock").read_text("utf-8")
        )
    )
    refs = {p["id"]: f"pkg:cargo/{p['name']}@{urllib.parse.quote(p['version'])}" for p in [*packages, ours]}

    def component(package, kind):
        entry = {
            "type": kind,
            "bom-ref": refs[package["id"]],
            "name": package["name"],
            "version": package["version"],
            "purl": refs[package["id"]],
            "licenses": [{"expression": expression(package)}],
        }
        checksum = checksums.get((package["name"], package["version"]))
        if checksum:
            entry["hashes"] = [{"alg": "SHA-256", "content": checksum}]
        if package["repository"]:
            entry["externalReferences"] = [{"type": "vcs", "url": package["repository"]}]
        return entry

    library = {"type": "library", "bom-ref": "rust-std", "name": "rust-std", "version": rust("release")}
    library["licenses"] = [{"expression": "MIT OR Apache-2.0"}]
    bom = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "component": component(ours, "application"),
            "properties": [{"name": "bitsup:target", "value": target}],
        },
        "components": [*(component(package, "library") for package in packages), library],
        "dependencies": [
            {"ref": refs[key], "dependsOn": [refs[to] for to in edges[key]]} for key in sorted(refs, key=refs.get)
        ],
    }
    pathlib.Path(path).write_text(json.dumps(bom, indent=2) + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
