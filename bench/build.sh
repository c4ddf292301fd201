#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Building examples/redis.yml: wall time, CPU time and peak memory, cold (nothing in the page cache) and warm, beside
# the same work done with the usual tools (umoci unpacks the images, mksquashfs and cpio + zstd write them).
set -eu
. "$(dirname "$0")/lib.sh"
ROUNDS=${ROUNDS:-5}
MANIFEST=$TOP/examples/redis.yml

need /usr/bin/time time
STORE=${SLIPWAY_STORE:-${XDG_DATA_HOME:-$HOME/.local/share}/slipway/store}

drop_caches() {
	sync
	[ "$(id -u)" = 0 ] && echo 3 > /proc/sys/vm/drop_caches 2> /dev/null || return 1
}

# Runs a command and adds "WALL CPU RSS" to a file.
measure() { # FILE COMMAND...
	local file=$1
	shift
	/usr/bin/time -f '%e %U %S %M' -o "$WORK/time" "$@" > /dev/null 2> "$WORK/stderr" || die "$1 failed: $(tail -n 1 "$WORK/stderr")"
	awk '{ print $1, $2 + $3, $4 }' "$WORK/time" >> "$file"
}

line() { # NAME FILE
	awk -v n="$1" -v w="$(cut -d' ' -f1 "$2" | median)" -v c="$(cut -d' ' -f2 "$2" | median)" -v m="$(cut -d' ' -f3 "$2" | median)" \
		'BEGIN { printf "%-32s wall %6.2f s   CPU %6.2f s   peak %6.1f MB\n", n, w, c, m / 1024 }'
}

peer() {
	rm -rf "$WORK/peer"
	mkdir -p "$WORK/peer"
	for image in dhcp redis; do
		umoci raw unpack --rootless --image "$WORK/gzip:$image" "$WORK/peer/$image"
	done
	mksquashfs "$WORK/peer" "$WORK/peer.squashfs" -comp zstd -noappend -no-progress -all-root -quiet
}

for format in kernel+initrd kernel+squashfs; do
	if drop_caches; then
		for _ in $(seq "$ROUNDS"); do
			drop_caches
			measure "$WORK/$format.cold" "$SLIPWAY" build -q -f "$format" -o "$WORK/out" "$MANIFEST"
		done
		line "$format, cold" "$WORK/$format.cold"
	else
		echo "$format, cold: not measured, only root can empty the page cache"
	fi
	for _ in $(seq "$ROUNDS"); do
		measure "$WORK/$format.warm" "$SLIPWAY" build -q -f "$format" -o "$WORK/out" "$MANIFEST"
	done
	line "$format, warm" "$WORK/$format.warm"
done
ls -l "$WORK"/out-* | awk '{ printf "%-32s %d bytes\n", $NF, $5 }' | sed "s#$WORK/out-##"

if command -v umoci > /dev/null && command -v skopeo > /dev/null && command -v mksquashfs > /dev/null; then
	# umoci reads no zstd: it gets gzip copies, made before the clock runs.
	for image in dhcp redis; do
		skopeo copy -q --dest-compress-format gzip "oci:$STORE:docker.io/slipway/$image:latest" "dir:$WORK/dir-$image" &&
			skopeo copy -q --dest-compress-format gzip "dir:$WORK/dir-$image" "oci:$WORK/gzip:$image" || die "skopeo failed"
	done
	export -f peer
	export WORK
	for _ in $(seq "$ROUNDS"); do
		measure "$WORK/peer.warm" bash -c peer
	done
	line "umoci + mksquashfs, warm" "$WORK/peer.warm"
	awk -v a="$(cut -d' ' -f1 "$WORK/kernel+squashfs.warm" | median)" -v b="$(cut -d' ' -f1 "$WORK/peer.warm" | median)" \
		'BEGIN { printf "ratio to umoci + mksquashfs (wall, warm): %.2f\n", a / b }'
else
	echo "umoci + mksquashfs: not measured, one of skopeo, umoci and squashfs-tools is not installed"
fi
