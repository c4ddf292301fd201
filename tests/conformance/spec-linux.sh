#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The OCI runtime-spec 1.3, config-linux.md: section by section, as spec-config.sh. POSIX sh: it runs in a guest too.
# shellcheck shell=sh disable=SC2034,SC2154,SC2016
set -u
. "$TOP/tests/conformance/lib-spec.sh"

own() { readlink "/proc/self/ns/$1"; }

# --- Default Filesystems

it "config-linux.md/Default Filesystems"
run 'sed -n "s,^[^ ]* [^ ]* [^ ]* [^ ]* \([^ ]*\) .* - \([^ ]*\) .*,\1=\2,p" /proc/self/mountinfo'
for f in /proc:proc /sys:sysfs /dev/pts:devpts /dev/shm:tmpfs; do
	also "config-linux.md/Default Filesystems: ${f%:*} is ${f#*:}"
	value_is "${f%:*}" "${f#*:}"
done

# --- Namespaces

# Types as the specification names them, and as /proc does.
kinds='pid:pid network:net mount:mnt ipc:ipc uts:uts user:user cgroup:cgroup time:time'
show='for n in pid net mnt ipc uts user cgroup time; do echo "$n=$(readlink /proc/self/ns/$n)"; done'
usermap=',"uidMappings":[{"containerID":0,"hostID":100000,"size":65536}],"gidMappings":[{"containerID":0,"hostID":200000,"size":65536}]'

