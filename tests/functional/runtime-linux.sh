#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What few configs ask for: scheduling, time, mappings of mounts, network devices, limits of rare controllers, notifications.
set -u
. "$TOP/tests/functional/lib-runtime.sh"

in_c() { out=$(rt exec "$@" 2>&1 </dev/null); status=$?; }
started() { rt run --detach --bundle "$TEST_TMP/$1" "$1" >"$TEST_TMP/said" 2>&1 </dev/null || not_ok "$1 is started" "$(cat "$TEST_TMP/said")"; }

# --- scheduler, ioPriority
PROCESS=',"scheduler":{"policy":"SCHED_BATCH","nice":7,"flags":["SCHED_FLAG_RESET_ON_FORK"]},"ioPriority":{"class":"IOPRIO_CLASS_BE","priority":6}' \
	bundle sched sh -c 'cut -d" " -f41 /proc/1/stat; cut -d" " -f19 /proc/1/stat; ionice -p 1'
run sched
exactly "scheduler and ioPriority: policy, nice, class and priority" "3
7
best-effort: prio 6"
PROCESS=',"scheduler":{"policy":"SCHED_IDLE"},"ioPriority":{"class":"IOPRIO_CLASS_IDLE","priority":0}' bundle sched sh -c 'cut -d" " -f41 /proc/1/stat; ionice -p 1'
run sched
exactly "scheduler and ioPriority: idle" "5
idle"
PROCESS=',"scheduler":{"policy":"SCHED_NO"}' bundle sched true
run sched
refused "scheduler: an unknown policy" "process.scheduler: unknown policy 'SCHED_NO'"
PROCESS=',"scheduler":{"policy":"SCHED_OTHER","flags":["SCHED_FLAG_NO"]}' bundle sched true
run sched
refused "scheduler: an unknown flag" "process.scheduler: unknown flag 'SCHED_FLAG_NO'"
PROCESS=',"scheduler":{"policy":"SCHED_OTHER","nice":-21}' bundle sched true
run sched
refused "scheduler: nice out of range" "nice goes from -20 to 19, not -21"
PROCESS=',"scheduler":{"policy":"SCHED_OTHER","priority":5}' bundle sched true
run sched
refused "scheduler: a priority without real time" "priority is only for SCHED_FIFO and SCHED_RR"
PROCESS=',"scheduler":{"policy":"SCHED_FIFO","priority":5,"runtime":5}' bundle sched true
run sched
refused "scheduler: a deadline without its policy" "only for SCHED_DEADLINE"
PROCESS=',"scheduler":{"policy":"SCHED_ISO"}' bundle sched true
run sched
refused "scheduler: a policy that the kernel does not have" "process.scheduler: cannot set the policy 'SCHED_ISO'"
PROCESS=',"ioPriority":{"class":"IOPRIO_CLASS_BE","priority":8}' bundle sched true
run sched
refused "ioPriority: out of range" "priority goes from 0 to 7, not 8"
PROCESS=',"ioPriority":{"class":"IOPRIO_CLASS_X","priority":0}' bundle sched true
run sched
refused "ioPriority: an unknown class" "process.ioPriority: unknown class 'IOPRIO_CLASS_X'"

