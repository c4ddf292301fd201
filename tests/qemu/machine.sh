# SPDX-License-Identifier: Apache-2.0
# The machine around the services: drivers and names for devices, those that are there and those that come; the clock, the
# machine's id, a terminal, the power button, and an onshutdown container that hangs. One boot, seen from inside.
set -u
. "$TOP/tests/qemu/lib-pid1.sh"
need mkswap sfdisk musl-gcc

ID=0123456789abcdef0123456789abcdef
port=$(free_port) || skip "no free port"

# Four bytes of length, twelve that nobody reads, and what goes to the card.
printf '\0\0\0\020%028d' 0 > "$TEST_TMP/firmware"

musl-gcc -static -Os -idirafter /usr/include -idirafter "/usr/include/$(gcc -print-multiarch)" -o "$TEST_TMP/vsock" "$TOP/tests/qemu/vsock.c"

# A disk with a table of partitions, and one with a swap area, which has a label and a UUID.
truncate -s 8M "$TEST_TMP/parts" "$TEST_TMP/swap" "$TEST_TMP/disc"
printf 'label: gpt\nname="the rest", uuid=11111111-2222-3333-4444-555555555555\n' | sfdisk -q "$TEST_TMP/parts" > /dev/null 2>&1
mkswap -q -L "my label" -U 66666666-7777-8888-9999-aaaaaaaaaaaa "$TEST_TMP/swap" > /dev/null

cat > "$TEST_TMP/qemu" <<-END
	#!/bin/bash
	exec qemu-system-x86_64 "\$@" -serial "file:$TEST_TMP/ttyS1" -qmp tcp:127.0.0.1:$port,server=on,wait=off \\
		-uuid ${ID:0:8}-${ID:8:4}-${ID:12:4}-${ID:16:4}-${ID:20} -rtc base=2001-02-03T04:05:06 \\
		-device virtio-scsi-pci,id=scsi,addr=0x10 -device virtio-balloon-pci \\
		-drive if=none,format=raw,id=parts,file=$TEST_TMP/parts -device scsi-hd,bus=scsi.0,scsi-id=3,drive=parts \\
		-drive if=none,format=raw,id=swap,file=$TEST_TMP/swap -device virtio-blk-pci,drive=swap,serial=S3R1AL,addr=0x11 \\
		-drive if=none,format=raw,id=late,file=$TEST_TMP/disc,read-only=on \\
		-object memory-backend-ram,id=card,size=1M -device ivshmem-plain,memdev=card,addr=0x12
END
chmod +x "$TEST_TMP/qemu"

