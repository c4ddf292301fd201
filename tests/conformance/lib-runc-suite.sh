# SPDX-License-Identifier: Apache-2.0
# runc's own integration suite (tests/integration/*.bats), from Debian's source package of runc, made ready to run; and what two
# runtimes did with it, compared: what Debian's runc passes on a machine, ours passes, except for what skipped.txt lists with a
# reason. For runc-suite.sh, and for tests/conformance/guest/runc-suite.sh, where the machine is a guest.
#
#   CONFORMANCE=all          all of its files, and not only those that the script finds quick
#   RUNC_SUITE_REFRESH=1     ask the archive for a newer source package, run runc anew
#   RUNC_SUITE=sid           suite and runc of another release of Debian in the same archive
#
# Nothing of the suite is kept in this tree. $CACHE/conformance/ has it unpacked, in a directory whose name has its
# version and a hash of all that went in; and what runc did with it, which is good for one version of runc on one kernel.
# Three things of the suite are replaced: its images, which it would download, by Debian's busybox; and its programs, which are
# written in Go, by those in stand-ins/.
# shellcheck shell=bash
. "$TOP/tests/lib.sh"
export LC_ALL=C
here=$TOP/tools own=$TOP/tests/conformance
CACHE=${SLIPWAY_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/slipway}
refresh=${RUNC_SUITE_REFRESH:-} release=${RUNC_SUITE:-} work=
# The source package, as fetch_source calls it.
source=runc${release:+@$release}

say() { printf '# %s %s\n' "$1" "$2"; }
fail() { printf 'not ok runc-suite: %s\n' "$*"; exit 1; }
leave() { [ -z "$work" ] || rm -rf "$work"; }
trap leave EXIT
. "$TOP/tools/lib-debian.sh"
. "$own/lib-bats.sh"

# --- the suite ---------------------------------------------------------------------------------------

key() { sha256sum | cut -c 1-16; }

# image DIRECTORY: what the suite wants to find in its busybox image; with ldconfig, in its Debian image.
image()
{
	mkdir -p "$1"/{bin,dev,etc,home,lib,proc,root,run,sbin,sys,tmp,usr/bin,usr/sbin,var/tmp,var/run}
	chmod 1777 "$1/tmp" "$1/var/tmp"
	cp "$(command -v busybox)" "$1/bin/busybox"
	"$1/bin/busybox" --list | grep -vx busybox | while read -r name; do ln "$1/bin/busybox" "$1/bin/$name"; done
	printf '%s\n' root:x:0:0:root:/root:/bin/sh daemon:x:1:1:daemon:/usr/sbin:/bin/false \
		nobody:x:65534:65534:nobody:/home:/bin/false >"$1/etc/passwd"
	printf '%s\n' root:x:0: daemon:x:1: tty:x:5: nogroup:x:65534: >"$1/etc/group"
}

images()
{
	image "$work/image"
	tar -C "$work/image" -cf "$1/busybox.tar" .
	cp /sbin/ldconfig "$work/image/sbin/"
	: >"$work/image/etc/ld.so.conf"
	tar -C "$work/image" -cf "$1/debian.tar" .
}

