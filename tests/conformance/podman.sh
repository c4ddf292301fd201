#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# podman with this runtime: what its users do, and that they get what they expect.
. "$TOP/tests/lib.sh"
. "$TOP/tests/conformance/lib-clients.sh"
need podman conmon runc busybox script
private "$0"

# --- a machine of its own ------------------------------------------------------------------------

mkdir -p "$TEST_TMP"/{hooks,host}
container_settings
busybox_rootfs "$TEST_TMP/rootfs"
tar -C "$TEST_TMP/rootfs" -cf - . | podman import --quiet - busybox >/dev/null || { not_ok "an image is imported"; finish; }

podman() { command podman --runtime "$current" "$@"; }
# The cgroup is below ours, and there is no network to set up.
run() { podman run --cgroup-parent "/$GROUP" --network none "$@"; }
once() { run --rm "$@"; }
# in_box COMMAND...: with a container 'box' that waits, and ends at once when told to.
waits='trap exit TERM; while :; do sleep 0.05; done'
in_box()
{
	start_box && "$@"
	local status=$?
	podman rm --force --time 0 box >/dev/null
	return $status
}
start_box() { run --detach --name box ${box_options-} busybox sh -c "$waits" >/dev/null; }
inspect() { podman inspect --format "{{$1}}" "${2:-box}"; }
# Files of cgroups have one name in version 1 and another in version 2, where some have a second word.
cgroup_file='cd /sys/fs/cgroup; for f; do [ ! -f "$f" ] || cut -d " " -f 1 "$f"; done'

# --- run -----------------------------------------------------------------------------------------

sh_once() { once "${@:1:$#-1}" busybox sh -c "${!#}"; }

expect "run: output" hello once busybox echo hello
expect "run: exit status" "[7]" sh_once 'exit 7'
quietly() { "$@" 2>/dev/null; }
expect "run: output and errors are apart" out quietly sh_once 'echo out; echo err >&2'
expect "run: 127 where there is no such program" "[127]" quietly once busybox /bin/missing
expect "run: 126 where it cannot be run" "[126]" quietly once busybox /etc/passwd
expect "environment" "one two" sh_once --env A=one --env B=two 'echo $A $B'
expect "working directory" /home/app once --workdir /home/app busybox pwd
expect "host name" box once --hostname box busybox hostname
expect "/etc/hosts" "10.1.2.3 other" sh_once --add-host other:10.1.2.3 'grep other /etc/hosts | xargs'
expect "entrypoint" "a b" once --entrypoint '["echo", "a"]' busybox b
piped() { printf 'one\ntwo\n' | once --interactive busybox wc -l; }
expect "standard input" 2 piped
typed()
{
	script -qec "podman --runtime $current run --cgroup-parent /$GROUP --network none --rm --tty busybox sh -c '$1'" /dev/null </dev/null |
		tr -d '\r'
	return "${PIPESTATUS[0]}"
}
expect "terminal" "terminal /dev/pts/0" typed 'test -t 0 && test -t 1 && echo terminal $(tty)'
expect "terminal: exit status" "[9]" typed 'exit 9'
expect "a directory as root file system" "kept" once --rootfs "$TEST_TMP/rootfs" cat /etc/kept
expect "time limit" "[255]" quietly once --timeout 1 busybox sleep 60

# --- users and privileges ------------------------------------------------------------------------

expect "user by number" "1234 5678 5678" sh_once --user 1234:5678 'echo $(id -u) $(id -g) $(id -G)'
expect "user by name, with its groups" "1000 1000 1000 2000" sh_once --user app 'echo $(id -u) $(id -g) $(id -G)'
expect "more groups" "1000 2000 4321" sh_once --user 1000:1000 --group-add 2000 --group-add 4321 'id -G'
status() { sh_once "${@:1:$#-1}" "grep -E '^(${!#}):' /proc/self/status"; }
as_runc "capabilities" status 'Cap.*'
as_runc "capabilities of a user" status --user app 'Cap.*'
expect "capabilities: none" $'CapEff:\t0000000000000000' status --cap-drop all CapEff
expect "capabilities: one" $'CapEff:\t0000000000001000' status --cap-drop all --cap-add net_admin CapEff
as_runc "privileged" status --privileged 'Cap.*|NoNewPrivs|Seccomp'
as_runc "privileged: devices" sh_once --privileged 'ls /dev | grep -v -E "^(pts|shm|tty.*|vcs.*|loop.*)$"'
expect "no new privileges" $'NoNewPrivs:\t1' status --security-opt no-new-privileges NoNewPrivs
expect "umask" 0077 sh_once --umask 0077 umask
expect "seccomp: the default profile" $'Seccomp:\t2' status Seccomp
expect "seccomp: the default profile keeps from unshare" "unshare: unshare(0x20000000): Operation not permitted" \
	sh_once 'unshare -p true || :'
