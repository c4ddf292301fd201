#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The OCI runtime-spec 1.3, config-linux.md: cgroups. POSIX sh: it runs in a guest too.
# shellcheck shell=sh disable=SC2034,SC2154,SC2016,SC2119,SC2254,SC2317,SC3043,SC3045
set -u
. "$TOP/tests/conformance/lib-spec.sh"

# --- Cgroups Path

procs() { cat "$1/cgroup.procs" 2>/dev/null; }
place_of() { cut -d : -f 2,3 "/proc/$1/cgroup" | grep -E '^(|memory|pids):' | head -n 1; }
it "config-linux.md/Cgroups Path: an absolute path MUST be relative to the cgroups mount point"
cgroup=/$PREFIX/deep/er
detach 'exec sleep 100'
out=$(procs "$(in_cgroup memory)")
is "$(pid_of "$id")"
gone
it "config-linux.md/Cgroups Path: what was made is removed"
cgroup=/$PREFIX/deep/er
holds test ! -e "$(in_cgroup memory)"
rmdir "$(dirname "$(in_cgroup memory)")" 2>/dev/null
for c in /sys/fs/cgroup/*/"$PREFIX" /sys/fs/cgroup/"$PREFIX"; do [ ! -d "$c" ] || find "$c" -depth -type d -exec rmdir {} \; 2>/dev/null; done
it "config-linux.md/Cgroups Path: the same relative path MUST consistently be the same place"
cgroup=$PREFIX-relative
detach 'exec sleep 100'
first=$(place_of "$(pid_of "$id")")
gone
detach 'exec sleep 100'
second=$(place_of "$(pid_of "$id")")
gone
out=$first
case $first in *"$PREFIX-relative") is "$second" ;; *) fail ;; esac
it "config-linux.md/Cgroups Path: a path that would climb stays below the mount point"
cgroup=/../../$PREFIX/..//$PREFIX-climbed
detach 'exec sleep 100'
out=$(place_of "$(pid_of "$id")")
says ":/$PREFIX-climbed"
gone
it "config-linux.md/Cgroups Path: not specified"
cgroup=
run 'echo runs'
is runs
it "config-linux.md/Control groups: a cgroup that is frozen is not fit: MUST be an error"
cgroup=/frozen-$PREFIX
frozen=$(in_cgroup freezer)
mkdir -p "$frozen"
if [ -n "$UNIFIED" ]; then echo 1 >"$frozen/cgroup.freeze"; else echo FROZEN >"$frozen/freezer.state"; fi
run true
errs frozen
for c in /sys/fs/cgroup/*/"frozen-$PREFIX" /sys/fs/cgroup/"frozen-$PREFIX"; do [ ! -d "$c" ] || rmdir "$c"; done

# --- Cgroup ownership: of version 2 alone

# Which of the directory, the files that are handed over and the limits is whose; and whether a cgroup can be made below.
owners='cd /sys/fs/cgroup; for f in . cgroup.procs cgroup.subtree_control cgroup.threads cgroup.max.depth; do echo "$f=$(stat -c %u $f)"; done
	mkdir below 2>/dev/null && rmdir below && echo divides=yes'