it "config-linux.md/Namespaces: new ones"
namespaces="$ALL_NAMESPACES,{\"type\":\"time\"},{\"type\":\"user\"}" linux=$usermap
run "$show"
for k in $kinds; do
	also "config-linux.md/Namespaces: without path, a new ${k%:*} namespace MUST be created"
	case $(value "${k#*:}") in "" | "$(own "${k#*:}")") fail ;; *) pass ;; esac
done
it "config-linux.md/Namespaces: those not specified MUST be inherited"
namespaces='{"type":"mount"}' top=
run "$show"
for k in $kinds; do
	[ "$k" != mount:mnt ] || continue
	also "config-linux.md/Namespaces: an unspecified ${k%:*} namespace MUST be the runtime's"
	value_is "${k#*:}" "$(own "${k#*:}")"
done
it "config-linux.md/Namespaces: pid, the process is the first of its own"
run 'echo $$; ls -d /proc/[0-9]* | head -n 1'
is "1
/proc/1"
it "config-linux.md/Namespaces: network, a stack of its own"
run 'ls /sys/class/net; wc -l </proc/net/unix'
line '^lo$'
it "config-linux.md/Namespaces: cgroup, an isolated view of the hierarchy"
run 'cut -d : -f 3 /proc/self/cgroup | sort -u'
is /

# One container whose namespaces others join; the mount namespace is another process's, for its root must lead to bundles.
it "config-linux.md/Namespaces: by path"
holder_cgroup=/holder-$PREFIX
cgroup=$holder_cgroup namespaces="$ALL_NAMESPACES,{\"type\":\"time\"}"
detach 'exec sleep 1000'
holder=$(pid_of "$id") holder_id=$id
is_other() { [ "$(readlink "/proc/$1/ns/$2")" != "$(own "$2")" ]; }
"$BUSYBOX" unshare -m sleep 1000 &
unshared=$!
until_true 10 is_other $unshared mnt
for k in pid:pid network:net ipc:ipc uts:uts cgroup:cgroup time:time mount:mnt; do
	it "config-linux.md/Namespaces: path, the process MUST be placed in the ${k%:*} namespace"
	p=/proc/$holder/ns/${k#*:}
	[ "${k%:*}" != mount ] || p=/proc/$unshared/ns/mnt
	theirs=$(readlink "$p")
	others=$(echo ",$ALL_NAMESPACES" | sed "s/,{\"type\":\"${k%:*}\"}//")
	namespaces="{\"type\":\"${k%:*}\",\"path\":\"$p\"}$others" top=
	run "readlink /proc/self/ns/${k#*:}"
	is "$theirs"
	other=ipc:ipc
	[ "$k" != ipc:ipc ] || other=uts:uts
	it "config-linux.md/Namespaces: path of another type than ${k%:*} MUST be an error"
	namespaces="{\"type\":\"${k%:*}\",\"path\":\"/proc/$holder/ns/${other#*:}\"}$others" top=
	run true
	errs
done
kill $unshared
wait $unshared 2>/dev/null
rt delete -f "$holder_id"
it "config-linux.md/Namespaces: by path, user"
cgroup=$holder_cgroup namespaces="$ALL_NAMESPACES,{\"type\":\"user\"}" linux=$usermap
detach 'exec sleep 1000'
holder=$(pid_of "$id") holder_id=$id
it "config-linux.md/Namespaces: path, the process MUST be placed in the user namespace"
theirs=$(readlink "/proc/$holder/ns/user")
namespaces="$ALL_NAMESPACES,{\"type\":\"user\",\"path\":\"/proc/$holder/ns/user\"}"
run 'readlink /proc/self/ns/user'
is "$theirs"
it "config-linux.md/Namespaces: path of another type than user MUST be an error"
namespaces="$ALL_NAMESPACES,{\"type\":\"user\",\"path\":\"/proc/$holder/ns/uts\"}"
run true
errs
rt delete -f "$holder_id"
it "config-linux.md/Namespaces: path MUST be absolute"
namespaces='{"type":"mount"},{"type":"network","path":"proc/self/ns/net"}' top=
run true
errs
it "config-linux.md/Namespaces: a path that is not there: an error"
namespaces='{"type":"mount"},{"type":"network","path":"/no/such"}' top=
run true
errs
it "config-linux.md/Namespaces: a path that is no namespace MUST be an error"
namespaces='{"type":"mount"},{"type":"network","path":"/etc/passwd"}' top=
run true
errs
it "config-linux.md/Namespaces: type is REQUIRED"
namespaces='{"type":"mount"},{"path":"/proc/self/ns/net"}'
run true
errs
it "config-linux.md/Namespaces: an unknown type: an error"
namespaces="$ALL_NAMESPACES,{\"type\":\"nosuch\"}"
run true
errs
for k in $kinds; do
	it "config-linux.md/Namespaces: ${k%:*} twice MUST be an error"
	linux=$usermap namespaces="{\"type\":\"mount\"},{\"type\":\"${k%:*}\"},{\"type\":\"${k%:*}\"}"
	run true
	errs
done

# --- User namespace mappings

it "config-linux.md/User namespace mappings: uidMappings and gidMappings"
namespaces="$ALL_NAMESPACES,{\"type\":\"user\"}"
linux=',"uidMappings":[{"containerID":0,"hostID":100000,"size":10},{"containerID":1000,"hostID":300000,"size":5}],"gidMappings":[{"containerID":0,"hostID":200000,"size":20}]'
run 'cat /proc/self/uid_map | tr -s " "; cat /proc/self/gid_map | tr -s " "'
line '^ ?0 100000 10 ?$'
also "config-linux.md/User namespace mappings: several"
line '^ ?1000 300000 5 ?$'
also "config-linux.md/User namespace mappings: gidMappings"
line '^ ?0 200000 20 ?$'
it "config-linux.md/User namespace mappings: ownership of the file system SHOULD NOT be modified"
out=$(stat -c %u:%g "$ROOTFS" "$ROOTFS/bin" "$ROOTFS/etc/passwd" | sort -u)
is 0:0
it "config-linux.md/User namespace mappings: without a user namespace: an error"
linux=$usermap
run true
errs

# --- Offset for Time Namespace

it "config-linux.md/Offset for Time Namespace: boottime and monotonic"
namespaces="$ALL_NAMESPACES,{\"type\":\"time\"}" linux=',"timeOffsets":{"boottime":{"secs":7000000,"nanosecs":500},"monotonic":{"secs":1234,"nanosecs":7}}'
run 'tr -s " \t" " " </proc/self/timens_offsets; cut -d . -f 1 /proc/uptime'
line '^boottime 7000000 500$'
also "config-linux.md/Offset for Time Namespace: monotonic"
line '^monotonic 1234 7$'
also "config-linux.md/Offset for Time Namespace: the clock of the container is ahead"
holds test "$(echo "$out" | tail -n 1)" -ge 7000000
it "config-linux.md/Offset for Time Namespace: without a time namespace: an error"
linux=',"timeOffsets":{"boottime":{"secs":7000000}}'
run true
errs

# --- Devices

it "config-linux.md/Devices: listed ones MUST be available"
linux=',"devices":[{"type":"c","path":"/dev/c","major":240,"minor":7,"fileMode":416,"uid":1,"gid":2},{"type":"b","path":"/dev/b","major":7,"minor":9,"fileMode":384},
	{"type":"u","path":"/dev/u","major":241,"minor":300,"fileMode":438},{"type":"p","path":"/dev/p","fileMode":402},{"type":"c","path":"/srv/far/away","major":1,"minor":3}]'
run 'for d in /dev/c /dev/b /dev/u /dev/p /srv/far/away; do stat -c "%n=%F %t:%T %a %u:%g" $d; done; echo written >/srv/far/away && echo writes'
value_is /dev/c "character special file f0:7 640 1:2"
also "config-linux.md/Devices: type b"
value_is /dev/b "block special file 7:9 600 0:0"
also "config-linux.md/Devices: type u"
value_is /dev/u "character special file f1:12c 666 0:0"
also "config-linux.md/Devices: type p, without numbers"
case $(value /dev/p) in "fifo "*" 622 0:0") pass ;; *) fail ;; esac
also "config-linux.md/Devices: the path MAY be outside of /dev"
case $(value /srv/far/away) in "character special file 1:3 "*) pass ;; *) fail ;; esac
also "config-linux.md/Devices: and the device works there"
line '^writes$'
rm -rf "$ROOTFS/srv/far"
it "config-linux.md/Devices: a file at path that is not this device MUST be an error"
echo regular >"$ROOTFS/srv/taken"
linux=',"devices":[{"type":"c","path":"/srv/taken","major":1,"minor":3}]'
run true
errs
also "config-linux.md/Devices: and that file is as it was"
out=$(cat "$ROOTFS/srv/taken")
is regular
rm "$ROOTFS/srv/taken"
it "config-linux.md/Devices: another device at path MUST be an error"
mknod "$ROOTFS/srv/taken" c 1 5
linux=',"devices":[{"type":"c","path":"/srv/taken","major":1,"minor":3}]'
run true
errs
it "config-linux.md/Devices: that very device at path is fine"
linux=',"devices":[{"type":"c","path":"/srv/taken","major":1,"minor":5}]'
run 'head -c 3 /srv/taken | wc -c'
is 3
rm "$ROOTFS/srv/taken"
it "config-linux.md/Devices: an unknown type: an error"
linux=',"devices":[{"type":"x","path":"/dev/x","major":1,"minor":5}]'
run true
errs
it "config-linux.md/Devices: path is REQUIRED"
linux=',"devices":[{"type":"c","major":1,"minor":5}]'
run true
errs
it "config-linux.md/Default Devices"
run 'cd /dev; for d in null zero full random urandom tty; do stat -c "%n=%t:%T %a" $d; done; echo "ptmx=$(stat -L -c %t:%T ptmx)"
	echo x >null && echo "writes=null"; echo "reads=$(head -c 5 zero | wc -c)"; (echo x >full) 2>&1; echo "chance=$(head -c 9 urandom | wc -c)"; (: <>ptmx) && echo "opens=ptmx"'
