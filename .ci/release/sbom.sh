#!/usr/bin/env bash
# Writes what the binary is made of, as CycloneDX: every crate with its version, licence and
# checksum, for all targets.
#
#   .ci/release/sbom.sh dist                   dist/unkey-VERSION.cdx.json
set -euo pipefail
cd "$(dirname "$0")/../.."

[ $# -eq 1 ] || { echo "usage: $0 DIR" >&2; exit 2; }
cargo cyclonedx --version >/dev/null 2>&1 || { echo "please install cargo-cyclonedx" >&2; exit 1; }
version="$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"$/\1/p' Cargo.toml)"
name="unkey-$version.cdx"
mkdir -p "$1"
# It writes one for each member of the workspace, beside its manifest.
trap 'find . -path ./target -prune -o -name "$name.json" -exec rm {} +' EXIT
SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}" \
  cargo cyclonedx --manifest-path server/Cargo.toml --format json --spec-version 1.5 --override-filename "$name"
# Where it was made is nobody's concern, and would differ from one machine to the next.
sed "s,file://$PWD/,file:///,g" "server/$name.json" >"$1/$name.json"
