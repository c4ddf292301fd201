# SPDX-License-Identifier: Apache-2.0
# What services may use, by the short keys, as the kernel has it; memory that runs out, with each policy; user namespaces with ids of
# their own; devices by name; credentials from everywhere they can come from.
set -u
. "$TOP/tests/qemu/lib-pid1.sh"

FOREVER="while :; do /bin/busybox sleep 1000; done"

# service NAME SCRIPT: further lines are standard input.
service()
{
	cat <<-END
		  - name: $1
		    image: slipway/busybox
		    command: [/bin/busybox, sh, -c, "$2"]
		    stop_signal: SIGKILL
	END
	sed 's/^/    /'
}

printf 'of the build\n' > "$TEST_TMP/built.txt"
printf 'line 1\nline 2\0binary' > "$TEST_TMP/key.bin"
{
	echo "${KERNEL/quiet/quiet log_buf_len=1M slipway.credential.from-cmdline=Y21kbGluZQ==}"
	echo "onboot:"
	service said "/bin/busybox chmod 1777 /said-mapped /said-secret" <<-'END'
		binds: ["/run/said-mapped:/said-mapped", "/run/said-secret:/said-secret"]
		runtime: {mkdir: [/run/said-mapped, /run/said-secret]}
	END
	echo "storage: {state: {}}"
	echo "volumes: [{name: data, persistent: true}]"
	echo "services:"
	service limited "$FOREVER" <<-'END'
		memory: 64M
		memory_high: 48M
		memory_low: 8M
		swap: 16M
		cpu: 0.25
		cpu_weight: 200
		io_weight: 300
		io_max: ["/dev/vda rbps=10M wiops=100"]
		pids: 50
	END
	service bomb "exec 2> /dev/null; while :; do /bin/busybox sh -c 'while :; do /bin/busybox sleep 100 & done' & /bin/busybox sleep 100 & done" <<-'END'
		pids: 30
		cpu: 0.05
	END
	# A child dies, the parent goes on.
	service process "/bin/busybox sh -c 'x=0123456789abcdef; while :; do x=\$x\$x; done'; echo process: goes on; $FOREVER" <<-'END'
		memory: 16M
	END
	# A child is killed, and all others with it.
	service whole "echo whole: up; /bin/busybox sleep 1; /bin/busybox sh -c 'x=0123456789abcdef; while :; do x=\$x\$x; done'; echo whole: goes on; $FOREVER" <<-'END'
		memory: 16M
		oom: kill-service
		restart: 1
		restart_delay: 1s
	END
	service mapped "umask 0; /bin/busybox id -u > /tmp/said; /bin/busybox cat /proc/self/uid_map >> /tmp/said; /bin/busybox stat -c %u:%g /bin/busybox / >> /tmp/said;
	      : > /made; /bin/busybox stat -c %u /made >> /tmp/said; /bin/busybox stat -c %u:%a /run/credentials/mapped/from-cmdline >> /tmp/said;
	      /bin/busybox cat /run/credentials/mapped/from-cmdline >> /tmp/said; echo x > /data/file; /bin/busybox stat -c ' %u' /data/file >> /tmp/said;
	      $FOREVER" <<-'END'
		userns: auto
		credentials: [from-cmdline]
		binds: ["/run/said-mapped:/tmp", "data:/data"]
	END
	service mapped-too "$FOREVER" <<-'END'
		userns: auto
		readonly: true
		net: new
		uid: 7
	END
	service secret "cd \$CREDENTIALS_DIRECTORY && /bin/busybox sha256sum * > /tmp/sums; /bin/busybox stat -c '%n %u %a' * . >> /tmp/sums;
	      (echo x > new) 2>> /tmp/sums; (echo x >> built) 2>> /tmp/sums; $FOREVER" <<-'END'
		uid: 1000
		gid: 1001
		readonly: true
		binds: ["/run/said-secret:/tmp"]
		tmpfs: [/run]
		credentials:
		  - token
		  - {name: key, source: built.txt}
		  - {name: built, source: built.txt}
		  - from-cmdline
		  - from-smbios
		  - binary
		  - {name: nowhere, optional: true}
	END
	service missing "$FOREVER" <<-'END'
		credentials: [not-given]
	END
	service device "echo device: \$(/bin/busybox stat -c %t:%T:%a /dev/kmsg /dev/fuse) > /dev/kmsg; $FOREVER" <<-'END'
		devices: [/dev/kmsg, "/dev/fuse:0666"]
	END
	watch <<-'END'
		file() { cat $cgroup/services/$1/$2; }
		is() { [ "$(file limited $1)" = "$2" ]; }
		verdict "all is up" until_ok 60 [ -e /proc/1/root/run/said-secret/sums ]
		verdict "memory.max" is memory.max 67108864
		verdict "memory.high" is memory.high 50331648
		verdict "memory.low" is memory.low 8388608
		verdict "memory.swap.max" is memory.swap.max 16777216
		verdict "cpu.max" is cpu.max "25000 100000"
		verdict "cpu.weight" is cpu.weight 200
		verdict "io.weight" is io.weight "default 300"
		verdict "pids.max" is pids.max 50
		verdict "io.max: $(file limited io.max)" [ "$(file limited io.max | cut -d' ' -f2-)" = "rbps=10485760 wbps=max riops=max wiops=100" ]
		reached() { grep -q '^max [1-9]' $cgroup/services/bomb/pids.events; }
		verdict "the bomb reaches its limit" until_ok 60 reached
		verdict "and stays in it" [ "$(file bomb pids.current)" -le 30 ]
		counted() { dmesg | grep -q "'process': out of memory: 1 of its processes killed, 1 in all"; }
		verdict "a kill for want of memory is counted" until_ok 20 counted
		verdict "and the service goes on" [ "$(alive process)" -eq 1 ]
		verdict "no group is killed where it was not asked for" [ "$(file process memory.oom.group)" -eq 0 ]
		failed() { dmesg | grep -q "'whole': starts again in 1000 ms"; }
		verdict "with oom: kill-service all of it goes, and comes again" until_ok 60 failed
		dmesg | grep "'whole': ended with status 137, after [0-9]* of its processes were killed for want of memory" > /dev/null
		verdict "and its end has the cause" [ $? -eq 0 ]
		gone() { [ "$(alive whole)" -eq 0 ]; }
		verdict "as often as it may" until_ok 60 gone
		# The sixth container of all; the first range is the machine's own.
		said=$(cat /proc/1/root/run/said-mapped/said | tr -s ' \n' ' ')
		verdict "ids of its own: $said" [ "$said" = "0 0 393216 65536 0:0 0:0 0 0:400 cmdline 0 " ]
		on_disk=$(stat -c %u /proc/1/root/containers/volumes/data/merged/file)
		verdict "which a volume keeps as the container has them: $on_disk" [ "$on_disk" = 0 ]
		mapped=$(cat $cgroup/services/mapped-too/cgroup.procs | tail -n 1)
		uids=$(sed -n 's/^Uid:[[:space:]]*\([0-9]*\).*/\1/p' /proc/$mapped/status)
		verdict "and others for another: $uids" [ "$uids" = $((458752 + 7)) ]
		sums=/proc/1/root/run/said-secret/sums
		has() { grep -q "^$(printf "$1" | sha256sum | cut -d' ' -f1)  $2$" $sums; }
		verdict "a credential of the command line of QEMU" has 'to,ken=' token
		verdict "a file of the host is there byte for byte" has 'line 1\nline 2\0binary' key
		verdict "one of the build" has 'of the build\n' built
		verdict "of the kernel's command line" has 'cmdline' from-cmdline
		verdict "of SMBIOS" has 'smbios:value=1' from-smbios
		verdict "of SMBIOS in base64" has '\1\2\3' binary
		verdict "they are its user's alone" [ "$(grep -c ' 1000 400$' $sums)" -eq 6 ]
		verdict "in a directory that is" grep -q '^\. 1000 500$' $sums
		verdict "and cannot be written" [ "$(grep -c 'Read-only file system\|Permission denied' $sums)" -eq 2 ]
		missing() { dmesg | grep -q "'missing': cannot start: credential 'not-given' is nowhere: neither in fw_cfg (opt/io.slipway.credentials/not-given)"; }
		verdict "a missing one is named" until_ok 30 missing
		verdict "in memory that is not swapped" grep -q " /run/credentials/secret ramfs ro" /proc/1/mounts
		wrote() { dmesg | grep -q "device: 1:b:600 a:e5:666"; }
		verdict "a device by its name" until_ok 30 wrote
		no_zombies() { [ "$(zombies)" -eq 0 ]; }
		verdict "no zombie is left" until_ok 10 no_zombies
	END
	echo "$WATCH_FILES"
} > "$TEST_TMP/limits.yml"
check "the image builds" build limits kernel+squashfs "$TEST_TMP/limits.yml"
sed -i 's/"\$@"/&/; s/^exec.*/& -smbios type=11,value=io.systemd.credential:from-smbios=smbios:value=1,value=io.slipway.credential.binary:binary=AQID/' \
	"$(counting_qemu)"
boot limits kernel+squashfs --timeout 235 --qemu "$TEST_TMP/counting-qemu" --disk "$TEST_TMP/state.img,size=64M" --credential "token=to,ken=" \
	--credential "key=@$TEST_TMP/key.bin" > "$TEST_TMP/said"
tail -n 80 "$TEST_TMP/said" | cut -c 1-250
verdicts limits

# A machine that starts anew when one of its services is out of memory.
build reboot kernel+initrd <<-EOF
	$KERNEL
	services:
	  - name: hungry
	    image: slipway/busybox
	    command: [/bin/busybox, sh, -c, "/bin/busybox sh -c 'x=0123456789abcdef; while :; do x=\$x\$x; done'; /bin/busybox sleep 1000"]
	    memory: 16M
	    oom: reboot
	    stop_signal: SIGKILL
EOF
boot reboot kernel+initrd --cmdline loglevel=7
same "the machine ends with status 1" 1 "$status"
console "with its reason" "shutting down: a service is out of memory"
finish
