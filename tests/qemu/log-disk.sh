# SPDX-License-Identifier: Apache-2.0
# Log files on a disk that is full, and on one that is taken away: nobody else notices, what is lost is counted and named, and once there
# is room again the files go on.
set -u
. "$TOP/tests/qemu/lib-network.sh"
PATH=$PATH:/sbin:/usr/sbin
need debugfs e2fsck

{
	cat <<-END
		${KERNEL/modules: []/coldplug: true}
		storage:
		  state: {wait: 60s}
		services:
		  - name: count
		    image: slipway/busybox
		    command: [/bin/busybox, sh, -c, "n=0; while :; do n=\$((n + 1)); echo line \$n; /bin/busybox usleep 100000; done"]
		    log: {console: false, file: {size: 1M, count: 2, sync: always}}
		    stop_signal: SIGKILL
		  - name: other
		    image: slipway/busybox
		    command: [/bin/busybox, sh, -c, "n=0; while :; do n=\$((n + 1)); echo other \$n; /bin/busybox usleep 200000; done"]
		    stop_signal: SIGKILL
	END
	watch <<-'END'
		state=/proc/1/root/run/slipway/state
		file=$state/log/count.log
		ctl() { chroot /proc/1/root /usr/bin/ctl "$@"; }
		said() { dmesg | grep -qF "$1"; }
		writes() { [ "$(wc -l < $file)" -gt 20 ]; }
		verdict "lines go to the file" until_ok 60 writes
		main=$(cat $cgroup/services/count/cgroup.procs | head -n 1)

		# As root, to the last block.
		dd if=/dev/zero of=$state/fill bs=64k 2> /dev/null
		dd if=/dev/zero of=$state/rest bs=512 2> /dev/null
		verdict "the disk is full" [ "$(stat -f -c %a $state)" -eq 0 ]
		verdict "which is told once it hurts" until_ok 60 said "log file of 'count': cannot write 'count.log': No space left on device; lines are dropped"
		goes_on() { local was=$1; [ "$(ctl logs -n 1 count | sed 's/.* //')" -gt "$was" ]; }
		last() { ctl logs -n 1 $1 | sed 's/.* //'; }
		was=$(last count)
		verdict "the service goes on, and ctl logs has its lines" until_ok 60 goes_on "$((was + 20))"
		rm $state/fill $state/rest
		counted() { grep -q ' - [0-9]* lines dropped$' $file; }
		verdict "with room again the loss is counted in the file" until_ok 60 counted
		# Every number is there or counted: between two numbers stands a count of those that are missing.
		sleep 1
		cat $file | awk '
			/ lines dropped$/ { dropped += $(NF - 2); gap = $(NF - 2); next }
			/ line [0-9]+$/ { if ($NF != last + 1 + gap) { print "after " last " with " gap " dropped: " $NF; bad = 1 } last = $NF; gap = 0 }
			END { print "up to " last ", " dropped " dropped"; exit bad }' > /tools/account
		verdict "exactly: $(cat /tools/account)" grep -q "^up to .* [1-9][0-9]* dropped" /tools/account

		note "pull out the disk"
		verdict "that it is gone is told" until_ok 100 said "log file of 'count': cannot write 'count.log'"
		failing() { [ "$(dmesg | grep -c "log file of 'count': .*; lines are dropped")" -ge 2 ]; }
		verdict "with its cause" until_ok 100 failing
		dmesg | sed -n "s/.*init: .*log file/watch: # log file/p"
		was=$(last count)
		verdict "the service goes on all the same" until_ok 60 goes_on "$((was + 20))"
		verdict "as the process that it was" [ "$main" = "$(cat $cgroup/services/count/cgroup.procs | head -n 1)" ]
		was=$(last other)
		others_go_on() { [ "$(last other)" -gt "$((was + 10))" ]; }
		verdict "and so does another one" until_ok 60 others_go_on
		note "$(ctl metrics | grep -i "lost\|dropped" | grep count | tr '\n' ' ')"
	END
	echo "    resources: {devices: [{allow: true}]}"
	echo "$WATCH_FILES"
} > "$TEST_TMP/logdisk.yml"
check "the image builds" build logdisk kernel+squashfs "$TEST_TMP/logdisk.yml"
truncate -s 32M "$TEST_TMP/state.img"
wired_qemu logdisk -device virtio-scsi-pci,id=scsi -blockdev "driver=file,node-name=state,filename=$TEST_TMP/state.img" \
	-device scsi-hd,bus=scsi.0,id=state,drive=state
start logdisk kernel+squashfs --no-network --qemu "$qemu"
check "it is up, and has seen a full disk" when_noted "pull out the disk"
tell_monitor "device_del state"
status=0
wait "$machine" || status=$?
grep -v "^other [0-9]" "$TEST_TMP/console"
verdicts "log files"
console "the machine ends in order without its disk" "reboot: Power down"
finish
