#!/bin/sh
# Installs unkey as a system service, or removes it: from the archive of a release,
# from the folder that one was unpacked to, or from a checkout.
#
# Deliberately absent: looking for the newest release. What is downloaded is what
# --from names, and it is unpacked only if its checksum is right.
set -eu

usage() {
    cat <<'EOF'
usage: ./install.sh [--from FILE|URL [--sha256 SUM]] [--dry-run] [--prefix DIR]
       ./install.sh --uninstall [--purge] [--dry-run] [--prefix DIR]

  --from FILE|URL  install this archive of a release; its checksum is looked up in
                   the file SHA256SUMS beside it
  --sha256 SUM     the checksum of the archive, in place of SHA256SUMS
  --dry-run        print every step, change nothing
  --uninstall      stop the service, remove the binary and the unit; data stays
  --purge          with --uninstall: also remove data, settings and the user
  --prefix DIR     stage all files under DIR (absolute); no user, no service
  --help           this text

Without --from the binary beside this script is installed, as it is in an unpacked
archive; a checkout builds it first.
EOF
}

say() { printf '%s\n' "$*"; }
die() { printf 'install.sh: %s\n' "$*" >&2; exit 1; }

is_sha256() {
    case $1 in
        *[!0-9a-fA-F]*) return 1 ;;
    esac
    [ "${#1}" -eq 64 ]
}

# Every change goes through here, so that a dry run cannot miss one.
run() {
    if [ "$dry_run" = yes ]; then
        say "would run: $*"
    else
        say "+ $*"
        "$@"
    fi
}

# write_file PATH MODE CONTENT: in place in one step, never seen half-written.
write_file() {
    if [ "$dry_run" = yes ]; then
        say "would write: $1 (mode $2)"
        printf '%s\n' "$3" | sed 's/^/    | /'
        return
    fi
    say "+ write $1 (mode $2)"
    tmp=$(mktemp "$1.XXXXXX")
    printf '%s\n' "$3" > "$tmp"
    chmod "$2" "$tmp"
    mv -f "$tmp" "$1"
}

