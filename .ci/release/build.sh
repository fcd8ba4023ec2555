#!/usr/bin/env bash
# Builds the binary of a release.
#
#   .ci/release/build.sh x86_64-linux          prints where it is
#
# For Linux with zig as the C compiler and linker, so that any machine builds for both
# architectures: against the C library of 2018 (glibc 2.28, which Debian 10, Ubuntu 20.04 and
# RHEL 8 have), or, for *-linux-static, with musl and without any library of the system. For macOS
# on a Mac. The binary carries the list of its crates where `cargo auditable` is there, and
# --auditable insists on that; `cargo audit bin` reads it.
#
# Deliberately absent: packaging, which is package.sh.
set -euo pipefail
cd "$(dirname "$0")/../.."

# The tools, as wheels of the Python Package Index.
zigbuild=0.24.1 zig=0.17.1

die() { printf 'build.sh: %s\n' "$*" >&2; exit 1; }

target="" auditable=no
while [ $# -gt 0 ]; do
  case "$1" in
    --auditable) auditable=yes ;;
    -*) die "usage: $0 [--auditable] TARGET" ;;
    *) target="$1" ;;
  esac
  shift
done

case "$target" in
  x86_64-linux) triple=x86_64-unknown-linux-gnu asked=$triple.2.28 ;;
  aarch64-linux) triple=aarch64-unknown-linux-gnu asked=$triple.2.28 ;;
  x86_64-linux-static) triple=x86_64-unknown-linux-musl asked=$triple ;;
  aarch64-linux-static) triple=aarch64-unknown-linux-musl asked=$triple ;;
  x86_64-macos) triple=x86_64-apple-darwin asked=$triple ;;
  aarch64-macos) triple=aarch64-apple-darwin asked=$triple ;;
  *) die "unknown target '$target'" ;;
esac

if command -v rustup >/dev/null; then rustup target add "$triple" >&2; fi

cargo=(cargo)
if cargo auditable --version >/dev/null 2>&1; then cargo+=(auditable)
elif [ "$auditable" = yes ]; then die "please install cargo-auditable"
fi

case "$target" in
  *-linux*)
    tools="${CARGO_TARGET_DIR:-target}/release-tools"
    if [ ! -x "$tools/bin/cargo-zigbuild" ]; then
      python3 -m venv "$tools"
      "$tools/bin/pip" install -q --disable-pip-version-check "cargo-zigbuild==$zigbuild" "ziglang==$zig" >&2
    fi
    PATH="$(cd "$tools/bin" && pwd):$PATH"
    cargo+=(zigbuild) ;;
  *) cargo+=(build) ;;
esac

"${cargo[@]}" --profile dist --locked --package unkey --target "$asked" >&2
echo "${CARGO_TARGET_DIR:-target}/$triple/dist/unkey"
