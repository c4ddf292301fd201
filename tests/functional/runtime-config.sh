#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What config.json asks for is what the program finds: config.md and config-linux.md, section by section.
set -u
. "$TOP/tests/functional/lib-runtime.sh"

ns() { readlink "/proc/self/ns/$1"; }

# --- namespaces
bundle ns sh -c 'for n in pid net ipc uts mnt cgroup user; do readlink /proc/self/ns/$n; done; cat /proc/self/cgroup | cut -d: -f3 | sort -u; echo $$'
run ns
for n in pid net ipc uts mnt cgroup; do
	case $out in *"$(ns $n)"*) not_ok "namespaces: a $n namespace of its own" "$out" ;; *) ok "namespaces: a $n namespace of its own" ;; esac
done
says "namespaces: those not asked for are shared" "$(ns user)"
same "namespaces: the cgroup namespace starts at the container" "/" "$(sed -n 8p <<<"$out")"
same "namespaces: the program is process 1" 1 "$(tail -n 1 <<<"$out")"
unshare --uts --net sleep 1000 &
other=$!
until_true 10 eval '[ "$(readlink /proc/$other/ns/net)" != "$(ns net)" ] && [ "$(cat /proc/$other/comm)" = sleep ]'
NAMESPACES='{"type":"pid"},{"type":"mount"},{"type":"uts","path":"/proc/'$other'/ns/uts"},{"type":"network","path":"/proc/'$other'/ns/net"}' \
	bundle join sh -c 'readlink /proc/self/ns/net; readlink /proc/self/ns/uts'
run join
exactly "namespaces: joined by path" "$(readlink /proc/$other/ns/net)
$(readlink /proc/$other/ns/uts)"
NAMESPACES='{"type":"mount"},{"type":"uts"},{"type":"network","path":"/proc/'$other'/ns/uts"}' bundle join true
run join
refused "namespaces: a path of another kind" "is not a network namespace"
kill $other
NAMESPACES='{"type":"mount"},{"type":"uts"},{"type":"network","path":"/no/such"}' bundle join true
run join
refused "namespaces: a path that is not there" "cannot open the network namespace '/no/such'"

# --- hostname, domainname
TOP_LEVEL=',"domainname":"example.org"' bundle name sh -c 'hostname; cat /proc/sys/kernel/domainname'
run name
exactly "hostname and domainname" "box
example.org"

# --- mounts
bundle mounts sh -c 'cat /proc/self/mountinfo'
MORE_MOUNTS=',{"destination":"/tmp","type":"tmpfs","source":"tmpfs","options":["nosuid","nodev","noexec","noatime","ro","mode=1770","size=4m"]},
	{"destination":"/srv/a","type":"bind","source":"/tmp","options":["rbind","ro"]},
	{"destination":"/srv/b/c/file","type":"bind","source":"/etc/hostname","options":["bind"]},
	{"destination":"/srv/d","source":"data","options":["bind","rprivate","noexec"]}' bundle mounts sh -c 'cat /proc/self/mountinfo; ls /srv/d; stat -c %a /tmp'
mkdir "$TEST_TMP/mounts/data"
touch "$TEST_TMP/mounts/data/found"
run mounts
has() { grep -q -- "$2" <<<"$out" && ok "$1" || not_ok "$1" "$2 is not in: $out"; }
has "mounts: the options of a tmpfs" ' /tmp ro,nosuid,nodev,noexec,noatime - tmpfs tmpfs ro,size=4096k,mode=1770'
has "mounts: strictatime" ' /dev rw,nosuid - tmpfs'
has "mounts: a read-only bind" ' /srv/a ro,'
has "mounts: a bind of a file" ' /srv/b/c/file rw,'
has "mounts: a source below the bundle" '^found$'
has "mounts: a bind's options" ' /srv/d rw,noexec'
has "mounts: the mode of a tmpfs" '^1770$'
same "mounts: the container shows nothing of the host's" "" "$(grep -c "$TEST_TMP/[^m]" <<<"$out" | grep -v 0)"
mkdir -p "$TEST_TMP/tree/below"
mount -t tmpfs tree "$TEST_TMP/tree/below"
for option in rro:ro rnosuid:nosuid rnoexec:noexec rnodev:nodev rnoatime:noatime rnosymfollow:nosymfollow; do
	MORE_MOUNTS=',{"destination":"/srv/t","type":"bind","source":"'$TEST_TMP/tree'","options":["rbind","'${option%:*}'"]}' bundle rec cat /proc/self/mountinfo
	run rec
	grep ' /srv/t/below ' <<<"$out" | grep -q "[ ,]${option#*:}[ ,]" && ok "mounts: ${option%:*} reaches mounts below" || not_ok "mounts: ${option%:*} reaches mounts below" "$out"
