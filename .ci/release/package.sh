#!/usr/bin/env bash
# Packages a binary that was built: an archive and, unless it is static, a Debian package, and
# SHA256SUMS of everything in the folder they are put into. Runs on Linux, for macOS as well.
#
#   .ci/release/package.sh --binary target/release/unkey --target x86_64-linux --out dist
#
# The same binary, sources and SOURCE_DATE_EPOCH (by default the time of the commit) give the
# same bytes. Deliberately absent: building (build.sh) and what the binary is made of (sbom.sh).
set -euo pipefail
cd "$(dirname "$0")/../.."

die() { printf 'package.sh: %s\n' "$*" >&2; exit 1; }

usage() {
  cat <<END
usage: .ci/release/package.sh --binary FILE --target TARGET --out DIR [--revision N] [--maintainer NAME] [--fast]

  --binary FILE      the binary
  --target TARGET    x86_64-linux, aarch64-linux, either with -static, x86_64-macos or aarch64-macos
  --out DIR          where the packages go
  --revision N       of the Debian package, 1 by default
  --maintainer NAME  of the Debian package, with an address: Name <mail@example.com>
  --fast             compress little, for tests
END
}

binary="" target="" out="" revision=1 maintainer="unkey <unkey@localhost>" level=9
while [ $# -gt 0 ]; do
  case "$1" in
    --help) usage; exit 0 ;;
    --fast) level=1 ;;
    --binary | --target | --out | --revision | --maintainer)
      [ $# -ge 2 ] || die "$1 needs a value"
      printf -v "${1#--}" '%s' "$2"
      shift ;;
    *) usage >&2; exit 2 ;;
  esac
  shift
done
if [ -z "$binary" ] || [ -z "$target" ] || [ -z "$out" ]; then usage >&2; exit 2; fi
[ -f "$binary" ] || die "there is no $binary"

version="$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"$/\1/p' Cargo.toml)"
[ -n "$version" ] || die "Cargo.toml names no version"
grep -q "^## \[$version\]" CHANGELOG.md || die "CHANGELOG.md has no section for $version"
SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}"
export SOURCE_DATE_EPOCH

case "$target" in
  x86_64-linux) machine="Advanced Micro Devices X86-64" architecture=amd64 ;;
  aarch64-linux) machine=AArch64 architecture=arm64 ;;
  x86_64-linux-static) machine="Advanced Micro Devices X86-64" architecture="" ;;
  aarch64-linux-static) machine=AArch64 architecture="" ;;
  x86_64-macos | aarch64-macos) machine="" architecture="" ;;
  *) die "unknown target $target" ;;
esac
if [ -n "$machine" ]; then
  readelf -h "$binary" | grep -q "Machine: *$machine\$" || die "$binary is none for $target"
  case "$target" in
    *-static)
      if readelf -lW "$binary" | grep -q INTERP; then die "$binary wants libraries of the system"; fi ;;
  esac
fi

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
umask 022
mkdir -p "$out"
out="$(cd "$out" && pwd)"
name="unkey-$version-$target"

archive() {
  mkdir "$work/$name"
  install -m 0755 "$binary" "$work/$name/unkey"
  install -m 0755 install.sh "$work/$name/install.sh"
  install -m 0644 LICENSE README.md CHANGELOG.md "$work/$name"
  tar --sort=name --format=ustar --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" \
    -C "$work" -cf - "$name" | gzip "-${level}n" >"$out/$name.tar.gz"
}

# What the binary wants of the system, as packages: the oldest C library that has every symbol it
# asks for. Nothing for a static one.
depends() {
  local library libc=""
  while read -r library; do
    case "$library" in
      libc.so.* | libm.so.* | libdl.so.* | libpthread.so.* | librt.so.* | ld-linux*)
        libc="$(readelf --dyn-syms -W "$binary" | grep -o '@GLIBC_[0-9.]*' | sed 's/@GLIBC_//' | sort -Vu | tail -n 1)" ;;
      libgcc_s.so.1) printf 'libgcc-s1, ' ;;
      *) die "$binary wants $library, which is part of no package that is known here" ;;
    esac
  done < <(readelf -d "$binary" | sed -n 's/.*(NEEDED).*\[\(.*\)\]$/\1/p')
  [ -z "$libc" ] || printf 'libc6 (>= %s), ' "$libc"
  printf 'passwd'
}

debian() {
  local tree="$work/debian"
  # The unit and the settings are those that install.sh writes.
  "$work/$name/install.sh" --prefix "$tree" >/dev/null
  mkdir -p "$tree/usr/bin" "$tree/usr/lib/systemd/system" "$tree/usr/share/doc/unkey" "$tree/usr/share/lintian/overrides" "$tree/DEBIAN"
  mv "$tree/usr/local/bin/unkey" "$tree/usr/bin/unkey"
  sed 's,/usr/local/bin/unkey,/usr/bin/unkey,g' "$tree/etc/systemd/system/unkey.service" >"$tree/usr/lib/systemd/system/unkey.service"
  # Made, with its owner, when the package is configured, and kept when it is removed.
  rm -r "${tree:?}/usr/local" "$tree/etc/systemd" "${tree:?}/var"
  install -m 0644 .ci/release/debian/copyright "$tree/usr/share/doc/unkey/copyright"
  install -m 0644 .ci/release/debian/lintian-overrides "$tree/usr/share/lintian/overrides/unkey"
  gzip -9nc CHANGELOG.md >"$tree/usr/share/doc/unkey/changelog.gz"
  printf 'unkey (%s) stable; urgency=medium\n\n  * What is new stands in changelog.gz.\n\n -- %s  %s\n' \
    "$version-$revision" "$maintainer" "$(date -Ru --date="@$SOURCE_DATE_EPOCH")" | gzip -9n >"$tree/usr/share/doc/unkey/changelog.Debian.gz"
  gzip -9nc README.md >"$tree/usr/share/doc/unkey/README.md.gz"
  local script
  for script in preinst postinst prerm postrm; do
    install -m 0755 ".ci/release/debian/$script" "$tree/DEBIAN/$script"
  done
  echo /etc/unkey/unkey.env >"$tree/DEBIAN/conffiles"
  local wanted
  wanted="$(depends)"
  cat >"$tree/DEBIAN/control" <<END
Package: unkey
Version: $version-$revision
Architecture: $architecture
Maintainer: $maintainer
Installed-Size: $(find "$tree/usr" "$tree/etc" -type f -printf '%s\n' | awk '{ n += $1 } END { print int(n / 1024) + 1 }')
Depends: $wanted
Recommends: ca-certificates
Section: net
Priority: optional
Description: API keys, credits, rate limits and permissions for your own product
 A server that issues and verifies API keys, limits rates, and keeps
 permissions, identities, credits, analytics and an audit log, in one program
 with one data folder. It speaks the HTTP API of the hosted product Unkey, so
 that its official clients work once they are given the address.
END
  find "$tree" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
  dpkg-deb --root-owner-group -Zxz "-z$level" --build "$tree" "$out/unkey_$version-${revision}_$architecture.deb" >/dev/null
}

archive
[ -z "$architecture" ] || debian
(
  cd "$out"
  for file in unkey[-_]*; do sha256sum "$file"; done >"$work/SHA256SUMS"
  mv "$work/SHA256SUMS" SHA256SUMS
)
ls "$out"