for d in null:1:3 zero:1:5 full:1:7 random:1:8 urandom:1:9 tty:5:0; do
	also "config-linux.md/Default Devices: /dev/${d%%:*} MUST be supplied"
	value_is "${d%%:*}" "${d#*:} 666"
done
also "config-linux.md/Default Devices: /dev/ptmx is the container's /dev/pts/ptmx"
value_is ptmx 5:2
also "config-linux.md/Default Devices: /dev/null takes what is written"
value_is writes null
also "config-linux.md/Default Devices: /dev/zero gives zeros"
value_is reads 5
also "config-linux.md/Default Devices: /dev/urandom gives chance"
value_is chance 9
also "config-linux.md/Default Devices: /dev/full is full"
says "No space left on device"
also "config-linux.md/Default Devices: /dev/ptmx opens"
value_is opens ptmx
it "config-linux.md/Default Devices: they are there in a user namespace too"
namespaces="$ALL_NAMESPACES,{\"type\":\"user\"}" linux=$usermap
run 'cd /dev; for d in null zero full random urandom tty; do test -c $d || echo $d; done; echo x >null && echo writes'
is writes

# --- Network Devices

# new_device NAME: an interface that can be moved, of whichever kind this kernel has.
new_device() { ip link add "$1" type dummy 2>/dev/null || ip link add "$1" type ifb 2>/dev/null || tunctl -t "$1" >/dev/null 2>&1; }
it "config-linux.md/Network Devices: MUST be made available in the container"
linux=',"netDevices":{"slipwayt0":{"name":"inside0"}}'
if new_device slipwayt0; then
	ip addr add 192.0.2.7/24 dev slipwayt0
	ip -6 addr add 2001:db8::7/64 dev slipwayt0 2>/dev/null
	run 'ip addr show dev inside0'
	says inside0
	also "config-linux.md/Network Devices: permanent global addresses MUST be preserved"
	says "inet 192.0.2.7/24"
	also "config-linux.md/Network Devices: MUST be set up"
	says "UP"
	ip link del slipwayt0 2>/dev/null
	it "config-linux.md/Network Devices: without a name, it keeps its own"
	new_device slipwayt0
	linux=',"netDevices":{"slipwayt0":{}}'
	run 'cat /sys/class/net/slipwayt0/ifindex >/dev/null && echo there'
	is there
	ip link del slipwayt0 2>/dev/null
	it "config-linux.md/Network Devices: a name that is taken MUST be an error"
	new_device slipwayt0
	linux=',"netDevices":{"slipwayt0":{"name":"lo"}}'
	run true
	errs
	also "config-linux.md/Network Devices: and the device stays"
	holds test -e /sys/class/net/slipwayt0
	it "config-linux.md/Network Devices: a template gets a number"
	linux=',"netDevices":{"slipwayt0":{"name":"net%d"}}'
	run 'cat /sys/class/net/net0/ifindex >/dev/null && echo there'
	is there
	ip link del slipwayt0 2>/dev/null