done
for option in shared slave private unbindable; do
	MORE_MOUNTS=',{"destination":"/srv/t","type":"bind","source":"/tmp","options":["bind","'$option'"]}' bundle prop cat /proc/self/mountinfo
	run prop
	line=$(grep ' /srv/t ' <<<"$out")
	case $option in
	shared) grep -q ' shared:' <<<"$line" ;;
	unbindable) grep -q ' unbindable' <<<"$line" ;;
	*) ! grep -q ' shared:' <<<"$line" ;;
	esac && ok "mounts: propagation $option" || not_ok "mounts: propagation $option" "$line"
done
umount "$TEST_TMP/tree/below"
bundle up true
mkdir -p "$TEST_TMP/up/rootfs/srv/www/sub"
echo page >"$TEST_TMP/up/rootfs/srv/www/sub/index"
chmod 640 "$TEST_TMP/up/rootfs/srv/www/sub/index"
ln -sf sub/index "$TEST_TMP/up/rootfs/srv/www/link"
MORE_MOUNTS=',{"destination":"/srv/www","type":"tmpfs","source":"tmpfs","options":["tmpcopyup","ro"]}' bundle up sh -c 'cat /srv/www/link; stat -c %a /srv/www/sub/index; grep " /srv/www ro" /proc/self/mountinfo | wc -l'
run up
exactly "mounts: tmpcopyup" "page
640
1"
MORE_MOUNTS=',{"destination":"/cg","type":"cgroup","source":"cgroup","options":["ro","nosuid"]}' bundle cg sh -c 'find /cg -name cgroup.procs | head -n 1 | xargs cat; grep -c " /cg.* ro,nosuid" /proc/self/mountinfo'
run cg
has "mounts: cgroup shows the container's own" '^1$'
MORE_MOUNTS=',{"destination":"/srv/m","type":"tmpfs","source":"tmpfs","options":["size=lots"]}' bundle bad true
run bad
refused "mounts: an option the file system refuses" "mounts[4]: '/srv/m': cannot mount 'tmpfs'"
MORE_MOUNTS=',{"destination":"/srv/m","type":"nosuchfs","source":"x"}' bundle bad true
run bad
refused "mounts: a type the kernel does not know" "mounts[4]: '/srv/m': cannot mount 'nosuchfs': the kernel does not know this file system"
MORE_MOUNTS=',{"destination":"/srv/m","type":"bind","source":"/no/such","options":["bind"]}' bundle bad true
run bad
refused "mounts: a source that is not there" "cannot bind '/no/such'"
MORE_MOUNTS=',{"destination":"/proc/sys","type":"tmpfs","source":"tmpfs"}' bundle bad true
run bad
refused "mounts: nothing over parts of /proc" "inside '/proc'"

# --- root
ROOT='{"path":"rootfs","readonly":true}' bundle ro sh -c 'echo >/file; echo >/dev/shm-file && echo dev'
run ro
says "root: read-only" "Read-only file system"
says "root: mounts in it are not" "dev"
TOP_LEVEL=',"annotations":{"org.slipway.rootfs.overlay":"tmpfs"}' bundle overlay sh -c 'echo new >/srv/new && rm /etc/passwd && ls /srv /etc; stat -c %a /'
chmod 750 "$TEST_TMP/overlay/rootfs"
run overlay
exactly "root: the overlay takes writes" "/etc:

/srv:
new
750"
check "root: the overlay leaves the bundle as it was" test -e "$TEST_TMP/overlay/rootfs/etc/passwd" -a ! -e "$TEST_TMP/overlay/rootfs/srv/new"
clean "root: the overlay leaves no mount"
for p in shared slave private rshared rslave rprivate; do
	LINUX=',"rootfsPropagation":"'$p'"' bundle prop sh -c 'grep " / / " /proc/self/mountinfo || grep " / " /proc/self/mountinfo'
	run prop
	same "root: rootfsPropagation $p runs" 0 "$status"
	case $p in *shared) has "root: rootfsPropagation $p" ' shared:' ;; esac
done
LINUX=',"rootfsPropagation":"sideways"' bundle prop true
run prop
refused "root: an unknown propagation" "sideways"

