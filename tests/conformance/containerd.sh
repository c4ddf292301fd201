#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# containerd with this runtime, driven by ctr.
. "$TOP/tests/lib.sh"
. "$TOP/tests/conformance/lib-clients.sh"
need containerd ctr runc busybox skopeo script
private "$0"

# --- a daemon of its own -------------------------------------------------------------------------

cat >containerd.toml <<CONF
version = 2
root = "$TEST_TMP/containerd"
state = "/run/containerd"
disabled_plugins = [ "io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt" ]
CONF
# ctr forgets --runc-binary where it is given a map of users; then it is the 'runc' that containerd finds.
mkdir bin && printf '#!/bin/sh\nexec "$(cat %s/current)" "$@"\n' "$TEST_TMP" >bin/runc && chmod +x bin/runc
start_daemon()
{
	PATH=$TEST_TMP/bin:$PATH containerd --config containerd.toml >>containerd.log 2>&1 &
	daemon=$!
	disown
	until_true command ctr --connect-timeout 1s version
}
image=localhost/busybox:latest
busybox_rootfs rootfs
start_daemon && image_archive rootfs image.tar latest &&
	command ctr --namespace "$GROUP" images import --base-name localhost/busybox image.tar >/dev/null ||
	{ not_ok "containerd runs and has an image"; tail containerd.log; finish; }

ctr() { command ctr --namespace "$GROUP" "$@"; }
# Several may run at once.
run() { ctr run --runc-binary "$current" "${@:1:$#-1}" sh -c "${!#}"; }
number=0
once() { number=$((number + 1)); run --rm "${@:1:$#-1}" "$image" "once$number-$BASHPID" "${!#}"; }
# in_box COMMAND...: with a container 'box' that waits, and ends at once when told to.
waits='trap "exit 3" TERM; trap "echo hangup" HUP; while :; do sleep 0.05; done'
in_box()
{
	run --detach ${box_options-} "$image" box "$waits" && "$@"
	local status=$?
	remove_box
	return $status
}
remove_box()
{
	ctr task kill --signal KILL box
	until_true no_task
	ctr container delete box
} >/dev/null 2>&1
no_task() { ctr task delete --force box; ! ctr task list --quiet | grep -q -x box; }
box_is() { ctr task list | awk '$1 == "box" { print $3 }'; }
becomes() { [ "$(box_is)" = "$1" ]; }
in_exec() { in_box ctr task exec --exec-id more "${@:1:$#-1}" box sh -c "${!#}"; }
quietly() { "$@" 2>/dev/null; }
# Its terminal is script's; what else is on it is of no interest.
typed() { script -qec "command ctr --namespace $GROUP $*" /dev/null </dev/null | grep -o '/dev/pts/[0-9]*'; }

# --- run -----------------------------------------------------------------------------------------

expect "run: output" hello once 'echo hello'
expect "run: errors" oops once 'echo oops >&2'
expect "run: exit status" "[7]" once 'exit 7'
no_program() { ctr run --rm --runc-binary "$current" "$image" none /bin/missing; }
expect "run: fails where there is no such program" "[1]" quietly no_program
expect "run: and leaves nothing then" "" ctr container list --quiet
# ctr does not hand on that it has ended.
piped() { printf 'one\ntwo\n' | once 'read -r a; read -r b; echo $b $a'; }
expect "run: standard input" "two one" piped
expect "run: terminal" /dev/pts/0 typed run --rm --tty --runc-binary "$RUNTIME" "$image" typed tty
expect "environment" "one two" once --env A=one --env B=two 'echo $A $B'
expect "working directory" /home/app once --cwd /home/app pwd
from_rootfs() { run --rm --env PATH=/bin --rootfs "$TEST_TMP/rootfs" plain 'cat /etc/kept'; }
expect "a directory as root file system" kept from_rootfs
expect "read-only" "touch: /x: Read-only file system" once --read-only 'touch /x || :'
mkdir host && echo shared >host/file
expect "bind mount" shared once --mount "type=bind,src=$TEST_TMP/host,dst=/data,options=rbind:ro" 'cat /data/file'
expect "bind mount: read-only" "touch: /data/x: Read-only file system" \
	once --mount "type=bind,src=$TEST_TMP/host,dst=/data,options=rbind:ro" 'touch /data/x || :'
expect "tmpfs" "rw,nosuid,nodev,relatime,size=1024k" \
	once --mount "type=tmpfs,src=none,dst=/data,options=nosuid:nodev:size=1m" 'awk "\$2 == \"/data\" { print \$4 }" /proc/mounts'