else
	skipped "this machine makes no interface that could be moved"
fi
it "config-linux.md/Network Devices: one that is not there MUST be an error"
linux=',"netDevices":{"slipwayt1":{}}'
run true
errs slipwayt1
it "config-linux.md/Network Devices: without a network namespace: an error"
linux=',"netDevices":{"slipwayt1":{}}' namespaces='{"type":"mount"},{"type":"uts"}'
run true
errs

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

# --- IntelRdt

it "config-linux.md/IntelRdt: without a mounted resctrl MUST be an error"
linux=',"intelRdt":{"closID":"guaranteed_group","l3CacheSchema":"L3:0=7f0;1=1f"}'
if grep -q ' - resctrl ' /proc/self/mountinfo; then skipped "resctrl is mounted here"; else run true; errs; fi

# --- Sysctl

it "config-linux.md/Sysctl: of the network namespace"
linux=',"sysctl":{"net.ipv4.ip_forward":"1","net.core.somaxconn":"256"}'
run 'cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/core/somaxconn'
is "1
256"
it "config-linux.md/Sysctl: of the IPC namespace"
linux=',"sysctl":{"kernel.shmmax":"4096","fs.mqueue.msg_max":"33"}'
before=$(cat /proc/sys/kernel/shmmax)
run 'cat /proc/sys/kernel/shmmax /proc/sys/fs/mqueue/msg_max'
is "4096
33"
also "config-linux.md/Sysctl: the machine's own is unchanged"
out=$(cat /proc/sys/kernel/shmmax)
is "$before"
it "config-linux.md/Sysctl: one that is not there: an error"
linux=',"sysctl":{"net.nosuch":"1"}'
run true
errs
it "config-linux.md/Sysctl: a value the kernel refuses: an error"
linux=',"sysctl":{"net.core.somaxconn":"many"}'
run true
errs