# --- devices
bundle dev sh -c 'cd /dev; stat -c "%n %t:%T %a" null zero full random urandom tty; for l in fd stdin stdout stderr ptmx; do readlink $l; done; echo >null && echo writable'
run dev
exactly "devices: the default ones and the links" "null 1:3 666
zero 1:5 666
full 1:7 666
random 1:8 666
urandom 1:9 666
tty 5:0 666
/proc/self/fd
/proc/self/fd/0
/proc/self/fd/1
/proc/self/fd/2
pts/ptmx
writable"
LINUX=',"devices":[{"type":"c","path":"/dev/some/thing","major":1,"minor":3,"fileMode":416,"uid":1,"gid":2},{"type":"p","path":"/dev/pipe"}]' \
	bundle dev sh -c 'stat -c "%F %t:%T %a %u:%g" /dev/some/thing; stat -c %F /dev/pipe'
run dev
exactly "devices: those of the config" "character special file 1:3 640 1:2
fifo"
LINUX=',"devices":[{"type":"x","path":"/dev/x"}]' bundle dev true
run dev
same "devices: an unknown type is refused" 1 "$status"
LINUX=',"resources":{"devices":[{"allow":false,"access":"rwm"},{"allow":true,"type":"c","major":1,"minor":11,"access":"r"}]},"devices":[{"type":"c","path":"/dev/loop-control","major":10,"minor":237},{"type":"c","path":"/dev/kmsg","major":1,"minor":11}]' \
	CAPS='"bounding":["CAP_SYSLOG"],"effective":["CAP_SYSLOG"],"permitted":["CAP_SYSLOG"]' \
	bundle dev sh -c 'head -c 1 /dev/zero | wc -c; (: </dev/loop-control) 2>&1; (: </dev/kmsg) && echo reads; (: >/dev/kmsg) 2>&1; (: <>/dev/ptmx) && echo ptmx'
run dev
says "devices: the default ones may be used" 1
says "devices: others may not" "/dev/loop-control: Operation not permitted"
says "devices: one that is allowed to be read may be" reads
says "devices: but not be written" "/dev/kmsg: Operation not permitted"
says "devices: pseudo-terminals may be used" ptmx

# --- masked and read-only paths
LINUX=',"maskedPaths":["/proc/keys","/proc/acpi","/sys/kernel","/etc","/etc/none","/bin/true/x"],"readonlyPaths":["/proc/sys","/srv","/none"]' \
	bundle mask sh -c 'wc -c </proc/keys; ls /etc /sys/kernel | wc -l; (echo >/etc/x) 2>&1; (echo >/srv/x) 2>&1; (echo a >/proc/sys/kernel/domainname) 2>&1; echo >/tmp/x && echo fine'
echo secret >"$TEST_TMP/mask/rootfs/etc/secret"
run mask
same "masked: a file is empty" 0 "$(head -n 1 <<<"$out")"
same "masked: directories are empty" 4 "$(sed -n 2p <<<"$out" | sed 's/^3$/4/')"
says "masked: nothing can be written" "/etc/x: "
says "read-only: a path of the image" "/srv/x: Read-only file system"
says "read-only: a path of /proc" "/proc/sys/kernel/domainname: Read-only file system"
says "read-only: others are not" fine

# --- process
bundle caps sh -c 'grep Cap /proc/self/status | tr "\t\n" "  "; grep NoNewPrivs /proc/self/status'
run caps
says "capabilities: exactly those" "CapInh: 0000000000000000 CapPrm: 0000000000000021 CapEff: 0000000000000021 CapBnd: 0000000000000021 CapAmb: 0000000000000000"
says "no_new_privs" "NoNewPrivs:	1"
CAPS=$NO_CAPS bundle caps grep CapEff /proc/self/status
run caps
exactly "capabilities: none" "CapEff:	0000000000000000"
CAPS='"bounding":["CAP_KILL","CAP_NO_SUCH"],"effective":["CAP_KILL"],"permitted":["CAP_KILL"],"inheritable":["CAP_KILL"],"ambient":["CAP_KILL"]' \
	PROCESS=',"user":{"uid":1000,"gid":1000}' bundle caps grep Cap /proc/self/status