parse_args() {
    dry_run=no
    uninstall=no
    purge=no
    prefix=
    from=
    sha256=
    while [ $# -gt 0 ]; do
        case $1 in
            --dry-run) dry_run=yes ;;
            --uninstall) uninstall=yes ;;
            --purge) purge=yes ;;
            --prefix)
                [ $# -ge 2 ] || die "--prefix needs a directory"
                prefix=$2
                shift
                ;;
            --prefix=*) prefix=${1#--prefix=} ;;
            --from)
                [ -n "${2:-}" ] || die "--from needs the file or the URL of an archive"
                from=$2
                shift
                ;;
            --sha256)
                [ $# -ge 2 ] || die "--sha256 needs a checksum"
                sha256=$2
                shift
                ;;
            -h | --help)
                usage
                exit 0
                ;;
            *)
                usage >&2
                die "unknown argument: $1"
                ;;
        esac
        shift
    done
    if [ "$purge" = yes ] && [ "$uninstall" = no ]; then
        die "--purge only makes sense with --uninstall"
    fi
    if [ -n "$from" ] && [ "$uninstall" = yes ]; then
        die "--from does not go with --uninstall"
    fi
    if [ -n "$sha256" ]; then
        [ -n "$from" ] || die "--sha256 only makes sense with --from"
        is_sha256 "$sha256" || die "--sha256 takes 64 hexadecimal digits: $sha256"
    fi
    case $prefix in
        '' | /*) ;;
        *) die "--prefix must be an absolute path: $prefix" ;;
    esac
    prefix=${prefix%/}
}

set_paths() {
    here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
    if [ -f "$here/Cargo.toml" ]; then
        built=${CARGO_TARGET_DIR:-$here/target}/release/unkey
    else
        built=$here/unkey
    fi
    bin_dir=$prefix/usr/local/bin
    data_dir=$prefix/var/lib/unkey
    etc_dir=$prefix/etc/unkey
    unit_dir=$prefix/etc/systemd/system
    env_file=$etc_dir/unkey.env
    unit_file=$unit_dir/unkey.service
}

# systemd can be installed without being in charge, e.g. in a container.
has_systemd() {
    [ -z "$prefix" ] && [ -d /run/systemd/system ] && command -v systemctl >/dev/null 2>&1
}

# Its unit is another file, which the one of this script would hide.
need_no_package() {
    if [ -z "$prefix" ] && [ -e /usr/bin/unkey ] && [ -e /var/lib/dpkg/info/unkey.list ]; then
        die "the Debian package unkey is installed: use that, or remove it first, which keeps the data"
    fi
}

need_root() {
    if [ -z "$prefix" ] && [ "$dry_run" = no ] && [ "$(id -u)" -ne 0 ]; then
        die "run as root, or try --dry-run or --prefix DIR"
    fi
}

unit_text() {
    cat <<'EOF'
[Unit]
Description=unkey, API keys and rate limits
After=network-online.target
Wants=network-online.target

[Service]
Type=notify
NotifyAccess=main
# A first start on a large data folder migrates it, however long that takes.
TimeoutStartSec=infinity
WatchdogSec=60
User=unkey
Group=unkey
EnvironmentFile=-/etc/unkey/unkey.env
ExecStart=/usr/local/bin/unkey serve --data-dir /var/lib/unkey
ExecReload=/bin/kill -HUP $MAINPID
Restart=on-failure
RestartSec=1
TimeoutStopSec=30
LimitNOFILE=65536
UMask=0077

StateDirectory=unkey
StateDirectoryMode=0700
WorkingDirectory=/var/lib/unkey

NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
ProtectSystem=strict
ProtectHome=yes
ProtectProc=invisible
ProcSubset=pid
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
PrivateDevices=yes
PrivateTmp=yes
PrivateUsers=yes
RemoveIPC=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
EOF
}

env_text() {
    cat <<'EOF'
# Settings of the unkey service: one UNKEY_NAME=value a line, no quotes needed.
# The full list is in docs/configuration.md. Restart the service after a change.
# The data folder is fixed by the unit: /var/lib/unkey.

UNKEY_LISTEN=127.0.0.1:3000
#UNKEY_PUBLIC_URL=https://keys.example.com
#UNKEY_TRUSTED_PROXIES=127.0.0.1
#UNKEY_LOG_FORMAT=json
EOF
}

# download URL FILE
download() {
    if command -v curl >/dev/null 2>&1; then
        # Nobody leads from https:// to anything less.
        curl -fsSL --proto "=${1%%:*}" --proto-redir =https --connect-timeout 20 --retry 2 -o "$2" "$1" || die "cannot download $1"
    elif command -v wget >/dev/null 2>&1; then
        wget -q -O "$2" "$1" || die "cannot download $1"
    else
        die "neither curl nor wget found: download $1 by other means, and name the file"
    fi
}

# Sets sha256 to what a file SHA256SUMS says of $name.
look_up_sum() {
    sha256=$(awk -v name="$name" '$2 == name || $2 == "*" name { print $1 }' "$1" | sort -u)
    [ -n "$sha256" ] || die "SHA256SUMS does not name $name"
    is_sha256 "$sha256" || die "SHA256SUMS has no checksum of $name that can be used"
}

# Brings what --from names to $work/archive, and sets name and sha256.
fetch() {
    name=${from##*/}
    case $from in
        http://* | https://*)
            name=${name%%\?*}
            if [ -z "$sha256" ]; then
                # Whoever can change the one on its way can change the other.
                case $from in
                    http://*) die "over http:// an archive needs --sha256" ;;
                esac
                download "${from%/*}/SHA256SUMS" "$work/SHA256SUMS"
                look_up_sum "$work/SHA256SUMS"
            fi
            say "downloading $from"
            download "$from" "$work/archive"
            ;;
        *://*) die "--from takes a file or an http(s) URL: $from" ;;
        *)
            [ -f "$from" ] || die "there is no file $from"
            # What is looked at is what is unpacked, whoever may write to the file.
            cp -- "$from" "$work/archive"
            if [ -z "$sha256" ]; then
                sums=$(dirname -- "$from")/SHA256SUMS
                [ -f "$sums" ] || die "there is no $sums: put it there, or give --sha256"
                look_up_sum "$sums"
            fi
            ;;
    esac
}

# The archive brings the script and the unit that its binary goes with.
install_archive() {
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    fetch
    found=$(sha256sum <"$work/archive" | cut -d ' ' -f 1)
    wanted=$(printf '%s' "$sha256" | tr A-F a-f)
    [ "$found" = "$wanted" ] || die "$name is not what was released: its SHA-256 is $found, not $wanted"
    say "$name is as it was released"
    mkdir "$work/unpacked"
    # Nobody becomes the owner of a file because an archive says so.
    tar -xzof "$work/archive" -C "$work/unpacked" || die "$name cannot be unpacked"
    inner=$(find "$work/unpacked" -mindepth 2 -maxdepth 2 -name install.sh -type f)
    [ -f "$inner" ] || die "$name is no archive of a release of unkey"
    set --
    [ "$dry_run" = no ] || set -- "$@" --dry-run
    [ -z "$prefix" ] || set -- "$@" --prefix "$prefix"
    sh "$inner" "$@"
}

