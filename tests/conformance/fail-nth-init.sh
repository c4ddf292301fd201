# SPDX-License-Identifier: Apache-2.0
# Each system call of PID 1 fails once, from its first instruction to the end of the machine (fail_nth_init.c), in an image with
# five services, booted in namespaces of this machine. A part of them here; `make check-fail-nth-init` (FAIL_NTH=all) has them all,
# FAIL_NTH=273 those of one call.
set -u
. "$TOP/tests/lib.sh"
. "$TOP/tests/conformance/lib-failing.sh"
need gcc cpio zstd
[ "$(id -u)" -eq 0 ] || skip "PID 1 of a namespace needs root"
cgroup=$(findmnt -n -t cgroup2 -o TARGET | head -n 1)
[ -n "$cgroup" ] || skip "no cgroup of version 2 is mounted"

case ${FAIL_NTH:-} in
all) quick= ;;
[0-9]*) quick="-n $FAIL_NTH" ;;
*) quick="-q 10" ;;
esac
failing_program fail_nth_init

cat > "$TEST_TMP/boot.yml" <<-'END'
	kernel:
	  image: slipway/kernel-debian
	  modules: []
	onboot:
	  - name: before
	    image: slipway/busybox
	    command: [/bin/busybox, echo, "onboot"]
	services:
	  - name: once
	    image: slipway/busybox
	    command: [/bin/busybox, "true"]
	    oneshot: true
	    restart: on-failure
	  - name: tells
	    image: slipway/busybox
	    command: [/bin/busybox, sh, -c, "echo up >&3; exec /bin/busybox sleep 1000"]
	    ready: fd
	    ready_timeout: 2s
	    stop_signal: SIGKILL
	  - name: asked
	    image: slipway/busybox
	    command: [/bin/busybox, sleep, "1000"]
	    ready: {exec: [/bin/busybox, "true"], interval: 100ms}
	    ready_timeout: 2s
	    health: {exec: [/bin/busybox, "true"], interval: 50ms}
	    stop_signal: SIGKILL
	  - name: follows
	    image: slipway/busybox
	    command: [/bin/busybox, sh, -c, "echo up >&3; exec /bin/busybox sleep 1000"]
	    after: [once]
	    ready: fd
	    ready_timeout: 2s
	    stop_signal: SIGKILL
	  - name: last
	    image: slipway/busybox
	    command: [/bin/busybox, sh, -c, "echo all are ready > /verdict"]
	    binds: ["/dev/verdict:/verdict"]
	    requires: [once, tells, asked, follows]
	    oneshot: true
	    restart: on-failure
	    on_exit: poweroff
	onshutdown:
	  - name: after
	    image: slipway/busybox
	    command: [/bin/busybox, echo, "onshutdown"]
END
"$SLIPWAY" build --quiet --store "$PACKAGE_STORE" --format kernel+initrd --output "$TEST_TMP/boot" "$TEST_TMP/boot.yml" || exit 1

# Everything that is mounted goes with this namespace.
devkmsg=$(cat /proc/sys/kernel/printk_devkmsg)
unshare --mount --propagation private bash -eu -c '
	mkdir -p "$1/root" "$1/dev"
	mount -t tmpfs tmpfs "$1/root"
	mount -t tmpfs tmpfs "$1/dev"
	(cd "$1/root" && zstd -dcq "$1/boot-initrd.img" | cpio --quiet -idm)
	mknod -m 666 "$1/dev/null" c 1 3
	mkfifo "$1/dev/kmsg" "$1/dev/console" "$1/dev/verdict"
	mkdir -p "$1/root/dev"
	exec "$1/fail_nth_init" $3 "$1/root" "$1/dev" "$2"' bash "$TEST_TMP" "$cgroup" "$quick"
status=$?
# The one setting of the kernel that is for all namespaces, and that PID 1 makes.
echo "$devkmsg" > /proc/sys/kernel/printk_devkmsg
exit $status