# other_programs DIRECTORY: unpacks runc of another release, with the programs of its suite where it has them, below $work/programs;
# in the directory they are to run with libraries of their own. runc starts itself again as /proc/self/exe, so that calling the
# dynamic loader by hand would not do.
other_programs()
{
	local root=$work/programs multiarch loader deb program
	multiarch=$(gcc -print-multiarch)
	mkdir -p "$root" "$work/debs"
	fetch_debs "$work/debs" runc libc6 libseccomp2 patchelf libstdc++6 libgcc-s1
	for deb in "$work"/debs/*.deb; do dpkg-deb -x "$deb" "$root"; done
	loader=usr/lib/$multiarch/ld-linux-x86-64.so.2
	for program in "$root"/usr/sbin/*; do
		readelf -l "$program" | grep -q INTERP || continue
		"$root/$loader" --library-path "$root/usr/lib/$multiarch" "$root/usr/bin/patchelf" --set-interpreter "$1/$loader" \
			--set-rpath "$1/usr/lib/$multiarch" "$program"
	done
}

# stand_in PROGRAM [LIBRARY]
stand_in()
{
	mkdir -p "contrib/cmd/$1"
	gcc -std=gnu11 -D_GNU_SOURCE -O1 -Wall -Wextra -o "contrib/cmd/$1/$1" "$own/stand-ins/$1.c" ${2:+"$2"}
}

build_suite()
{
	unpack "$source"
	mkdir -p tests/integration/testdata
	images "$PWD/tests/integration/testdata"
	# Newer packages of runc have these programs.
	if [ -n "$release" ] && [ -d tests/cmd ]; then
		ln -s "$programs/usr/sbin" tests/cmd/_bin
	else
		stand_in recvtty
		stand_in seccompagent -ljansson
	fi
	cat >tests/integration/get-images.sh <<-'END'
	#!/bin/sh
	dir=$(dirname "$(readlink -f "$0")")/testdata
	echo "BUSYBOX_IMAGE=$dir/busybox.tar"
	echo "DEBIAN_IMAGE=$dir/debian.tar"
	END
	chmod +x tests/integration/get-images.sh
}

suite_key()
{
	{ cat "$CACHE/sources/$source/SHA256SUMS" "$own"/stand-ins/*.c; declare -f build_suite images image stand_in other_programs; } | key
}

# Sets suite, version, and runc_of_debian, which ours is compared with.
prepare()
{
	mkdir -p "$CACHE/conformance" || fail "cannot make '$CACHE/conformance': set CACHE to a directory that can be written"
	# Also, because cgroups of the suite have names that two of it at a time would share.
	exec 9>"$CACHE/conformance/lock"
	flock -n 9 || { say WAIT "another run of the suite"; flock 9; }
	rm -rf "$CACHE"/conformance/work.*
	work=$(mktemp -d "$CACHE/conformance/work.XXXXXX")
	fetch_source "$source"
	version=$(source_version "$CACHE/sources/$source")
	suite=$CACHE/conformance/runc-$version-$(suite_key)
	programs=$suite-programs runc_of_debian=/usr/sbin/runc
	[ -z "$release" ] || runc_of_debian=$programs/usr/sbin/runc
	if [ -n "$release" ] && [ ! -d "$programs" ]; then
		(set -e; other_programs "$programs") >"$work/log" 2>&1 || { sed 's/^/# /' "$work/log"; fail "cannot make runc of '$release' run here"; }
		mv "$work/programs" "$programs"
	fi
	[ ! -d "$suite" ] || return 0
	mkdir "$work/suite"
	(set -e; cd "$work/suite"; build_suite) >"$work/log" 2>&1 || { sed 's/^/# /' "$work/log"; fail "cannot unpack or build runc's suite"; }
	mv "$work/suite" "$suite"
}

# results: reads TAP, prints STATUS, a tab, NAME; status is pass, fail or skip.
results()
{
	awk '
		/^(not )?ok [0-9]+ / {
			status = /^not/ ? "fail" : "pass"; sub(/^(not )?ok [0-9]+ /, "")
			if (match($0, / # skip/)) { status = "skip"; $0 = substr($0, 1, RSTART - 1) }
			sub(/ # (timeout|in|bats).*$/, ""); sub(/ in [0-9]+ms$/, "")
			print status "\t" $0
		}'
}

# --- comparing ---------------------------------------------------------------------------------------

# reason FILE NAME: why skipped.txt leaves this test out; fails where it does not.
reason()
{
	awk -F '\t+' -v file="$1" -v name="$2" '!/^#/ && $1 == file && $2 == name { print $3; found = 1; exit } END { exit !found }' \
		"$own/skipped.txt"
}

# What bats has to say about a test that failed.
diagnosis()
{
	awk -v name="$2" '/^(not )?ok [0-9]+ / { on = index($0, name) && /^not/; next } on' "$1" | head -n 60
}

runc_passed=0 we_passed=0 left_out=0 failing=0 neither=0 more=0 not_run=0

compare_test()
{
	local file=$1 name=$2 runc=$3 us=$4 log=$5 why
	case $runc in pass) runc_passed=$((runc_passed + 1)) ;; esac
	if why=$(reason "$file" "$name"); then
		[ "$runc" != pass ] || left_out=$((left_out + 1))
		[ "$us" != pass ] || say NOTE "$file: $name: is in skipped.txt, but passes"
		ok "runc $file: $name # SKIP $why"
	elif [ "$us" = pass ] && [ "$runc" != skip ]; then
		if [ "$runc" = pass ]; then we_passed=$((we_passed + 1)); else more=$((more + 1)); fi
		ok "runc $file: $name"
	elif [ "$runc" = pass ]; then
		failing=$((failing + 1))
		not_ok "runc $file: $name" "runc passes it; here it is '$us'"
		diagnosis "$log" "$name"
	elif [ "$runc" = skip ]; then
		not_run=$((not_run + 1))
	else
		neither=$((neither + 1))
	fi
}

# compare_file FILE: $reference has what runc did with it, $logs what ours did.
compare_file()
{
	local file=$1 log=$logs/$1.tap runc us name
	while IFS=$'\t' read -r runc name; do
		us=$(results <"$log" | awk -F '\t' -v name="$name" '$2 == name { print $1; exit }')
		compare_test "$file" "$name" "$runc" "${us:-not reported}" "$log"
	done < <(results <"$reference/$file.tap")
	[ -n "$(results <"$reference/$file.tap")" ] || not_ok "runc $file" "runc's own run of it reported nothing: $reference/$file.tap"
}

# A line about a test that no longer exists would hide nothing, but says something that is not so.
check_skipped()
{
	local file name why
	while IFS=$'\t' read -r file name why; do
		case $file in ''|'#'*) continue ;; esac
		[ ${#why} -ge 10 ] || not_ok "skipped.txt: $file: $name" "no reason is given"
		grep -qF "@test \"$name\"" "$suite/tests/integration/$file.bats" 2>/dev/null || not_ok "skipped.txt: $file: $name" "no such test"
	done <"$own/skipped.txt"
}

# choose_files QUICK [FILE...]: sets files: those that are named, or all, or the quick ones.
choose_files()
{
	local quick=$1
	shift
	if [ $# -gt 0 ]; then
		files=("$@")
	elif [ "${CONFORMANCE:-}" = all ]; then
		mapfile -t files < <(cd "$suite/tests/integration" && ls -- *.bats | sed 's/\.bats$//')
	else
		read -ra files <<<"${quick//$'\n'/ }"
	fi
}

summary()
{
	echo "# suite of runc $version, compared with runc $1, ${#files[@]} files"
	echo "# passed by runc $runc_passed, of these by us $we_passed, left out with a reason $left_out, failing $failing"
	echo "# failed by runc on this machine $((neither + more)), of these passed by us $more; not for this machine, says the suite: $not_run"
}