# --- Seccomp

seccomp() { linux=",\"seccomp\":{\"defaultAction\":\"$1\",\"architectures\":[\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86\",\"SCMP_ARCH_X32\"],\"syscalls\":[$2]${3:-}}"; }
mkdirs() { printf '{"names":["mkdir","mkdirat"],"action":"%s"%s}' "$1" "${2:-}"; }
it "config-linux.md/Seccomp: errnoRet defaults to EPERM"
seccomp SCMP_ACT_ALLOW "$(mkdirs SCMP_ACT_ERRNO)"
run 'mkdir /tmp/d; rmdir /tmp/d; grep Seccomp: /proc/self/status'
says "mkdir: can't create directory '/tmp/d': Operation not permitted"
also "config-linux.md/Seccomp: a filter is on"
line '^Seccomp:.2$'
it "config-linux.md/Seccomp: errnoRet"
seccomp SCMP_ACT_ALLOW "$(mkdirs SCMP_ACT_ERRNO ',"errnoRet":28')"
run 'mkdir /tmp/d'
says "No space left on device"
it "config-linux.md/Seccomp: SCMP_ACT_TRACE without a tracer"
seccomp SCMP_ACT_ALLOW "$(mkdirs SCMP_ACT_TRACE)"
run 'mkdir /tmp/d'
says "Function not implemented"
for a in SCMP_ACT_ALLOW SCMP_ACT_LOG; do
	it "config-linux.md/Seccomp: $a"
	seccomp SCMP_ACT_ALLOW "$(mkdirs $a)"
	run 'mkdir /tmp/d && rmdir /tmp/d && echo made'
	is made
done
for a in SCMP_ACT_KILL SCMP_ACT_KILL_PROCESS SCMP_ACT_KILL_THREAD SCMP_ACT_TRAP; do
	it "config-linux.md/Seccomp: $a"
	seccomp SCMP_ACT_ALLOW "$(mkdirs $a)"
	run 'mkdir /tmp/d; echo "mkdir=$?"; rmdir /tmp/d 2>/dev/null'
	value_is mkdir 159
done
it "config-linux.md/Seccomp: defaultErrnoRet"
names='"read","write","open","openat","close","stat","fstat","lstat","newfstatat","statx","poll","lseek","mmap","mprotect","munmap","brk","rt_sigaction","rt_sigprocmask","rt_sigreturn","ioctl","access","dup","dup2","dup3","fcntl","getpid","getppid","clone","clone3","fork","vfork","execve","exit","exit_group","wait4","uname","getcwd","chdir","umask","getuid","getgid","geteuid","getegid","setuid","setgid","setgroups","arch_prctl","set_tid_address","set_robust_list","rseq","prlimit64","getrandom","readlink","readlinkat","futex","capset","capget","prctl","readv","writev","faccessat","faccessat2","rmdir","unlink","sigaltstack","pipe","pipe2","sched_getaffinity","time","gettimeofday","clock_gettime","getresuid","getresgid","setresuid","setresgid","chown","fchown","setsid","seccomp","tgkill","gettid","nanosleep","clock_nanosleep","fchdir","lchown","close_range","mremap","madvise","sched_yield","sysinfo","setpgid","getpgrp","getpgid"'
seccomp SCMP_ACT_ERRNO "{\"names\":[$names],\"action\":\"SCMP_ACT_ALLOW\"}" ',"defaultErrnoRet":122'
run 'mkdir /tmp/d'
line 'quota'
it "config-linux.md/Seccomp: errnoRet with an action that has none MUST be an error"
seccomp SCMP_ACT_ALLOW "$(mkdirs SCMP_ACT_KILL_PROCESS ',"errnoRet":28')"
run true
errs
it "config-linux.md/Seccomp: defaultErrnoRet with an action that has none MUST be an error"
seccomp SCMP_ACT_ALLOW "$(mkdirs SCMP_ACT_ERRNO)" ',"defaultErrnoRet":28'
run true
errs
it "config-linux.md/Seccomp: names MUST have at least one entry"
seccomp SCMP_ACT_ALLOW '{"names":[],"action":"SCMP_ACT_ERRNO"}'
run true
errs
it "config-linux.md/Seccomp: action is REQUIRED"
seccomp SCMP_ACT_ALLOW '{"names":["mkdir"]}'
run true
errs
it "config-linux.md/Seccomp: defaultAction is REQUIRED"
linux=',"seccomp":{"syscalls":[]}'
run true
errs
for w in '"defaultAction":"SCMP_ACT_NOSUCH"' '"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_NOSUCH"]' '"defaultAction":"SCMP_ACT_ALLOW","flags":["SECCOMP_FILTER_FLAG_NOSUCH"]' \
	'"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir"],"action":"SCMP_ACT_ERRNO","args":[{"index":0,"value":1,"op":"SCMP_CMP_NOSUCH"}]}]' \
	'"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir"],"action":"SCMP_ACT_ERRNO","args":[{"index":6,"value":1,"op":"SCMP_CMP_EQ"}]}]'; do
	it "config-linux.md/Seccomp: an error for $w"
	linux=",\"seccomp\":{$w}"
	run true
	errs
