#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Building three systems: small (examples/hello.yml), full (redis, nginx and an image of 100 MB in many files) and huge (one file of
# 512 MB, half of it random). For each: wall time, CPU time, peak memory and size; cold (an empty cache and page cache), warm (the
# manifest has changed, the images have not) and with nothing changed. Beside it, in the same run, the same work by the usual tools
# (umoci unpacks the images, mksquashfs writes them), and zstd -T2 on the file of 512 MB.
#
# FORMATS names the formats; MANY=DIR takes the many files from there.
set -eu
. "$(dirname "$0")/lib.sh"
ROUNDS=${ROUNDS:-5}
FORMATS=${FORMATS:-kernel+initrd kernel+squashfs}
MANY_BYTES=$((100 << 20))
HUGE_MIB=512

need /usr/bin/time time
need zstd zstd
PACKAGES=${SLIPWAY_STORE:-${XDG_DATA_HOME:-$HOME/.local/share}/slipway/store}
export SLIPWAY_STORE=$WORK/store
cp -r "$PACKAGES" "$SLIPWAY_STORE"
rm -rf "$SLIPWAY_STORE/.slipway"
cd "$WORK"

# --- the inputs ---

# Files of this machine in order of their names, up to so many bytes: as they come in images of programs.
find ${MANY:-/usr/include /usr/share /usr/lib} -xdev -type f -size -512k 2> /dev/null | LC_ALL=C sort |
	perl -ne 'chomp; $bytes += -s $_; last if $bytes > '$MANY_BYTES'; print "$_\n"' > many.list
tar --no-recursion --owner=0 --group=0 -cf - -T many.list 2> /dev/null | gzip -6 > many.tar.gz
mkdir -p huge/data
perl -e 'srand(1); my @words = map { join "", map { chr(97 + int rand 26) } 1 .. 2 + rand 8 } 1 .. 20000; binmode STDOUT;
	for my $mib (1 .. '$HUGE_MIB') { my $b = ""; if ($mib % 2) { $b .= pack "N*", map { int rand 4294967296 } 1 .. 65536 for 1 .. 4 }
	else { $b .= $words[rand @words] . " " while length $b < 1048576 } print substr $b, 0, 1048576 }' > huge/data/blob
tar -C huge --owner=0 --group=0 -cf huge.tar data
"$SLIPWAY" image import -n bench/many many.tar.gz > /dev/null 2>&1
"$SLIPWAY" image import -n bench/huge huge.tar > /dev/null 2>&1
rm many.tar.gz huge.tar

manifest() # NAME IMAGE...
{
	local file=$1.yml image n=0
	shift
	printf 'kernel: {image: slipway/kernel-debian, cmdline: "console=ttyS0 quiet", modules: []}\nservices:\n' > "$file"
	for image; do
		n=$((n + 1))
		printf '  - {name: s%d, image: %s, command: [/bin/true]}\n' "$n" "$image" >> "$file"
	done
}
cp "$TOP/examples/hello.yml" small.yml
manifest full slipway/redis slipway/nginx bench/many
manifest huge bench/huge
echo "full has $(wc -l < many.list) files of $(($(tr '\n' '\0' < many.list | xargs -0 cat | wc -c) >> 20)) MB beside redis and nginx; huge $HUGE_MIB MB in one"

# --- measuring ---

cold() {
	rm -rf "$SLIPWAY_STORE/.slipway/cache"
	sync
	echo 3 > /proc/sys/vm/drop_caches
}

# Runs a command and adds "WALL CPU RSS" to a file.
measure() { # FILE COMMAND...
	local file=$1
	shift
	/usr/bin/time -f '%e %U %S %M' -o time "$@" > /dev/null 2> stderr || die "$1 failed: $(tail -n 1 stderr)"
	awk '{ print $1, $2 + $3, $4 }' time >> "$file"
}

column() { cut -d' ' -f"$2" "$1" | median; }

line() { # NAME FILE
	printf '%-30s wall %6.2f s   CPU %6.2f s   peak %6.1f MB\n' "$1" "$(column "$2" 1)" "$(column "$2" 2)" "$(column "$2" 3 | awk '{ print $1 / 1024 }')"
}

