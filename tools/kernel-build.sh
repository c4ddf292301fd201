#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Builds a kernel from Debian's kernel source and fragments of a configuration (kernel-configs/).
#
#   $CACHE/sources/linux-source-VERSION@RELEASE/   Debian's package of the source, as apt fetched and checked it, with SHA256SUMS
#   $CACHE/kernels/KEY.tar                         boot/{vmlinuz,vmlinux,config,System.map}-RELEASE, lib/modules/RELEASE, of arm64
#                                                  without vmlinux; KEY covers source, options, compiler, and this recipe
#   $CACHE/kernels/KEY.log
#
# Prints the path of the tar. Whatever has its final name is whole. The same key gives the same bytes: times, names and paths
# of the machine that built it are not in them.
set -euo pipefail
export LC_ALL=C
umask 022
unset CDPATH MAKEFLAGS MAKELEVEL MFLAGS CFLAGS CPPFLAGS LDFLAGS BUILD KBUILD_OUTPUT KCONFIG_CONFIG KCFLAGS ARCH CROSS_COMPILE LOCALVERSION

VERSION=6.12
RELEASE=trixie

usage()
{
	cat <<-USAGE
	usage: tools/kernel-build.sh [--key] [--configure FILE] [--patch FILE]... [--refresh] [--cache DIR] FRAGMENT...
	  --key              print the key of what would be built, and build nothing
	  --configure FILE   write the whole configuration to FILE, and build nothing
	  --arch ARCH        amd64 (default) or arm64
	  --patch FILE       change the source by a unified diff, which has to fit to the line
	  --refresh          ask the archive for the source again: brings in Debian's newer kernel
	  --cache DIR        in place of CACHE
	environment: CACHE (default ~/.cache/slipway), JOBS (default: as many as processors)
	USAGE
}

here=$(dirname "$(readlink -f "$0")")
CACHE=${CACHE:-${SLIPWAY_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/slipway}}
JOBS=${JOBS:-$(nproc)}
package=linux-source-$VERSION
work= refresh= key_only= configure= patches=() arch=amd64 compiler=gcc groups=kernel release=$RELEASE

say() { printf '  %-7s %s\n' "$1" "$2" >&2; }
fail() { printf 'kernel-build: %s\n' "$*" >&2; exit 1; }
. "$here/lib-debian.sh"
remove_work_at_end
. "$here/lib-kconfig.sh"

# --- the source ------------------------------------------------------------------------------------

# fetch [checked]: what is there is hashed only before it is used.
fetch()
{
	[ -n "${1:-}" ] || [ -n "$refresh" ] || [ ! -e "$source/SHA256SUMS" ] || return 0
	keep_debs "$source" "$package"
}

# A .deb is an ar archive with data.tar.*, and the source is a tar in that. Of the documentation only what the build reads.
unpack_kernel()
{
	local deb
	deb=$(echo "$source"/"$package"_*.deb)
	mkdir -p "$work/deb" "$work/src"
	say UNPACK "${deb##*/}"
	(cd "$work/deb" && ar x "$deb" && tar -xf data.tar.* --no-same-owner --wildcards "./usr/src/*.tar.*")
	tar -C "$work/src" --strip-components=1 --no-same-owner -xf "$work"/deb/usr/src/*.tar.* \
		--exclude='*/Documentation/?*/*' --exclude='*/tools/testing/selftests'
	rm -rf "$work/deb"
}

patch_kernel()
{
	local file
	for file in "${patches[@]}"; do
		say PATCH "${file##*/}"
		patch -d "$work/src" -p1 --fuzz=0 --batch --no-backup-if-mismatch <"$file" >>"$log" 2>&1 || failed
	done
}

# --- the configuration -----------------------------------------------------------------------------

kernel_make()
{
	make -s -C "$work/src" KBUILD_BUILD_TIMESTAMP="$(date -u -d "@${SOURCE_DATE_EPOCH:-0}")" KBUILD_BUILD_VERSION=1 KBUILD_BUILD_USER=slipway \
		KBUILD_BUILD_HOST=slipway "$@"
}

configure_kernel()
{
	kernel_make KCONFIG_ALLCONFIG="$work/options" allnoconfig >>"$log" 2>&1 || failed
	check_held "$work/src/.config"
}

# --- building --------------------------------------------------------------------------------------

failed()
{
	tail -n 20 "$log" | sed 's/^/  | /' >&2
	fail "cannot build the kernel: the whole log is $log"
}

# How far it is: make tells what it compiles, and the count goes up to some thousands. One line a half minute, for logs, too.
watch_progress()
{
	local begin=$SECONDS
	while sleep 30; do say KERNEL "$((SECONDS - begin)) s: $(find "$work/src" -name '*.o' 2>/dev/null | wc -l) files compiled"; done
}

build_kernel()
{
	local begin=$SECONDS watch status=0 release
	say KERNEL "building; the log is $log"
	# Without the lock, which a sleep that is left over would keep.
	watch_progress 9>&- &
	watch=$!
	kernel_make -j"$JOBS" bzImage modules.builtin >>"$log" 2>&1 || status=$?
	kill "$watch" && wait "$watch" 2>/dev/null || true
	[ $status -eq 0 ] || failed
	release=$(kernel_make kernelrelease)
	mkdir -p "$work/root/boot" "$work/root/lib/modules/$release"
	cp "$work/src/arch/x86/boot/bzImage" "$work/root/boot/vmlinuz-$release"
	# Symbols are in System.map; the notes, by which the entry is found, stay.
	objcopy --strip-all "$work/src/vmlinux" "$work/root/boot/vmlinux-$release"
	cp "$work/src/.config" "$work/root/boot/config-$release"
	cp "$work/src/System.map" "$work/root/boot/System.map-$release"
	cp "$work/src"/modules.builtin "$work/src"/modules.builtin.modinfo "$work/root/lib/modules/$release/"
	: >"$work/root/lib/modules/$release/modules.order"
	tar -C "$work/root" --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 --mode=u=rwX,go=rX -cf "$work/kernel.tar" boot lib
	say KERNEL "$release: built in $((SECONDS - begin)) s, $(stat -c %s "$work/root/boot/vmlinuz-$release") bytes compressed"
	mv "$work/kernel.tar" "$kernels/$key.tar"
}

