#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tools/debian-sources.sh: the system's apt sources, in both formats, as sources of Debian's source packages.
. "$TOP/tests/lib.sh"
need apt-config

codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
key=/usr/share/keyrings/debian-archive-keyring.gpg
mkdir -p "$TEST_TMP/parts"
printf 'Dir::Etc::SourceList "%s/list";\nDir::Etc::SourceParts "%s/parts";\n' "$TEST_TMP" "$TEST_TMP" >"$TEST_TMP/conf"
export APT_CONFIG=$TEST_TMP/conf
sources() { "$TOP/tools/debian-sources.sh"; }

cat >"$TEST_TMP/list" <<LIST
# deb http://comment.invalid/debian $codename main
deb http://one.invalid/debian $codename main contrib # and more
deb-src http://one.invalid/debian $codename main
deb [arch=amd64 signed-by=$key check-valid-until=no] http://two.invalid/security $codename-security main
deb [signed-by=/etc/apt/keyrings/other.gpg] http://other.invalid $codename main
deb [trusted=yes] file:/srv/debs ./
deb http://three.invalid/debian sid main
LIST
same "one-line entries" "Types: deb-src
URIs: http://one.invalid/debian
Suites: $codename
Components: main

Types: deb-src
URIs: http://two.invalid/security
Suites: $codename-security
Components: main
Signed-By: $key
Check-Valid-Until: no" "$(sources)"
same "another release of the same archive" "Types: deb-src deb
URIs: http://one.invalid/debian
Suites: other
Components: main" "$("$TOP/tools/debian-sources.sh" other)"

: >"$TEST_TMP/list"
cat >"$TEST_TMP/parts/debian.sources" <<SOURCES
Types: deb
URIs: http://one.invalid/debian
 http://two.invalid/debian
# a comment
Suites: $codename
 $codename-updates trixie-backports
Components: main non-free
Trusted: yes
Signed-By: $key

Enabled: no
Types: deb
URIs: http://three.invalid/debian
Suites: $codename
Components: main

Types: deb
URIs: http://four.invalid/debian
Suites: $codename
Components: contrib
SOURCES
same "stanzas" "Types: deb-src
URIs: http://one.invalid/debian
 http://two.invalid/debian
Suites: $codename $codename-updates
Components: main
Signed-By: $key" "$(sources)"

rm "$TEST_TMP/parts/debian.sources"
check_fails "no entry for Debian is an error" sources
finish
