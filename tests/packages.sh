#!/usr/bin/env bash
# Packages the binary that was built, installs the archive and the Debian package into a fresh
# root, and takes the first steps there. As root, or with sudo.
#
#   ./tests/packages.sh [BINARY [TARGET]]     target/debug/unkey by default, for this machine
#
# The root is one of this machine's own release, made once by debootstrap from the mirror that
# its apt is told of, and kept in ${TMPDIR:-/tmp} for a week.
set -euo pipefail
cd "$(dirname "$0")/.."

binary="$(realpath "${1:-target/debug/unkey}")"
# Asked by whoever the checkout belongs to.
SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}"
export SOURCE_DATE_EPOCH
[ "$(id -u)" = 0 ] || exec sudo --preserve-env=TMPDIR,SOURCE_DATE_EPOCH "$0" "$binary" "${@:2}"

work="$(mktemp -d)"
trap 'rm -rf --one-file-system "$work"' EXIT
root="$work/root"
out="$work/dist"

fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }
pass() { echo "--- PASS: $*"; }

# Has a command end with an error that says this.
refused() {
  local wanted="$1" said
  shift
  if said="$("$@" 2>&1)"; then fail "this was not refused: $*"; fi
  grep -qF -- "$wanted" <<<"$said" || fail "expected '$wanted' of $*, which said: $said"
}

# The address that apt gets packages of this release from.
mirror() {
  # The names are for apt to fill in.
  # shellcheck disable=SC2016
  apt-get indextargets --format '$(SITE) $(CODENAME) $(COMPONENT)' 'Created-By: Packages' \
    | awk -v codename="$1" '$2 == codename && $3 == "main" { print $1; exit }' \
    | while read -r site; do
        # A list of mirrors, as machines of CI have it.
        case "$site" in mirror+file:*) grep -o '^http[^[:space:]]*' "${site#mirror+file:}" | head -n 1 ;; *) echo "$site" ;; esac
      done
}