done
it "config-linux.md/Seccomp: a system call that nobody knows is passed over"
seccomp SCMP_ACT_ALLOW '{"names":["no_such_call_at_all"],"action":"SCMP_ACT_ERRNO"}'
run 'echo runs'
line '^runs$'
it "config-linux.md/Seccomp: every architecture of the list"
list=
for a in X86 X86_64 X32 ARM AARCH64 MIPS MIPS64 MIPS64N32 MIPSEL MIPSEL64 MIPSEL64N32 PPC PPC64 PPC64LE S390 S390X PARISC PARISC64 RISCV64; do list="$list,\"SCMP_ARCH_$a\""; done
linux=",\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[${list#,}],\"syscalls\":[$(mkdirs SCMP_ACT_ERRNO)]}"
run 'mkdir /tmp/d 2>/dev/null || echo refused'
is refused
for f in SECCOMP_FILTER_FLAG_TSYNC SECCOMP_FILTER_FLAG_LOG SECCOMP_FILTER_FLAG_SPEC_ALLOW; do
	it "config-linux.md/Seccomp: $f"
	seccomp SCMP_ACT_ALLOW "$(mkdirs SCMP_ACT_ERRNO)" ",\"flags\":[\"$f\"]"
	run 'mkdir /tmp/d 2>/dev/null || echo refused'
	is refused
done
# Which of the signals 0, 18 and 23 can be sent: none of them does anything.
while read -r op value two want; do
	it "config-linux.md/Seccomp: $op"
	seccomp SCMP_ACT_ALLOW "{\"names\":[\"kill\"],\"action\":\"SCMP_ACT_ERRNO\",\"args\":[{\"index\":1,\"value\":$value,\"valueTwo\":$two,\"op\":\"$op\"}]}"
	run 'for s in 0 18 23; do if kill -$s 1 2>/dev/null; then printf y; else printf n; fi; done'
	is "$want"
done <<-END
	SCMP_CMP_NE 18 0 nyn
	SCMP_CMP_LT 18 0 nyy
	SCMP_CMP_LE 18 0 nny
	SCMP_CMP_EQ 18 0 yny
	SCMP_CMP_GE 18 0 ynn
	SCMP_CMP_GT 18 0 yyn
	SCMP_CMP_MASKED_EQ 1 1 yyn
