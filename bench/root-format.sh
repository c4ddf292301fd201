#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The root of a micro-VM in each format that there could be: squashfs as we write it (zstd, LZ4) and without compression, EROFS plain and with
# LZ4; each plain and below dm-verity. For each: its size, the time it takes to make, and instructions to PID 1, to the first service's
# first instruction, and for 1000 blocks read at random out of 16 MB of text. docs/decisions/0014 was decided by it.
set -eu
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/guest.sh"
need qemu-system-x86_64 qemu-system-x86
need musl-gcc musl-tools
need unsquashfs squashfs-tools
need mkfs.erofs erofs-utils
need veritysetup cryptsetup-bin
INIT=$BUILD/libexec/slipway/init
[ -x "$INIT" ] || die "'$INIT' is not built; run 'make'"
has_own_kernel || die "there is no kernel of our own; run 'make packages-kernel'"
cd "$WORK"

# --- the root: redis, nginx and what is measured ---

mkdir -p image/bin image/data
musl-gcc -static -Os -Wl,-Ttext-segment=0x70000000 -o image/bin/first "$TOP/bench/reader.c"
find /usr/include /usr/share/doc -type f -name '*[ht]' -size +1k 2> /dev/null | LC_ALL=C sort | xargs cat 2> /dev/null | head -c 16777216 > image/data/text
tar -C image --sort=name --owner=0 --group=0 --mtime=@0 -cf image.tar .
"$SLIPWAY" image import --name slipway-bench/reader image.tar > /dev/null
cat > root.yml << 'END'
kernel: {image: slipway/kernel}
services:
  - {name: reader, image: slipway-bench/reader, command: [/bin/first, /data/text], restart: never, on_exit: poweroff}
  - {name: redis, image: slipway/redis, after: [reader]}
  - {name: nginx, image: slipway/nginx, after: [reader]}
END

seconds() { # COMMAND...: how long it took
	local begin=$EPOCHREALTIME
	"$@" > /dev/null 2> stderr || die "$1 failed: $(tail -n 1 stderr)"
	awk -v a="$begin" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.2f", b - a }'
}

# Ours take the time of a whole build, the others that of writing what is there.
ours() { "$SLIPWAY" build --rebuild -q -f microvm --compression "$1" -o "$1" root.yml; }
rm -rf "${SLIPWAY_STORE:-${XDG_DATA_HOME:-$HOME/.local/share}/slipway/store}/.slipway/cache"
time_zstd=$(seconds ours zstd)
time_lz4=$(seconds ours lz4)
cp -r lz4-vmlinux none-vmlinux
unsquashfs -q -n -d tree zstd-squashfs.img > /dev/null
time_none=$(seconds mksquashfs tree none-squashfs.img -comp zstd -noI -noD -noF -noX -noappend -no-progress -quiet)
sed -i 's/root_type=squashfs/root_type=erofs/' tree/etc/slipway/plan
time_erofs=$(seconds mkfs.erofs -T0 --quiet erofs-squashfs.img tree)
time_erofs_lz4=$(seconds mkfs.erofs -T0 -zlz4hc --quiet erofs_lz4-squashfs.img tree)

# --- measuring ---

# A machine of the files PREFIX-*: the kernel and the words are the same but for the type of the root.
prepare() { # NAME TYPE
	[ "$1" = zstd ] || [ "$1" = lz4 ] || cp zstd-vmlinux "$1-vmlinux"
	sed "s/rootfstype=squashfs/rootfstype=$2/" zstd-cmdline > "$1-cmdline.new" && mv "$1-cmdline.new" "$1-cmdline"
}

verity() { # NAME: the same below dm-verity, as the kernel makes it without an initrd (dm-init.rst)
	local image=$1-verity-squashfs.img blocks root
	cp "$1-squashfs.img" "$image"
	truncate -s %4096 "$image"
	blocks=$(($(stat -c %s "$image") / 4096))
	root=$(veritysetup format --no-superblock --salt=- --data-blocks=$blocks --hash-offset=$((blocks * 4096)) "$image" "$image" | awk '/^Root hash/ { print $3 }')
	cp "$1-vmlinux" "$1-verity-vmlinux"
	sed "s|root=/dev/vda|root=/dev/dm-0 dm-mod.create=\"root,,,ro,0 $((blocks * 8)) verity 1 /dev/vda /dev/vda 4096 4096 $blocks $blocks sha256 $root -\"|" "$1-cmdline" > "$1-verity-cmdline"
}

FINISHED=0x$(nm image/bin/first | awk '$3 == "finished" { print $1 }')
MAIN=0x$(nm image/bin/first | awk '$3 == "main" { print $1 }')

row() { # NAME TITLE SECONDS
	count_boot "$WORK/$1" "pid1=$(entry "$INIT")" "first=$(entry image/bin/first)" "main=$MAIN" "finished=$FINISHED"
	awk -v t="$2" -v s="$(stat -c %s "$1-squashfs.img")" -v m="$3" '{ n[$1] = $2 } END {
		if (!n["finished"]) exit 1
		printf "%-26s %6.1f MB %6s s  PID 1 %6.1f M  first service %6.1f M  1000 random reads %6.1f M\n", t, s / 1e6, m, n["pid1"] / 1e6,
			n["first"] / 1e6, (n["finished"] - n["main"]) / 1e6 }' counts || die "$2: the reader never ran to its end: $(tail -n 1 console)"
}

table() { # NAME TYPE TITLE SECONDS
	prepare "$1" "$2"
	row "$1" "$3" "$4"
	verity "$1"
	row "$1-verity" "$3, dm-verity" ""
}

build_counter
table zstd squashfs "squashfs zstd (ours)" "$time_zstd"
table lz4 squashfs "squashfs LZ4 (ours)" "$time_lz4"
table none squashfs "squashfs, uncompressed" "$time_none"
table erofs erofs "EROFS" "$time_erofs"
table erofs_lz4 erofs "EROFS LZ4" "$time_erofs_lz4"