base_root() {
  local codename site kept
  codename="$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)"
  [ -n "$codename" ] || fail "this is neither Debian nor one of its kin"
  kept="${TMPDIR:-/tmp}/unkey-root-$codename.tar"
  find "$kept" -mtime +7 -delete 2>/dev/null || true
  if [ ! -e "$kept" ]; then
    site="$(mirror "$codename")"
    [ -n "$site" ] || fail "apt knows no mirror of $codename"
    debootstrap --variant=minbase --include=ca-certificates,curl "$codename" "$work/new" "$site" >"$work/debootstrap" 2>&1 \
      || { tail -5 "$work/debootstrap"; fail "debootstrap"; }
    rm -rf "$work"/new/var/cache/apt/* "$work"/new/var/lib/apt/lists/*
    tar -C "$work/new" -cf "$kept.$$" . && mv "$kept.$$" "$kept"
    rm -rf "$work/new"
  fi
  echo "$kept"
}

fresh_root() {
  rm -rf --one-file-system "$root"
  mkdir "$root"
  tar -xf "$kept" -C "$root"
  mkdir "$root/dist"
  cp "$out"/* "$root/dist/"
}

# Runs a command in the root. Whatever it leaves running ends with it.
inside() {
  unshare --mount --pid --fork --kill-child --mount-proc="$root/proc" \
    chroot "$root" env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

# What README.md has people do, with the binary that was installed: a server, a root key by the
# command line, an API, a key, a verification. Prints the key. With an argument, that key is
# verified before, which is in the data folder since then.
first_steps() {
  inside sh -eu -s -- "$@" <<'END'
as_unkey() { su -s /bin/sh unkey -c "$1"; }
data=/var/lib/unkey
: >/tmp/said
as_unkey "UNKEY_LISTEN=127.0.0.1:0 exec unkey serve --data-dir $data" >/tmp/said 2>/tmp/log &
tries=0
until grep -q 'listening on' /tmp/said; do
  tries=$((tries + 1))
  [ $tries -lt 600 ] || { cat /tmp/said /tmp/log >&2; exit 1; }
  sleep 0.1
done
url=$(sed -n 's/^unkey is listening on //p' /tmp/said)
root_key=$(as_unkey "unkey root-key create --name first --full --data-dir $data")
call() { curl -sS "$url/v2/$1" -H "Authorization: Bearer $root_key" -H "Content-Type: application/json" -d "$2"; }
field() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"; }
valid() { call keys.verifyKey "{\"key\":\"$1\"}" | grep -q '"code":"VALID"'; }
if [ $# -gt 0 ]; then
  valid "$1"
else
  link=$(sed -n 's/^Set this server up within an hour: //p' /tmp/said)
  curl -sSf "$link" | grep -qi '<form'
fi
api=$(call apis.createApi '{"name":"payments"}' | field apiId)
key=$(call keys.createKey "{\"apiId\":\"$api\",\"prefix\":\"demo\",\"credits\":{\"remaining\":100}}" | field key)
valid "$key"
# There is no other here.
for process in /proc/[0-9]*; do
  [ "$(cat "$process/comm" 2>/dev/null)" != unkey ] || kill -TERM "${process#/proc/}"
done
wait $!
echo "$key"
END
}

owner() { inside stat -c '%U:%G %a' "$1"; }

packages() {
  # As a release is, and nothing else of a debug build is taken away.
  strip -o "$work/unkey" "$binary"
  .ci/release/package.sh --binary "$work/unkey" --target "$target" --out "$out" --fast >/dev/null
  .ci/release/package.sh --binary "$work/unkey" --target "$target" --out "$work/again" --fast >/dev/null
  diff -r "$out" "$work/again" || fail "packages differ from one time to the next"
  if [ -n "$architecture" ]; then
    .ci/release/package.sh --binary "$work/unkey" --target "$target" --out "$out" --revision 2 --fast >/dev/null
  fi
  (cd "$out" && sha256sum --quiet --check SHA256SUMS)
  version="$("$binary" --version | cut -d ' ' -f 2)"
  archive="unkey-$version-$target.tar.gz"
  [ -e "$out/$archive" ] || fail "there is no $archive: the binary and Cargo.toml differ in their version"
  pass "packages are the same each time, and their checksums are right"
  [ -n "$architecture" ] || return 0
  if command -v lintian >/dev/null; then
    lintian --fail-on error,warning --allow-root --suppress-tags bogus-mail-host,bogus-mail-host-in-debian-changelog "$out"/*-1_*.deb
    pass "lintian has nothing to say"
  else
    echo "note: no lintian here, the Debian package was not looked at by it"
  fi
}

archive_is_refused_unless_it_is_what_was_released() {
  fresh_root
  inside sh -c "tar -xzf /dist/$archive --strip-components=1 -C /root unkey-$version-$target/install.sh"
  refused "there is no /root/SHA256SUMS" inside sh -c "cp /dist/$archive /root && /root/install.sh --from /root/$archive"
  refused "is not what was released" inside sh -c "
    cp /dist/SHA256SUMS /root && printf x >>/root/$archive && /root/install.sh --from /root/$archive"
  refused "does not name" inside sh -c "mv /root/$archive /root/other.tar.gz && /root/install.sh --from /root/other.tar.gz"
  refused "64 hexadecimal digits" inside /root/install.sh --from "/dist/$archive" --sha256 12
  refused "over http:// an archive needs --sha256" inside /root/install.sh --from "http://127.0.0.1:1/$archive"
  refused "cannot download" inside /root/install.sh --from "http://127.0.0.1:1/$archive" --sha256 "$(printf '%064d' 0)"
  refused "cannot be unpacked" inside sh -c "
    head -c 100000 /dist/$archive >/root/part && /root/install.sh --from /root/part --sha256 \$(sha256sum /root/part | cut -d ' ' -f 1)"
  [ ! -e "$root/usr/local/bin/unkey" ] || fail "something was installed"
  [ -z "$(find "$root/tmp" -mindepth 1)" ] || fail "something was left in /tmp"
  inside /root/install.sh --dry-run --from "/dist/$archive" >/dev/null
  [ ! -e "$root/usr/local/bin/unkey" ] || fail "a dry run installed something"
  pass "install.sh takes an archive only with its checksum"
}

archive_is_installed_and_used() {
  local key again
  fresh_root
  # As README.md says it, which names the present version.
  local download
  download="$(sed -n 's/^\(curl .*tar -xz\) .*/\1/p' README.md)"
  [ -n "$download" ] || fail "README.md does not say how to download an archive"
  inside sh -c "cd /root && RELEASE=file:///dist && ${download//x86_64-linux/$target}" 2>/dev/null
  inside "/root/unkey-$version-$target/unkey" --version >/dev/null
  inside "/root/unkey-$version-$target/install.sh" --from "/dist/$archive" >/dev/null
  [ "$(owner /var/lib/unkey)" = "unkey:unkey 700" ] || fail "the data folder is $(owner /var/lib/unkey)"
  [ "$(owner /etc/unkey/unkey.env)" = "root:root 600" ] || fail "the settings are $(owner /etc/unkey/unkey.env)"
  key="$(first_steps)"
  pass "an archive is installed by install.sh --from, and the first steps work"
  # From the folder it was unpacked to, over what is there.
  inside "/root/unkey-$version-$target/install.sh" >/dev/null
  again="$(first_steps "$key")"
  inside "/root/unkey-$version-$target/install.sh" --uninstall >/dev/null
  [ ! -e "$root/usr/local/bin/unkey" ] || fail "the binary is still there"
  inside "/root/unkey-$version-$target/install.sh" >/dev/null
  first_steps "$again" >/dev/null
  pass "installing again and uninstalling keep the data"
  inside "/root/unkey-$version-$target/install.sh" --uninstall --purge >/dev/null
  if [ -e "$root/var/lib/unkey" ] || [ -e "$root/etc/unkey" ]; then fail "something is left"; fi
  pass "purging removes the data and the settings"
}