# The same across. Not one function with the above, whose text is in the keys of kernels that take half an hour to build.
build_kernel_arm64()
{
	local begin=$SECONDS watch status=0 release
	say KERNEL "building for arm64; the log is $log"
	watch_progress 9>&- &
	watch=$!
	kernel_make -j"$JOBS" Image.gz modules.builtin >>"$log" 2>&1 || status=$?
	kill "$watch" && wait "$watch" 2>/dev/null || true
	[ $status -eq 0 ] || failed
	release=$(kernel_make kernelrelease)
	mkdir -p "$work/root/boot" "$work/root/lib/modules/$release"
	cp "$work/src/arch/arm64/boot/Image.gz" "$work/root/boot/vmlinuz-$release"
	cp "$work/src/.config" "$work/root/boot/config-$release"
	cp "$work/src/System.map" "$work/root/boot/System.map-$release"
	cp "$work/src"/modules.builtin "$work/src"/modules.builtin.modinfo "$work/root/lib/modules/$release/"
	: >"$work/root/lib/modules/$release/modules.order"
	tar -C "$work/root" --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 --mode=u=rwX,go=rX -cf "$work/kernel.tar" boot lib
	say KERNEL "$release: built in $((SECONDS - begin)) s, $(stat -c %s "$work/root/boot/vmlinuz-$release") bytes compressed"
	mv "$work/kernel.tar" "$kernels/$key.tar"
}

key_of()
{
	{
		cat "$source/SHA256SUMS" "$work/options"
		echo "gcc $(gcc -dumpmachine) $(gcc -dumpfullversion) $(ld -v) ${SOURCE_DATE_EPOCH:-0}"
		declare -f unpack_kernel kernel_make configure_kernel build_kernel
		[ ${#patches[@]} -eq 0 ] || { declare -f patch_kernel; cat "${patches[@]}"; }
		[ "$arch" = amd64 ] || { echo "$arch $("$compiler" -dumpfullversion)"; declare -f "build_kernel_$arch"; }
	} | sha256sum | cut -c 1-16
}

while [ $# -gt 0 ]; do
	case $1 in
	--key) key_only=1 ;;
	--configure) configure=${2:?--configure needs a file}; shift ;;
	--patch) patches+=("$(readlink -f "${2:?--patch needs a file}")"); shift ;;
	--arch) arch=${2:?--arch needs a name}; shift ;;
	--refresh) refresh=1 ;;
	--cache) CACHE=${2:?--cache needs a directory}; shift ;;
	--help) usage; exit 0 ;;
	--*) usage >&2; exit 2 ;;
	*) break ;;
	esac
	shift
done
[ $# -gt 0 ] || { usage >&2; exit 2; }

kernels=$CACHE/kernels
source=$CACHE/sources/$package@$RELEASE
[ "$(uname -m)" = x86_64 ] || fail "kernels are built on x86-64 alone so far"
case $arch in
amd64) ;;
arm64)
	compiler=aarch64-linux-gnu-gcc groups="kernel aarch64"
	export ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu- ;;
*) fail "--arch '$arch': unknown; there is amd64 and arm64" ;;
esac
for tool in "$compiler" gcc ld ar make flex bison bc apt-get tar xz awk flock sha256sum objcopy perl patch; do
	command -v "$tool" >/dev/null || fail "'$tool' is missing: run 'tools/prerequisites.sh $groups' (as root)"
done
[ -e /usr/include/gelf.h ] || fail "gelf.h is missing: run 'tools/prerequisites.sh kernel' (as root)"

for file in "${patches[@]}"; do [ -r "$file" ] || fail "cannot read the patch '$file'"; done

mkdir -p "$kernels" || fail "cannot make '$kernels': set CACHE to a directory that can be written"

# begin DIRECTORY FRAGMENT...: works in the directory, which is new.
begin()
{
	work=$1
	shift
	read_fragments "$@" >"$work/lines"
	merge <"$work/lines" >"$work/options"
}

# What is there already does not wait while another kernel is being built.
if [ -z "$refresh$configure" ] && [ -e "$source/SHA256SUMS" ]; then
	begin "$(mktemp -d)" "$@"
	key=$(key_of)
	[ -z "$key_only" ] || { echo "$key"; exit 0; }
	[ ! -e "$kernels/$key.tar" ] || { echo "$kernels/$key.tar"; exit 0; }
	rm -rf "$work"
fi
exec 9>"$kernels/lock"
flock -n 9 || { say WAIT "another kernel is being built"; flock 9; }
rm -rf "$kernels"/work.*    # of builds that were killed: we have the lock, so nobody uses them
begin "$(mktemp -d "$kernels/work.XXXXXX")" "$@"
fetch
key=$(key_of) log=$kernels/$key.log
if [ -n "$key_only" ]; then
	echo "$key"
	exit 0
fi
if [ -n "$configure" ] || [ ! -e "$kernels/$key.tar" ]; then
	: >"$log"
	fetch checked
	unpack_kernel
	patch_kernel
	configure_kernel
	[ -z "$configure" ] || { cp "$work/src/.config" "$configure"; exit 0; }
	if [ "$arch" = amd64 ]; then build_kernel; else "build_kernel_$arch"; fi
fi
echo "$kernels/$key.tar"