run caps
says "capabilities: an unknown one is a warning" "CAP_NO_SUCH"
says "capabilities: an ordinary user's, through the ambient set" "CapEff:	0000000000000020"
PROCESS=',"user":{"uid":1000,"gid":1001,"additionalGids":[5,6],"umask":63}' bundle user sh -c 'id -u; id -g; id -G; umask; echo $HOME; echo a >/dev/stdout'
run user
exactly "user: ids, groups, umask and home" "1000
1001
1001 5 6
0077
/srv
a"
PROCESS=',"user":{"uid":1000,"gid":1000}' bundle user sh -c 'echo >/file'
run user
says "user: has no power over root's files" "Permission denied"
PROCESS=',"rlimits":[{"type":"RLIMIT_NOFILE","soft":100,"hard":200},{"type":"RLIMIT_CORE","soft":0,"hard":0}]' bundle limits sh -c 'ulimit -n; ulimit -H -n'
run limits
exactly "rlimits" "100
200"
PROCESS=',"rlimits":[{"type":"RLIMIT_NOSUCH","soft":1,"hard":1}]' bundle limits true
run limits
refused "rlimits: an unknown one" "RLIMIT_NOSUCH"
PROCESS=',"oomScoreAdj":500' bundle oom cat /proc/self/oom_score_adj
run oom
exactly "oomScoreAdj" 500
bundle cwd pwd
sed -i 's|"cwd":"/"|"cwd":"/made/here"|' "$TEST_TMP/cwd/config.json"
run cwd
exactly "cwd: is made where it is missing" /made/here
ENV=',"A=1","A=2","B=x y"' bundle env sh -c 'echo $A $B'
run env
exactly "env" "2 x y"

# --- sysctl
LINUX=',"sysctl":{"net.ipv4.ip_forward":"1","kernel.shmmax":"4096","net/ipv4/conf/lo/forwarding":"1"}' \
	bundle sysctl cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/shmmax /proc/sys/net/ipv4/conf/lo/forwarding
before=$(cat /proc/sys/kernel/shmmax)
run sysctl
exactly "sysctl" "1
4096
1"
same "sysctl: the host's stays" "$before" "$(cat /proc/sys/kernel/shmmax)"
LINUX=',"sysctl":{"vm.swappiness":"1"}' bundle sysctl true
run sysctl
refused "sysctl: one of no namespace" 'sysctl "vm.swappiness" is not in a separate kernel namespace'
NAMESPACES='{"type":"mount"},{"type":"uts"}' LINUX=',"sysctl":{"net.ipv4.ip_forward":"1"}' bundle sysctl true
run sysctl
refused "sysctl: one of the host's namespace" "is not allowed in the host's network namespace"
LINUX=',"sysctl":{"net.../../../../etc/passwd":"1"}' bundle sysctl true
run sysctl
refused "sysctl: a name that would climb" "sysctl"

# --- resources
# limit FILE V1-HIERARCHY V1-FILE: the value of a limit of the container that runs
limit() { if [ -e /sys/fs/cgroup/cgroup.controllers ]; then cat "/sys/fs/cgroup/$PREFIX/$1"; else cat "/sys/fs/cgroup/$2/$PREFIX/$3"; fi; }
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then max="50000 100000" weight=20; else max=50000 weight=512; fi
LINUX=',"resources":{"memory":{"limit":33554432},"cpu":{"shares":512,"quota":50000,"period":100000,"cpus":"0"},"pids":{"limit":32}}' bundle limits sleep 1000
rt run --detach --bundle "$TEST_TMP/limits" limits >/dev/null 2>&1 </dev/null
same "resources: memory" 33554432 "$(limit memory.max memory memory.limit_in_bytes)"
same "resources: cpu quota and period" "$max" "$(limit cpu.max cpu cpu.cfs_quota_us)"
same "resources: cpu shares" $weight "$(limit cpu.weight cpu cpu.shares)"
same "resources: cpus" 0 "$(limit cpuset.cpus cpuset cpuset.cpus)"
same "resources: pids" 32 "$(limit pids.max pids pids.max)"
same "resources: the process is in the cgroup" "$(pid_of limits)" "$(limit cgroup.procs memory cgroup.procs)"
rt delete -f limits
clean "resources: the cgroups are removed"
LINUX=',"resources":{"memory":{"limit":8388608}}' bundle memory sh -c 'x=$(head -c 30000000 /dev/zero | tr "\0" x); echo survived'
run memory
case $out in *survived*) not_ok "resources: memory is enforced" "$out" ;; *) ok "resources: memory is enforced" ;; esac
# Once it runs, a program may be moved to a processor where nothing of the allowance is left (see cgroup_is_tight()): so, more than one
# try.
LINUX=',"resources":{"memory":{"limit":262144}}' bundle memory true
for try in 1 2 3 4 5; do
	run memory
	[ "$status" -eq 137 ] || break
	echo "# try $try: killed"
