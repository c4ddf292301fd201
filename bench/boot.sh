#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Instructions of a boot: to PID 1's first instruction, and from there to the first service's exec.
# QEMU counts them itself (-icount, one CPU, bench/count.c), so that no clock and no neighbour matters.
set -eu
. "$(dirname "$0")/lib.sh"
ROUNDS=${ROUNDS:-3}
FORMATS=${FORMATS:-kernel+initrd kernel+squashfs}

need qemu-system-x86_64 qemu-system-x86
need musl-gcc musl-tools
INIT=$BUILD/libexec/slipway/init
[ -x "$INIT" ] || die "'$INIT' is not built; run 'make'"

entry() {
	readelf -h "$1" | awk '/Entry point/ { print $4 }'
}

build_service() {
	mkdir -p "$WORK/root/bin"
	musl-gcc -static -Os -Wl,-Ttext-segment=0x70000000 -o "$WORK/root/bin/first" "$TOP/bench/first.c"
	tar -C "$WORK/root" --sort=name --owner=0 --group=0 --mtime=@0 -cf "$WORK/first.tar" .
	"$SLIPWAY" image import --name slipway-bench/first --entrypoint /bin/first "$WORK/first.tar" > /dev/null
	cat > "$WORK/boot.yml" <<-EOF
		kernel:
		  image: slipway/kernel-debian
		  cmdline: "console=ttyS0 quiet"
		  modules: []
		services:
		  - name: first
		    image: slipway-bench/first
		    restart: never
		    on_exit: poweroff
	EOF
}

# One boot under icount; leaves the plugin's lines in $WORK/counts.
count_boot() { # PREFIX
	local command
	command=$("$SLIPWAY" run -m 256 --kvm off --dry-run "$1" | sed 's/thread=multi/thread=single/; s/-chardev stdio,.*signal=on/-chardev null,id=console/; s/-mon [^ ]*//')
	rm -f "$WORK/counts"
	timeout 300 sh -c "$(printf '%s' "$command" | sed '/^[[:space:]]*\\\{0,1\}$/d')"' -icount shift=0,sleep=off -plugin "$1" -d plugin -D "$2"' sh \
		"$WORK/count.so,pid1=$(entry "$INIT"),service=$(entry "$WORK/root/bin/first")" "$WORK/counts" < /dev/null > "$WORK/console" 2>&1 ||
		die "QEMU failed: $(tail -n 1 "$WORK/console")"
	awk '$1 == "service" && $2 > 0 { found = 1 } END { exit !found }' "$WORK/counts" || die "the service never ran"
}

gcc -O2 -fPIC -shared -o "$WORK/count.so" "$TOP/bench/count.c"
build_service
for format in $FORMATS; do
	"$SLIPWAY" build --quiet --format "$format" --output "$WORK/$format" "$WORK/boot.yml"
	: > "$WORK/pid1"
	: > "$WORK/init"
	for round in $(seq "$ROUNDS"); do
		count_boot "$WORK/$format"
		awk '$1 == "pid1" { p = $2 } $1 == "service" { s = $2 } END { print p >> P; print s - p >> I }' \
			P="$WORK/pid1" I="$WORK/init" "$WORK/counts"
		echo "$format round $round: $(tr '\n' ' ' < "$WORK/counts")"
	done
	awk -v f="$format" -v p="$(median < "$WORK/pid1")" -v i="$(median < "$WORK/init")" -v sp="$(spread < "$WORK/pid1")" \
		-v si="$(spread < "$WORK/init")" 'BEGIN {
		printf "%s: kernel to PID 1 %.2f M (spread %s %%), PID 1 to first service %.2f M (spread %s %%), ratio %.3f\n",
			f, p / 1e6, sp, i / 1e6, si, i / p }'
done
