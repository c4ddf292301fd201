# SPDX-License-Identifier: Apache-2.0
# Programs for tests out of Debian's packages that are not installed: of other releases, or with daemons that would start by themselves.
# Read by others, after tests/lib.sh.
# shellcheck shell=bash

# programs_of RELEASE PACKAGE...: prints the directory with what is in the packages, which are fetched once and kept in the cache; without
# what they depend on. Fails where it cannot be had.
programs_of()
(
	release=$1 here=$TOP/tools refresh=
	shift
	CACHE=${SLIPWAY_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/slipway}
	kept=$CACHE/programs/$release/$(IFS=+; echo "$*")
	if [ ! -d "$kept" ]; then
		say() { printf '# %s %s\n' "$1" "$2" >&2; }
		fail() { say FAIL "$*"; exit 1; }
		. "$TOP/tools/lib-debian.sh"
		mkdir -p "${kept%/*}" && work=$(mktemp -d "$CACHE/programs/work.XXXXXX") || exit 1
		trap 'rm -rf "$work"' EXIT
		mkdir "$work/debs" && fetch_debs "$work/debs" "$@" || exit 1
		for deb in "$work"/debs/*.deb; do dpkg-deb -x "$deb" "$work/root" || exit 1; done
		# Of two at the same time one comes first.
		mv -T "$work/root" "$kept" 2>/dev/null || [ -d "$kept" ] || exit 1
	fi
	echo "$kept"
)

# cosign_of RELEASE: prints the path of its cosign, which is in no release that Slipway is built on.
cosign_of()
(
	programs=$(programs_of "$1" cosign) && "$programs/usr/bin/cosign" version >/dev/null 2>&1 && echo "$programs/usr/bin/cosign"
)