usermap=',"uidMappings":[{"containerID":0,"hostID":100000,"size":65536}],"gidMappings":[{"containerID":0,"hostID":200000,"size":65536}]'
cgroup_mount() { more_mounts=",{\"destination\":\"/sys/fs/cgroup\",\"type\":\"cgroup\",\"source\":\"cgroup\",\"options\":[\"nosuid\"$1]}"; }
# As root of a user namespace sees it: its own, or nobody's.
mapped_namespaces="$ALL_NAMESPACES,{\"type\":\"user\"}"
if [ -n "$UNIFIED" ]; then
	it "config-linux.md/Cgroup ownership: mounted to be written in a new cgroup namespace, it SHOULD be the user's"
	namespaces=$mapped_namespaces linux=$usermap
	cgroup_mount ''
	run "$owners"
	value_is . 0
	for f in cgroup.procs cgroup.subtree_control cgroup.threads; do
		also "config-linux.md/Cgroup ownership: $f SHOULD be, too"
		value_is $f 0
	done
	also "config-linux.md/Cgroup ownership: any other file SHOULD NOT be"
	value_is cgroup.max.depth 65534
	also "config-linux.md/Cgroup ownership: and so it can be divided"
	value_is divides yes
	it "config-linux.md/Cgroup ownership: of the user that runs the process"
	user='{"uid":1000,"gid":1000}'
	cgroup_mount ''
	run "$owners"
	value_is cgroup.procs 1000
	it "config-linux.md/Cgroup ownership: mounted read-only it SHOULD NOT change"
	namespaces=$mapped_namespaces linux=$usermap
	cgroup_mount ',"ro"'
	run "$owners"
	value_is . 65534
	it "config-linux.md/Cgroup ownership: without a new cgroup namespace it SHOULD NOT change"
	namespaces=$(echo "$mapped_namespaces" | sed 's/,{"type":"cgroup"}//') linux=$usermap
	cgroup_mount ''
	run "$owners"
	value_is . 65534
	it "config-linux.md/Cgroup ownership: without the mount it SHOULD NOT change"
	namespaces=$mapped_namespaces linux=$usermap
	detach 'exec sleep 100'
	out=$(stat -c %u "/sys/fs/cgroup$cgroup")
	is 0
	gone
else
	it "config-linux.md/Cgroup ownership: of version 1 it SHOULD NOT change"
	namespaces=$mapped_namespaces linux=$usermap
	cgroup_mount ''
	detach 'exec sleep 100'
	out=$(stat -c %u "$(in_cgroup memory)")
	is 0
	gone
fi

# --- Allowed Device list

# What a number without a driver says tells the two apart: no such device (allowed) or not permitted.
open_it='(: </srv/d) 2>&1; (: >/srv/d) 2>&1'
it "config-linux.md/Allowed Device list: denied"
mknod "$ROOTFS/srv/d" c 240 7
linux=',"resources":{"devices":[{"allow":false,"access":"rwm"}]}'
run "$open_it"
says "Operation not permitted"
it "config-linux.md/Allowed Device list: entries MUST be applied in the listed order, the last allows"
linux=',"resources":{"devices":[{"allow":false,"access":"rwm"},{"allow":true,"type":"c","major":240,"minor":7,"access":"rw"}]}'
run "$open_it"
case $out in *"not permitted"*) fail ;; *) says "No such device" ;; esac
it "config-linux.md/Allowed Device list: entries MUST be applied in the listed order, the last denies"
linux=',"resources":{"devices":[{"allow":true,"type":"c","major":240,"minor":7,"access":"rw"},{"allow":false,"access":"rwm"}]}'
run "$open_it"
case $out in *"No such device"*) fail ;; *) says "not permitted" ;; esac
it "config-linux.md/Allowed Device list: access of one kind is not the others"
linux=',"resources":{"devices":[{"allow":false,"access":"rwm"},{"allow":true,"type":"c","major":240,"minor":7,"access":"r"}]}'
run '(: </srv/d) 2>&1 | grep -c "No such device"; (: >/srv/d) 2>&1 | grep -c "not permitted"'
is "1
1"
it "config-linux.md/Allowed Device list: an unset minor means all"
linux=',"resources":{"devices":[{"allow":false,"access":"rwm"},{"allow":true,"type":"c","major":240,"access":"rwm"}]}'
run "$open_it"
case $out in *"not permitted"*) fail ;; *) says "No such device" ;; esac
it "config-linux.md/Allowed Device list: another type is another device"
linux=',"resources":{"devices":[{"allow":false,"access":"rwm"},{"allow":true,"type":"b","major":240,"minor":7,"access":"rwm"}]}'
run "$open_it"
case $out in *"No such device"*) fail ;; *) says "not permitted" ;; esac
it "config-linux.md/Allowed Device list: a node may be made where m is allowed, and not be opened"
caps='"bounding":["CAP_MKNOD"],"effective":["CAP_MKNOD"],"permitted":["CAP_MKNOD"]'
linux=',"resources":{"devices":[{"allow":false,"access":"rwm"},{"allow":true,"type":"c","major":240,"minor":8,"access":"m"}]}'
run 'rm -f /srv/n; mknod /srv/n c 240 8 && echo made; (: </srv/n) 2>&1; rm -f /srv/n'
case $out in made*"not permitted") pass ;; *) fail ;; esac
it "config-linux.md/Allowed Device list: default devices stay usable"
linux=',"resources":{"devices":[{"allow":false,"access":"rwm"}]}'
run 'echo x >/dev/null && head -c 2 /dev/urandom | wc -c; (: <>/dev/ptmx) && echo ptmx'
is "2
ptmx"
it "config-linux.md/Allowed Device list: an unknown type: an error"
linux=',"resources":{"devices":[{"allow":true,"type":"z","access":"rwm"}]}'
run true
errs
it "config-linux.md/Allowed Device list: an unknown letter of access: an error"
linux=',"resources":{"devices":[{"allow":true,"type":"c","access":"rwx"}]}'
run true
errs
rm "$ROOTFS/srv/d"

