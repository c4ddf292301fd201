# SPDX-License-Identifier: Apache-2.0
# Disks that break, on NVMe and SCSI: one that cannot be read, one that cannot be written, one that stops answering while services
# use it. Each is named with its cause, what the manifest says about it is done, and the rest of the machine, its state partition
# among it, does not wait for them. HUNG=1 adds one that never answers, which takes a minute at the beginning and one at the end.
set -u
. "$TOP/tests/qemu/lib-network.sh"
PATH=$PATH:/sbin:/usr/sbin
need mkfs.ext4
: "${HUNG:=}"

# A disk is a file; what is wrong with it is a filter of QEMU in front.
for name in unreadable unwritable hung slow good state; do truncate -s 32M "$TEST_TMP/$name.img"; done
for name in slow good; do mkfs.ext4 -q -L "$name" "$TEST_TMP/$name.img"; done
mkfs.ext4 -q -L slipway-state "$TEST_TMP/state.img"
printf 'not blank' | dd of="$TEST_TMP/unwritable.img" conv=notrunc status=none

# fault NAME ERROR IOTYPE: reads or writes fail.
fault() { echo "-blockdev driver=blkdebug,node-name=$1,image.driver=file,image.filename=$TEST_TMP/$1.img,inject-error.0.event=none,inject-error.0.errno=$2,inject-error.0.iotype=$3"; }
# throttled NAME [LIMIT]: a group of its own; a byte a second is as good as nothing.
throttled() { echo "-object throttle-group,id=limit-$1${2:+,x-bps-total=$2} -blockdev driver=throttle,node-name=$1,throttle-group=limit-$1,file.driver=file,file.filename=$TEST_TMP/$1.img"; }
plain() { echo "-blockdev driver=file,node-name=$1,filename=$TEST_TMP/$1.img"; }

SCSI=/dev/disk/by-path/pci-0000:00:10.0-scsi-0:0
{
	cat <<-END
		${KERNEL/modules: []/coldplug: true}
		storage:
		  state: {wait: 20s, time_limit: 30s}
		  disks:
		    - {device: /dev/nvme0n1, mount: /srv/unreadable, wait: 10s, on_failure: continue}
		    - {device: "$SCSI:1:0", mount: /srv/unwritable, create: overwrite, wait: 10s, on_failure: continue}
		    - {device: "$SCSI:3:0", mount: /srv/hung, wait: 2s, time_limit: 20s, on_failure: continue}
		    - {label: slow, mount: /srv/slow, wait: 10s}
		    - {label: good, mount: /srv/good, wait: 10s}
		services:
		  - name: stuck
		    image: slipway/busybox
		    command: [/bin/busybox, sh, -c, "while :; do /bin/busybox dd if=/dev/zero of=/slow/file bs=64k count=16 conv=fsync 2> /dev/null; done"]
		    binds: ["/srv/slow:/slow"]
		    stop_timeout: 1s
		  - name: other
		    image: slipway/busybox
		    command: [/bin/busybox, sh, -c, "trap 'exit 0' TERM; while :; do /bin/busybox date > /good/file; /bin/busybox sleep 0.2 & wait; done"]
		    binds: ["/srv/good:/good"]
	END
	WATCH_PRELUDE="HUNG=$HUNG $WATCH_PRELUDE" watch <<-'END'
		root=/proc/1/root
		said() { dmesg | grep -qF "$1"; }
		dmesg | sed -n 's/.*init: \(.*storage\)/watch: # \1/p'
		verdict "NVMe that cannot be read is named" said "disk: '/dev/nvme0n1': expected a file system, found a device that cannot be read: I/O error; nothing was written; the machine goes on"
		verdict "SCSI that cannot be written is named" said "disk: cannot write to '/dev/disk/by-path/pci-0000:00:10.0-scsi-0:0:1:0': I/O error; the machine goes on"
		verdict "state is there" [ "$(stat -f -c %T $root/run/slipway/state)" = ext2/ext3 ]
		verdict "so is an NVMe disk beside them" grep -q " /srv/good ext4 " /proc/1/mounts
		verdict "and a SCSI disk" grep -q " /srv/slow ext4 " /proc/1/mounts
		if [ "$HUNG" ]; then
			verdict "SCSI that does not answer is named" said "scsi-0:0:3:0': expected a file system, found a device that cannot be read: Operation timed out"
		else
			verdict "SCSI that is missing is named" said "no device '/dev/disk/by-path/pci-0000:00:10.0-scsi-0:0:3:0' after 2000 ms"
		fi
		pids() { cat $cgroup/services/$1/cgroup.procs; }
		waits() { for pid in $(pids stuck); do grep -q "^State:.*D" /proc/$pid/status 2> /dev/null && return; done; false; }
		note "stop answering"
		verdict "a service waits for its disk" until_ok 60 waits
		before=$(pids other)
		kill -9 $before
		back() { [ -n "$(pids other | grep -vF "$before")" ]; }
		verdict "another one is started again meanwhile" until_ok 30 back
		note "the end begins at $(cut -d. -f1 /proc/uptime) s"
	END
	echo "$WATCH_FILES"
} > "$TEST_TMP/broken.yml"
check "the image builds" build broken kernel+squashfs "$TEST_TMP/broken.yml"
# shellcheck disable=SC2046
wired_qemu broken -device virtio-scsi-pci,id=scsi,addr=0x10 \
	$(fault unreadable 5 read) -device nvme,drive=unreadable,serial=unreadable \
	$(plain good) -device nvme,drive=good,serial=good \
	$(fault unwritable 5 write) -device scsi-hd,bus=scsi.0,scsi-id=1,drive=unwritable \
	$([ -z "$HUNG" ] || throttled hung 1) ${HUNG:+-device scsi-hd,bus=scsi.0,scsi-id=3,drive=hung} \
	$(throttled slow) -device scsi-hd,bus=scsi.0,scsi-id=2,drive=slow \
	$(plain state) -device scsi-hd,bus=scsi.0,scsi-id=4,drive=state
start broken kernel+squashfs --no-network --timeout 400 --qemu "$qemu"
check "it is up, with what works" when_noted "stop answering"
tell_monitor 'qom-set -j /objects/limit-slow limits {"bps-total":1}'
status=0
wait "$machine" || status=$?
cat "$TEST_TMP/console"
if [ "$HUNG" ]; then
	console "the kernel, which waits for it, is not waited for" "a device holds the end of the machine up: it is reset"
else
	console "it ends in order" "reboot: Power down"
fi
verdicts broken
finish
