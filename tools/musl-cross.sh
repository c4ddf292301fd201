#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Makes a compiler for what runs on an aarch64 target, of Debian's cross gcc and the musl that Debian has for arm64.
#
#   $CACHE/sources/musl-dev:arm64/       the package as apt fetched and checked it, with SHA256SUMS
#   $CACHE/musl/aarch64-VERSION-KEY/     bin/aarch64-musl-gcc, with include/ lib/ and musl-gcc.specs; KEY covers the package and
#                                        this recipe
#
# Prints the path of the compiler. Whatever has its final name is whole.
set -euo pipefail
export LC_ALL=C
umask 022
unset CDPATH

usage()
{
	cat <<-USAGE
	usage: tools/musl-cross.sh [--refresh]
	  --refresh     ask the archive for the package again
	environment: CACHE (default ~/.cache/slipway)
	USAGE
}

here=$(dirname "$(readlink -f "$0")")
CACHE=${CACHE:-${SLIPWAY_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/slipway}}
GCC=aarch64-linux-gnu-gcc
source=$CACHE/sources/musl-dev:arm64
work= refresh=
# Read by lib-debian.sh: the packages of this release, of that architecture.
architecture=arm64
release=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")

say() { printf '  %-7s %s\n' "$1" "$2" >&2; }
fail() { printf 'musl-cross: %s\n' "$*" >&2; exit 1; }
. "$here/lib-debian.sh"
remove_work_at_end

# "1.2.3-1" of "musl-dev_1.2.3-1_arm64.deb".
version() { local deb; deb=$(echo "$source"/musl-dev_*.deb); deb=${deb##*/musl-dev_}; echo "${deb%_*}"; }

# The place is in it, too: the specs have it.
key() { { cat "$source/SHA256SUMS" "$specs"; echo "$CACHE"; declare -f build; } | sha256sum | cut -c 1-16; }

# musl-gcc of this machine with the paths of the other musl: what tells gcc to leave its own C library alone is the same everywhere.
build()
{
	local to=$1
	mkdir -p "$work/deb" "$work/musl/bin"
	(cd "$work/deb" && ar x "$source"/musl-dev_*.deb && tar -xf data.tar.* --no-same-owner)
	mv "$work/deb/usr/include/aarch64-linux-musl" "$work/musl/include"
	mv "$work/deb/usr/lib/aarch64-linux-musl" "$work/musl/lib"
	sed -E "s#/usr/include/[^/ ]*-linux-musl#$to/include#g; s#/usr/lib/[^/ ]*-linux-musl#$to/lib#g; s#ld-musl-[^. ]*#ld-musl-aarch64#g" \
		"$specs" >"$work/musl/musl-gcc.specs"
	printf '#!/bin/sh\nexec %s "$@" -specs "%s"\n' "$GCC" "$to/musl-gcc.specs" >"$work/musl/bin/aarch64-musl-gcc"
	chmod 755 "$work/musl/bin/aarch64-musl-gcc"
	mv "$work/musl" "$to"
}

while [ $# -gt 0 ]; do
	case $1 in
	--refresh) refresh=1 ;;
	--help) usage; exit 0 ;;
	*) usage >&2; exit 2 ;;
	esac
	shift
done
for tool in "$GCC" apt-get ar tar flock sha256sum; do
	command -v "$tool" >/dev/null || fail "'$tool' is missing: run 'tools/prerequisites.sh build aarch64' (as root)"
done
specs=$(echo /usr/lib/*-linux-musl/musl-gcc.specs)
[ -r "$specs" ] || fail "'/usr/lib/*-linux-musl/musl-gcc.specs' is missing: run 'tools/prerequisites.sh build' (as root)"

place() { echo "$CACHE/musl/aarch64-$(version)-$(key)"; }
if [ -n "$refresh" ] || [ ! -e "$source/SHA256SUMS" ] || [ ! -d "$(place)" ]; then
	mkdir -p "$CACHE/musl" || fail "cannot make '$CACHE/musl': set CACHE to a directory that can be written"
	exec 9>"$CACHE/musl/lock"
	flock 9
	rm -rf "$CACHE"/musl/work.*    # of builds that were killed: we have the lock, so nobody uses them
	work=$(mktemp -d "$CACHE/musl/work.XXXXXX")
	keep_debs "$source" musl-dev
	to=$(place)
	[ -d "$to" ] || { say MUSL "aarch64 ($(version))"; build "$to"; }
fi
echo "$(place)/bin/aarch64-musl-gcc"
