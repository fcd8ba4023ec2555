#!/usr/bin/env python3
"""Says which features a test stands for.

    tests/features/rows.py                  rows covered of rows listed, and the missing ones
    tests/features/rows.py --require 4,5    fails when a row of these sections is not covered

Rows are the lines of slugs.txt: a section and the slug of a page of the product's
documentation. A test stands for a row when a comment of its own line right above it says
`row: <slug>`; only comments and attributes may stand between. A mark that is not at a test,
or names no row, is an error. What has no test in this program is in without_test.txt, with the reason.
"""

import argparse
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
WHERE = ["server/tests", "server/src", "tests"]
ENDINGS = {".rs", ".py", ".mjs", ".js", ".ts", ".go"}
LEFT_OUT = {"node_modules", ".venv", "target", "__pycache__", "features"}

MARK = re.compile(r"^\s*(?://|#) row: (\S+)\s*$")
TEST = re.compile(r"#\[(tokio::)?test\b|^\s*(async )?def test_|^\s*(test|it)\(|^func Test")
# What may stand between a mark and its test: nothing, a comment, an attribute of Rust.
BETWEEN = re.compile(r"^\s*($|//|#)")


def sources():
    for where in WHERE:
        for path in sorted((ROOT / where).rglob("*")):
            if path.suffix in ENDINGS and not LEFT_OUT & set(path.parts):
                yield path


def marks():
    """Yields each marked slug and where it is marked."""
    for path in sources():
        lines = path.read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines):
            for slug in MARK.findall(line):
                after = (line for line in lines[number + 1:] if TEST.search(line) or not BETWEEN.match(line))
                yield slug, f"{path.relative_to(ROOT)}:{number + 1}", bool(TEST.search(next(after, "")))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--require", default="", help="sections that must be covered, such as 4,5")
    options = parser.parse_args()
    required = {int(section) for section in options.require.split(",") if section}
    rows = [line.split() for line in (HERE / "slugs.txt").read_text().splitlines() if line]
    known = {slug for _, slug in rows}
    lines = (HERE / "without_test.txt").read_text().splitlines()
    reasons = dict(line.split(": ", 1) for line in lines if line and not line.startswith("#"))
    covered, faults = set(), []
    for slug, where, at_test in marks():
        if slug not in known:
            faults.append(f"{where}: there is no row '{slug}'")
        elif not at_test:
            faults.append(f"{where}: '{slug}' is not marked at a test")
        else:
            covered.add(slug)
    for section in sorted({int(section) for section, _ in rows}):
        own = [slug for of, slug in rows if int(of) == section]
        missing = [slug for slug in own if slug not in covered and slug not in reasons]
        print(f"section {section}: {sum(slug in covered for slug in own)} of {len(own)} rows")
        for slug in missing:
            print(f"  missing {slug}")
        if section in required and missing:
            faults.append(f"section {section} has rows without a test: {', '.join(missing)}")
    print(f"all: {len(covered)} of {len(rows)} rows")
    for slug, reason in reasons.items():
        print(f"  without a test: {slug}: {reason}")
        if slug in covered or slug not in known:
            faults.append(f"{slug} has a reason for having no test, and has one or is no row")
    for fault in faults:
        print(fault, file=sys.stderr)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
