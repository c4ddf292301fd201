#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The smallest memory (-m of QEMU, whole MB) at which a machine boots to ready services and ends with status 0: hello alone, and hello after
# redis and nginx answer; on the machine microvm with our own kernel, and beside it with Debian's cloud kernel on q35. Found by
# halving.
set -eu
. "$(dirname "$0")/lib.sh"
need qemu-system-x86_64 qemu-system-x86
has_own_kernel || die "there is no kernel of our own; run 'make packages-kernel'"
cd "$WORK"

hello() { # KERNEL MORE
	printf 'kernel: {image: %s, cmdline: "console=ttyS0 quiet", modules: []}\nservices:\n' "$1"
	printf '  - {name: hello, image: slipway/busybox, command: [/bin/busybox, echo, Hello from Slipway], restart: never, on_exit: poweroff%s}\n' "${2:-}"
}
beside() { # KERNEL: hello, once redis and nginx answer
	hello "$1" ", after: [redis, nginx], requires: [redis, nginx]"
	echo '  - {name: redis, image: slipway/redis, ready: {tcp: 6379}}'
	echo '  - {name: nginx, image: slipway/nginx, ready: {http: {port: 80, path: /}}}'
}

boots() { # NAME MB
	"$SLIPWAY" run -m "$2" --timeout 60 "$1" < /dev/null > console 2>&1 && grep -q "Hello from Slipway" console
}

smallest() { # NAME: the number
	local low=16 high=128 middle
	boots "$1" $high || die "$1 does not boot with $high MB: $(tail -n 1 console)"
	while [ $((high - low)) -gt 1 ]; do
		middle=$(((low + high) / 2))
		if boots "$1" $middle; then high=$middle; else low=$middle; fi
	done
	echo $high
}

measure() { # NAME TITLE TARGET
	local own debian
	own=$(smallest "$1-own")
	debian=$(smallest "$1-debian")
	printf '%-24s %3d MB, target %d; %3d MB with Debian'"'"'s kernel: %s of it\n' "$2" "$own" "$3" "$debian" \
		"$(awk -v a="$own" -v b="$debian" 'BEGIN { printf "%.2f", a / b }')"
}

for what in hello beside; do
	$what slipway/kernel > "$what-own.yml"
	$what slipway/kernel-debian > "$what-debian.yml"
	"$SLIPWAY" build -q -f microvm -o "$what-own" "$what-own.yml"
	"$SLIPWAY" build -q -f kernel+squashfs -o "$what-debian" "$what-debian.yml"
done
measure hello "hello" 32
measure beside "redis, nginx and hello" 48