# --- execCPUAffinity
cpus=$(grep Cpus_allowed_list /proc/self/status | cut -f2)
last=${cpus##*[,-]}
bundle bound grep Cpus_allowed_list /proc/self/status
out=$(taskset -c 0 "$RUNTIME" --root "$STATE" run --bundle "$TEST_TMP/bound" bound 2>&1)
exactly "CPUs: not those that the caller is bound to" "Cpus_allowed_list:	$cpus"
PROCESS=',"execCPUAffinity":{"initial":"'$last'","final":"'$last'"}' bundle affinity sh -c 'grep Cpus_allowed_list /proc/self/status >/tmp/first; exec sleep 1000'
started affinity
in_c affinity cat /tmp/first
exactly "execCPUAffinity: not for the first process" "Cpus_allowed_list:	$cpus"
in_c affinity grep Cpus_allowed_list /proc/self/status
exactly "execCPUAffinity: of the container" "Cpus_allowed_list:	$last"
process() { printf '{"args":["sh","-c","%s"],"cwd":"/","env":["PATH=/bin"]%s}' "${1//\"/\\\"}" "$2" >"$TEST_TMP/process.json"; }
process 'grep Cpus_allowed_list /proc/self/status' ',"execCPUAffinity":{"final":"0"}'
in_c --process "$TEST_TMP/process.json" affinity
exactly "execCPUAffinity: of the process, in the cgroup" "Cpus_allowed_list:	0"
process true ',"execCPUAffinity":{"initial":"0-"}'
in_c --process "$TEST_TMP/process.json" affinity
says "execCPUAffinity: not a list" "process.execCPUAffinity.initial: expected a list like '0-3,7', got '0-'"
process true ',"execCPUAffinity":{"initial":"4095"}'
in_c --process "$TEST_TMP/process.json" affinity
says "execCPUAffinity: a CPU that is not there" "cannot use the CPUs '4095'"
process 'cut -d" " -f41 /proc/$$/stat; ionice -p $$' ',"scheduler":{"policy":"SCHED_BATCH"},"ioPriority":{"class":"IOPRIO_CLASS_BE","priority":5}'
in_c --process "$TEST_TMP/process.json" affinity
exactly "exec: scheduler and ioPriority" "3
best-effort: prio 5"
rt delete -f affinity

# --- personality
LINUX=',"personality":{"domain":"LINUX32"}' bundle pers sh -c 'uname -m >/tmp/m; exec sleep 1000'
started pers
case $(uname -m) in x86_64) other=i686 ;; aarch64) other=armv8l ;; *) other=$(uname -m) ;; esac
in_c pers sh -c 'cat /tmp/m; uname -m'
exactly "personality: of the container, and of who joins it" "$other
$other"
rt delete -f pers
LINUX=',"personality":{"domain":"LINUX","flags":["ADDR_NO_RANDOMIZE"]}' bundle pers true
run pers
refused "personality: flags" "linux.personality: the flag 'ADDR_NO_RANDOMIZE' is not supported"

# --- memoryPolicy
if [ -e /sys/devices/system/node/node0 ]; then
	LINUX=',"memoryPolicy":{"mode":"MPOL_BIND","nodes":"0","flags":["MPOL_F_STATIC_NODES"]}' bundle numa head -n 1 /proc/self/numa_maps
	run numa
	says "memoryPolicy: mode, nodes and flags" "bind=static:0"
	LINUX=',"memoryPolicy":{"mode":"MPOL_INTERLEAVE","nodes":"0-0,0"}' bundle numa head -n 1 /proc/self/numa_maps
	run numa
	says "memoryPolicy: another mode" "interleave:0"
	LINUX=',"memoryPolicy":{"mode":"MPOL_LOCAL"}' bundle numa head -n 1 /proc/self/numa_maps
	run numa
	says "memoryPolicy: without nodes" "local"
	LINUX=',"memoryPolicy":{"mode":"MPOL_BIND","nodes":"1023"}' bundle numa true
	run numa
	refused "memoryPolicy: a node that is not there" "linux.memoryPolicy: cannot set the mode 'MPOL_BIND'"
fi
LINUX=',"memoryPolicy":{"mode":"MPOL_X"}' bundle numa true
run numa
refused "memoryPolicy: an unknown mode" "linux.memoryPolicy: unknown mode 'MPOL_X'"
LINUX=',"memoryPolicy":{"mode":"MPOL_BIND","nodes":"a"}' bundle numa true
run numa
refused "memoryPolicy: nodes that are not a list" "linux.memoryPolicy: nodes: expected a list like '0-3,7', got 'a'"
LINUX=',"memoryPolicy":{"mode":"MPOL_BIND","nodes":"0","flags":["MPOL_F_X"]}' bundle numa true
run numa
refused "memoryPolicy: an unknown flag" "linux.memoryPolicy: unknown flag 'MPOL_F_X'"