done
same "resources: 256 KiB of memory are enough to start in" 0 "$status"
# What the first process is bound to is over when the program runs; both by run and by start.
LINUX=',"resources":{"memory":{"limit":786432}}' bundle memory sleep 1000
cpus() { sed -n 's/^Cpus_allowed_list:[^0-9]*//p' "/proc/$1/status"; }
all_cpus() { [ "$(cpus "$(pid_of memory)")" = "$(cpus self)" ]; }
rt run --detach --bundle "$TEST_TMP/memory" memory >/dev/null 2>&1 </dev/null
check "resources: little memory: run: the program has every processor" until_true 10 all_cpus
rt delete -f memory
rt create --bundle "$TEST_TMP/memory" memory >/dev/null 2>&1 </dev/null
[ "$(nproc --all)" -eq 1 ] || check_fails "resources: little memory: what waits for its start stays on one" all_cpus
rt start memory
check "resources: little memory: start: the program has every processor" until_true 10 all_cpus
rt delete -f memory
LINUX=',"resources":{"pids":{"limit":5}}' bundle pids sh -c 'for i in 1 2 3 4 5 6 7 8; do sleep 5 & done; echo all'
run pids
says "resources: pids are enforced" "fork"
LINUX=',"resources":{"cpu":{"cpus":"4095"}}' bundle bad true
run bad
refused "resources: cpus that are not there" "linux.resources.cpu.cpus"

# --- seccomp
seccomp() { printf ',"seccomp":{"defaultAction":"%s","architectures":["SCMP_ARCH_X86_64","SCMP_ARCH_X86","SCMP_ARCH_X32"],"syscalls":[%s]}' "$1" "$2"; }
LINUX=$(seccomp SCMP_ACT_ALLOW '{"names":["mkdir","mkdirat","no_such_call"],"action":"SCMP_ACT_ERRNO","errnoRet":28}') \
	bundle seccomp sh -c 'mkdir /x; touch /y && echo touched; grep "^Seccomp:" /proc/self/status'
run seccomp
says "seccomp: a call that is refused" "No space left on device"
says "seccomp: one that is not" touched
says "seccomp: is on" "Seccomp:	2"
LINUX=$(seccomp SCMP_ACT_ALLOW '{"names":["personality"],"action":"SCMP_ACT_ERRNO","args":[{"index":0,"value":8,"op":"SCMP_CMP_EQ"}]},{"names":["getpriority"],"action":"SCMP_ACT_KILL_PROCESS"}') \
	bundle seccomp sh -c 'setarch x86_64 true 2>/dev/null; linux64 true && echo fine; linux32 true'
run seccomp
says "seccomp: arguments are compared" fine
same "seccomp: the argument that is meant is refused" 1 "$((status != 0))"
LINUX=$(seccomp SCMP_ACT_BOGUS '') bundle seccomp true
run seccomp
refused "seccomp: an unknown action" SCMP_ACT_BOGUS
LINUX=$(seccomp SCMP_ACT_ALLOW '{"names":["mkdir"],"action":"SCMP_ACT_ERRNO"}') PROCESS=',"user":{"uid":1000,"gid":1000}' bundle seccomp grep '^Seccomp:' /proc/self/status
sed -i 's/"noNewPrivileges":true/"noNewPrivileges":false/' "$TEST_TMP/seccomp/config.json"
run seccomp
exactly "seccomp: without no_new_privs" "Seccomp:	2"

# --- terminal
PROCESS=',"terminal":true,"consoleSize":{"height":33,"width":77}' bundle tty sh -c 'tty; stty size; test -c /dev/console && echo console'
if command -v script >/dev/null; then
	out=$(script -qec "$RUNTIME --root $STATE run --bundle $TEST_TMP/tty tty" /dev/null </dev/null | tr -d '\r')
	says "terminal: is one" /dev/pts/0
	says "terminal: has a console" console
fi
out=$(rt create --bundle "$TEST_TMP/tty" tty 2>&1 </dev/null)
says "terminal: needs somebody to take it" "cannot allocate tty if runtime will detach without setting console socket"

# --- user namespace
NAMESPACES="$ALL_NAMESPACES"',{"type":"user"}' LINUX=',"uidMappings":[{"containerID":0,"hostID":100000,"size":65536}],"gidMappings":[{"containerID":0,"hostID":100000,"size":65536}]' \
	bundle userns sh -c 'id -u; cat /proc/self/uid_map; touch /tmp/file; echo >/dev/null && echo null; ls /dev/pts | head -n 1'
chown -R 100000:100000 "$TEST_TMP/userns/rootfs"
chmod 755 "$TEST_TMP" "$TEST_TMP/userns"
run userns
says "user namespace: root inside" "         0     100000      65536"
says "user namespace: has devices" null
same "user namespace: is the mapped user outside" 100000 "$(stat -c %u "$TEST_TMP/userns/rootfs/tmp/file" 2>/dev/null)"
clean "at the end nothing is left"
finish
