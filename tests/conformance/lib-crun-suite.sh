# SPDX-License-Identifier: Apache-2.0
# crun's own tests (tests/test_*.py), from Debian's source package of crun, made ready to run; how they are compared is in lib-suite.sh.
# For crun-suite.sh, and for tests/conformance/guest/crun-suite.sh, where the machine is a guest.
#
#   CRUN_SUITE_REFRESH=1     ask the archive for a newer source package, run crun anew
# shellcheck shell=bash
suite_of=crun
. "$TOP/tests/conformance/lib-suite.sh"
. "$own/lib-crun-tests.sh"
refresh=${CRUN_SUITE_REFRESH:-} release='' skipped=("$own/skipped-crun.txt")

has_test() { crun_test_names "$suite" "$1" 2>/dev/null | grep -qxF "$2"; }

# The program that its containers run, without crun's own build; and a module for Python that Debian 12 does not have.
build_crun_suite()
{
	unpack crun
	: >config.h
	cp "$own/stand-ins/libmount.py" tests/
	gcc -DHAVE_ERROR_H -DHAVE_SECCOMP -I. -O1 -static -o tests/init tests/init.c
}

# Sets suite and version.
prepare()
{
	begin
	fetch_source crun
	version=$(source_version "$CACHE/sources/crun")
	suite=$CACHE/conformance/crun-$version-$({ cat "$CACHE/sources/crun/SHA256SUMS" "$own/stand-ins/libmount.py"; declare -f build_crun_suite; } | key)
	build_once "$suite" build_crun_suite
}

# choose_files [FILE...]: sets files: those that are named, or all.
choose_files()
{
	files=("$@")
	[ $# -gt 0 ] || mapfile -t files < <(cd "$suite/tests" && ls -- test_*.py | sed 's/\.py$//')
}

# wanted FILE: its tests but for those that are left out, of which some would wait for ever.
wanted()
{
	crun_test_names "$suite" "$1" | while read -r name; do reason "$1" "$name" >/dev/null || echo "$name"; done
}