# --- time namespace
uptime_is() { awk -v up="${1%.*}" -v host="$(cut -d. -f1 /proc/uptime)" -v by="$2" 'BEGIN { d = up - host - by; exit !(d > -30 && d < 30) }'; }
if [ -e /proc/self/timens_offsets ]; then
	NAMESPACES=$ALL_NAMESPACES',{"type":"time"}' LINUX=',"timeOffsets":{"monotonic":{"secs":86400,"nanosecs":5},"boottime":{"secs":604800}}' \
		bundle time sh -c 'cat /proc/self/timens_offsets | tr -s " "; readlink /proc/self/ns/time; cut -d" " -f1 /proc/uptime; exec sleep 1000'
	rt run --detach --bundle "$TEST_TMP/time" time >"$TEST_TMP/out" 2>&1 </dev/null
	until_true 10 eval '[ "$(wc -l <"$TEST_TMP/out")" -eq 4 ]'
	out=$(cat "$TEST_TMP/out")
	says "timeOffsets: are those of the config" "monotonic 86400 5
boottime 604800 0"
	check "timeOffsets: are what the program sees" uptime_is "$(tail -n 1 <<<"$out")" 604800
	case $out in *"$(readlink /proc/self/ns/time)"*) not_ok "namespaces: a time namespace of its own" "$out" ;; *) ok "namespaces: a time namespace of its own" ;; esac
	own=$(sed -n 3p <<<"$out")
	in_c time sh -c 'readlink /proc/self/ns/time; cut -d" " -f1 /proc/uptime'
	same "exec: in the container's time namespace" "$own" "$(head -n 1 <<<"$out")"
	check "exec: sees its clocks" uptime_is "$(tail -n 1 <<<"$out")" 604800
	rt delete -f time
	NAMESPACES=$ALL_NAMESPACES',{"type":"time"},{"type":"user"}' LINUX=',"uidMappings":[{"containerID":0,"hostID":100000,"size":65536}],"gidMappings":[{"containerID":0,"hostID":100000,"size":65536}],"timeOffsets":{"boottime":{"secs":604800}}' \
		bundle time cut -d' ' -f1 /proc/uptime
	chown -R 100000:100000 "$TEST_TMP/time/rootfs"
	chmod 755 "$TEST_TMP" "$TEST_TMP/time"
	run time
	check "timeOffsets: in a user namespace" uptime_is "$out" 604800
	NAMESPACES=$ALL_NAMESPACES',{"type":"time"}' LINUX=',"timeOffsets":{"boottime":{"secs":-9000000000}}' bundle time true
	run time
	refused "timeOffsets: what the kernel does not take" "linux.timeOffsets: cannot set the clock 'boottime' to -9000000000 s and 0 ns"
fi
LINUX=',"timeOffsets":{"boottime":{"secs":1}}' bundle time true
run time
refused "timeOffsets: without a time namespace" "linux.timeOffsets need a new time namespace"