{
	cat <<-END
		kernel:
		  image: slipway/kernel-debian
		  cmdline: "console=ttyS0 quiet modprobe.blacklist=virtio_balloon loop.max_loop=3"
		  modules: [softdog, me_daq, vsock_loopback]
		  coldplug: true
		panic: reboot
		oom: panic
		lockdown: integrity
		watchdog: {timeout: 60s}
		clock: {rtc: utc}
		control: {vsock: true}
		services:
		  - name: beats
		    image: slipway/busybox
		    command: [/bin/busybox, sleep, "1000"]
		    stop_signal: SIGKILL
		  - name: login
		    image: slipway/busybox
		    command: [/bin/busybox, sh, -c, "[ -t 0 ] && echo typed > /dev/tty && exec /bin/busybox sleep 1000"]
		    tty: ttyS1
		    stop_signal: SIGKILL
	END
	watch <<-'END' | sed 's/on_exit: poweroff/stop_signal: SIGKILL/; s|binds: \[|&"/usr/share/vsock:/vsock:ro", |'
		mkdir /tools/mnt
		has() { grep -q "^$1 " /proc/modules; }
		leads() { [ "$(readlink -f "/dev/disk/$1")" = "/dev/$2" ] || { note "$1 is $(readlink -f "/dev/disk/$1")"; false; }; }
		for m in virtio_scsi sd_mod button evdev; do verdict "coldplug loads $m" has "$m"; done
		verdict "but not what the command line refuses" eval '! has virtio_balloon'
		verdict "a disk has its label" leads "by-label/my\\x20label" vdb
		verdict "and its UUID" leads by-uuid/66666666-7777-8888-9999-aaaaaaaaaaaa vdb
		verdict "and its serial number" leads by-id/virtio-S3R1AL vdb
		verdict "and its place" leads by-path/pci-0000:00:11.0 vdb
		verdict "a partition has its name" leads "by-partlabel/the\\x20rest" sda1
		verdict "and its UUID" leads by-partuuid/11111111-2222-3333-4444-555555555555 sda1
		verdict "and its place" leads by-path/pci-0000:00:10.0-scsi-0:0:3:0-part1 sda1
		mount -t vfat /dev/vdb /tools/mnt 2> /dev/null
		verdict "what the kernel asks for is loaded" has vfat
		modprobe_is() { [ "$(cat /proc/sys/kernel/modprobe)" = /usr/lib/slipway/modprobe ]; }
		verdict "by PID 1's program" modprobe_is

		# A driver that cannot do without its firmware, for a card that is there: it wants no more of it than two ranges of memory.
		echo "1af4 1110 ffffffff ffffffff 0 0 0" > /sys/bus/pci/drivers/me_daq/new_id
		bound() { [ "$(readlink -f /sys/bus/pci/devices/0000:00:12.0/driver)" = /sys/bus/pci/drivers/me_daq ]; }
		verdict "a driver finds its firmware in the image" until_ok 30 bound
		for name in fd stdin stdout stderr; do verdict "/dev/$name is there" [ "$(readlink /dev/$name)" ]; done

		note "plug in"
		verdict "hotplug loads sr_mod" until_ok 30 has sr_mod
		verdict "and names the disc" until_ok 30 leads by-path/pci-0000:00:10.0-scsi-0:0:5:0 sr0
		note "pull out"
		gone() { ! [ -e /dev/disk/by-path/pci-0000:00:10.0-scsi-0:0:5:0 ]; }
		verdict "its names go with it" until_ok 30 gone

		verdict "the id of the machine is the hypervisor's" [ "$(cat /proc/1/root/etc/machine-id)" = 0123456789abcdef0123456789abcdef ]
		verdict "the kernel's words" grep -q "panic=-1.* oops=panic .*lockdown=integrity" /proc/cmdline
		verdict "out of memory is a panic" [ "$(cat /proc/sys/vm/panic_on_oom)" = 1 ]
		locked() { mount -t securityfs none /tools/mnt && grep -q '\[integrity\]' /tools/mnt/lockdown; }
		verdict "the kernel is locked down" locked
		verdict "the watchdog runs" [ "$(cat /sys/class/watchdog/watchdog0/state)" = active ]
		verdict "with its timeout" [ "$(cat /sys/class/watchdog/watchdog0/timeout)" = 60 ]

		verdict "the control port of vsock is there, and closes to all but the host" [ "$(/vsock 1023)" = closed ]
		verdict "others are not" [ "$(/vsock 1022)" = refused ]

		verdict "the clock is not before the kernel was built" [ "$(date +%Y)" -ge 2025 ]
		beats() { cat $cgroup/services/beats/cgroup.procs; }
		beats_on() { local p; p=$(beats); kill -9 "$p"; until_ok 30 changed "$p"; }
		changed() { local q; q=$(beats); [ -n "$q" ] && [ "$q" != "$1" ]; }
		date -s 2037-01-01 > /dev/null
		verdict "services restart when the clock jumps ahead" beats_on
		date -s 2001-01-01 > /dev/null
		verdict "and back" beats_on
		date -s 2035-05-05 > /dev/null
		echo 7 > /proc/sys/kernel/printk
		note "power button: bad $bad"
		sleep 1000
	END
	cat <<-END
		onshutdown:
		  - name: hangs
		    image: slipway/busybox
		    command: [/bin/busybox, sh, -c, "trap '' TERM; while :; do /bin/busybox sleep 1000; done"]
		    timeout: 2s
		    stop_timeout: 1s
		  - name: last
		    image: slipway/busybox
		    command: [/bin/busybox, echo, "watch: ok the next one has its turn"]
	END
	echo "$WATCH_FILES"
	echo "  - {path: usr/share/vsock, source: \"$TEST_TMP/vsock\", mode: \"0755\"}"
	echo "  - {path: lib/firmware/me2600_firmware.bin, source: \"$TEST_TMP/firmware\", mode: \"0644\"}"
} > "$TEST_TMP/machine.yml"
check "the image builds" build machine kernel+squashfs "$TEST_TMP/machine.yml"
start machine kernel+squashfs --no-network --qemu "$TEST_TMP/qemu"

# The machine's monitor, whose events go to a file.
qmp() { echo "$1" >&3; }
noted() { grep -q "^watch: # $1" "$TEST_TMP/console"; }
connected() { exec 3<> "/dev/tcp/127.0.0.1/$port"; }
until_ok 20 connected
cat <&3 > "$TEST_TMP/qmp" &
events=$!
qmp '{"execute": "qmp_capabilities"}'
check "it comes as far as the hotplug" until_ok 200 noted "plug in"
qmp '{"execute": "device_add", "arguments": {"driver": "scsi-cd", "id": "late", "bus": "scsi.0", "scsi-id": 5, "drive": "late"}}'
check "it has found the disc" until_ok 100 noted "pull out"
qmp '{"execute": "device_del", "arguments": {"id": "late"}}'
check "it comes to its end" until_ok 200 noted "power button"
qmp '{"execute": "system_powerdown"}'
status=0
wait "$machine" || status=$?
kill "$events" 2> /dev/null
cat "$TEST_TMP/console" "$TEST_TMP/qmp"
verdicts "the machine"
check "none of them was bad" noted "power button: bad 0"
console "the power button is an orderly end" "shutting down: power button"
console "an onshutdown container that hangs is stopped" "'hangs': still there 2000 ms after its start: stopped"
check "the hardware clock is set at the end" grep -q RTC_CHANGE "$TEST_TMP/qmp"
check_fails "the watchdog is told" grep -q "watchdog did not stop" "$TEST_TMP/console"
check "the other terminal has what its service wrote" grep -q "^typed" "$TEST_TMP/ttyS1"
finish
