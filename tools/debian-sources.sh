#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Prints the system's own apt sources, turned into sources of source packages, in deb822 format.
#
#   tools/debian-sources.sh [RELEASE]      for that release of Debian in the same archive, with its binary packages, too
#
# Only entries for this release of Debian with component main and, where they name a key, with Debian's: a third party's
# archive has nothing to do here. 'trusted' is left out, so that signatures count. Both of apt's formats are read.
# Where the lists are comes from apt-config, so APT_CONFIG has the meaning that it has for apt.
set -euo pipefail
export LC_ALL=C

fail() { printf 'debian-sources: %s\n' "$*" >&2; exit 1; }

list= parts= release=${1:-}
codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
[ -n "$codename" ] || fail "/etc/os-release has no VERSION_CODENAME: is this Debian?"
eval "$(apt-config shell list Dir::Etc::sourcelist/f parts Dir::Etc::sourceparts/d)"
shopt -s nullglob
lists=("$parts"/*.list) stanzas=("$parts"/*.sources)
shopt -u nullglob
[ ! -e "$list" ] || lists+=("$list")
entries=$({
	[ ${#lists[@]} -eq 0 ] || awk '
		{ sub(/#.*/, "") }
		$1 == "deb" || $1 == "deb-src" {
			key = valid = ""; line = $0; sub(/^[ \t]*deb(-src)?[ \t]*/, "", line)
			if (match(line, /^\[[^]]*\]/)) {
				options = substr(line, 2, RLENGTH - 2); line = substr(line, RLENGTH + 1)
				n = split(options, option, /[ \t]+/)
				for (i = 1; i <= n; i++) {
					if (sub(/^signed-by=/, "", option[i])) key = option[i]
					if (sub(/^check-valid-until=/, "", option[i])) valid = option[i]
				}
			}
			n = split(line, word, /[ \t]+/); first = word[1] == "" ? 2 : 1
			printf "Types: deb-src\nURIs: %s\nSuites: %s\nComponents:", word[first], word[first + 1]
			for (i = first + 2; i <= n; i++) printf " %s", word[i]
			print ""
			if (key != "") print "Signed-By: " key
			if (valid != "") print "Check-Valid-Until: " valid
			print ""
		}' "${lists[@]}"
	for f in "${stanzas[@]}"; do sed '/^#/d' "$f"; echo; done
} | awk -v codename="$codename" -v release="$release" '
	BEGIN { RS = ""; FS = "\n" }
	{
		delete field; name = ""
		for (i = 1; i <= NF; i++) {
			if ($i ~ /^[ \t]/) { field[name] = field[name] "\n" $i; continue }
			colon = index($i, ":"); name = tolower(substr($i, 1, colon - 1))
			field[name] = substr($i, colon + 1); sub(/^[ \t]+/, "", field[name])
		}
		if (tolower(field["enabled"]) ~ /^(no|false|0|off|disable)/) next
		if ((" " field["components"] " ") !~ /[ \t\n]main[ \t\n]/) next
		if ("signed-by" in field && field["signed-by"] !~ /^\/.*\/debian-archive-[^\/]*$/) next
		suites = ""; n = split(field["suites"], word, /[ \t\n]+/)
		for (i = 1; i <= n; i++) {
			plain = word[i]; sub(/(-updates|-security|\/updates)$/, "", plain)
			if (plain != codename && plain !~ /^(old)?stable$/) continue
			if (release == "" || release == codename) suites = suites " " word[i]
			else if (plain == word[i]) suites = " " release
		}
		id = field["uris"] suites
		if (suites == "" || id in seen) next
		seen[id] = 1
		printf "Types: deb-src%s\nURIs: %s\nSuites:%s\nComponents: main\n", release == "" ? "" : " deb", field["uris"], suites
		if ("signed-by" in field) print "Signed-By: " field["signed-by"]
		if ("check-valid-until" in field) print "Check-Valid-Until: " field["check-valid-until"]
		print ""
	}')
[ -n "$entries" ] || fail "found no entry for Debian's main archive among the system's apt sources (sources.list, sources.list.d)"
printf '%s\n' "$entries"