# --- id-mapped mounts
mkdir -p "$TEST_TMP/data/below"
# mapped MAPPINGS OPTION...: a bundle that looks at the two files
mapped()
{
	local mappings=$1
	shift
	MORE_MOUNTS=',{"destination":"/srv/m","type":"bind","source":"'$TEST_TMP/data'","options":['$(quoted "$@")']'$mappings'}' \
		bundle map stat -c %u:%g /srv/m/file /srv/m/below/file
	run map
}
MAP=',"uidMappings":[{"containerID":0,"hostID":1000,"size":100}],"gidMappings":[{"containerID":0,"hostID":2000,"size":100}]'
mapped "" rbind ridmap
refused "mounts: idmap without mappings" "mounts[4]: '/srv/m': an id-mapped mount needs uidMappings and gidMappings, or a user namespace"
mapped ',"uidMappings":[{"containerID":0,"hostID":1000,"size":100}]' rbind idmap
refused "mounts: uidMappings alone" "uidMappings and gidMappings go together"
mapped "$MAP" bind remount
refused "mounts: a remount cannot be id-mapped" "a remount cannot be id-mapped"
MORE_MOUNTS=',{"destination":"/srv/m","type":"tmpfs","source":"tmpfs","options":["idmap"]'$MAP'}' bundle map true
run map
refused "mounts: only binds can be id-mapped" "id-mapped mounts are only supported for bind mounts"
MORE_MOUNTS=',{"destination":"/srv/m","type":"bind","source":"/proc","options":["bind"]'$MAP'}' bundle map true
run map
refused "mounts: a file system that cannot" "cannot map the ids of '/proc'"
mount -t tmpfs below "$TEST_TMP/data/below"
touch "$TEST_TMP/data/file" "$TEST_TMP/data/below/file"
chown 5:6 "$TEST_TMP/data/file" "$TEST_TMP/data/below/file"
mapped "$MAP" rbind
exactly "mounts: mappings" "1005:2006
5:6"
mapped "$MAP" rbind idmap ro nodev
exactly "mounts: idmap" "1005:2006
5:6"
mapped "$MAP" rbind ridmap
exactly "mounts: ridmap reaches mounts below" "1005:2006
1005:2006"
HIGH='"uidMappings":[{"containerID":0,"hostID":100000,"size":65536}],"gidMappings":[{"containerID":0,"hostID":100000,"size":65536}]'
NAMESPACES=$ALL_NAMESPACES',{"type":"user"}' LINUX=,$HIGH mapped "" rbind ridmap ro
chown -R 100000:100000 "$TEST_TMP/map/rootfs"
chmod 755 "$TEST_TMP" "$TEST_TMP/map"
NAMESPACES=$ALL_NAMESPACES',{"type":"user"}' LINUX=,$HIGH mapped "" rbind ridmap ro
exactly "mounts: ridmap takes the mappings of the user namespace" "5:6
5:6"
NAMESPACES=$ALL_NAMESPACES',{"type":"user"}' LINUX=,$HIGH bundle owner sleep 1000
sed -i 's/"cgroupsPath":"[^"]*"/"cgroupsPath":"\/'$PREFIX'-owner"/' "$TEST_TMP/owner/config.json"
chown -R 100000:100000 "$TEST_TMP/owner/rootfs"
started owner
NAMESPACES=$ALL_NAMESPACES',{"type":"user","path":"/proc/'$(pid_of owner)'/ns/user"}' mapped "" rbind idmap
exactly "mounts: idmap takes the mappings of a user namespace that is joined" "5:6
65534:65534"
rt delete -f owner
umount "$TEST_TMP/data/below"

# --- remounts, and the rest of the mount options
bundle remount true
MORE_MOUNTS=',{"destination":"/srv/t","type":"tmpfs","source":"tmpfs","options":["size=1m"]},
	{"destination":"/srv/t","type":"tmpfs","source":"tmpfs","options":["remount","nosuid","size=2m"]},
	{"destination":"/srv/s","type":"tmpfs","source":"tmpfs","options":["sync","dirsync","lazytime","iversion","nodiratime","noatime","private"]},
	{"destination":"/srv/b","type":"bind","source":"/tmp","options":["bind","nosuid","noexec"]},
	{"destination":"/srv/b","options":["remount","bind","ro","exec"]}' bundle remount grep ' /srv/' /proc/self/mountinfo
