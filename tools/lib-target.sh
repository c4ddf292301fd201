# SPDX-License-Identifier: Apache-2.0
# What is compiled for the target with musl from Debian's source packages. Read by tools/target-libs.sh and pkg/busybox/build.sh, which
# have read tools/lib-debian.sh before. Needs the variables table (the file with the pins), CC, machine (for which CC compiles) and flags,
# and the functions say and fail.
# shellcheck shell=bash

# check_pin LIBRARY SOURCE DIRECTORY: the upstream tarball is the one of the table.
check_pin()
{
	local library=$1 source=$2 dir=$3 version sum known
	version=$(upstream_version "$(source_version "$dir")")
	sum=$(cd "$dir" && sha256sum "${source}_$version".orig.tar.* | awk '$2 !~ /\.asc$/ { print $1; exit }')
	known=$(awk -v l="$library" -v v="$version" '$1 == l && $3 == v { print $4 }' "$table")
	if [ -z "$known" ]; then
		[ -z "${SLIPWAY_UNPINNED:-}" ] || { say NOTE "$source $version is not in $table; only apt vouches for it"; return 0; }
		fail "Debian's $source is now version $version, which $table does not know. Look at what changed, then add
  $library $source $version $sum
or set SLIPWAY_UNPINNED=1 to go by apt's signatures alone"
	fi
	[ "$sum" = "$known" ] || fail "the tarball of $source $version has sha256 $sum, but $table wants $known"
}

compiler_version()
{
	echo "$CC $($CC -dumpmachine) $($CC -dumpfullversion) $flags"
	dpkg-query -W -f '${Package} ${Version}\n' musl-dev 2>/dev/null || true
}

key() { sha256sum | cut -c 1-16; }

# musl's headers do not come with the kernel's. The directory has the kernel's and nothing of glibc's.
make_kernel_headers()
{
	local dir=$1 name from places="/usr/include/$machine /usr/include" package=linux-libc-dev
	[ "$machine" = "$(gcc -dumpmachine)" ] || places=/usr/$machine/include package="the linux-libc-dev of $machine"
	mkdir -p "$dir"
	for name in linux asm asm-generic mtd; do
		for from in $places; do
			[ ! -d "$from/$name" ] || { ln -sfn "$from/$name" "$dir/$name"; break; }
		done
		[ -d "$dir/$name" ] || fail "the kernel's header directory '$name' is missing: install $package"
	done
}
