#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Instructions of a boot: to PID 1's first instruction, and from there to the first service's exec.
# QEMU counts them itself (-icount, one CPU, bench/count.c), so that no clock and no neighbour matters.
set -eu
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/guest.sh"
ROUNDS=${ROUNDS:-3}
FORMATS=${FORMATS:-kernel+initrd kernel+squashfs}

need qemu-system-x86_64 qemu-system-x86
need musl-gcc musl-tools
INIT=$BUILD/libexec/slipway/init
[ -x "$INIT" ] || die "'$INIT' is not built; run 'make'"

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

build_counter
build_service
for format in $FORMATS; do
	"$SLIPWAY" build --quiet --format "$format" --output "$WORK/$format" "$WORK/boot.yml"
	: > "$WORK/pid1"
	: > "$WORK/init"
	for round in $(seq "$ROUNDS"); do
		count_boot "$WORK/$format" "pid1=$(entry "$INIT")" "service=$(entry "$WORK/root/bin/first")"
		awk '$1 == "service" && $2 > 0 { found = 1 } END { exit !found }' "$WORK/counts" || die "the service never ran: $(tail -n 1 "$WORK/console")"
		awk '$1 == "pid1" { p = $2 } $1 == "service" { s = $2 } END { print p >> P; print s - p >> I }' \
			P="$WORK/pid1" I="$WORK/init" "$WORK/counts"
		echo "$format round $round: $(tr '\n' ' ' < "$WORK/counts")"
	done
	awk -v f="$format" -v p="$(median < "$WORK/pid1")" -v i="$(median < "$WORK/init")" -v sp="$(spread < "$WORK/pid1")" \
		-v si="$(spread < "$WORK/init")" 'BEGIN {
		printf "%s: kernel to PID 1 %.2f M (spread %s %%), PID 1 to first service %.2f M (spread %s %%), ratio %.3f\n",
			f, p / 1e6, sp, i / 1e6, si, i / p }'
done