expect "seccomp: none" $'Seccomp:\t0' status --security-opt seccomp=unconfined Seccomp
seccomp_profile 95 mkdir >"$TEST_TMP/profile.json"
expect "seccomp: a profile, with its errno" "mkdir: can't create directory '/tmp/x': Operation not supported" \
	sh_once --security-opt "seccomp=$TEST_TMP/profile.json" 'mkdir /tmp/x || :'
maps="--uidmap 0:100000:2000 --gidmap 0:200000:3000"
expect "user namespace: maps" "0 100000 2000" sh_once $maps 'echo $(cat /proc/self/uid_map)'
expect "user namespace: files" "0 0 1000 1000" sh_once $maps 'stat -c "%u %g" /etc/passwd /home/app | xargs'
outside_user() { box_options=$maps in_box owner_of_box; }
owner_of_box() { awk '/^[UG]id:/ { print $2 }' "/proc/$(inspect .State.Pid)/status" | xargs; }
expect "user namespace: from outside" "100000 200000" outside_user

# --- files ---------------------------------------------------------------------------------------

own_files() { once busybox rm -r /etc/kept /bin/text && once busybox cat /etc/kept; }
expect "what a container removes is its own" kept own_files
expect "read-only" "touch: /etc/x: Read-only file system" sh_once --read-only 'touch /etc/x; touch /tmp/y'
expect "tmpfs: options" "rw,nosuid,nodev,noexec,relatime,size=1024k" \
	sh_once --tmpfs /data:size=1m,noexec 'awk "\$2 == \"/data\" { print \$4 }" /proc/mounts'
expect "tmpfs: what was there is copied up" kept sh_once --tmpfs /etc 'cat /etc/kept'
expect "tmpfs: its size" "1.0M" sh_once --shm-size 1m 'df -h /dev/shm | awk "END { print \$2 }"'
echo shared >"$TEST_TMP/host/file"
host_volume() { sh_once --volume "$TEST_TMP/host:/data" 'cat /data/file; echo back >/data/back' && cat "$TEST_TMP/host/back"; }
expect "volume: a directory of the host" $'shared\nback' host_volume
expect "volume: read-only" "touch: /data/x: Read-only file system" \
	sh_once --volume "$TEST_TMP/host:/data:ro" 'touch /data/x || :'
expect "volume: a file" shared once --volume "$TEST_TMP/host/file:/etc/kept" busybox cat /etc/kept
expect "volume: options" "ro,nosuid,nodev,noexec" sh_once --volume "$TEST_TMP/host:/data:ro,nosuid,nodev,noexec" \
	'awk "\$2 == \"/data\" { print \$4 }" /proc/mounts | cut -d , -f 1-4'
named_volume()
{
	sh_once --volume kept:/data 'echo first >/data/file' && sh_once --volume kept:/data 'echo second >>/data/file' &&
		xargs <"$TEST_TMP/graph/volumes/kept/_data/file" && podman volume rm kept >/dev/null
}
expect "volume: a named one keeps what is written" "first second" named_volume
mkdir -p "$TEST_TMP/host/tmpfs" "$TEST_TMP/host/late"
nested_mount()
{
	mount -t tmpfs inner "$TEST_TMP/host/tmpfs" && echo inner >"$TEST_TMP/host/tmpfs/file" &&
		once --volume "$TEST_TMP/host:/data:ro" busybox cat /data/tmpfs/file
	umount "$TEST_TMP/host/tmpfs"
}
expect "mounts under a mount come along" inner nested_mount
late_mount()
{
	mount --bind "$TEST_TMP/host" "$TEST_TMP/host" && mount --make-rshared "$TEST_TMP/host" &&
		box_options="--volume $TEST_TMP/host:/data:rslave" in_box mount_late
	umount -R "$TEST_TMP/host"
}
mount_late()
{
	mount -t tmpfs late "$TEST_TMP/host/late" && echo late >"$TEST_TMP/host/late/file" && podman exec box cat /data/late/file
}
expect "mounts made later come along with rslave" late late_mount
a_secret()
{
	printf hidden | podman secret create word - >/dev/null && once --secret word busybox cat /run/secrets/word
	podman secret rm word >/dev/null
}
expect "secret" hidden a_secret
as_runc "devices" sh_once 'cd /dev; stat -c "%n %F %a %t:%T %u %g" *'
# How a path is masked is the runtime's affair; that it is, is not.
as_runc "mounts" sh_once 'awk "\$2 ~ /^\/(proc|sys)\// { sub(/,.*/, \"\", \$4); print \$2, \$4; next }
	\$2 ~ /^\/(proc|sys|dev)/ { print }" /proc/self/mounts | grep -v cgroup'
