#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Instructions of one container start in one guest: by PID 1 through the library, by our command line, and by Debian's
# crun, all with the config.json that `slipway build` writes for a service; and by the raw floor (bench/floor.c), which reads no
# config, and has neither a seccomp filter nor rules for devices. Counted by QEMU (bench/count.c) from the moment somebody sets out to
# start the container to the first instruction of its program.
set -eu
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/guest.sh"
ROUNDS=${ROUNDS:-3}

need qemu-system-x86_64 qemu-system-x86
need musl-gcc musl-tools
need jq jq
INIT=$BUILD/libexec/slipway/init
[ -x "$INIT" ] || die "'$INIT' is not built; run 'make'"

arguments() { # PEER: what its command line says, for YAML
	case $1 in
	floor) echo "/bundle-floor, /sys/fs/cgroup/bench-floor, /bin/first" ;;
	*) echo "run, --bundle, /bundle-$1, x" ;;
	esac
}

manifest() { # the containers run one after the other, so that nothing else is counted
	cat <<-EOF
		kernel:
		  image: slipway/kernel-debian
		  cmdline: "console=ttyS0 quiet"
		  modules: []
		onboot:
		  - name: library
		    image: slipway-bench/library
	EOF
	for peer in crun runtime floor; do
		cat <<-EOF
			  - name: $peer
			    image: slipway-bench/host
			    command: [/bin/launch-$peer, /usr/bin/$peer, $(arguments "$peer")]
			    capabilities: [all]
			    pid: host
			    cgroupns: host
			    binds: ["/sys/fs/cgroup:/sys/fs/cgroup"]
			    tmpfs: ["/run:mode=0755"]
		EOF
	done
	cat <<-EOF
		services:
		  - name: end
		    image: slipway-bench/library
		    restart: never
		    on_exit: poweroff
	EOF
}

# A program at an address of its own, and the image that holds only it.
static_program() { # SOURCE ADDRESS OUTPUT
	mkdir -p "$(dirname "$3")"
	musl-gcc -static -Os "-Wl,-Ttext-segment=$2" -idirafter /usr/include -idirafter "/usr/include/$(gcc -dumpmachine)" -o "$3" "$TOP/bench/$1"
}

import_root() { # DIRECTORY NAME [OPTIONS]
	tar -C "$1" --sort=name --owner=0 --group=0 --mtime=@0 -cf "$WORK/import.tar" .
	"$SLIPWAY" image import --name "slipway-bench/$2" "${@:3}" "$WORK/import.tar" > /dev/null
}

# The image in which the command lines run: crun with its libraries, ours, and a bundle for each.
build_host() {
	local root=$WORK/host peer
	mkdir -p "$WORK/pkg" "$root"
	printf 'image: crun\norg: slipway-bench\ndebs: [crun]\n' > "$WORK/pkg/build.yml"
	"$SLIPWAY" pkg build "$WORK/pkg" > /dev/null 2>&1 || die "cannot make an image of Debian's crun"
	unpack_image slipway-bench/crun "$root"
	mkdir -p "$root/usr/bin" "$root/run" "$root/proc" "$root/sys" "$root/dev"
	cp "$INIT" "$root/usr/bin/runtime"
	static_program launch.c 0x71000000 "$root/bin/launch-crun"
	static_program launch.c 0x72000000 "$root/bin/launch-runtime"
	for peer in crun runtime; do
		mkdir -p "$root/bundle-$peer"
		cp -r "$WORK/library" "$root/bundle-$peer/rootfs"
		"$SLIPWAY" plan -c library "$WORK/library.yml" |
			jq '.linux.cgroupsPath = "/bench-'$peer'/x" | .ociVersion = "1.0.2" | del(.annotations)' > "$root/bundle-$peer/config.json"
	done
	mkdir -p "$root/bundle-floor"
	cp -r "$WORK/library" "$root/bundle-floor/rootfs"
	static_program floor.c 0x77000000 "$root/usr/bin/floor"
	static_program launch.c 0x75000000 "$root/bin/launch-floor"
	static_program first.c 0x76000000 "$root/bundle-floor/rootfs/bin/first"
	static_program first.c 0x73000000 "$root/bundle-crun/rootfs/bin/first"
	static_program first.c 0x74000000 "$root/bundle-runtime/rootfs/bin/first"
	import_root "$root" host
}

static_program first.c 0x70000000 "$WORK/library/bin/first"
mkdir -p "$WORK/library/dev" "$WORK/library/proc" "$WORK/library/sys"
import_root "$WORK/library" library --entrypoint /bin/first
manifest | sed '/^  - name: crun/,/^services/{/^services/!d}' > "$WORK/library.yml"
build_host
manifest > "$WORK/guest.yml"
"$SLIPWAY" build --quiet --output "$WORK/guest" "$WORK/guest.yml"
build_counter

for round in $(seq "$ROUNDS"); do
	count_boot "$WORK/guest" "spawn=0x$(nm "$INIT.debug" | awk '$3 == "spawn" { print $1 }')" \
		"library=$(entry "$WORK/library/bin/first")" \
		"launch_crun=$(entry "$WORK/host/bin/launch-crun")" "crun=$(entry "$WORK/host/bundle-crun/rootfs/bin/first")" \
		"launch_runtime=$(entry "$WORK/host/bin/launch-runtime")" "runtime=$(entry "$WORK/host/bundle-runtime/rootfs/bin/first")" \
		"launch_floor=$(entry "$WORK/host/bin/launch-floor")" "floor=$(entry "$WORK/host/bundle-floor/rootfs/bin/first")"
	for mark in library crun runtime floor; do
		awk -v m="$mark" '$1 == m && $2 > 0 { found = 1 } END { exit !found }' "$WORK/counts" || die "'$mark' never ran: $(tail -n 4 "$WORK/console" | tr -d "\r" | tr "\n" " ")"
	done
	awk -v w="$WORK" '{ v[$1] = $2 } END {
		print v["library"] - v["spawn"] >> w "/n.library"
		for (m in v) if (("launch_" m) in v) print v[m] - v["launch_" m] >> w "/n." m
	}' "$WORK/counts"
done
for what in "library:PID 1, through the library" "runtime:slipway-runtime run" "crun:crun run" "floor:the raw floor"; do
	awk -v name="${what#*:}" -v n="$(median < "$WORK/n.${what%%:*}")" -v s="$(spread < "$WORK/n.${what%%:*}")" \
		-v c="$(median < "$WORK/n.crun")" 'BEGIN { printf "%-28s %7.2f M instructions (spread %s %%), %.2f of crun\n", name, n / 1e6, s, n / c }'
done
echo "target: through the library at most 0.35 of crun; under the floor no container of this kind can start"