status='grep -E "^(Cap|NoNew|Seccomp:)" /proc/self/status'
as_runc "capabilities and confinement" once "$status"
as_runc "capabilities: more and fewer" once --cap-add CAP_SYS_ADMIN --cap-drop CAP_CHOWN "$status"
as_runc "privileged" once --privileged "$status"
as_runc "seccomp: the default profile" once --seccomp "$status"
expect "seccomp: it keeps from unshare" "unshare: unshare(0x20000000): Operation not permitted" once --seccomp 'unshare -p true || :'
seccomp_profile 95 mkdir >profile.json
expect "seccomp: a profile, with its errno" "mkdir: can't create directory '/tmp/x': Operation not supported" \
	once --seccomp --seccomp-profile "$TEST_TMP/profile.json" 'mkdir /tmp/x || :'
as_runc "devices" once 'cd /dev; stat -c "%n %F %a %t:%T %u %g" *'
expect "a device more" 4 once --device /dev/zero 'head -c 4 /dev/zero | wc -c'
as_runc "mounts" once 'grep -E " /(proc|sys|dev|run)[^ ]* " /proc/mounts | awk "{ sub(/,.*/, \"\", \$4); print \$2, \$4 }"'
as_runc "masked and read-only paths" once \
	'cd /proc; for f in kcore keys timer_list sysrq-trigger irq/x; do echo $f $(head -c 1 $f 2>&1 | wc -c); (: >$f) 2>&1; done; :'
as_runc "rlimits" once 'cat /proc/self/limits'
as_runc "namespaces" once 'ls /proc/self/ns; cat /proc/self/uid_map; ls /sys/class/net'
mapped() { echo "$current" >current && once --uidmap 0:100000:3000 --gidmap 0:100000:3000 "$@"; }
expect "user namespace" "0 100000 3000 0 0" mapped 'echo $(cat /proc/self/uid_map) $(stat -c "%u %g" /etc/passwd)'
expect "a namespace of the host, by its path" "$(readlink /proc/self/ns/ipc)" once --with-ns ipc:/proc/1/ns/ipc 'readlink /proc/self/ns/ipc'
expect "the host's network" "$(readlink /proc/self/ns/net)" once --net-host 'readlink /proc/self/ns/net'

# --- limits --------------------------------------------------------------------------------------

# limit VERSION-1-FILE VERSION-2-FILE: what the kernel says about 'box'.
limit()
{
	local file=/sys/fs/cgroup/${1%%.*}/$GROUP/box/$1
	[ -e "$file" ] || file=/sys/fs/cgroup/$GROUP/box/$2
	cat "$file"
}
with_option() { box_options=$1 in_box limit "${@:2}"; }
expect "memory limit" 67108864 with_option "--memory-limit 67108864" memory.limit_in_bytes memory.max
cpu_limit() { with_option "--cpus 0.5" cpu.cfs_quota_us cpu.max | cut -d ' ' -f 1; }
expect "cpu limit" 50000 cpu_limit
as_runc "cpu shares" with_option "--cpu-shares 512" cpu.shares cpu.weight
expect "out of memory" "[137]" once --memory-limit 8388608 'exec tail /dev/zero'
# ctr has no update; this is what containerd's Update would run.
update_memory()
{
	"$current" --root "/run/containerd/runc/$GROUP" update --memory 50331648 --pids-limit 77 box
	limit memory.limit_in_bytes memory.max
	limit pids.max pids.max
}
expect "update" $'50331648\n77' in_box update_memory

# --- exec ----------------------------------------------------------------------------------------

expect "exec: output" hello in_exec 'echo hello'
expect "exec: exit status" "[7]" in_exec 'exit 7'
expect "exec: user, working directory" "1000 /tmp" in_exec --user 1000 --cwd /tmp 'echo $(id -u) $(pwd)'
as_runc "exec: capabilities and confinement" in_exec "$status"
exec_typed() { typed task exec --tty --exec-id typed box tty; }
expect "exec: terminal" /dev/pts/0 in_box exec_typed
exec_piped() { printf 'one\ntwo\n' | ctr task exec --exec-id piped box sh -c 'read -r a; read -r b; echo $b $a'; }
expect "exec: standard input" "two one" in_box exec_piped
exec_detached()
{
	ctr task exec --detach --exec-id gone box sh -c 'echo written >/tmp/file'
	until_true ctr task exec --exec-id look box test -s /tmp/file && ctr task exec --exec-id show box cat /tmp/file
}
expect "exec: detached" written in_box exec_detached
exec_missing() { quietly ctr task exec --exec-id none box /bin/missing; }
expect "exec: fails where there is no such program" "[1]" in_box exec_missing
exec_killed()
{
	ctr task exec --exec-id long box sleep 60 &
	until_true sleeps
	ctr task kill --exec-id long --signal KILL box
	wait $!
}
sleeps() { ctr task ps box | awk 'NR > 1 { print $1 }' | xargs -I{} cat /proc/{}/cmdline | grep -q 60; }
expect "kill: what exec started" "[137]" in_box exec_killed

