#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Wall time of a boot: from the start of QEMU's process to the first line of a service on the console, on the machine microvm with our own
# kernel; beside it what QEMU itself needs until a guest's first instructions, and a kernel until its PID 1, when that does nothing but write;
# and the same service on Debian's cloud kernel. Each round has each of them once, so that a busy moment meets all. Without KVM, and with it
# where it works. ROUNDS rounds (7).
set -eu
. "$(dirname "$0")/lib.sh"
ROUNDS=${ROUNDS:-7}
TARGET_TCG=700 TARGET_KVM=50
need qemu-system-x86_64 qemu-system-x86
need musl-gcc musl-tools
need mksquashfs squashfs-tools
has_own_kernel || die "there is no kernel of our own; run 'make packages-kernel'"
cd "$WORK"

# --- what boots ---

gcc -std=gnu11 -D_GNU_SOURCE -O2 -o wall "$TOP/bench/wall.c"
gcc -m32 -nostdlib -static -Wl,-Ttext-segment=0x100000,--build-id=none -o empty-vmlinux "$TOP/bench/empty.S"
mkdir -p service/bin init/{dev,proc,run,sys}
musl-gcc -static -Os -o service/bin/hello "$TOP/bench/hello.c"
tar -C service --sort=name --owner=0 --group=0 --mtime=@0 -cf service.tar .
"$SLIPWAY" image import --name slipway-bench/hello --entrypoint /bin/hello service.tar > /dev/null

machine() { # NAME FORMAT KERNEL
	printf 'kernel: {image: %s, cmdline: "console=ttyS0 quiet", modules: []}\nservices: [{name: hello, image: slipway-bench/hello}]\n' "$3" > "$1.yml"
	"$SLIPWAY" build -q -f "$2" -o "$1" "$1.yml"
}
machine own microvm slipway/kernel
machine debian kernel+initrd slipway/kernel-debian
machine debian-root kernel+squashfs slipway/kernel-debian

# The same machine as `own`, with another kernel, and with another root.
for name in empty alone; do
	cp own-squashfs.img $name-squashfs.img
	cp own-cmdline $name-cmdline
done
cp own-vmlinux alone-vmlinux
cp service/bin/hello init/init
mksquashfs init alone-squashfs.img -comp lz4 -noappend -quiet -no-progress > /dev/null

# --- measuring ---

NAMES=(empty alone own debian-root debian)
declare -A titles=(
	[empty]="QEMU alone, to a guest's first instructions" [alone]="our kernel, to a PID 1 that only writes"
	[own]="microvm, our kernel, to a service's first line" [debian]="q35, Debian's cloud kernel, kernel+initrd"
	[debian-root]="q35, Debian's cloud kernel, kernel+squashfs"
)

measure() { # on|off: leaves milliseconds in NAME.times
	local round name text command words
	rm -f ./*.times
	for ((round = 0; round < ROUNDS; round++)); do
		for name in "${NAMES[@]}"; do
			text="hello from a program"
			[ "$name" != empty ] || text="!"
			command=$("$SLIPWAY" run --kvm "$1" --dry-run "$name")
			eval "words=($command)"
			./wall "$text" "${words[@]}" < /dev/null >> "$name.times" 2> failure || die "$name did not come up: $(tail -n 1 failure)"
		done
	done
}

report() { # HOW TARGET
	local name
	for name in "${NAMES[@]}"; do
		printf '%s: %-46s %5.0f ms (%s to %s)%s\n' "$1" "${titles[$name]}" "$(median < "$name.times")" "$(sort -n "$name.times" | head -n 1)" \
			"$(sort -n "$name.times" | tail -n 1)" "$([ "$name" != own ] || echo ", target $2")"
	done
}

measure off
report TCG $TARGET_TCG
if "$SLIPWAY" run --kvm on --dry-run own > /dev/null 2> refused; then
	measure on
	report KVM $TARGET_KVM
else
	echo "KVM: not measured, for $(sed 's/^.*--kvm on: //' refused)"
fi