as_runc "masked and read-only paths" sh_once 'cd /proc; for f in kcore keys timer_list sys/kernel/hostname sysrq-trigger irq; do
	echo $f $(head -c 1 $f 2>&1 | wc -c) $(test -w $f && echo writable); (: >$f) 2>&1; done; :'
expect "masked paths of one's own" 0 sh_once --security-opt mask=/etc/kept 'wc -c </etc/kept'
expect "a device more" 4 sh_once --device /dev/zero:/dev/nothing 'head -c 4 /dev/nothing | wc -c'
expect "a device not allowed" "head: /tmp/mem: Operation not permitted" \
	sh_once --cap-add mknod 'cd /tmp && mknod mem c 1 1 && mknod null c 1 3 && cat null && head -c 1 /tmp/mem || :'

# --- limits --------------------------------------------------------------------------------------

limit() { once "${@:1:$#-2}" busybox sh -c "$cgroup_file" sh "${@: -2}"; }
expect "memory limit" 67108864 limit --memory 64m memory/memory.limit_in_bytes memory.max
expect "pids limit" 32 limit --pids-limit 32 pids/pids.max pids.max
expect "pids limit: more are refused" "sh: can't fork: Resource temporarily unavailable" \
	sh_once --pids-limit 4 '(for i in 1 2 3 4 5 6; do sleep 5 & done) || :'
expect "cpu limit" 50000 limit --cpus 0.5 cpu/cpu.cfs_quota_us cpu.max
expect "cpu set" 0 limit --cpuset-cpus 0 cpuset/cpuset.cpus cpuset.cpus
as_runc "cpu shares" limit --cpu-shares 512 cpu/cpu.shares cpu.weight
expect "out of memory" "[137]" quietly sh_once --memory 8m --memory-swap 8m 'tail /dev/zero'
expect "rlimit" "64 128" sh_once --ulimit nofile=64:128 --ulimit nproc=500 'echo $(ulimit -Sn; ulimit -Hn)'
expect "sysctl" 4321 once --sysctl kernel.msgmax=4321 busybox cat /proc/sys/kernel/msgmax

# --- namespaces ----------------------------------------------------------------------------------

namespaces() { once "$@" busybox ls -l /proc/self/ns | awk '/->/ { print $NF }' | cut -d : -f 1 | sort -u | xargs; }
as_runc "namespaces" namespaces
links='for n in net ipc uts; do readlink /proc/self/ns/$n; done'
expect "the host's PID namespace" "$(readlink /proc/self/ns/pid)" once --pid host busybox readlink /proc/self/ns/pid
host_namespaces() { podman run --cgroup-parent "/$GROUP" --rm --network host --ipc host --uts host busybox sh -c "$links"; }
expect "the host's network, IPC and UTS namespace" "$(sh -c "$links")" host_namespaces
joined()
{
	local join="--network container:box --ipc container:box --uts container:box"
	same_text "$(podman exec box sh -c "$links")" "$(podman run --cgroup-parent "/$GROUP" --rm $join busybox sh -c "$links")"
}
same_text() { if [ -n "$1" ] && [ "$1" = "$2" ]; then echo same; else echo "'$1' '$2'"; fi; }
expect "another container's namespaces" "same" in_box joined
expect "--init: reaps as process 1" "podman-init" once --init busybox cat /proc/1/comm

# --- exec ----------------------------------------------------------------------------------------

in_exec() { in_box podman exec "$@"; }
expect "exec: output" hello in_exec box echo hello
expect "exec: exit status" "[7]" in_exec box sh -c 'exit 7'
expect "exec: 127 where there is no such program" "[127]" quietly in_exec box missing
expect "exec: environment, working directory, user" "one /tmp 1000" \
	in_exec --env A=one --workdir /tmp --user app box sh -c 'echo $A $(pwd) $(id -u)'
