#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Instructions of a boot: to PID 1's first instruction, from there to services that are ready, and for each further
# service. What the kernel needs to load modules (to check signatures, mostly) is told apart: nothing of it is PID 1's, and a kernel
# with the drivers built in has none of it: our own, where it is in the store (`make packages-kernel`), in the format microvm. QEMU counts
# (-icount, one CPU, bench/count.c), so that no clock and no neighbour matters. FIGURES=FILE gets a line `FORMAT KERNEL WHAT INSTRUCTIONS`
# for each figure, the least of all rounds, for bench/check.sh: now and then a boot has a few percent more, and never less.
set -eu
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/guest.sh"
ROUNDS=${ROUNDS:-3}
FORMATS=${FORMATS:-kernel+initrd kernel+squashfs microvm microvm-verity} # -verity: a format, with `verity: panic`
SERVICES="1 3 10"

need qemu-system-x86_64 qemu-system-x86
need musl-gcc musl-tools
need jq jq
INIT=$BUILD/libexec/slipway/init
[ -x "$INIT" ] || die "'$INIT' is not built; run 'make'"

build_service() {
	mkdir -p "$WORK/root/bin"
	musl-gcc -static -Os -Wl,-Ttext-segment=0x70000000 -o "$WORK/root/bin/first" "$TOP/bench/first.c"
	tar -C "$WORK/root" --sort=name --owner=0 --group=0 --mtime=@0 -cf "$WORK/first.tar" .
	"$SLIPWAY" image import --name slipway-bench/first --entrypoint /bin/first "$WORK/first.tar" > /dev/null
}

kernel_of() { # FORMAT
	case $1 in
	*-verity) kernel_of "${1%-verity}"; echo "verity: panic" ;;
	microvm) printf 'kernel:\n  image: slipway/kernel\n' ;;
	*) printf 'kernel:\n  image: slipway/kernel-debian\n  cmdline: "console=ttyS0 quiet"\n  modules: []\n' ;;
	esac
}

manifest() { # FORMAT NUMBER of services
	local i
	kernel_of "$1"
	echo "services:"
	for i in $(seq "$2"); do
		printf '  - {name: first%s, image: slipway-bench/first, restart: never, on_exit: poweroff}\n' "$i"
	done
}

# Where modules are loaded for PID 1, as words for the counter.
module_functions() {
	local name
	for name in modules_load load; do
		function_range "$INIT.debug" "$name" | sed 's/^/for=/'
	done
	function_range "$INIT.debug" syscall | sed 's/^/through=/'
}

measure() { # FORMAT NUMBER: adds to files of $WORK
	local round
	for round in $(seq "$ROUNDS"); do
		# shellcheck disable=SC2046
		count_boot "$WORK/$1-$2" "pid1=$(entry "$INIT")" "ready=$(entry "$WORK/root/bin/first")#$2" $(module_functions)
		awk '$1 == "ready" && $2 > 0 { found = 1 } END { exit !found }' "$WORK/counts" ||
			die "the services never ran: $(tail -n 1 "$WORK/console")"
		awk '$1 == "pid1" { p = $2; a = $3 } $1 == "ready" { print p >> P; print $2 >> W; print $2 - p >> R; print $2 - p - ($3 - a) >> O }' \
			P="$WORK/pid1" W="$WORK/whole-$2" R="$WORK/ready-$2" O="$WORK/own-$2" "$WORK/counts"
	done
}

report() { # FORMAT
	local n target=
	case $1 in
	microvm) target=" (target 80)" ;;
	microvm-verity) target=" (target 110)" ;;
	esac
	awk -v f="$1" -v w="$(median < "$WORK/whole-1")" -v s="$(spread < "$WORK/whole-1")" -v t="$target" \
		'BEGIN { printf "%s: kernel to the first service %.2f M (spread %s %%)%s\n", f, w / 1e6, s, t }'
	awk -v f="$1" -v p="$(median < "$WORK/pid1")" -v s="$(spread < "$WORK/pid1")" \
		'BEGIN { printf "%s: kernel to PID 1 %.2f M (spread %s %%)\n", f, p / 1e6, s }'
	for n in $SERVICES; do
		awk -v f="$1" -v n="$n" -v r="$(median < "$WORK/ready-$n")" -v s="$(spread < "$WORK/ready-$n")" \
			-v o="$(median < "$WORK/own-$n")" 'BEGIN {
			printf "%s: PID 1 to %d ready: %.2f M (spread %s %%), without the loading of modules %.2f M%s\n", f, n, r / 1e6, s,
				o / 1e6, n == 3 ? " (target 20)" : "" }'
	done
	awk -v f="$1" -v a="$(median < "$WORK/own-3")" -v b="$(median < "$WORK/own-10")" \
		'BEGIN { printf "%s: each further service %.2f M (target 1.5)\n", f, (b - a) / 7e6 }'
}

kernel_digest() { # FORMAT
	local name=slipway/kernel-debian
	case $1 in microvm*) name=slipway/kernel ;; esac
	"$SLIPWAY" image inspect "$name" | jq -r .digest
}

least() { sort -n "$1" | head -n 1; }

figures() { # FORMAT
	local n kernel
	kernel=$(kernel_digest "$1")
	echo "$1 $kernel pid1 $(least "$WORK/pid1")"
	for n in $SERVICES; do echo "$1 $kernel ready-$n $(least "$WORK/own-$n")"; done
}

build_counter
build_service
[ -z "${FIGURES:-}" ] || : > "$FIGURES"
for format in $FORMATS; do
	if [[ $format = microvm* ]] && ! has_own_kernel; then
		echo "$format: left out, for there is no kernel of our own; run 'make packages-kernel'"
		continue
	fi
	rm -f "$WORK/pid1" "$WORK"/whole-* "$WORK"/ready-* "$WORK"/own-*
	for n in $SERVICES; do
		manifest "$format" "$n" > "$WORK/boot.yml"
		"$SLIPWAY" build --quiet --format "${format%-verity}" --output "$WORK/$format-$n" "$WORK/boot.yml"
		measure "$format" "$n"
	done
	report "$format"
	[ -z "${FIGURES:-}" ] || figures "$format" >> "$FIGURES"
done
