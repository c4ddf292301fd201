# SPDX-License-Identifier: Apache-2.0
# Ends that nobody wishes for: a boot that fails is told on every console, and a shell is given where the manifest has one; PID 1
# that stands still is noticed by the watchdog; and a reboot that the kernel does itself.
set -u
. "$TOP/tests/qemu/lib-pid1.sh"

# fail_and_type NAME LINE: boots it on two consoles, and types the line on one of them again and again.
fail_and_type()
{
	cat > "$TEST_TMP/qemu" <<-END
		#!/bin/bash
		exec qemu-system-x86_64 "\$@" -chardev "file,id=hvc,path=$TEST_TMP/hvc0" -device virtconsole,chardev=hvc
	END
	chmod +x "$TEST_TMP/qemu"
	status=0
	while sleep 1; do echo "$2"; done |
		"$SLIPWAY" run "${RUN_OPTIONS[@]}" --no-network -m 256 --qemu "$TEST_TMP/qemu" "$TEST_TMP/$1-kernel+initrd" \
			> "$TEST_TMP/console" 2> "$TEST_TMP/stderr" || status=$?
	cat "$TEST_TMP/console" "$TEST_TMP/stderr" "$TEST_TMP/hvc0"
}

# told NAME CAUSE
told()
{
	same "$1: once on the first console" 1 "$(grep -acF "boot failed: $2" "$TEST_TMP/hvc0")"
	same "$1: once on the last" 1 "$(tr -d '\r' < "$TEST_TMP/console" | grep -acF "boot failed: $2")"
	check "$1: and at the host" grep -qF "guest: boot failed: $2" "$TEST_TMP/stderr"
	same "$1: whose status is that of a failure" 1 "$status"
}

failing()
{
	cat <<-END
		kernel:
		  image: slipway/kernel-debian
		  cmdline: "console=hvc0 console=ttyS0 $1"
		  modules: []
		on_failure: shell
		onboot:
		  - name: fails
		    image: slipway/busybox
		    command: [/bin/busybox, sleep, "1000"]
		    timeout: 500ms
		    stop_timeout: 100ms
		services:
		  - name: never
		    image: slipway/busybox
		    command: [/bin/busybox, echo, "it went on"]
		onshutdown:
		  - name: last
		    image: slipway/busybox
		    command: [/bin/busybox, echo, "onshutdown is last"]
	END
}

# Where the kernel keeps quiet PID 1 writes to the consoles itself.
{
	failing "loglevel=1"
	cat <<-'END'
		emergency:
		  - name: rescue
		    image: slipway/busybox
		    command: [/bin/sh, -c, "read -r line < /dev/tty; echo; echo rescue was told $line by $(/bin/busybox ps | /bin/busybox grep -c init)"]
	END
} | build rescue kernel+initrd
fail_and_type rescue "to go"
told "a silent kernel" "onboot: 'fails' took more than 500 ms"
check "the emergency container has the console and the machine's processes" grep -aq "^rescue was told .* by [1-9]" "$TEST_TMP/console"
check_fails "services do not run" grep -aq "it went on" "$TEST_TMP/console"
console "onshutdown does" "onshutdown is last"

{ failing "loglevel=5"; echo "init: [slipway/busybox]"; } | build shell kernel+initrd
fail_and_type shell 'echo; echo "shell $((40 + 2)) of $$ on $(/bin/busybox tty)"; exit'
told "a kernel that speaks" "onboot: 'fails' took more than 500 ms"
check "the shell of the root has the console" grep -aq "^shell 42 of [0-9]* on /dev/ttyS0" "$TEST_TMP/console"

# PID 1 in a cgroup that is frozen stands still, whatever it was about to do.
{
	cat <<-END
		kernel:
		  image: slipway/kernel-debian
		  cmdline: "console=ttyS0 loglevel=4"
		  modules: [softdog]
		watchdog: {timeout: 5s}
		services:
	END
	watch <<-'END'
		sleep 20
		verdict "the watchdog is fed" [ "$(cat /sys/class/watchdog/watchdog0/state)" = active ]
		mkdir $cgroup/frozen
		echo 1 > $cgroup/frozen/cgroup.procs
		echo 1 > $cgroup/frozen/cgroup.freeze
		frozen() { grep -q "^frozen 1" $cgroup/frozen/cgroup.events; }
		verdict "PID 1 stands still" until_ok 5 frozen
		sleep 60
		verdict "nothing has happened" false
	END
	echo "$WATCH_FILES"
} > "$TEST_TMP/frozen.yml"
check "the image builds" build frozen kernel+squashfs "$TEST_TMP/frozen.yml"
boot frozen kernel+squashfs -m 256 --no-network --qemu "$(counting_qemu)"
console "while PID 1 runs the watchdog is content" "watch: ok the watchdog is fed"
console "then it stands still" "watch: ok PID 1 stands still"
check_fails "and the machine is reset" grep -q "nothing has happened" "$TEST_TMP/console"
same "which the host sees" 125 "$status"

# The second kernel has other words than the first, and ends the machine. The hash of the root, which the root itself cannot hold, is the same.
{
	cat <<-END
		kernel:
		  image: slipway/kernel-debian
		  cmdline: "console=ttyS0 loglevel=4"
		  modules: []
		reboot: kexec
		verity: restart
		services:
	END
	watch <<-'END' | sed 's/on_exit: poweroff/on_exit: reboot/'
		if grep -q "once=more" /proc/cmdline; then
			verdict "the first kernel is asked for a reboot" true
		else
			verdict "the second one runs" true
			verdict "on the verified root" grep -qx root /sys/block/dm-0/dm/name
			kill -USR1 1
			sleep 1000
		fi
	END
	echo "$WATCH_FILES"
} > "$TEST_TMP/kexec.yml"
check "the image builds" build kexec kernel+squashfs "$TEST_TMP/kexec.yml"
boot kexec kernel+squashfs -m 512 --no-network --cmdline once=more --qemu "$(counting_qemu)"
verdicts "kexec"
console "it has the hash of the root" "watch: ok on the verified root"
console "the second one runs, without the firmware" "watch: ok the second one runs"
finish
