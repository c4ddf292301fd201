# SPDX-License-Identifier: Apache-2.0
# The same manifest gives the same bytes, in every format, whatever the machine, the user and the time are like.
set -u
. "$TOP/tests/lib.sh"

FORMATS="kernel+initrd kernel+squashfs microvm firecracker cloud-hypervisor containerdisk"
[ "$FORMATS" = "$("$SLIPWAY" build --help | tr '\n' ' ' | sed -n 's/.*--format FORMAT *\(.*\) --locked .*/\1/p' | sed 's/ (default)//; s/,//g; s/ or / /; s/  */ /g; s/ $//')" ] &&
	ok "all formats are in the test" || not_ok "all formats are in the test" "$("$SLIPWAY" build --help | grep -A 1 -e --format)"
chmod 0777 "$TEST_TMP"
cd "$TEST_TMP" || exit 1

# --- what goes in ---

# A store that any user may read, and the programs.
cp -r "$PACKAGE_STORE" store && rm -rf store/.slipway && chmod -R a+rX store
mkdir -p program/bin program/libexec/slipway
cp "$SLIPWAY" program/bin/ && cp "$BUILD"/libexec/slipway/* program/libexec/slipway/
chmod -R a+rX program

# A kernel with the uncompressed one that micro-VMs boot: what Debian's has inside, by the fields of its header (Documentation/arch/x86/boot.rst).
number() { od -An -tu"$3" -j $(($2)) -N "$3" "$1" | tr -d ' '; }
uncompressed_kernel()
{
	local manifest layer sectors at length
	manifest=$(jq -r '.manifests[] | select(.annotations["org.opencontainers.image.ref.name"] == "docker.io/slipway/kernel-debian:latest") | .digest' store/index.json)
	layer=$(jq -r '.layers[0].digest' "store/blobs/${manifest/:/\/}")
	mkdir rootfs && zstd -dcq "store/blobs/${layer/:/\/}" | tar -C rootfs -xf - ./kernel 2> /dev/null || zstd -dcq "store/blobs/${layer/:/\/}" | tar -C rootfs -xf - kernel
	sectors=$(number rootfs/kernel 0x1f1 1)
	at=$(number rootfs/kernel 0x248 4)
	length=$(number rootfs/kernel 0x24c 4)
	tail -c +$(((sectors + 1) * 512 + at + 1)) rootfs/kernel | head -c $((length - 4)) > payload
	{ lz4 -dc payload || xz -dc payload || zstd -dc payload; } > rootfs/vmlinux 2> /dev/null
	tar -C rootfs -cf kernel.tar kernel vmlinux && "$SLIPWAY" image import --store store -n test/kernel kernel.tar > /dev/null
}
uncompressed_kernel || { not_ok "an uncompressed kernel" "$(ls -l rootfs)"; finish; exit; }
rm -rf store/.slipway

# The inputs of a build, in a directory of their own. Redis has more than one thread compresses; the formats of micro-VMs have the
# writer of kernel+squashfs, and do without.
inputs() # DIRECTORY FORMAT
{
	local redis='  - {name: redis, image: slipway/redis, ready: {tcp: 6379}}'
	case $2 in kernel+*) ;; *) redis= ;; esac
	mkdir -p "$1" && chmod 0777 "$1"
	printf 'a file of the machine\n' > "$1/file"
	chmod 0644 "$1/file"
	cat > "$1/app.yml" << EOF
kernel: {image: test/kernel, tar: none, cmdline: "console=ttyS0 quiet"}
verity: panic
onboot:
  - {name: dhcp, image: slipway/dhcp}
services:
$redis
  - {name: shell, image: slipway/busybox, command: [/bin/sh], credentials: [{name: key, source: file}]}
files:
  - {path: etc/file, source: file}
  - {path: etc/made, contents: "made", mode: "0600"}
EOF
	chmod 0644 "$1/app.yml"
}

# --- the variations: each runs its arguments, in a directory with the inputs ---

plainly() { "$@"; }
umask_077() (umask 077 && exec "$@")
umask_000() (umask 000 && exec "$@")
time_zone() { TZ=Pacific/Kiritimati "$@"; }
locale() { LC_ALL=tr_TR.UTF-8 LANG=tr_TR.UTF-8 LANGUAGE=tr "$@"; }
no_environment() { env -i "$@"; }
much_environment() { HOME=/nonexistent USER=somebody TERM=dumb MALLOC_PERTURB_=165 FILLER=$(printf '%0100000d' 0) "$@"; }
another_user() { setpriv --reuid 65534 --regid 65534 --clear-groups env -i PATH=/usr/bin:/bin "$@"; }
one_core() { taskset -c 0 "$@"; }
another_host_name() { unshare --uts sh -c 'hostname another.example && exec "$@"' sh "$@"; }
another_kernel_version() { setarch --uname-2.6 "$@"; }
other_addresses() { setarch --addr-no-randomize "$@"; }
another_processor() { GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX2_Usable,-AVX512F_Usable,-ERMS OPENSSL_ia32cap=0:0 "$@"; }
in_2035() { faketime '2035-05-05 05:05:05' "$@"; }
few_descriptors() (ulimit -n 40 && exec "$@")
low_priority() { nice -n 19 "$@"; }
other_times_of_inputs() { touch -d '2001-02-03 04:05:06' file app.yml; "$@"; }
no_terminal() { "$@" < /dev/null > /dev/null 2>&1; }
another_temporary_directory() { mkdir -p tmp && chmod 0777 tmp && TMPDIR=$PWD/tmp "$@"; }
# Another order of directory entries and of the index, on another file system.
another_order() { another_store "$TEST_TMP/reversed" "$@"; }
# Twice with a cache: what is kept changes nothing.
with_a_cache() { another_store "$TEST_TMP/cached" "$@" && rm -f app-* && another_store "$TEST_TMP/cached" "$@"; }
another_store() { local store=$1; shift; "$@" --store "$store"; }
a_long_path_with_spaces() { "$@"; }

VARIATIONS="umask_077 umask_000 time_zone locale no_environment much_environment one_core another_kernel_version other_addresses
another_processor in_2035 few_descriptors low_priority other_times_of_inputs no_terminal another_temporary_directory another_order
with_a_cache a_long_path_with_spaces"
[ "$(id -u)" != 0 ] || VARIATIONS="$VARIATIONS another_user another_host_name"
same "there are 16 variations or more" yes "$([ "$(wc -w <<< "$VARIATIONS")" -ge 16 ] && echo yes || wc -w <<< "$VARIATIONS")"

cp -r store cached
reversed=$(mktemp -d -p /dev/shm 2> /dev/null || mktemp -d)
trap 'rm -rf "$reversed"' EXIT
find store -mindepth 1 -type d | sort | sed "s|^store|$reversed|" | xargs mkdir -p
find store -type f | sort -r | while read -r file; do cp "$file" "$reversed${file#store}"; done
jq -c '.manifests |= reverse' store/index.json > "$reversed/index.json"
ln -s "$reversed" reversed

# --- the builds ---

# build VARIATION FORMAT DIRECTORY; the cache of the store is only for the variation of that name.
build()
{
	local format=$2 directory=$3
	(cd "$directory" && "$1" "$TEST_TMP/program/bin/slipway" build -q -f "$format" --store "$TEST_TMP/store" app.yml)
}

for format in $FORMATS; do
	inputs "first-$format" "$format"
	build plainly "$format" "first-$format" || not_ok "$format: builds"
	names=$(cd "first-$format" && "$TEST_TMP/program/bin/slipway" build -f "$format" --store "$TEST_TMP/store" app.yml 2> /dev/null)
	same "$format: has the files it names" "$(sort <<< "$names")" "$(cd "first-$format" && find . -name 'app-*' -size +0 | sed 's|^./||' | sort)"
	rm -rf store/.slipway/cache
	for variation in $VARIATIONS; do
		directory=$TEST_TMP/$variation
		[ "$variation" != a_long_path_with_spaces ] || directory="$TEST_TMP/a much longer path with spaces/and a directory in it, which goes on/and on"
		inputs "$directory" "$format"
		if ! build "$variation" "$format" "$directory"; then
			not_ok "$format: ${variation//_/ }" "the build failed"
		elif different=$(diff -rq "first-$format" "$directory" | grep -v '^Only in .*: tmp$'); then
			not_ok "$format: ${variation//_/ }" "$different"
		else
			ok "$format: ${variation//_/ }"
		fi
		rm -rf "$TEST_TMP/$variation" "$TEST_TMP/a much longer path with spaces" store/.slipway/cache
	done
done

# What is compared does differ where an input does.
inputs other kernel+squashfs && echo other > other/file
build plainly kernel+squashfs other
cmp -s other/app-squashfs.img first-kernel+squashfs/app-squashfs.img && not_ok "another input gives other bytes" || ok "another input gives other bytes"
finish