archive_is_downloaded() {
  local sum port
  fresh_root
  sum="$(sha256sum <"$out/$archive" | cut -d ' ' -f 1)"
  python3 -u -m http.server --bind 127.0.0.1 --directory "$out" 0 >"$work/http" 2>&1 &
  local server=$!
  until port="$(sed -n 's/.* port \([0-9]*\) .*/\1/p' "$work/http")" && [ -n "$port" ]; do sleep 0.05; done
  inside sh -c "tar -xzf /dist/$archive --strip-components=1 -C /root unkey-$version-$target/install.sh"
  inside /root/install.sh --from "http://127.0.0.1:$port/$archive?from=test" --sha256 "$sum" >/dev/null
  kill "$server"
  inside unkey --version >/dev/null
  pass "install.sh downloads an archive"
}

package_is_installed_upgraded_removed_and_purged() {
  local key again
  fresh_root
  inside dpkg -i "/dist/unkey_$version-1_$architecture.deb" >/dev/null
  [ "$(owner /var/lib/unkey)" = "unkey:unkey 700" ] || fail "the data folder is $(owner /var/lib/unkey)"
  [ "$(owner /etc/unkey/unkey.env)" = "root:root 600" ] || fail "the settings are $(owner /etc/unkey/unkey.env)"
  grep -q '^ExecStart=/usr/bin/unkey serve' "$root/usr/lib/systemd/system/unkey.service"
  key="$(first_steps)"
  pass "the Debian package is installed, and the first steps work"
  refused "the Debian package unkey is installed" inside sh -c "
    mkdir /tmp/a && tar -xzf /dist/$archive -C /tmp/a && /tmp/a/*/install.sh"
  echo "UNKEY_LOG_LEVEL=warn" >>"$root/etc/unkey/unkey.env"
  inside dpkg -i "/dist/unkey_$version-2_$architecture.deb" >/dev/null
  grep -q UNKEY_LOG_LEVEL "$root/etc/unkey/unkey.env" || fail "the settings were replaced"
  again="$(first_steps "$key")"
  pass "an upgrade of the package keeps data and settings"
  inside dpkg --remove unkey >/dev/null
  [ ! -e "$root/usr/bin/unkey" ] || fail "the binary is still there"
  inside dpkg -i "/dist/unkey_$version-2_$architecture.deb" >/dev/null
  first_steps "$again" >/dev/null
  pass "removing the package keeps the data"
  inside dpkg --purge unkey >/dev/null
  if [ -e "$root/var/lib/unkey" ] || [ -e "$root/etc/unkey" ]; then fail "something is left"; fi
  pass "purging the package removes the data and the settings"
  inside sh -c "mkdir /tmp/b && tar -xzf /dist/$archive -C /tmp/b && /tmp/b/*/install.sh" >/dev/null
  install -D "$work/unit" "$root/etc/systemd/system/unkey.service"
  refused "install.sh has set up a service here" inside dpkg -i "/dist/unkey_$version-2_$architecture.deb"
  pass "a package does not hide the service of install.sh"
}

case "$(uname -m)" in
  x86_64) target=x86_64-linux architecture=amd64 ;;
  aarch64) target=aarch64-linux architecture=arm64 ;;
  *) fail "no packages are made for $(uname -m)" ;;
esac
target="${2:-$target}"
case "$target" in *-static) architecture="" ;; esac
packages
tar -xzf "$out/$archive" -C "$work"
"$work/unkey-$version-$target/install.sh" --prefix "$work/staged" >/dev/null
cp "$work/staged/etc/systemd/system/unkey.service" "$work/unit"
kept="$(base_root)"
archive_is_refused_unless_it_is_what_was_released
archive_is_installed_and_used
archive_is_downloaded
[ -z "$architecture" ] || package_is_installed_upgraded_removed_and_purged