# --- Memory, CPU, Block IO, PIDs: the value stands in the cgroup

# in_file CONTROLLER V1-FILE V2-FILE V1-VALUE V2-VALUE [V2-PATTERN]
in_file()
{
	local file want d
	d=$(in_cgroup "$1")
	if [ -n "$UNIFIED" ]; then file=$3 want=$5; else file=$2 want=$4; fi
	if ! has_controller "$1"; then skipped "this machine has no controller '$1'"; return; fi
	if [ "$file" = - ]; then skipped "this version of cgroups has nothing like it"; return; fi
	if [ ! -e "$d/$file" ]; then skipped "this kernel has no '$file'"; return; fi
	out=$(cat "$d/$file")
	case $out in $want) pass ;; *) not_ok "$name" "$file is '$out', expected '$want'" ;; esac
}
weight_of_io=-
it "config-linux.md/Memory and CPU"
linux=',"resources":{"memory":{"limit":67108864,"reservation":33554432},"cpu":{"shares":512,"quota":50000,"period":100000,"cpus":"0","mems":"0"},"pids":{"limit":32}}'
detach 'exec sleep 100'
also "config-linux.md/Memory: limit"
in_file memory memory.limit_in_bytes memory.max 67108864 67108864
also "config-linux.md/Memory: reservation"
in_file memory memory.soft_limit_in_bytes memory.low 33554432 33554432
also "config-linux.md/CPU: shares"
in_file cpu cpu.shares cpu.weight 512 20
also "config-linux.md/CPU: quota"
in_file cpu cpu.cfs_quota_us cpu.max 50000 "50000 100000"
also "config-linux.md/CPU: period"
in_file cpu cpu.cfs_period_us cpu.max 100000 "50000 100000"
also "config-linux.md/CPU: cpus"
in_file cpuset cpuset.cpus cpuset.cpus 0 0
also "config-linux.md/CPU: mems"
in_file cpuset cpuset.mems cpuset.mems 0 0
also "config-linux.md/PIDs: limit"
in_file pids pids.max pids.max 32 32
for c in memory cpu cpuset pids; do
	also "config-linux.md/Control groups: the process is in the cgroup of $c"
	if has_controller $c; then out=$(procs "$(in_cgroup $c)"); is "$(pid_of "$id")"; else skipped "this machine has no controller '$c'"; fi
done
gone
it "config-linux.md/Memory: -1 is unlimited"
linux=',"resources":{"memory":{"limit":-1,"reservation":-1},"pids":{"limit":-1},"cpu":{"quota":-1}}'
detach 'exec sleep 100'
in_file memory memory.limit_in_bytes memory.max '92233720368547*' max
also "config-linux.md/PIDs: -1 is unlimited"
in_file pids pids.max pids.max max max
also "config-linux.md/CPU: quota -1 is unlimited"
in_file cpu cpu.cfs_quota_us cpu.max -1 'max *'
gone
it "config-linux.md/Memory: swap is the limit of both"
linux=',"resources":{"memory":{"limit":33554432,"swap":67108864}}'
if [ -z "$UNIFIED" ] && [ ! -e /sys/fs/cgroup/memory/memory.memsw.limit_in_bytes ]; then
	skipped "this kernel does not account for swap"