run remount
says "mounts: remount changes the mount and the file system" " /srv/t rw,nosuid,relatime - tmpfs tmpfs rw,size=2048k"
says "mounts: options of the file system" "rw,sync,dirsync,lazytime"
says "mounts: and of the mount" " /srv/s rw,noatime,nodiratime "
says "mounts: remount,bind" " /srv/b ro,"
# What a bind's options do not say: as mount(2) has it. Attributes of the mount, and not of the file system.
mkdir "$TEST_TMP/bound-source"
mount -t tmpfs bound "$TEST_TMP/bound-source"
mount -o remount,bind,nosuid,nodev,noexec "$TEST_TMP/bound-source"
bound()	# bound OPTION...: the mount's attributes in the container
{
	MORE_MOUNTS=',{"destination":"/srv/m","type":"bind","source":"'$TEST_TMP/bound-source'","options":['$(quoted "$@")']}' \
		bundle attributes sh -c "grep ' /srv/m ' /proc/self/mountinfo | cut -d ' ' -f 6"
	run attributes
}
bound bind
exactly "mounts: a bind without attributes has those of its source" "rw,nosuid,nodev,noexec,relatime"
bound bind ro rprivate
exactly "mounts: a bind with attributes has these alone" "ro,relatime"
bound bind suid nodev
exactly "mounts: a bind that clears one has the others cleared, too" "rw,nodev,relatime"
NAMESPACES=$ALL_NAMESPACES',{"type":"user"}' LINUX=,$HIGH bound bind ro
exactly "mounts: in a user namespace what was locked stays" "ro,nosuid,nodev,noexec,relatime"
umount "$TEST_TMP/bound-source"
MORE_MOUNTS=',{"destination":"/srv/t","type":"tmpfs","source":"tmpfs"},{"destination":"/srv/t","options":["remount","size=lots"]}' bundle remount true
run remount
refused "mounts: remount with an option that is refused" "mounts[5]: '/srv/t': cannot mount 'remount'"
for option in $("$RUNTIME" features | sed -n '/"mountOptions"/,/\]/s/^ *"\([a-z-]*\)",*$/\1/p' | grep -v '^idmap$\|^ridmap$\|^bind$\|^rbind$\|^remount$\|^mand$'); do
	[ "$option" != mountOptions ] || continue
	MORE_MOUNTS=',{"destination":"/srv/o","type":"tmpfs","source":"tmpfs","options":["'$option'"]}' bundle remount true
	run remount
	[ "$status" -eq 0 ] || not_ok "mounts: the option $option of features" "$out"
done
ok "mounts: the options of features are taken"
for p in unbindable runbindable; do
	LINUX=',"rootfsPropagation":"'$p'"' bundle remount grep ' / / \| / rw' /proc/self/mountinfo
	run remount
	says "root: rootfsPropagation $p" unbindable
done

# --- seccomp: notifications and flags
# seccomp ACTION NAMES MORE: a profile with one rule
seccomp() { printf ',"seccomp":{"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_X86_64","SCMP_ARCH_X86","SCMP_ARCH_AARCH64"]%s,"syscalls":[{"names":[%s],"action":"%s"}]}' "$3" "$2" "$1"; }
for flag in LOG SPEC_ALLOW TSYNC WAIT_KILLABLE_RECV; do
	LINUX=$(seccomp SCMP_ACT_ERRNO '"mkdir","mkdirat"' ',"flags":["SECCOMP_FILTER_FLAG_'$flag'"]') bundle seccomp sh -c 'mkdir /srv/x; grep Seccomp: /proc/self/status'
	run seccomp
	says "seccomp: the flag $flag" "Seccomp:	2"