END
it "config-linux.md/Seccomp: all args of a rule must match"
seccomp SCMP_ACT_ALLOW '{"names":["kill"],"action":"SCMP_ACT_ERRNO","args":[{"index":0,"value":1,"op":"SCMP_CMP_EQ"},{"index":1,"value":18,"op":"SCMP_CMP_EQ"}]}'
run 'for s in 0 18 23; do if kill -$s 1 2>/dev/null; then printf y; else printf n; fi; done'
is yny
it "config-linux.md/Seccomp: the filter is on with noNewPrivileges and an ordinary user too"
seccomp SCMP_ACT_ALLOW "$(mkdirs SCMP_ACT_ERRNO)"
process=',"noNewPrivileges":true' user='{"uid":1000,"gid":1000}'
run 'mkdir /tmp/d 2>/dev/null || echo refused'
is refused
it "config-linux.md/Seccomp: listenerMetadata MUST NOT be set without listenerPath"
seccomp SCMP_ACT_ALLOW "$(mkdirs SCMP_ACT_ERRNO)" ',"listenerMetadata":"x"'
run true
errs
it "config-linux.md/Seccomp: SCMP_ACT_NOTIFY without listenerPath: an error"
seccomp SCMP_ACT_ALLOW "$(mkdirs SCMP_ACT_NOTIFY)"
run true
errs
it "config-linux.md/Seccomp: listenerPath that cannot be reached MUST be an error"
seccomp SCMP_ACT_ALLOW "$(mkdirs SCMP_ACT_NOTIFY)" ",\"listenerPath\":\"$TEST_TMP/no.socket\""
run true
errs
it "config-linux.md/Seccomp: listenerPath is ignored without SCMP_ACT_NOTIFY"
seccomp SCMP_ACT_ALLOW "$(mkdirs SCMP_ACT_ERRNO)" ",\"listenerPath\":\"$TEST_TMP/no.socket\""
run 'echo runs'
is runs

# receiver.c prints the state that came, how many descriptors with it, and how the connection ended; mkdir then fails with EXDEV.
listener_names="The Container Process State: sent as JSON, with ociVersion
The Container Process State: fds has seccompFd
The Container Process State: pid is the container's process
The Container Process State: metadata
The Container Process State: state is that of the container
The Container Process State: exactly one descriptor by SCM_RIGHTS
Seccomp: the connection MUST be closed after one state
Seccomp: the agent answers"
if [ -x "${SPEC_RECEIVER:-}" ]; then
	it "config-linux.md/The Container Process State: sent as JSON, with ociVersion"
	"$SPEC_RECEIVER" seccomp "$TEST_TMP/agent" >"$TEST_TMP/agent.out" 2>&1 &
	receiver=$!
	until_true 10 test -S "$TEST_TMP/agent"
	seccomp SCMP_ACT_ALLOW "$(mkdirs SCMP_ACT_NOTIFY)" ",\"listenerPath\":\"$TEST_TMP/agent\",\"listenerMetadata\":\"the metadata\""
	run 'mkdir /tmp/d'
	said=$out
	kill $receiver 2>/dev/null
	wait $receiver 2>/dev/null
	out=$(tr -d '\n' <"$TEST_TMP/agent.out" | sed 's/ *\([{}:,"[]\) */\1/g')
	says '"ociVersion":"1.'
	also "config-linux.md/The Container Process State: fds has seccompFd"
	says '"fds":["seccompFd"'
	also "config-linux.md/The Container Process State: pid is the container's process"
	says '"pid":'
	also "config-linux.md/The Container Process State: metadata"
	says '"metadata":"the metadata"'
	also "config-linux.md/The Container Process State: state is that of the container"
	says "\"id\":\"$id\",\"status\":\"creat"
	also "config-linux.md/The Container Process State: exactly one descriptor by SCM_RIGHTS"
	says "descriptors=1 "
	also "config-linux.md/Seccomp: the connection MUST be closed after one state"
	says "end=closed"
	also "config-linux.md/Seccomp: the agent answers"
	out=$said
	says "Invalid cross-device link"
else
	echo "$listener_names" | while read -r n; do echo "ok config-linux.md/$n # SKIP receiver.c is not compiled"; done
fi

# --- Rootfs Mount Propagation