exec_piped() { printf 'one\ntwo\n' | podman exec --interactive box wc -l; }
expect "exec: standard input" 2 in_box exec_piped
exec_typed() { script -qec "podman --runtime $current exec --tty box tty" /dev/null </dev/null | tr -d '\r'; }
expect "exec: terminal" /dev/pts/0 in_box exec_typed
exec_detached()
{
	podman exec --detach box sh -c 'echo written >/tmp/file' >/dev/null
	until_true podman exec box test -s /tmp/file && podman exec box cat /tmp/file
}
expect "exec: detached" written in_box exec_detached
as_runc "exec: capabilities" in_exec box grep -E '^(Cap|NoNew|Seccomp:)' /proc/self/status
as_runc "exec: privileged" in_exec --privileged box grep -E '^(Cap|NoNew|Seccomp:)' /proc/self/status
exec_place()
{
	local place='cat cgroup; ls -l ns | grep -o "[a-z]*:\[.*"'
	same_text "$(podman exec box sh -c "cd /proc/self; $place")" "$(podman exec box sh -c "cd /proc/1; $place")"
}
expect "exec: in the cgroups and namespaces of the container" same in_box exec_place

# --- from start to end ---------------------------------------------------------------------------

expect "state" "running true false" in_box inspect '.State.Status}} {{.State.Running}} {{.State.Paused'

box_ended() { inspect '.State.Status}} {{.State.ExitCode' "$@"; }
stop_box() { quietly podman stop --time "$1" box >/dev/null && box_ended; }
expect "stop: by SIGTERM" "exited 0" in_box stop_box 10
stop_other_signal() { waits='trap "exit 3" USR1; while :; do sleep 0.05; done' box_options='--stop-signal USR1' in_box stop_box 10; }
expect "stop: by another signal" "exited 3" stop_other_signal
stop_hard() { waits='trap "" TERM; while :; do sleep 1; done' in_box stop_box 1; }
expect "stop: by SIGKILL where that is ignored" "exited 137" stop_hard

kill_box() { podman kill --signal KILL box >/dev/null && podman wait box; }
expect "kill" 137 in_box kill_box
logs_have() { podman logs box | grep -q "$1"; }
hang_up() { podman kill --signal HUP box >/dev/null && until_true logs_have hangup; podman logs box; }
kill_handled() { waits='trap "echo hangup" HUP; while :; do sleep 0.05; done' in_box hang_up; }
expect "kill: a signal that is handled" hangup kill_handled

