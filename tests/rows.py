#!/usr/bin/env python3
"""Counts the entries of the feature list that have a test named after them.

A test names what it shows in a comment line `row: <slug>`. Fails on an entry
without a test and without a reason, and on a test that names no entry.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDERS = ["server/src", "server/tests", "tests/clients", "tests/e2e"]
SUFFIXES = {".rs", ".mjs", ".py", ".go"}
SKIPPED = {"node_modules", ".venv", "target", "__pycache__"}


def sources():
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in SUFFIXES and not SKIPPED & set(path.parts):
                yield path


def main():
    lines = (ROOT / "tests/contract/rows.txt").read_text().splitlines()
    lines = [line for line in lines if line and not line.startswith("#")]
    reasons = dict(line.split(": ", 1) for line in lines if ": " in line)
    listed = [line for line in lines if ": " not in line]
    named = {}
    for path in sources():
        for slug in re.findall(r"^\s*(?://|#) row: (\S+)$", path.read_text(), re.MULTILINE):
            named.setdefault(slug, []).append(path.relative_to(ROOT))
    problems = [f"{slug} is in no list: {paths[0]}" for slug, paths in named.items() if slug not in listed]
    problems += [f"{slug} has no test" for slug in listed if slug not in named and slug not in reasons]
    problems += [f"{slug} has a test and a reason for having none" for slug in reasons if slug in named]
    covered = sum(slug in named for slug in listed)
    print(f"{covered} rows covered of {len(listed)} rows listed")
    for slug, reason in reasons.items():
        print(f"  not here: {slug}: {reason}")
    sys.exit("\n".join(problems) or None)


if __name__ == "__main__":
    main()