build() {
    if [ ! -f "$here/Cargo.toml" ]; then
        [ -x "$built" ] || die "there is neither a binary nor a checkout beside this script: use --from"
        return
    fi
    # Cargo knows whether what was built is still what this checkout says. Under
    # sudo there is mostly none, because that of rustup belongs to the user.
    if command -v cargo >/dev/null 2>&1; then
        run cargo build --release --locked --manifest-path "$here/Cargo.toml"
    elif [ -x "$built" ]; then
        say "using $built as it is: there is no cargo here to renew it"
    elif [ "$dry_run" = yes ]; then
        say "would stop: no $built and no cargo"
    else
        die "no $built and no cargo; run 'cargo build --release --locked' first"
    fi
}

install_binary() {
    run mkdir -p "$bin_dir"
    # Copied beside and renamed: a running server keeps its old file.
    run install -m 0755 "$built" "$bin_dir/.unkey.new"
    # Files may be staged for another machine.
    if [ "$dry_run" = no ] && [ -z "$prefix" ] && ! "$bin_dir/.unkey.new" --version; then
        rm -f "$bin_dir/.unkey.new"
        die "this binary does not run on this machine ($(uname -sm)); nothing was changed"
    fi
    run mv -f "$bin_dir/.unkey.new" "$bin_dir/unkey"
}

create_user() {
    if [ -n "$prefix" ]; then
        say "skipping the system user: files are staged under $prefix"
    elif id -u unkey >/dev/null 2>&1; then
        say "user unkey exists"
    elif command -v useradd >/dev/null 2>&1; then
        run useradd --system --user-group --home-dir /var/lib/unkey --no-create-home \
            --shell /usr/sbin/nologin unkey
    elif command -v adduser >/dev/null 2>&1; then
        # BusyBox spelling.
        run addgroup -S unkey
        run adduser -S -D -H -h /var/lib/unkey -s /sbin/nologin -G unkey unkey
    else
        die "neither useradd nor adduser found: create a user named unkey and run again"
    fi
}

create_data_dir() {
    run mkdir -p "$data_dir"
    run chmod 0700 "$data_dir"
    if [ -z "$prefix" ]; then
        run chown unkey:unkey "$data_dir"
    fi
}

write_settings() {
    run mkdir -p "$etc_dir"
    run chmod 0700 "$etc_dir"
    if [ -e "$env_file" ]; then
        say "keeping $env_file"
        run chmod 0600 "$env_file"
    else
        write_file "$env_file" 0600 "$(env_text)"
    fi
}

start_service() {
    if [ -n "$prefix" ]; then
        run mkdir -p "$unit_dir"
        write_file "$unit_file" 0644 "$(unit_text)"
        say "staged under $prefix; nothing was started"
    elif has_systemd; then
        write_file "$unit_file" 0644 "$(unit_text)"
        run systemctl daemon-reload
        run systemctl enable unkey.service
        run systemctl restart unkey.service
        say "started; the setup link: journalctl -u unkey, or"
        say "  runuser -u unkey -- unkey setup link --data-dir /var/lib/unkey"
    else
        say "systemd is not running here: no service was set up. Start the server with"
        say "  su -s /bin/sh unkey -c 'unkey serve --data-dir /var/lib/unkey'"
        say "under the supervisor of your choice; it stops cleanly on SIGTERM."
        say "Settings in $env_file must be exported by that supervisor."
    fi
}

do_install() {
    build
    install_binary
    create_user
    create_data_dir
    write_settings
    start_service
}

remove_service() {
    if has_systemd && [ -e "$unit_file" ]; then
        run systemctl disable --now unkey.service
    fi
    run rm -f "$unit_file"
    if has_systemd; then
        run systemctl daemon-reload
    fi
}

do_uninstall() {
    remove_service
    run rm -f "$bin_dir/unkey"
    if [ "$purge" = no ]; then
        say "kept: $data_dir and $etc_dir (--purge removes them and the user)"
        return
    fi
    run rm -rf "$data_dir" "$etc_dir"
    if [ -z "$prefix" ] && id -u unkey >/dev/null 2>&1; then
        if command -v userdel >/dev/null 2>&1; then
            run userdel unkey
        else
            run deluser unkey
        fi
    fi
}

parse_args "$@"
set_paths
need_no_package
need_root
if [ "$uninstall" = yes ]; then
    do_uninstall
elif [ -n "$from" ]; then
    install_archive
else
    do_install
fi