# What the kernel says: FROZEN, or 1 in cgroup version 2.
freezer_state()
{
	local file
	file=$(awk -F : '$2 == "freezer" { print "freezer" $3 "/freezer.state"; found = 1 }
		$1 == 0 { unified = substr($3, 2) "/cgroup.freeze" }
		END { if (!found) print unified }' "/proc/$(inspect .State.Pid)/cgroup")
	sed 's/^1$/FROZEN/' "/sys/fs/cgroup/$file"
}
pause_box()
{
	podman pause box >/dev/null
	inspect .State.Status
	freezer_state
	podman unpause box >/dev/null
	inspect .State.Status
	podman exec box echo alive
}
expect "pause and unpause" $'paused\nFROZEN\nrunning\nalive' in_box pause_box
exec_paused() { podman pause box >/dev/null; quietly podman exec box true; }
expect "exec is refused while paused" "[255]" in_box exec_paused
remove_paused() { podman pause box >/dev/null && podman rm --force --time 0 box >/dev/null && podman ps --all --quiet; }
expect "rm --force while paused" "" in_box remove_paused

restart_box()
{
	local before after
	before=$(inspect .State.Pid)
	podman restart --time 5 box >/dev/null
	after=$(inspect .State.Pid)
	[ "$after" -gt 0 ] && [ "$before" != "$after" ] && podman exec box echo again
}
expect "restart" again in_box restart_box
restart_policy()
{
	run --detach --name again --restart on-failure:2 busybox false >/dev/null
	podman wait again >/dev/null
	until_true restarted_twice && inspect .RestartCount again
	podman rm --force again >/dev/null
}
restarted_twice() { [ "$(inspect .RestartCount again)" = 2 ]; }
expect "restart policy" 2 restart_policy
create_and_start()
{
	podman create --cgroup-parent "/$GROUP" --network none --name made busybox sh -c 'echo made; exit 5' >/dev/null
	podman start --attach made
	box_ended made
	podman rm made >/dev/null
}
expect "create, then start" $'made\nexited 5' create_and_start

logs_box() { until_true logs_have two; podman logs box; podman logs --tail 1 box; }
logs_of() { waits="echo one; echo two; $waits" in_box logs_box; }
expect "logs" $'one\ntwo\ntwo' logs_of
top_box() { podman top box pid comm | awk 'NR == 2 { print $1, $2 }'; }
expect "top" "1 sh" in_box top_box
stats_box() { podman stats --no-stream --format '{{.Name}} {{.PIDs}}' box; }
sleeps() { waits="sleep 60 & wait" in_box stats_box; }
expect "stats" "box 2" sleeps
copy_in() { echo copied >"$TEST_TMP/copy" && podman cp "$TEST_TMP/copy" box:/tmp/copy && podman exec box cat /tmp/copy; }
expect "cp into one that runs" copied in_box copy_in
update_memory()
{
	podman update --memory 48m box >/dev/null
	podman exec box sh -c "$cgroup_file" sh memory/memory.limit_in_bytes memory.max
}
expect "update: memory limit" 50331648 in_box update_memory
check_health()
{
	podman healthcheck run box
	podman exec box touch /tmp/well
	podman healthcheck run box && echo healthy
}
health() { box_options='--health-cmd ["test","-f","/tmp/well"] --health-interval disable --health-retries 1' in_box check_health; }
expect "health check" $'unhealthy\nhealthy' health
out_of_memory()
{
	run --name greedy --memory 8m --memory-swap 8m busybox tail /dev/zero 2>/dev/null
	inspect '.State.OOMKilled}} {{.State.ExitCode' greedy
	podman rm greedy >/dev/null
}
as_runc "out of memory is known" out_of_memory

cat >"$TEST_TMP/hooks/hook.json" <<JSON
{ "version": "1.0.0", "when": { "always": true }, "stages": [ "prestart", "poststop" ],
  "hook": { "path": "/bin/sh", "args": [ "sh", "-c", "grep -o '\"status\": *\"[a-z]*\"' | tr -d ' ' >>$TEST_TMP/hooks/states" ] } }
JSON
hooked()
{
	rm -f "$TEST_TMP/hooks/states"
	podman --hooks-dir "$TEST_TMP/hooks" run --cgroup-parent "/$GROUP" --network none --rm busybox true
	cat "$TEST_TMP/hooks/states"
}
as_runc "hooks get the state" hooked
many()
{
	local i
	for i in 1 2 3 4 5 6; do once busybox echo "$i" & done | sort | xargs
}
expect "six at once" "1 2 3 4 5 6" many

# --- pods ----------------------------------------------------------------------------------------

in_pod()
{
	podman pod create --cgroup-parent "/$GROUP" --network none --name group --hostname together >/dev/null &&
		podman run --pod group --detach --name member busybox sh -c "$waits" >/dev/null && "$@"
	local status=$?
	podman pod rm --force --time 0 group >/dev/null
	return $status
}
pod_shares()
{
	same_text "$(podman exec member sh -c "$links")" "$(podman run --pod group --rm busybox sh -c "$links")"
	podman exec member hostname
}
expect "pod: shares its namespaces" $'same\ntogether' in_pod pod_shares
pod_pause()
{
	podman pod pause group >/dev/null
	inspect .State.Status member
	podman pod unpause group >/dev/null
	inspect .State.Status member
}
expect "pod: pause and unpause" $'paused\nrunning' in_pod pod_pause
pod_stop()
{
	podman pod stop --time 5 group >/dev/null
	box_ended member
	podman pod start group >/dev/null
	podman exec member echo back
}
expect "pod: stop and start" $'exited 0\nback' in_pod pod_stop

# --- afterwards ----------------------------------------------------------------------------------

# podman keeps a cgroup of its own for conmon.
left()
{
	podman ps --all --quiet
	find /run/slipway/runtime /run/runc -mindepth 1 2>/dev/null
	ps -eo comm= | grep -E '^(conmon|catatonit|sleep|slipway.*)$'
	cgroups_left | grep libpod-
	mount | grep "$TEST_TMP/graph"
	return 0
}
expect "nothing is left" "" left
finish