# A root of its own on a mount that is shared, so that "slave" can be seen.
mkdir -p "$TEST_TMP/mnt"
mount -t tmpfs rootfs "$TEST_TMP/mnt"
mount --make-shared "$TEST_TMP/mnt"
make_rootfs "$TEST_TMP/mnt/rootfs"
for p in shared slave private unbindable rshared rslave rprivate runbindable; do
	it "config-linux.md/Rootfs Mount Propagation: $p"
	root="{\"path\":\"$TEST_TMP/mnt/rootfs\"}" linux=",\"rootfsPropagation\":\"$p\""
	printf '%s\n' 'sed -n "s,^[^ ]* [^ ]* [^ ]* [^ ]* / [^ ]* \(.*\)- .*,is \1,p" /proc/self/mountinfo' >"$TEST_TMP/mnt/rootfs/check"
	run
	case ${p#r}:$out in
	"shared:is "*shared:* | "slave:is "*master:* | "private:is " | "unbindable:is unbindable "*) pass ;;
	*) fail ;;
	esac
done
it "config-linux.md/Rootfs Mount Propagation: an unknown value: an error"
linux=',"rootfsPropagation":"sideways"'
run true
errs
umount "$TEST_TMP/mnt"

# --- Masked Paths, Readonly Paths

it "config-linux.md/Masked Paths: cannot be read"
mkdir -p "$ROOTFS/srv/secret"
echo secret | tee "$ROOTFS/srv/secret/file" >"$ROOTFS/srv/one"
linux=',"maskedPaths":["/srv/secret","/srv/one","/proc/keys","/no/such/path"],"readonlyPaths":["/proc/sys","/etc","/no/such/path","/srv"]'
run 'echo "dir=$(ls -A /srv/secret)."; echo "file=$(cat /srv/one)."; echo "proc=$(cat /proc/keys)."; (echo x >/srv/secret/new) 2>&1; (echo x >/etc/new) 2>&1; (echo x >/proc/sys/kernel/domainname) 2>&1; cat /etc/passwd | head -n 1'
value_is dir .
also "config-linux.md/Masked Paths: a file"
value_is file .
also "config-linux.md/Masked Paths: a file of /proc"
value_is proc .
also "config-linux.md/Masked Paths: a path that is not there is passed over"
succeeds
also "config-linux.md/Masked Paths: nothing can be put there"
says "can't create /srv/secret/new: "
also "config-linux.md/Readonly Paths: a directory"
says "can't create /etc/new: Read-only file system"
also "config-linux.md/Readonly Paths: of /proc"
says "can't create /proc/sys/kernel/domainname: Read-only file system"
also "config-linux.md/Readonly Paths: can be read"
says "root:x:0:0"
it "config-linux.md/Masked Paths: MUST be absolute"
linux=',"maskedPaths":["srv/one"]'
run true
errs
it "config-linux.md/Readonly Paths: MUST be absolute"
linux=',"readonlyPaths":["srv"]'
run true
errs
rm -r "$ROOTFS/srv/secret" "$ROOTFS/srv/one"

# --- Personality, memory policy

it "config-linux.md/Personality: LINUX32"
linux=',"personality":{"domain":"LINUX32"}'
run 'uname -m'
is i686
it "config-linux.md/Personality: LINUX"
linux=',"personality":{"domain":"LINUX"}'
run 'uname -m'
is "$(uname -m)"
it "config-linux.md/Personality: an unknown domain: an error"
linux=',"personality":{"domain":"LINUX64"}'
run true
errs
it "config-linux.md/Personality: flags, of which none is supported: an error"
linux=',"personality":{"domain":"LINUX","flags":["ADDR_NO_RANDOMIZE"]}'
run true
errs
it "config-linux.md/Memory policy"
linux=',"memoryPolicy":{"mode":"MPOL_INTERLEAVE","nodes":"0"}'
if [ ! -e /proc/self/numa_maps ]; then
	skipped "this kernel has no memory policies"
else
	run 'head -n 1 /proc/self/numa_maps'
	says "interleave:0"
fi
it "config-linux.md/Memory policy: an unknown mode: an error"
linux=',"memoryPolicy":{"mode":"MPOL_NOSUCH","nodes":"0"}'
run true
errs

finish_spec config-linux.md
