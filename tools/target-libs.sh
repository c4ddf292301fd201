#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Builds the target's static libraries (tools/target-libs.txt) with musl-gcc from Debian source packages. With the compiler that
# tools/musl-cross.sh makes, they are those of another architecture.
#
#   $CACHE/sources/SOURCE/               what apt fetched and checked, with SHA256SUMS
#   $CACHE/target/parts/LIBRARY-KEY/     one library; KEY covers sources, recipe and compiler
#   $CACHE/target/KEY/                   all of them: include/ lib/ kernel-headers/ sources.txt
#   $CACHE/target/current                symlink to the set built last
#   $CACHE/target/logs/LIBRARY.log
#
# Whatever has its final name is whole: everything is made in a temporary directory of the same file system and renamed.
set -euo pipefail
export LC_ALL=C
umask 022
unset CDPATH MAKEFLAGS MAKELEVEL MFLAGS CFLAGS CPPFLAGS LDFLAGS DESTDIR BUILD

usage()
{
	cat <<-USAGE
	usage: tools/target-libs.sh [--link PATH] [--refresh]
	  --link PATH   make PATH a symlink to the set of libraries of this checkout
	  --refresh     ask the archive for the sources again: brings in Debian's newer patches
	environment: CACHE (default ~/.cache/slipway), JOBS (default 2), TARGET_CC (default musl-gcc), SLIPWAY_UNPINNED=1 (accept an
	upstream version that tools/target-libs.txt does not know, on the strength of apt's signatures alone)
	USAGE
}

here=$(cd "$(dirname "$0")" && pwd)
table=$here/target-libs.txt
CACHE=${CACHE:-${SLIPWAY_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/slipway}}
CC=${TARGET_CC:-musl-gcc}
JOBS=${JOBS:-2}
target=$CACHE/target
flags="-Os -fPIE -ffunction-sections -fdata-sections -fstack-protector-strong -fno-asynchronous-unwind-tables"
work=

say() { printf '  %-7s %s\n' "$1" "$2"; }
fail() { printf 'target-libs: %s\n' "$*" >&2; exit 1; }
. "$here/lib-debian.sh"
remove_work_at_end
. "$here/lib-target.sh"
# Where the recipes say these, they are those of the compiler's machine.
ar() { command "$machine-ar" "$@"; }
strip() { command "$machine-strip" "$@"; }

# --- recipes: run in the patched source, install below $out ---------------------------------------

# Few files and no configure script in the tarball: quicker and easier to follow by hand than through autotools.
build_jansson()
{
	sed 's/@json_inline@/inline/; s/@json_have_localeconv@/0/; s/@json_have_[a-z_]*@/1/' \
		src/jansson_config.h.in >src/jansson_config.h
	: >src/jansson_private_config.h
	local has="-DHAVE_STDINT_H -DHAVE_FCNTL_H -DHAVE_SCHED_H -DHAVE_UNISTD_H -DHAVE_SYS_STAT_H -DHAVE_SYS_TIME_H
		-DHAVE_SYS_TYPES_H -DHAVE_SYS_PARAM_H -DHAVE_ENDIAN_H -DHAVE_OPEN -DHAVE_CLOSE -DHAVE_READ
		-DHAVE_GETTIMEOFDAY -DHAVE_GETPID -DHAVE_SCHED_YIELD -DHAVE_ATOMIC_BUILTINS"
	(cd src && $CC $flags $has -I. -c ./*.c)
	mkdir -p "$out/lib" "$out/include"
	ar rcD "$out/lib/libjansson.a" src/*.o
	cp src/jansson.h src/jansson_config.h "$out/include/"
}

build_seccomp()
{
	./configure --prefix=/ --host="$($CC -dumpmachine)" --disable-shared --enable-static \
		CC="$CC" CFLAGS="$flags -isystem $headers"
	make -j"$JOBS" -C include
	make -j"$JOBS" -C src libseccomp.la
	mkdir -p "$out/lib" "$out/include"
	cp src/.libs/libseccomp.a "$out/lib/"
	cp include/seccomp.h include/seccomp-syscalls.h "$out/include/"
}

build_blkid()
{
	./configure --prefix=/ --host="$($CC -dumpmachine)" --disable-shared --enable-static --disable-all-programs \
		--enable-libblkid --disable-nls --disable-asciidoc --disable-poman --without-python --without-systemd \
		--without-udev --without-econf --without-ncurses --without-tinfo --without-readline --without-cap-ng \
		PKG_CONFIG=false CC="$CC" CFLAGS="$flags -isystem $headers"
	make -j"$JOBS" libblkid.la
	mkdir -p "$out/lib" "$out/include/blkid"
	cp .libs/libblkid.a "$out/lib/"
	cp libblkid/src/blkid.h "$out/include/blkid/"
}

# The library that reads and writes file systems, with com_err, which it reports through; no program, no debugger.
build_ext2fs()
{
	./configure --prefix=/ --host="$($CC -dumpmachine)" --disable-nls --disable-debugfs --disable-imager --disable-defrag \
		--disable-resizer --disable-fsck --disable-e2initrd-helper --disable-uuidd --disable-fuse2fs --disable-tdb \
		--disable-mmp --disable-bmap-stats --disable-testio-debug --disable-backtrace --without-crond-dir \
		--without-systemd-unit-dir --without-udev-rules-dir \
		PKG_CONFIG=false CC="$CC" CFLAGS="$flags -isystem $headers" BUILD_CC=gcc BUILD_CFLAGS=-O1
	make -C util subst
	make -C lib/et libcom_err.a compile_et
	make -j"$JOBS" -C lib/ext2fs libext2fs.a
	mkdir -p "$out/lib" "$out/include/ext2fs" "$out/include/et"
	cp lib/libcom_err.a lib/libext2fs.a "$out/lib/"
	cp lib/et/com_err.h "$out/include/et/"
	local name
	for name in bitops ext2_err ext2_ext_attr ext2_fs ext2_io ext2_types ext2fs ext3_extents hashmap qcow2; do
		cp "lib/ext2fs/$name.h" "$out/include/ext2fs/"
	done
}

# The program that checks a file system and mends it. No library has what it does; it goes into the images of
# machines that have a disk to check. Its own libuuid and libblkid are the small ones of e2fsprogs.
build_e2fsck()
{
	./configure --prefix=/ --host="$($CC -dumpmachine)" --disable-nls --disable-debugfs --disable-imager --disable-defrag \
		--disable-resizer --disable-e2initrd-helper --disable-uuidd --disable-fuse2fs --disable-tdb --enable-libuuid \
		--enable-libblkid --disable-bmap-stats --disable-testio-debug --disable-backtrace --without-crond-dir \
		--without-systemd-unit-dir --without-udev-rules-dir --without-pthread \
		PKG_CONFIG=false CC="$CC" CFLAGS="$flags -isystem $headers" LDFLAGS="-static -Wl,--gc-sections" BUILD_CC=gcc BUILD_CFLAGS=-O1
	make -C util subst
	make -C lib/et libcom_err.a compile_et
	make -C lib/uuid libuuid.a uuid_types.h
	make -C lib/blkid blkid_types.h
	make -C lib/ext2fs ext2_err.h
	make -C lib/support prof_err.h
	make -j"$JOBS" -C lib/ext2fs libext2fs.a
	make -C lib/e2p libe2p.a
	make -C lib/blkid libblkid.a
	make -C lib/support libsupport.a
	make -j"$JOBS" -C e2fsck e2fsck
	mkdir -p "$out/libexec"
	strip -o "$out/libexec/e2fsck" e2fsck/e2fsck
}

# --- keys ------------------------------------------------------------------------------------------

part_key() { { echo "$compiler"; declare -f "build_$1" unpack; cat "$CACHE/sources/$2/SHA256SUMS"; } | key; }

libraries() { awk '!/^#/ && NF && !($1 in seen) { seen[$1] = 1; print $1, $2 }' "$table"; }

set_key()
{
	local library source
	while read -r library source; do
		[ -e "$CACHE/sources/$source/SHA256SUMS" ] || return 1
		echo "$library $(part_key "$library" "$source")"
	done < <(libraries)
}

# --- building --------------------------------------------------------------------------------------

build_part()
{
	local library=$1 source=$2 part=$3 log=$target/logs/$1.log
	local out=$work/out-$library headers=$work/kernel-headers begin=$SECONDS
	mkdir -p "$work/src-$library" "$out" "$target/logs" "$target/parts"
	say LIB "$library ($source $(source_version "$CACHE/sources/$source"))"
	# In a shell of its own: 'set -e' does not act inside a function that is called by '||'.
	set +e
	(set -ex; cd "$work/src-$library"; unpack "$source"; "build_$library") >"$log" 2>&1
	local status=$?
	set -e
	if [ $status -ne 0 ]; then
		tail -n 20 "$log" | sed 's/^/  | /' >&2
		fail "cannot build $library: the whole log is $log"
	fi
	printf '%s %s, built in %s s\n' "$source" "$(source_version "$CACHE/sources/$source")" $((SECONDS - begin)) >>"$log"
	rm -rf "$work/src-$library" "$part"
	mv "$out" "$part"
}

build_set()
{
	local dir=$1 library source part
	make_kernel_headers "$work/kernel-headers"
	mkdir -p "$work/set/include" "$work/set/lib"
	while read -r library source; do
		part=$target/parts/$library-$(part_key "$library" "$source")
		[ -d "$part" ] || build_part "$library" "$source" "$part" </dev/null
		cp -a "$part/." "$work/set/"
		{ echo "# $library: $source $(source_version "$CACHE/sources/$source")"; cat "$CACHE/sources/$source/SHA256SUMS"; } \
			>>"$work/set/sources.txt"
	done < <(libraries)
	cp -a "$work/kernel-headers" "$work/set/"
	rm -rf "$dir"
	mv "$work/set" "$dir"
}

# point PATH TO: replaced by rename, so that PATH exists at every moment.
point()
{
	[ "$(readlink "$1" 2>/dev/null)" != "$2" ] || return 0
	mkdir -p "$(dirname "$1")"
	rm -f "$1.$$" && ln -s "$2" "$1.$$" && mv -fT "$1.$$" "$1"
}

link= refresh=
while [ $# -gt 0 ]; do
	case $1 in
	--link) link=${2:?--link needs a path}; shift ;;
	--refresh) refresh=1 ;;
	--help) usage; exit 0 ;;
	*) usage >&2; exit 2 ;;
	esac
	shift
done

for tool in "$CC" apt-get gperf make patch tar xz awk flock sha256sum ar; do
	command -v "$tool" >/dev/null || fail "'$tool' is missing: run 'make prerequisites' (as root)"
done
machine=$($CC -dumpmachine) compiler=$(compiler_version)
finish() { point "$target/current" "$1"; [ -z "$link" ] || point "$link" "$target/$1"; }

# Nothing to do is the usual case, and needs no lock.
if [ -z "$refresh" ] && keys=$(set_key) && [ -d "$target/$(key <<<"$keys")" ]; then
	finish "$(key <<<"$keys")"
	exit 0
fi

mkdir -p "$target" || fail "cannot make '$target': set CACHE to a directory that can be written"
exec 9>"$target/lock"
flock -n 9 || { say WAIT "another make builds the target's libraries"; flock 9; }
rm -rf "$target"/work.*    # of builds that were killed: we have the lock, so nobody uses them
work=$(mktemp -d "$target/work.XXXXXX")
while read -r library source; do
	fetch_source "$source" check_pin "$library" "$source" </dev/null
done < <(libraries)
keys=$(set_key)
set=$(key <<<"$keys")
[ -d "$target/$set" ] || build_set "$target/$set"
finish "$set"
