# SPDX-License-Identifier: Apache-2.0
# Programs of other releases of Debian, for tests: cosign is in none that Slipway is built on. Read by others, after tests/lib.sh.
# shellcheck shell=bash

# cosign_of RELEASE: prints the path of its cosign, which is fetched once and kept in the cache. Fails where it cannot be had.
cosign_of()
(
	release=$1 here=$TOP/tools refresh=
	CACHE=${SLIPWAY_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/slipway}
	kept=$CACHE/programs/cosign@$release
	if [ ! -x "$kept" ]; then
		say() { printf '# %s %s\n' "$1" "$2" >&2; }
		fail() { say FAIL "$*"; exit 1; }
		. "$TOP/tools/lib-debian.sh"
		mkdir -p "$CACHE/programs" && work=$(mktemp -d "$CACHE/programs/work.XXXXXX") || exit 1
		trap 'rm -rf "$work"' EXIT
		fetch_debs "$work" cosign && dpkg-deb -x "$work"/cosign_*.deb "$work/root" && mv "$work/root/usr/bin/cosign" "$kept" || exit 1
	fi
	"$kept" version >/dev/null 2>&1 && echo "$kept"
)
