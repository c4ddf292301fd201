# SPDX-License-Identifier: Apache-2.0
# runc's own integration suite (tests/integration/*.bats), from Debian's source package of runc, made ready to run; how it is compared
# is in lib-suite.sh. For runc-suite.sh, and for tests/conformance/guest/runc-suite.sh, where the machine is a guest.
#
#   CONFORMANCE=all          all of its files, and not only those that the script finds quick
#   RUNC_SUITE_REFRESH=1     ask the archive for a newer source package, run runc anew
#   RUNC_SUITE=sid           suite and runc of another release of Debian in the same archive; what is left out of it besides is in
#                            skipped-RELEASE.txt
#
# Three things of the suite are replaced: its images, which it would download, by Debian's busybox; and its programs, which are
# written in Go, by those in stand-ins/.
# shellcheck shell=bash
suite_of=runc
. "$TOP/tests/conformance/lib-suite.sh"
. "$own/lib-bats.sh"
refresh=${RUNC_SUITE_REFRESH:-} release=${RUNC_SUITE:-} skipped=("$own/skipped.txt")
[ -z "$release" ] || skipped+=("$own/skipped-$release.txt")
# The source package, as fetch_source calls it.
source=runc${release:+@$release}

has_test() { grep -qF "@test \"$2\"" "$suite/tests/integration/$1.bats" 2>/dev/null; }

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
	begin
	fetch_source "$source"
	version=$(source_version "$CACHE/sources/$source")
	suite=$CACHE/conformance/runc-$version-$(suite_key)
	programs=$suite-programs runc_of_debian=/usr/sbin/runc
	[ -z "$release" ] || runc_of_debian=$programs/usr/sbin/runc
	if [ -n "$release" ] && [ ! -d "$programs" ]; then
		(set -e; other_programs "$programs") >"$work/log" 2>&1 || { sed 's/^/# /' "$work/log"; fail "cannot make runc of '$release' run here"; }
		mv "$work/programs" "$programs"
	fi
	build_once "$suite" build_suite
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
