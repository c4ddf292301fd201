#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The OCI runtime-spec 1.3, config-linux.md: namespaces, devices, sysctl, propagation, masked paths, personality. POSIX sh: it runs in a guest too.
# shellcheck shell=sh disable=SC2034,SC2154,SC2016,SC2119,SC2254,SC2317,SC3043,SC3045
set -u
. "$TOP/tests/conformance/lib-spec.sh"

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
it "config-linux.md/Offset for Time Namespace: a clock that has none: an error"
namespaces="$ALL_NAMESPACES,{\"type\":\"time\"}" linux=',"timeOffsets":{"realtime":{"secs":7}}'
run true
errs realtime
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
	ip link set slipwayt0 mtu 1400
	address=$(cat /sys/class/net/slipwayt0/address)
	ip addr add 192.0.2.7/24 dev slipwayt0
	ip addr add 198.51.100.9/24 scope link dev slipwayt0
	ip -6 addr add 2001:db8::7/64 dev slipwayt0 2>/dev/null
	# More than anybody would count on.
	for n in 1 2 3 4 5 6 7; do for m in 1 2 3 4 5 6 7 8 9 10; do ip addr add 203.0.$n.$m/24 dev slipwayt0; done; done
	run 'ip addr show dev inside0; echo "mtu=$(cat /sys/class/net/inside0/mtu)"; echo "mac=$(cat /sys/class/net/inside0/address)"'
	line '^[0-9]+: inside0'
	also "config-linux.md/Network Devices: permanent global addresses MUST be preserved"
	says "inet 192.0.2.7/24"
	also "config-linux.md/Network Devices: of any family"
	if [ -e /proc/net/if_inet6 ]; then says "inet6 2001:db8::7/64"; else skipped "this kernel has no IPv6"; fi
	also "config-linux.md/Network Devices: all of them"
	holds test "$(printf '%s\n' "$out" | grep -c 'inet 203\.0\.')" -eq 70
	also "config-linux.md/Network Devices: and those that are not for all to reach are not"
	lacks 198.51.100.9
	also "config-linux.md/Network Devices: attributes MUST be preserved, the MTU"
	value_is mtu 1400
	also "config-linux.md/Network Devices: attributes MUST be preserved, the hardware's address"
	value_is mac "$address"
	also "config-linux.md/Network Devices: MUST be set up"
	line '^[0-9]+: inside0.*[<,]UP[,>]'
	also "config-linux.md/Network Devices: MUST NOT be moved out again"
	holds test ! -e /sys/class/net/slipwayt0 -a ! -e /sys/class/net/inside0
	it "config-linux.md/Network Devices: without a name, it keeps its own"
	new_device slipwayt0
	linux=',"netDevices":{"slipwayt0":{}}'
	run 'cat /sys/class/net/slipwayt0/ifindex >/dev/null && echo there'
	is there
	it "config-linux.md/Network Devices: a name that is taken MUST be an error"
	new_device slipwayt0
	linux=',"netDevices":{"slipwayt0":{"name":"lo"}}'
	run true
	errs
	also "config-linux.md/Network Devices: and the device stays"
	holds test -e /sys/class/net/slipwayt0
	for w in '"slipwayt0":{},"slipwayt1":{}' '"slipwayt0":{"name":"x%dy%d"}' '"slipwayt0":{"name":"a/b"}' '"slipwayt0":{"name":"longer-than-a-name-may-be"}'; do
		it "config-linux.md/Network Devices: what cannot be moved is found before any is: $w"
		linux=",\"netDevices\":{$w}"
		run true
		errs netDevices
		also "config-linux.md/Network Devices: and all stay with $w"
		holds test -e /sys/class/net/slipwayt0
	done
	it "config-linux.md/Network Devices: a mount that fails leaves them where they were (runtime.md, Errors)"
	linux=',"netDevices":{"slipwayt0":{}}' more_mounts=',{"destination":"/m/x","type":"nosuchfs","source":"x"}'
	run true
	if [ -e /sys/class/net/slipwayt0 ]; then errs nosuchfs; else fail; fi
	it "config-linux.md/Network Devices: two that want one name: an error"
	new_device slipwayt1
	linux=',"netDevices":{"slipwayt0":{"name":"one"},"slipwayt1":{"name":"one"}}'
	run true
	errs
	also "config-linux.md/Network Devices: and both stay"
	holds test -e /sys/class/net/slipwayt0 -a -e /sys/class/net/slipwayt1
	it "config-linux.md/Network Devices: a template gets a number"
	linux=',"netDevices":{"slipwayt0":{"name":"net%d"},"slipwayt1":{"name":"net%d"}}'
	run 'cat /sys/class/net/net0/ifindex /sys/class/net/net1/ifindex >/dev/null && echo there'
	is there
	it "config-linux.md/Network Devices: into a namespace that is there, in which they MUST be left when the container is deleted"
	new_device slipwayt0
	"$BUSYBOX" unshare -n sleep 1000 &
	holder=$!
	until_true 10 is_other $holder net
	linux=',"netDevices":{"slipwayt0":{"name":"kept0"}}' namespaces="{\"type\":\"network\",\"path\":\"/proc/$holder/ns/net\"},{\"type\":\"mount\"},{\"type\":\"pid\"}" top=
	detach 'exec sleep 100'
	gone
	out=$("$BUSYBOX" nsenter -t $holder -n ip link show dev kept0 2>&1)
	line '^[0-9]+: kept0'
	kill $holder
	wait $holder 2>/dev/null
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