else
	detach 'exec sleep 100'
	in_file memory memory.memsw.limit_in_bytes memory.swap.max 67108864 33554432
	also "config-linux.md/Memory: unlimited memory, where swap is not spoken of, has unlimited swap"
	command_ update --memory -1 "$id"
	in_file memory memory.memsw.limit_in_bytes memory.swap.max '92233720368547*' max
	gone
fi
it "config-linux.md/Memory: the limit is enforced"
linux=',"resources":{"memory":{"limit":8388608}}'
run 'x=$(head -c 60000000 /dev/zero | tr "\0" x); echo survived'
case $out in *survived*) fail ;; *) holds test "$status" -ne 0 ;; esac
it "config-linux.md/Memory: a limit below what the set-up of a container takes"
linux=',"resources":{"memory":{"limit":4096}}'
run true
holds test "$status" -ne 0
it "config-linux.md/Memory: swappiness"
linux=',"resources":{"memory":{"swappiness":13}}'
if [ -n "$UNIFIED" ]; then
	name="$name, for which cgroup v2 has nothing: MUST be an error"
	run true
	errs
else
	detach 'exec sleep 100'
	in_file memory memory.swappiness - 13 -
	gone
fi
it "config-linux.md/Memory: swappiness above 100: an error"
linux=',"resources":{"memory":{"swappiness":101}}'
run true
errs
it "config-linux.md/Memory: disableOOMKiller"
linux=',"resources":{"memory":{"disableOOMKiller":true}}'
if [ -n "$UNIFIED" ]; then
	name="$name, for which cgroup v2 has nothing: MUST be an error"
	run true
	errs
else
	detach 'exec sleep 100'
	in_file memory memory.oom_control - 'oom_kill_disable 1*' -
	gone
fi
it "config-linux.md/Memory: checkBeforeUpdate, a limit below the usage MUST be rejected"
linux=',"resources":{"memory":{"limit":100000000}}'
detach 'head -c 20000000 /dev/zero >/dev/shm/x; echo full >/tmp/full; exec sleep 100'
until_true 20 test -e "$ROOTFS/tmp/full"
echo '{"memory":{"limit":4194304,"checkBeforeUpdate":true}}' >"$TEST_TMP/update.json"
command_ update -r "$TEST_TMP/update.json" "$id"
holds test "$status" -ne 0
also "config-linux.md/Memory: checkBeforeUpdate, the container lives on"
holds is_status "$id" running
gone
rm -f "$ROOTFS/tmp/full"
for m in kernel kernelTCP; do
	it "config-linux.md/Memory: $m, where this kernel has nothing like it MUST be an error"
	linux=",\"resources\":{\"memory\":{\"$m\":67108864}}"
	if [ -z "$UNIFIED" ]; then
		skipped "version 1 of cgroups may have it"
	else
		run true
		errs "memory.$m"
	fi
done
it "config-linux.md/CPU: burst"
linux=',"resources":{"cpu":{"quota":50000,"period":100000,"burst":20000}}'
detach 'exec sleep 100'
in_file cpu cpu.cfs_burst_us cpu.max.burst 20000 20000
gone
it "config-linux.md/CPU: burst MUST be no larger than quota"
linux=',"resources":{"cpu":{"quota":50000,"period":100000,"burst":60000}}'
run true
errs
it "config-linux.md/CPU: idle"
linux=',"resources":{"cpu":{"idle":1}}'
detach 'exec sleep 100'
in_file cpu cpu.idle cpu.idle 1 1
gone
it "config-linux.md/CPU: cpus that are not there: an error"
linux=',"resources":{"cpu":{"cpus":"4095"}}'
run true
errs
it "config-linux.md/CPU: cpus that are no list: an error"
linux=',"resources":{"cpu":{"cpus":"one"}}'
run true
errs
it "config-linux.md/CPU: realtimeRuntime"
linux=',"resources":{"cpu":{"realtimePeriod":1000000,"realtimeRuntime":5000}}'
if [ -z "$UNIFIED" ] && [ -e /sys/fs/cgroup/cpu/cpu.rt_runtime_us ]; then
	skipped "its parent gives out no realtime"