# --- from start to end ---------------------------------------------------------------------------

expect "state" RUNNING in_box box_is
pause()
{
	ctr task pause box && box_is
	ctr task resume box && box_is
	ctr task exec --exec-id after box echo alive
}
expect "pause and resume" $'PAUSED\nRUNNING\nalive' in_box pause
exec_while_paused() { ctr task pause box && quietly ctr task exec --exec-id paused box true; }
expect "exec is refused while paused" "[1]" in_box exec_while_paused
ended() { ctr task kill "$@" box && until_true becomes STOPPED && box_is; ctr task delete box 2>&1 | grep -o 'code [0-9]*'; }
expect "kill: by SIGTERM" $'STOPPED\ncode 3' in_box ended
expect "kill: by SIGKILL" $'STOPPED\ncode 137' in_box ended --signal KILL
expect "kill: all" $'STOPPED\ncode 137' in_box ended --all --signal KILL
paused_ended() { ctr task pause box && ended --signal KILL; }
expect "kill: while paused" $'STOPPED\ncode 137' in_box paused_ended
delete_forced() { ctr task delete --force box 2>/dev/null; ctr task list --quiet; }
expect "delete: --force while it runs" "" in_box delete_forced
delete_refused() { quietly ctr task delete box || box_is; }
expect "delete: refused while it runs" RUNNING in_box delete_refused
processes() { ctr task ps box | awk 'NR > 1' | wc -l; }
with_sleep() { waits='sleep 60 & wait' in_box processes; }
expect "processes" 2 with_sleep
metrics() { ctr task metrics box | awk '$1 ~ /limit/ { print $1, $2 }'; }
with_limit() { waits='sleep 60' box_options='--memory-limit 67108864' in_box metrics; }
as_runc "metrics" with_limit
pid_file() { box_options="--pid-file $TEST_TMP/pid" in_box pid_is_right; }
pid_is_right() { [ "$(cat pid)" = "$(ctr task list | awk '$1 == "box" { print $2 }')" ] && tr '\0' ' ' <"/proc/$(cat pid)/cmdline" | cut -c 1-5; }
expect "pid file" "sh -c" pid_file
events()
{
	local listener
	command ctr --namespace "$GROUP" events >events.log &
	listener=$!
	sleep 0.2
	run --rm "$image" seen 'exit 0'
	until_true grep -q /tasks/delete events.log
	kill $listener
	grep -o '/tasks/[a-z]*' events.log | xargs
}
as_runc "events" events
own_config()
{
	mkdir -p bundle && cp -a rootfs bundle/ && rm -f bundle/config.json && "$current" spec --bundle bundle &&
		sed -i 's/"terminal": true/"terminal": false/; s/"sh"/"hostname"/; s|"path": "rootfs"|"path": "'"$TEST_TMP"'/bundle/rootfs"|' bundle/config.json &&
		sed -i 's/"hostname": "[a-z-]*"/"hostname": "mine"/' bundle/config.json &&
		ctr run --rm --runc-binary "$current" --config bundle/config.json own
}
expect "a config.json of one's own" mine own_config
many()
{
	local i running=()
	rm -f host/number-*
	for i in 1 2 3 4 5 6; do
		run --rm --mount "type=bind,src=$TEST_TMP/host,dst=/data,options=rbind:rw" "$image" "many$i" "echo $i >/data/number-$i" &
		running+=($!)
	done
	for i in "${running[@]}"; do wait "$i" || echo "[$?]"; done
	cat host/number-* | xargs
}
expect "six at once" "1 2 3 4 5 6" many
daemon_restarts()
{
	kill -KILL "$daemon"
	start_daemon
	box_is
	ctr task exec --exec-id again box echo alive
}
expect "containerd may end and come back" $'RUNNING\nalive' in_box daemon_restarts

# --- afterwards ----------------------------------------------------------------------------------

left()
{
	ctr task list --quiet
	ctr container list --quiet
	find /run/slipway/runtime /run/runc "/run/containerd/runc/$GROUP" -mindepth 1 2>/dev/null
	ps -eo comm= | grep -E '^(containerd-shim.*|sleep|slipway.*)$'
	cgroups_left | grep "/$GROUP/"
	return 0
}
expect "nothing is left" "" left
finish