# --- IntelRdt

it "config-linux.md/IntelRdt: without a mounted resctrl MUST be an error"
linux=',"intelRdt":{"closID":"guaranteed_group","l3CacheSchema":"L3:0=7f0;1=1f"}'
if grep -q ' - resctrl ' /proc/self/mountinfo; then skipped "resctrl is mounted here"; else run true; errs; fi

# "Valid values" of config.md: what is not supported MUST be an error, and the features say that it is not.
for w in '{}' '{"closID":"/"}' '{"l3CacheSchema":"L3:0=7f0"}' '{"memBwSchema":"MB:0=20"}' '{"schemata":["L2:0=f"]}' '{"enableMonitoring":true}'; do
	it "config-linux.md/IntelRdt: not supported, so $w MUST be an error"
	linux=",\"intelRdt\":$w"
	if supports '"intelRdt":{"enabled":true'; then skipped "it is supported"; else run true; errs intelRdt; fi
done

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
it "config-linux.md/Sysctl: the host name has a field of its own: an error"
linux=',"sysctl":{"kernel.hostname":"other"}'
run true
errs "conflicts with the OCI"
it "config-linux.md/Sysctl: one that is not there: an error"
linux=',"sysctl":{"net.nosuch":"1"}'
run true
errs
it "config-linux.md/Sysctl: a value the kernel refuses: an error"
linux=',"sysctl":{"net.core.somaxconn":"many"}'
run true
errs

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
# What numa_maps(5) says of each mode; one that this kernel does not have yet must say so.
while read -r mode nodes flags said; do
	it "config-linux.md/Memory policy: $mode $flags"
	[ "$nodes" != - ] || nodes=
	[ "$flags" != - ] || flags=
	linux=",\"memoryPolicy\":{\"mode\":\"$mode\",\"nodes\":\"$nodes\",\"flags\":[${flags:+\"$flags\"}]}"
	if [ ! -e /proc/self/numa_maps ]; then skipped "this kernel has no memory policies"; continue; fi
	run 'head -n 1 /proc/self/numa_maps'
	case $out in *"linux.memoryPolicy: cannot set the mode '$mode': Invalid argument"*) skipped "this kernel has no such mode" ;; *) says " $said" ;; esac
done <<-END
	MPOL_DEFAULT - - default
	MPOL_BIND 0 - bind:0
	MPOL_INTERLEAVE 0 - interleave:0
	MPOL_WEIGHTED_INTERLEAVE 0 - weighted interleave:0
	MPOL_PREFERRED 0 - prefer:0
	MPOL_PREFERRED_MANY 0 - prefer (many):0
	MPOL_LOCAL - - local
	MPOL_BIND 0 MPOL_F_STATIC_NODES bind=static:0
	MPOL_BIND 0 MPOL_F_RELATIVE_NODES bind=relative:0
	MPOL_BIND 0 MPOL_F_NUMA_BALANCING bind
END
for w in '"mode":"MPOL_NOSUCH","nodes":"0"' '"mode":"MPOL_BIND"' '"mode":"MPOL_DEFAULT","nodes":"0"' '"mode":"MPOL_BIND","nodes":"0","flags":["MPOL_F_NOSUCH"]' '"mode":"MPOL_BIND","nodes":"zero"'; do
	it "config-linux.md/Memory policy: an error for $w"
	linux=",\"memoryPolicy\":{$w}"
	run true
	errs memoryPolicy
done
it "config-linux.md/Mount Label: where it cannot be applied MUST be an error"
linux=',"mountLabel":"no:such:label:s0"'
if [ -e /sys/fs/selinux/enforce ]; then skipped "SELinux is on here"; else run true; errs; fi

finish_spec config-linux.md