else
	name="$name, which this machine cannot set: MUST be an error"
	run true
	errs
fi
it "config-linux.md/PIDs: 0 SHOULD be a limit like others"
linux=',"resources":{"pids":{"limit":0}}'
detach 'exec sleep 100'
in_file pids pids.max pids.max 0 0
also "config-linux.md/PIDs: with 0 the program itself may run"
if has_controller pids; then holds is_status "$id" running; else skipped "this machine has no controller 'pids'"; fi
gone
it "config-linux.md/PIDs: the limit is enforced"
linux=',"resources":{"pids":{"limit":4}}'
run 'for i in 1 2 3 4 5 6 7 8; do sleep 2 & done; echo all'
lacks_all() { case $out in *all*) return 1 ;; esac; }
holds lacks_all

disk=$(cat /sys/block/*/dev 2>/dev/null | head -n 1)
it "config-linux.md/Block IO: throttling"
linux=",\"resources\":{\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":${disk%:*},\"minor\":${disk#*:},\"rate\":1048576}],\"throttleWriteBpsDevice\":[{\"major\":${disk%:*},\"minor\":${disk#*:},\"rate\":2097152}],
	\"throttleReadIOPSDevice\":[{\"major\":${disk%:*},\"minor\":${disk#*:},\"rate\":100}],\"throttleWriteIOPSDevice\":[{\"major\":${disk%:*},\"minor\":${disk#*:},\"rate\":200}]}}"
[ -z "$disk" ] || detach 'exec sleep 100'
io="$disk rbps=1048576 wbps=2097152 riops=100 wiops=200"
for t in throttleReadBpsDevice:read_bps:1048576 throttleWriteBpsDevice:write_bps:2097152 throttleReadIOPSDevice:read_iops:100 throttleWriteIOPSDevice:write_iops:200; do
	also "config-linux.md/Block IO: ${t%%:*}"
	file=${t#*:}
	controller=blkio
	[ -z "$UNIFIED" ] || controller=io
	if [ -z "$disk" ]; then skipped "this machine has no disk"; else in_file $controller "blkio.throttle.${file%:*}_device" io.max "$disk ${t##*:}" "$io"; fi
done
[ -z "$disk" ] || gone
it "config-linux.md/Block IO: weight"
linux=',"resources":{"blockIO":{"weight":500}}'
if [ -n "$UNIFIED" ] && ! has_controller io; then
	skipped "this machine has no controller 'io'"
else
	controller=blkio
	[ -z "$UNIFIED" ] || controller=io
	detach 'exec sleep 100'
	d=$(in_cgroup blkio)
	if [ "$status" -ne 0 ] && [ ! -e "$d/blkio.weight" ]; then pass
	elif [ -e "$d/io.bfq.weight" ] || [ -e "$d/blkio.bfq.weight" ]; then in_file $controller blkio.bfq.weight io.bfq.weight '*500*' '*500*'
	else in_file $controller blkio.weight io.weight 500 'default 49*'; fi
	gone
fi

it "config-linux.md/Block IO: leafWeight, where this kernel has nothing like it MUST be an error"
linux=',"resources":{"blockIO":{"leafWeight":500}}'
if [ -z "$UNIFIED" ] && [ -e /sys/fs/cgroup/blkio/blkio.leaf_weight ]; then
	skipped "this kernel has leaf weights"
else
	run true
	errs blockIO
fi

# --- Huge page limits, Network, RDMA

it "config-linux.md/Huge page limits"
linux=',"resources":{"hugepageLimits":[{"pageSize":"2MB","limit":4194304}]}'
if has_controller hugetlb && [ -d /sys/kernel/mm/hugepages/hugepages-2048kB ]; then
	detach 'exec sleep 100'
	if [ -e "$(in_cgroup hugetlb)/hugetlb.2MB.rsvd.max" ]; then in_file hugetlb - hugetlb.2MB.rsvd.max - 4194304
	else in_file hugetlb hugetlb.2MB.limit_in_bytes hugetlb.2MB.max 4194304 4194304; fi
	gone
else
	name="$name, without the controller: MUST be an error"
	run true
	errs
fi
it "config-linux.md/Huge page limits: a size that is not there: an error"
linux=',"resources":{"hugepageLimits":[{"pageSize":"3MB","limit":4194304}]}'
run true
errs
it "config-linux.md/Network: classID"
linux=',"resources":{"network":{"classID":1048577}}'
if [ -z "$UNIFIED" ] && has_controller net_cls; then
	detach 'exec sleep 100'
	in_file net_cls net_cls.classid - 1048577 -
	gone
else
	name="$name, without the controller: MUST be an error"
	run true
	errs
fi
it "config-linux.md/Network: priorities"
linux=',"resources":{"network":{"priorities":[{"name":"lo","priority":5}]}}'
if [ -z "$UNIFIED" ] && has_controller net_prio; then
	detach 'exec sleep 100'
	in_file net_prio net_prio.ifpriomap - '*lo 5*' -
	gone
else
	name="$name, without the controller: MUST be an error"
	run true
	errs
fi
it "config-linux.md/RDMA: a device that is not there: an error"
linux=',"resources":{"rdma":{"nosuch0":{"hcaHandles":3,"hcaObjects":100}}}'
run true
errs

it "config-linux.md/Memory: running out of it is told by events"
if has_controller memory; then
	rm -f "$ROOTFS/go"
	linux=',"resources":{"memory":{"limit":8388608,"swap":8388608}}'
	detach 'until [ -e /go ]; do sleep 0.1; done; dd if=/dev/zero of=/dev/null bs=64M count=1; exec sleep 100'
	rt events "$id" >"$TEST_TMP/events" 2>&1 &
	# It tells of nothing that was before it.
	sleep 1
	: >"$ROOTFS/go"
	until_true 60 grep -q '"oom"' "$TEST_TMP/events"
	out=$(cat "$TEST_TMP/events")
	says '"type":"oom"'
	gone
	kill $! 2>/dev/null
	wait $! 2>/dev/null
else
	skipped "without the controller"
fi

# --- Unified

if [ -n "$UNIFIED" ]; then
	it "config-linux.md/Unified: files are set, and the controllers they need MUST be enabled"
	linux=',"resources":{"unified":{"pids.max":"77","memory.high":"50331648","cpu.max":"20000 50000"}}'
	detach 'exec sleep 100'
	in_file pids - pids.max - 77
	also "config-linux.md/Unified: memory.high"
	in_file memory - memory.high - 50331648
	also "config-linux.md/Unified: cpu.max"
	in_file cpu - cpu.max - "20000 50000"
	gone
	it "config-linux.md/Unified: every controller of the machine is there"
	detach 'exec sleep 100'
	out=$(cat "/sys/fs/cgroup$cgroup/cgroup.controllers")
	is "$(cat /sys/fs/cgroup/cgroup.controllers)"
	gone
	it "config-linux.md/Unified: what the runtime does not know MUST still be written"
	linux=',"resources":{"unified":{"cgroup.max.depth":"3"}}'
	detach 'exec sleep 100'
	in_file pids - cgroup.max.depth - 3
	gone
	it "config-linux.md/Unified: a controller that is not present MUST be an error"
	linux=',"resources":{"unified":{"nosuch.max":"1"}}'
	run true
	errs nosuch
	it "config-linux.md/Unified: a value the kernel refuses: an error"
	linux=',"resources":{"unified":{"pids.max":"many"}}'
	run true
	errs pids.max
else
	it "config-linux.md/Unified: without cgroup v2 MUST be an error"
	linux=',"resources":{"unified":{"memory.high":"50331648"}}'
	run true
	errs
fi
it "config-linux.md/Unified: a name that would leave the cgroup: an error"
linux=',"resources":{"unified":{"../memory.high":"50331648"}}'
run true
errs

finish_spec "config-linux.md, cgroups"
