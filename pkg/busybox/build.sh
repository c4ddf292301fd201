#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Builds busybox with musl from Debian's source package, and prints the path of a tar with it: for `build:` of a recipe.
#
#   $CACHE/sources/busybox/             what apt fetched and checked, with SHA256SUMS
#   $CACHE/packages/busybox-KEY.tar     bin/busybox, its copyright, and the paragraph by which scanners know it; KEY covers
#                                       source, configuration, compiler, and this recipe
#   $CACHE/packages/busybox-KEY.log
#
# The configuration is that of Debian's busybox-static, and then busybox.config. Whatever has its final name is whole. The same key
# gives the same bytes: no time, name or path of the machine that built it is in them.
set -euo pipefail
export LC_ALL=C
umask 022
unset CDPATH MAKEFLAGS MAKELEVEL MFLAGS CFLAGS CPPFLAGS LDFLAGS BUILD KBUILD_OUTPUT KBUILD_SRC KCONFIG_CONFIG ARCH CROSS_COMPILE

own=$(dirname "$(readlink -f "$0")")
here=$own/../../tools
table=$own/source.txt
CACHE=${CACHE:-${SLIPWAY_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/slipway}}
JOBS=${JOBS:-$(nproc)}
flags="-Os -fno-pie -ffunction-sections -fdata-sections -fstack-protector-strong -fno-asynchronous-unwind-tables"
link_flags="-static -no-pie -Wl,--gc-sections -Wl,-z,relro,-z,now,-z,noexecstack"
arch=$(dpkg --print-architecture)
work= refresh=

usage()
{
	cat <<-USAGE
	usage: pkg/busybox/build.sh [--cache DIR] [--arch ARCH] [--refresh]
	  --arch ARCH   this machine's (default), or arm64
	  --refresh     ask the archive for the source again: brings in Debian's newer patches
	  --cache DIR   in place of CACHE
	environment: CACHE (default ~/.cache/slipway), JOBS (default: as many as processors), TARGET_CC (default musl-gcc)
	USAGE
}
say() { printf '  %-7s %s\n' "$1" "$2" >&2; }
fail() { printf 'busybox: %s\n' "$*" >&2; exit 1; }
. "$here/lib-debian.sh"
remove_work_at_end
. "$here/lib-target.sh"
. "$here/lib-kconfig.sh"

busybox_make()
{
	make -s SKIP_STRIP=y BB_EXTRA_VERSION="$version" HOSTCC=gcc CROSS_COMPILE="$machine-" CC="$CC" \
		CONFIG_EXTRA_CFLAGS="$flags -isystem $work/kernel-headers" CONFIG_EXTRA_LDFLAGS="$link_flags" "$@"
}

# Of an option that is there twice Kconfig takes the first.
configure_busybox()
{
	cat "$work/options" debian/config/pkg/static >.config
	# What ends 'yes' is that nobody reads any more.
	{ yes '' || true; } | KCONFIG_NOTIMESTAMP=1 busybox_make oldconfig
	check_held .config
	diff debian/config/pkg/static .config || true
}

# What a package of Debian would leave in var/lib/dpkg/status.d. It is not Debian's build, so the version has a suffix.
paragraph()
{
	cat <<-END
	Package: busybox
	Source: busybox ($version)
	Version: $version+slipway
	Architecture: $arch
	Built-Using: musl (= $musl)
	Homepage: https://www.busybox.net
	Description: busybox, built with musl from Debian's source package
	END
}

build_busybox()
{
	unpack busybox
	configure_busybox
	busybox_make -j"$JOBS" busybox
	mkdir -p "$work/root/bin" "$work/root/usr/share/doc/busybox" "$work/root/var/lib/dpkg/status.d"
	"$machine-objcopy" --strip-all busybox_unstripped "$work/root/bin/busybox"
	cp debian/copyright "$work/root/usr/share/doc/busybox/"
	paragraph >"$work/root/var/lib/dpkg/status.d/busybox"
	tar -C "$work/root" --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 --mode=u=rwX,go=rX -cf "$work/busybox.tar" bin usr var
}

key_of()
{
	{
		compiler_version
		echo "$arch $musl $link_flags $("$machine-ld" -v) $(dpkg-query -W -f '${Package} ${Version}' linux-libc-dev)"
		cat "$CACHE/sources/busybox/SHA256SUMS"
		echo "$options"
		declare -f unpack busybox_make configure_busybox paragraph build_busybox
	} | key
}

while [ $# -gt 0 ]; do
	case $1 in
	--cache) CACHE=${2:?--cache needs a directory}; shift ;;
	--arch) arch=${2:?--arch needs a name}; shift ;;
	--refresh) refresh=1 ;;
	--help) usage; exit 0 ;;
	*) usage >&2; exit 2 ;;
	esac
	shift
done

# The compiler for another machine is made by its script, from the musl that Debian has for that one.
case $arch in
"$(dpkg --print-architecture)") CC=${TARGET_CC:-musl-gcc} musl=$(dpkg-query -W -f '${Version}' musl-dev) ;;
arm64)
	CC=$(CACHE=$CACHE "$here/musl-cross.sh")
	musl=$(cd "$CACHE/sources/musl-dev:arm64" && echo musl-dev_*.deb)
	musl=${musl#musl-dev_} musl=${musl%_*} ;;
*) fail "--arch '$arch': busybox is built for this machine and for arm64" ;;
esac
command -v "$CC" >/dev/null || fail "'$CC' is missing: run 'make prerequisites' (as root)"
machine=$("$CC" -dumpmachine)
for tool in gcc "$machine-ld" "$machine-objcopy" make patch tar bzip2 xz apt-get awk flock sha256sum; do
	command -v "$tool" >/dev/null || fail "'$tool' is missing: run 'make prerequisites' (as root)"
done
packages=$CACHE/packages
options=$(read_fragments "$own/busybox.config")
find_tar() { tar=$packages/busybox-$(key_of).tar; }

# What is there already waits for nobody.
if [ -z "$refresh" ] && [ -e "$CACHE/sources/busybox/SHA256SUMS" ]; then
	find_tar
	[ ! -e "$tar" ] || { echo "$tar"; exit 0; }
fi

mkdir -p "$packages" || fail "cannot make '$packages': set CACHE to a directory that can be written"
exec 9>"$packages/lock"
flock -n 9 || { say WAIT "another busybox is being built"; flock 9; }
rm -rf "$packages"/work.*    # of builds that were killed: we have the lock, so nobody uses them
work=$(mktemp -d "$packages/work.XXXXXX")
fetch_source busybox check_pin busybox busybox
find_tar
if [ ! -e "$tar" ]; then
	begin=$SECONDS log=${tar%.tar}.log version=$(source_version "$CACHE/sources/busybox")
	say BUILD "busybox $version for $arch; the log is $log"
	echo "$options" >"$work/options"
	make_kernel_headers "$work/kernel-headers"
	mkdir "$work/src"
	# In a shell of its own: 'set -e' does not act inside a function that is called by '||'.
	set +e
	(set -e; cd "$work/src"; build_busybox) >"$log" 2>&1
	status=$?
	set -e
	if [ $status -ne 0 ]; then
		tail -n 20 "$log" | sed 's/^/  | /' >&2
		fail "cannot build busybox: the whole log is $log"
	fi
	say BUILD "busybox: built in $((SECONDS - begin)) s"
	mv "$work/busybox.tar" "$tar"
fi
echo "$tar"