done
LINUX=',"seccomp":{"defaultAction":"SCMP_ACT_ALLOW","architectures":['$("$RUNTIME" features | sed -n '/"archs"/,/\]/s/^ *\("SCMP_ARCH_.*\)/\1/p' | tr -d '\n')'],"syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO"}]}' bundle seccomp sh -c 'mkdir /srv/x; grep Seccomp: /proc/self/status'
run seccomp
says "seccomp: all architectures" "Seccomp:	2"
LINUX=$(seccomp SCMP_ACT_ERRNO '"mkdir"' ',"flags":["SECCOMP_FILTER_FLAG_X"]') bundle seccomp true
run seccomp
refused "seccomp: an unknown flag" "linux.seccomp: flags: unknown flag 'SECCOMP_FILTER_FLAG_X'"
LINUX=$(seccomp SCMP_ACT_ERRNO '"mkdir"' ',"listenerPath":"/no/such"') bundle seccomp echo runs
run seccomp
exactly "seccomp: listenerPath is of no matter where nothing is notified" runs
LINUX=$(seccomp SCMP_ACT_NOTIFY '"mkdir"' "") bundle seccomp true
run seccomp
refused "seccomp: SCMP_ACT_NOTIFY without a listenerPath" "SCMP_ACT_NOTIFY needs a listenerPath"
LINUX=$(seccomp SCMP_ACT_NOTIFY '"mkdir"' ',"listenerPath":"/no/such"') bundle seccomp true
run seccomp
refused "seccomp: a listenerPath where nobody listens" "failed to connect with seccomp agent"
LINUX=$(seccomp SCMP_ACT_NOTIFY '"mkdir"' ',"listenerMetadata":"x"') bundle seccomp true
run seccomp
refused "seccomp: metadata for nobody" "linux.seccomp.listenerMetadata: must not be there without listenerPath"
LINUX=$(seccomp SCMP_ACT_NOTIFY '"write"' ',"listenerPath":"/no/such"') bundle seccomp true
run seccomp
refused "seccomp: write cannot be notified" "SCMP_ACT_NOTIFY cannot be used for the write syscall"
cc=$(command -v gcc || command -v cc)
if [ -n "$cc" ] && "$cc" -o "$TEST_TMP/agent" "$TOP/tests/functional/seccomp-agent.c"; then
	"$TEST_TMP/agent" "$TEST_TMP/agent.sock" >"$TEST_TMP/agent.out" &
	agent=$!
	until_true 10 test -S "$TEST_TMP/agent.sock"
	LISTENER=',"listenerPath":"'$TEST_TMP/agent.sock'","listenerMetadata":"some data","flags":["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"]'
	# What the runtime itself may need to pass the descriptor on is notified, too.
	LINUX=$(seccomp SCMP_ACT_NOTIFY '"mkdir","mkdirat","sendmsg","close","sched_yield","execve","setresuid","setgroups","capset"' "$LISTENER") TOP_LEVEL=',"annotations":{"a.b":"c"}' \
		bundle seccomp sh -c 'mkdir /srv/x; touch /tmp/goes-on; exec sleep 1000'
	started seccomp
	until_true 10 test -e "$TEST_TMP/seccomp/rootfs/tmp/goes-on"
	check "seccomp: the agent answers" grep -q "No medium found" "$TEST_TMP/said"
	same "seccomp: what the agent is told" '{"ociVersion":"1.0.2","fds":["seccompFd"],"pid":PID,"metadata":"some data","state":{"ociVersion":"1.0.2","id":"seccomp","status":"created","pid":PID,"bundle":"'"$TEST_TMP/seccomp"'","annotations":{"a.b":"c"}}}' \
		"$(sed "s/:$(pid_of seccomp)\\b/:PID/g" "$TEST_TMP/agent.out")"
	in_c seccomp sh -c 'mkdir /srv/y; echo $?; ls /proc/self/fd | tr "\n" " "'
	says "seccomp: the agent answers who joins" "No medium found"
	says "seccomp: no descriptor stays" "1
0 1 2 3 "
	out=$(tail -n 1 "$TEST_TMP/agent.out")
	says "seccomp: the agent is told of who joins" '"id":"seccomp","status":"running","pid":'"$(pid_of seccomp),"
	rt delete -f seccomp
	for nnp in true false; do
		sed -i 's/"noNewPrivileges":[a-z]*/"noNewPrivileges":'$nnp'/' "$TEST_TMP/seccomp/config.json"
		rt create --bundle "$TEST_TMP/seccomp" seccomp >"$TEST_TMP/said" 2>&1 </dev/null
		rt start seccomp
		until_true 10 grep -q "No medium found" "$TEST_TMP/said" && ok "seccomp: created and started, no_new_privs $nnp" ||
			not_ok "seccomp: created and started, no_new_privs $nnp" "$(cat "$TEST_TMP/said")"
		rt delete -f seccomp
	done
	kill $agent
fi