ratio() { # NAME FILE FILE [LIMIT]
	awk -v a="$(column "$2" 1)" -v b="$(column "$3" 1)" -v n="$1" -v l="${4:-}" \
		'BEGIN { printf "%-30s %.2f of the wall time%s\n", n, a / b, l ? " (target " l ")" : "" }'
}

build() { # NAME FORMAT FILE
	measure "$3" "$SLIPWAY" build -q -f "$2" -o "out-$1" "$1.yml"
}

# A change that no image has to do with.
change() { # NAME NUMBER
	sed -i '/^hostname: /d' "$1.yml"
	echo "hostname: changed-$2" >> "$1.yml"
}

case_of() { # NAME FORMAT
	local name=$1 format=$2 round
	local files=$1-$2
	if [ "$(id -u)" = 0 ]; then
		for round in 1 2 3; do
			cold
			build "$name" "$format" "$files.cold"
		done
		line "$name, $format, cold" "$files.cold"
	else
		echo "$name, $format, cold: not measured, only root can empty the page cache"
		build "$name" "$format" "$files.first"
	fi
	for round in $(seq "$ROUNDS"); do
		change "$name" "$round"
		sync
		build "$name" "$format" "$files.warm"
	done
	line "$name, $format, warm" "$files.warm"
	for round in $(seq "$ROUNDS"); do
		build "$name" "$format" "$files.same"
	done
	line "$name, $format, no change" "$files.same"
	stat -c '%n %s' "out-$name"-*.img "out-$name-kernel" | awk -v n="$name, $format" '{ s += $2 } END { printf "%-30s %d bytes\n", n, s }'
}

for format in $FORMATS; do
	for name in small full huge; do
		case_of "$name" "$format"
	done
done

# --- the peers ---

# Ours is level 9, whose like is a cold build; a warm one is held against what zstd does by itself, level 3.
for round in $(seq 3); do
	measure zstd zstd -q -f -T2 huge/data/blob -o blob.zst
	measure zstd-9 zstd -q -f -9 -T2 huge/data/blob -o blob.zst
done
line "zstd -T2 of huge's file" zstd
line "zstd -9 -T2 of huge's file" zstd-9
for format in $FORMATS; do
	if [ -s "huge-$format.cold" ]; then
		ratio "huge, $format, cold: zstd" "huge-$format.cold" zstd
		ratio "huge, $format, cold: zstd -9" "huge-$format.cold" zstd-9 1.3
	fi
	ratio "huge, $format, warm: zstd" "huge-$format.warm" zstd 1.3
done

usual_tools() { # IMAGE...
	rm -rf peer peer.squashfs
	mkdir peer
	local image
	for image; do
		umoci raw unpack --rootless --image "gzip:$image" "peer/$image"
	done
	mksquashfs peer peer.squashfs -comp zstd -noappend -no-progress -all-root -quiet
}
if command -v umoci > /dev/null && command -v skopeo > /dev/null && command -v mksquashfs > /dev/null; then
	# umoci reads no zstd: it gets gzip copies, made before the clock runs.
	copy() { # REPOSITORY NAME
		skopeo copy -q --dest-compress-format gzip "oci:$SLIPWAY_STORE:docker.io/$1/$2:latest" "dir:dir-$2" &&
			skopeo copy -q --dest-compress-format gzip "dir:dir-$2" "oci:gzip:$2" && rm -rf "dir-$2" || die "skopeo failed"
	}
	copy slipway redis
	copy slipway nginx
	copy bench many
	export -f usual_tools
	for round in 1 2 3; do
		measure usual bash -c 'usual_tools redis nginx many'
	done
	line "full by umoci + mksquashfs" usual
	for format in $FORMATS; do
		[ ! -s "full-$format.cold" ] || ratio "full, $format, cold: usual tools" "full-$format.cold" usual
		ratio "full, $format, warm: usual tools" "full-$format.warm" usual
	done
else
	echo "umoci + mksquashfs: not measured, one of skopeo, umoci and squashfs-tools is not installed"
fi
