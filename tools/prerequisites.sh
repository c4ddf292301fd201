#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Sees to it that the Debian packages of tools/prerequisites.txt are there: one dpkg-query when they are; otherwise,
# root installs them, and everybody else is told the command. --check never installs.
set -euo pipefail
export LC_ALL=C

table=$(cd "$(dirname "$0")" && pwd)/prerequisites.txt
check=
if [ "${1:-}" = --check ]; then check=1; shift; fi
if [ "${1:-}" = --help ]; then
	echo "usage: tools/prerequisites.sh [--check] [build|check|run|kernel|test|bench|fuzz]..."
	exit 0
fi
[ $# -gt 0 ] || set -- build check run kernel test bench fuzz

known=$(awk '!/^#/ && NF { print $1 }' "$table" | sort -u)
for group in "$@"; do
	grep -qx "$group" <<<"$known" || { echo "prerequisites: no group '$group' in ${table##*/}" >&2; exit 2; }
done

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
	echo "prerequisites: this is not a Debian system; see tools/prerequisites.txt for what is needed" >&2
	exit 0
fi

# PACKAGE and WHY, tab-separated, each package once.
wanted=$(awk -v groups=" $* " '
	!/^#/ && NF && index(groups, " " $1 " ") && !($2 in seen) {
		seen[$2] = 1; package = $2; sub(/^[^ \t]+[ \t]+[^ \t]+[ \t]*/, ""); print package "\t" $0
	}' "$table")

missing()
{
	dpkg-query -W -f '${db:Status-Abbrev}\t${Package}\n' 2>/dev/null | awk -F '\t' -v wanted="$wanted" '
		$1 ~ /^.i *$/ { have[$2] = 1 }
		END {
			n = split(wanted, row, "\n")
			for (i = 1; i <= n; i++) {
				split(row[i], column, "\t"); m = split(column[1], choice, "|"); found = 0
				for (j = 1; j <= m; j++) found = found || (choice[j] in have)
				if (!found) print row[i]
			}
		}'
}

rows=$(missing)
[ -n "$rows" ] || exit 0
list=$(cut -f 1 <<<"$rows")

if [ -n "$check" ] || [ "$(id -u)" -ne 0 ]; then
	{
		echo "prerequisites: missing:"
		awk -F '\t' '{ printf "  %-20s %s\n", $1, $2 }' <<<"$rows"
		sudo='sudo '
		[ "$(id -u)" -ne 0 ] || sudo=
		echo "install with: ${sudo}apt-get update && ${sudo}apt-get install --no-install-recommends $(sed 's/|.*//' <<<"$list" | xargs)"
		[ -n "$sudo" ] || echo "or with: make prerequisites"
	} >&2
	exit 1
fi

export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# Waits for another apt instead of failing; a new machine often runs one in the background after its first boot.
apt=(apt-get -y -qq -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 -o Acquire::http::Timeout=30 -o Dpkg::Use-Pty=0)

attempt()
{
	local try
	for try in 1 2 3; do
		"$@" >"$log" 2>&1 </dev/null && return 0
		[ "$try" -eq 3 ] || sleep $((try * 2))
	done
	tail -n 15 "$log" | sed 's/^/  apt: /' >&2
	return 1
}

# 'a|b' becomes the first of them that the archive has.
choose()
{
	local row candidate
	while read -r row; do
		for candidate in ${row//|/ }; do
			if apt-cache show "$candidate" >/dev/null 2>&1; then echo "$candidate"; continue 2; fi
		done
		echo "${row%%|*}"
	done <<<"$list"
}

printf 'installing %d Debian packages: %s\n' "$(wc -l <<<"$rows")" \
	"$(awk -F '\t' '{ printf "%s%s (%s)", (NR > 1 ? ", " : ""), $1, $2 }' <<<"$rows")"
attempt "${apt[@]}" update ||
	{ echo "prerequisites: apt-get update failed (see above); is the network there?" >&2; exit 1; }
mapfile -t packages < <(choose)
attempt "${apt[@]}" install --no-install-recommends "${packages[@]}" ||
	{ echo "prerequisites: cannot install ${packages[*]} (see above)" >&2; exit 1; }
rows=$(missing)
[ -z "$rows" ] || { echo "prerequisites: still missing after installing: $(cut -f 1 <<<"$rows" | xargs)" >&2; exit 1; }