# --- limits that only hierarchies of version 1 have
if [ ! -e /sys/fs/cgroup/cgroup.controllers ]; then
	limit() { cat "/sys/fs/cgroup/$1/$PREFIX/$2"; }
	disk=$(awk '$4 ~ /^(vd|sd|hd|xvd|nvme)[a-z]*[0-9]*(n[0-9]+)?$/ { print $1 ":" $2; exit }' /proc/partitions)
	[ -n "$disk" ] || disk=$(awk 'NR > 2 { print $1 ":" $2; exit }' /proc/partitions)
	device='"major":'${disk%:*}',"minor":'${disk#*:}
	LINUX=',"resources":{"memory":{"limit":33554432,"swap":50331648,"swappiness":7,"useHierarchy":true,"disableOOMKiller":true},
		"cpu":{"burst":1000,"quota":50000,"period":100000,"idle":0,"realtimePeriod":500000,"realtimeRuntime":0},
		"blockIO":{"throttleReadBpsDevice":[{'$device',"rate":1048576}],"throttleWriteIOPSDevice":[{'$device',"rate":100}]}}' bundle limits sleep 1000
	started limits
	same "memory: swappiness" 7 "$(limit memory memory.swappiness)"
	same "memory: swap" 50331648 "$(limit memory memory.memsw.limit_in_bytes)"
	same "memory: disableOOMKiller" "oom_kill_disable 1" "$(limit memory memory.oom_control | head -n 1)"
	same "cpu: burst" 1000 "$(limit cpu cpu.cfs_burst_us)"
	same "cpu: realtimePeriod" 500000 "$(limit cpu cpu.rt_period_us)"
	same "blockIO: throttleReadBpsDevice" "$disk 1048576" "$(limit blkio blkio.throttle.read_bps_device)"
	same "blockIO: throttleWriteIOPSDevice" "$disk 100" "$(limit blkio blkio.throttle.write_iops_device)"
	check "update: the order of memory and swap" rt update --memory 67108864 --memory-swap 100663296 limits
	same "update: both are there" "67108864 100663296" "$(limit memory memory.limit_in_bytes) $(limit memory memory.memsw.limit_in_bytes)"
	check "update: a quota below the burst that was" rt update --cpu-quota 5000 --cpu-burst 0 limits
	same "update: quota and burst" "5000 0" "$(limit cpu cpu.cfs_quota_us) $(limit cpu cpu.cfs_burst_us)"
	rt delete -f limits
	for one in '"rdma":{"mlx5_1":{"hcaHandles":3}} rdma' '"network":{"classID":5} net_cls' '"network":{"priorities":[{"name":"lo","priority":5}]} net_prio'; do
		[ ! -d "/sys/fs/cgroup/${one#* }" ] || continue
		LINUX=',"resources":{'${one% *}'}' bundle limits true
		run limits
		refused "resources: without the controller ${one#* }" "the cgroup controller '${one#* }' is not there"
	done
	LINUX=',"resources":{"unified":{"memory.max":"1"}}' bundle limits true
	run limits
	refused "unified: not in version 1" "linux.resources.unified needs a machine with cgroup version 2 only"
fi

# --- labels
if [ ! -e /sys/module/apparmor ]; then
	PROCESS=',"apparmorProfile":"some-profile"' bundle label true
	run label
	refused "apparmorProfile: where there is none" "process.apparmorProfile: AppArmor is not there to apply 'some-profile'"
fi
if [ ! -e /sys/fs/selinux ]; then
	PROCESS=',"selinuxLabel":"a:b:c"' bundle label true
	run label
	refused "selinuxLabel: where there is none" "process.selinuxLabel"
	LINUX=',"mountLabel":"system_u:object_r:container_file_t:s0"' bundle label true
	run label
	[ "$status" -ne 0 ] && ok "mountLabel: is not passed over" || not_ok "mountLabel: is not passed over" "$out"
fi

# --- what is not supported says so
LINUX=',"intelRdt":{"closID":"x"}' bundle rdt true
run rdt
refused "intelRdt: not supported" "linux.intelRdt is not supported"
for command in checkpoint restore; do
	out=$(rt $command --help 2>&1)
	same "$command: not supported, and its help does not say otherwise" "1 slipway-runtime: the command '$command' is not supported" "$? $out"
done
out=$(rt --systemd-cgroup run x 2>&1)
says "--systemd-cgroup: not supported" "option '--systemd-cgroup' is not supported"

# --- features tell what there is
out=$(rt features | tr -d ' \n')
for part in '"intelRdt":{"enabled":false,"schemata":false,"monitoring":false}' '"mountExtensions":{"idmap":{"enabled":true}}' '"netDevices":{"enabled":true}' '"rdma":true' \
	'"memoryPolicy":{"modes":["MPOL_DEFAULT",' '"systemd":false' '"ridmap"' '"SCMP_ACT_NOTIFY"' '"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"' '"time"'; do
	says "features: $part" "$part"
done

clean "at the end nothing is left"
finish
