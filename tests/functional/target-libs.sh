#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What tools/target-libs.sh does when something is wrong: it says what, and the cache is as it was. Uses sources that are
# in the cache already, and an archive that cannot be reached.
. "$TOP/tests/lib.sh"

real=${SLIPWAY_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/slipway}
[ -e "$real/sources/jansson/SHA256SUMS" ] || skip "the cache has no sources: run 'make prerequisites' first"
need apt-get musl-gcc flock

# Scripts beside a table of their own, with the library that is quickest to build.
mkdir -p "$TEST_TMP/tools" "$TEST_TMP/apt/parts"
cp "$TOP"/tools/{target-libs,debian-sources,lib-debian,lib-target}.sh "$TEST_TMP/tools/"
grep '^jansson' "$TOP/tools/target-libs.txt" >"$TEST_TMP/tools/target-libs.txt"
codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
echo "deb file:$TEST_TMP/nowhere $codename main" >"$TEST_TMP/apt/sources.list"
printf 'Dir::Etc::SourceList "%s";\nDir::Etc::SourceParts "%s";\n' "$TEST_TMP/apt/sources.list" "$TEST_TMP/apt/parts" >"$TEST_TMP/apt/conf"

export CACHE=$TEST_TMP/cache APT_CONFIG=$TEST_TMP/apt/conf
libs() { "$TEST_TMP/tools/target-libs.sh" "$@" >"$TEST_TMP/out" 2>&1; }
# fresh: a cache that has only the sources of jansson.
fresh()
{
	rm -rf "$CACHE"
	mkdir -p "$CACHE/sources"
	cp -r "$real/sources/jansson" "$CACHE/sources/"
}
# says NAME TEXT: the last run printed it.
says() { if grep -qF -- "$2" "$TEST_TMP/out"; then ok "$1"; else not_ok "$1" "no '$2' in:"; cat "$TEST_TMP/out"; fi; }
nothing_built() { same "$1: nothing that looks built" "" "$(find "$CACHE/target" -mindepth 1 \( -name current -o -path '*/parts/*' -o -name 'work.*' -o -name include \) 2>/dev/null)"; }

fresh
check "builds without the network when the sources are there" libs --link "$TEST_TMP/link"
check "the library and its header are there" test -s "$TEST_TMP/link/lib/libjansson.a" -a -s "$TEST_TMP/link/include/jansson.h"
check "the kernel's headers are there" test -e "$TEST_TMP/link/kernel-headers/linux/mount.h"
same "'current' is the same set" "$(readlink -f "$TEST_TMP/link")" "$(readlink -f "$CACHE/target/current")"
first=$(readlink "$CACHE/target/current")
check "a second run has nothing to do" libs
same "and says nothing" "" "$(cat "$TEST_TMP/out")"

rm -rf "$CACHE"
check_fails "no sources and no network" libs
says "no network: names the reason" "nothing was changed"
nothing_built "no network"
check "no network: no half of a source" test ! -e "$CACHE/sources/jansson"

fresh
printf x >>"$CACHE"/sources/jansson/*.orig.tar.gz
check_fails "a damaged source is not built" libs
says "a damaged source is named" "the cached source of jansson is damaged"
nothing_built "damaged source"

fresh
sed -i 's/[0-9a-f]\{60\}/&/; s/\([0-9a-f]\{63\}\)[0-9a-f]/\1x/' "$TEST_TMP/tools/target-libs.txt"
check_fails "an upstream tarball that is not the pinned one" libs
says "it says which hash was wanted" "tools/target-libs.txt wants"
nothing_built "wrong hash"
sed 's/2\.14/9.9/' "$TOP/tools/target-libs.txt" | grep '^jansson' >"$TEST_TMP/tools/target-libs.txt"
check_fails "a version that the table does not know" libs
says "it prints the line to add" "  jansson jansson 2.14 "
check "SLIPWAY_UNPINNED=1 builds it" env SLIPWAY_UNPINNED=1 "$TEST_TMP/tools/target-libs.sh"
grep '^jansson' "$TOP/tools/target-libs.txt" >"$TEST_TMP/tools/target-libs.txt"

fresh
sed -i 's/^build_jansson()$/&\n{ false; }\nunused()/' "$TEST_TMP/tools/target-libs.sh"
check_fails "a library that does not build" libs
says "it names the log" "$CACHE/target/logs/jansson.log"
nothing_built "failed build"
cp "$TOP/tools/target-libs.sh" "$TEST_TMP/tools/"

# Killed in the middle: what is left does no harm, and the next run clears it away.
fresh
mkdir -p "$CACHE/target/work.killed/src-jansson"
"$TEST_TMP/tools/target-libs.sh" >"$TEST_TMP/out1" 2>&1 & one=$!
"$TEST_TMP/tools/target-libs.sh" >"$TEST_TMP/out2" 2>&1 & two=$!
check "two at once: the first" wait $one
check "two at once: the second" wait $two
same "two at once: it was built once" 1 "$(cat "$TEST_TMP/out1" "$TEST_TMP/out2" | grep -c ' LIB ')"
check "left-overs of a killed build are gone" test ! -e "$CACHE/target/work.killed"
same "the same sources give the same key" "$first" "$(readlink "$CACHE/target/current")"
finish
