#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# exec, and the commands on a container that runs: ps, pause, resume, update, events; features and spec.
set -u
. "$TOP/tests/functional/lib-runtime.sh"

bundle c sh -c 'echo $$ >/tmp/pid; exec sleep 1000'
rt run --detach --bundle "$TEST_TMP/c" c >/dev/null 2>&1 </dev/null
in_c() { out=$(rt exec "$@" 2>&1 </dev/null); status=$?; }

# --- exec
in_c c sh -c 'echo hello; exit 9'
same "exec: the exit status is the program's" 9 "$status"
exactly "exec: the output is the program's" hello
for n in pid net ipc uts mnt cgroup; do
	in_c c readlink /proc/1/ns/$n
	one=$out
	in_c c readlink /proc/self/ns/$n
	exactly "exec: in the container's $n namespace" "$one"
done
in_c c sh -c 'kill -9 $$'
same "exec: a signal is 128 and its number" 137 "$status"
in_c c grep -E 'CapEff|NoNewPrivs' /proc/self/status
exactly "exec: with the container's capabilities" "CapEff:	0000000000000021
NoNewPrivs:	1"
in_c --cap CAP_NET_RAW c grep -E 'Cap(Inh|Eff|Amb)' /proc/self/status
exactly "exec --cap, which is never inheritable" "CapInh:	0000000000000000
CapEff:	0000000000002021
CapAmb:	0000000000000000"
in_c --user 1000:1001 -g 5 c sh -c 'id -u; id -g; id -G; echo $HOME'
exactly "exec --user, --additional-gids" "1000
1001
1001 5
/srv"
in_c --env A=1 --env B=2 --cwd /srv c sh -c 'echo $A$B; pwd'
exactly "exec --env, --cwd" "12
/srv"
in_c c nosuch
same "exec: a program that is not there is status 255" 255 "$status"
says "exec: and told" 'exec: "nosuch": executable file not found in $PATH'
in_c c
says "exec: without a program" "process args cannot be empty"
in_c nobody true
says "exec: an unknown container" "container does not exist"
echo '{"args":["sh","-c","echo $X; id -u"],"cwd":"/","env":["PATH=/bin","X=file"],"user":{"uid":7,"gid":7}}' >"$TEST_TMP/process.json"
in_c --process "$TEST_TMP/process.json" c
exactly "exec --process" "file
7"
echo '{"args":1}' >"$TEST_TMP/process.json"
in_c --process "$TEST_TMP/process.json" c
says "exec --process: a bad one" "args"
rt exec --detach --pid-file "$TEST_TMP/exec.pid" c sleep 1000 >/dev/null 2>&1 </dev/null
same "exec --detach, --pid-file" sleep "$(cat "/proc/$(cat "$TEST_TMP/exec.pid")/comm")"
in_c c sh -c 'ls /proc/self/fd | tr "\n" " "'
exactly "exec: no descriptor is leaked into the container" "0 1 2 3 "
if command -v script >/dev/null; then
	out=$(script -qec "$RUNTIME --root $STATE exec --tty c tty" /dev/null </dev/null | tr -d '\r')
	says "exec --tty" /dev/pts/
fi
"$RUNTIME" --root "$STATE" exec c sh -c 'trap "exit 6" TERM; echo ready; while :; do sleep 0.1; done' >"$TEST_TMP/exec.out" 2>&1 </dev/null &
until_true 10 grep -q ready "$TEST_TMP/exec.out"
kill -TERM $!
wait $!
same "exec: signals are passed on" 6 $?

# --- ps
pids=$(rt ps --format json c)
out=$pids
says "ps --format json" "$(pid_of c)"
says "ps: has what exec has started" "$(cat "$TEST_TMP/exec.pid")"
if command -v ps >/dev/null; then
	out=$(rt ps c)
	says "ps: a table" "PID"
	same "ps: the container's processes only" 2 "$(grep -c 'sleep 1000' <<<"$out")"
fi

# --- pause, resume
check "pause" rt pause c
same "pause: the state is paused" paused "$(status_of c)"
in_c c true
says "exec: a paused container is refused" "cannot exec in a paused container"
out=$(rt pause c 2>&1)
says "pause: twice is refused" "container not running or created: paused"
check "resume" rt resume c
same "resume: the state is running" running "$(status_of c)"
out=$(rt resume c 2>&1)
says "resume: twice is refused" "container not paused"
rt pause c
bundle d true

# --- update, events
rt resume c
limit() { if [ -e /sys/fs/cgroup/cgroup.controllers ]; then cat "/sys/fs/cgroup/$PREFIX/$1"; else cat "/sys/fs/cgroup/$2/$PREFIX/$3"; fi; }
check "update" rt update --memory 64m --pids-limit 50 c
same "update: memory" 67108864 "$(limit memory.max memory memory.limit_in_bytes)"
same "update: pids" 50 "$(limit pids.max pids pids.max)"
echo '{"memory":{"limit":33554432},"cpu":{"quota":40000,"period":100000}}' | rt update -r - c
same "update -r: memory" 33554432 "$(limit memory.max memory memory.limit_in_bytes)"
out=$(limit cpu.max cpu cpu.cfs_quota_us)
says "update -r: cpu" 40000
out=$(rt update --memory lots c 2>&1)
says "update: what is no number is refused" "invalid value for memory"
out=$(rt events --stats c)
says "events --stats: has the id" '"id":"c"'
says "events --stats: has the limit of memory" '"limit":33554432'
says "events --stats: counts processes" '"pids":{"current":2,"limit":50}'
rt kill c KILL
until_true 10 eval '[ "$(status_of c)" = stopped ]'
in_c c true
says "exec: a stopped container is refused" "cannot exec in a stopped container"
rt delete -f c
bundle p sleep 1000
rt run --detach --bundle "$TEST_TMP/p" p >/dev/null 2>&1 </dev/null
rt pause p
check "delete --force: a paused container" rt delete -f p
clean "delete --force: nothing is left"

# --- exec into a user namespace, and with seccomp
NAMESPACES="$ALL_NAMESPACES"',{"type":"user"}' LINUX=',"uidMappings":[{"containerID":0,"hostID":100000,"size":65536}],"gidMappings":[{"containerID":0,"hostID":100000,"size":65536}]' \
	bundle u sleep 1000
chown -R 100000:100000 "$TEST_TMP/u/rootfs"
chmod 755 "$TEST_TMP" "$TEST_TMP/u"
rt run --detach --bundle "$TEST_TMP/u" u >/dev/null 2>&1 </dev/null
in_c u sh -c 'id -u; cat /proc/self/uid_map | tr -s " "'
exactly "exec: in a user namespace" "0
 0 100000 65536"
rt delete -f u
LINUX=',"seccomp":{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO","errnoRet":28}]}' bundle s sleep 1000
rt run --detach --bundle "$TEST_TMP/s" s >/dev/null 2>&1 </dev/null
in_c s mkdir /x
says "exec: with the container's seccomp filter" "No space left"
rt delete -f s

# --- a pidfd for somebody else, who ends the process by it
gcc -std=gnu11 -D_GNU_SOURCE -O1 -o "$TEST_TMP/receiver" "$TOP/tests/conformance/receiver.c" || not_ok "receiver.c compiles"
# pidfd_of COMMAND...: with --pidfd-socket at its end; the receiver's status is left in $received.
pidfd_of()
{
	local receiver
	rm -f "$TEST_TMP/pidfd"
	"$TEST_TMP/receiver" pidfd "$TEST_TMP/pidfd" &
	receiver=$!
	until_true 10 test -S "$TEST_TMP/pidfd"
	status=0
	"$@" >"$TEST_TMP/out" 2>&1 </dev/null || status=$?
	out=$(cat "$TEST_TMP/out")
	[ "$status" -eq 0 ] || kill "$receiver"
	wait "$receiver"
	received=$?
}
waits='trap "exit 3" TERM; while :; do sleep 0.05; done'
bundle f sh -c "$waits"
# What comes to process 1 of a namespace from outside reaches it only with a handler, but for SIGKILL; whether it came is what counts.
pidfd_of rt run --detach --pidfd-socket "$TEST_TMP/pidfd" --bundle "$TEST_TMP/f" f
same "--pidfd-socket: run: it came" "0 0" "$status $received"
rt delete -f f
pidfd_of rt create --pidfd-socket "$TEST_TMP/pidfd" --bundle "$TEST_TMP/f" f
same "--pidfd-socket: create: it came" "0 0" "$status $received"
check "--pidfd-socket: create: a container that waits for its start ends by the signal" until_true 10 eval '[ "$(status_of f)" = stopped ]'
rt delete f
rt run --detach --bundle "$TEST_TMP/f" f >/dev/null 2>&1 </dev/null
pidfd_of rt exec --detach --pid-file "$TEST_TMP/pid" --pidfd-socket "$TEST_TMP/pidfd" f sleep 1000
same "--pidfd-socket: exec: it came" "0 0" "$status $received"
check "--pidfd-socket: exec: it means the process" until_true 10 test ! -d "/proc/$(cat "$TEST_TMP/pid")"
same "--pidfd-socket: exec: and no other" running "$(status_of f)"
rt delete -f f
rm -f "$TEST_TMP/pidfd"
out=$(rt run --detach --pidfd-socket "$TEST_TMP/pidfd" --bundle "$TEST_TMP/f" f 2>&1 </dev/null)
says "--pidfd-socket: nobody listens" "cannot connect to the pidfd socket '$TEST_TMP/pidfd'"
clean "--pidfd-socket: nobody listens: nothing is left"

# --- options that crun has
bundle o hostname
mkdir "$TEST_TMP/f/other"
sed 's/"hostname":"box"/"hostname":"other"/' "$TEST_TMP/o/config.json" >"$TEST_TMP/f/other/config.json"
same "--config: another file of the bundle" other "$(rt run --config other/config.json --bundle "$TEST_TMP/f" f 2>&1 </dev/null)"
same "--config: an absolute path" other "$(rt run -f "$TEST_TMP/f/other/config.json" --bundle "$TEST_TMP/f" f 2>&1 </dev/null)"
out=$(rt run --config none.json --bundle "$TEST_TMP/f" f 2>&1 </dev/null)
says "--config: none there" "JSON specification file none.json not found"
same "--cgroup-manager cgroupfs" other "$(rt --cgroup-manager cgroupfs run -f other/config.json --bundle "$TEST_TMP/f" f 2>&1 </dev/null)"
out=$(rt --cgroup-manager systemd list 2>&1)
says "--cgroup-manager systemd: a clear error" "use the cgroupfs driver"
out=$(rt --cgroup-manager nosuch list 2>&1)
says "--cgroup-manager: what is none" "expected cgroupfs, systemd or disabled, got 'nosuch'"
before=$(cat /proc/self/cgroup)
bundle n sleep 1000
sed -i 's/"cgroupsPath":"[^"]*",\?//' "$TEST_TMP/n/config.json"
rt --cgroup-manager disabled run --detach --bundle "$TEST_TMP/n" n >/dev/null 2>&1 </dev/null
same "--cgroup-manager disabled: it stays where the caller is" "$before" "$(cat "/proc/$(pid_of n)/cgroup")"
rt kill n KILL
check "--cgroup-manager disabled: kill" until_true 10 eval '[ "$(status_of n)" = stopped ]'
check "--cgroup-manager disabled: delete" rt delete n
LINUX=',"resources":{"pids":{"limit":20}}' bundle n sleep 1000
out=$(rt --cgroup-manager disabled run --detach --bundle "$TEST_TMP/n" n 2>&1 </dev/null)
says "--cgroup-manager disabled: limits are refused" "limits need a cgroup, and '--cgroup-manager disabled' makes none"
clean "--cgroup-manager disabled: nothing is left"

# --- features, spec, the rest of the command line
out=$(rt features)
says "features: versions" '"ociVersionMax": "1.3.0"'
says "features: mount options" '"rro"'
mkdir "$TEST_TMP/spec"
(cd "$TEST_TMP/spec" && rt spec)
check "spec: writes config.json" test -s "$TEST_TMP/spec/config.json"
out=$(rt spec --bundle "$TEST_TMP/spec" 2>&1)
says "spec: does not overwrite" "exists. Remove it first"
rootfs "$TEST_TMP/spec/rootfs"
sed -i 's/"terminal": true/"terminal": false/; s/"sh"/"true"/' "$TEST_TMP/spec/config.json"
check "spec: what it writes runs" rt run --bundle "$TEST_TMP/spec" spec </dev/null
rm "$TEST_TMP/spec/config.json"
rt spec --rootless --bundle "$TEST_TMP/spec"
check "spec --rootless: has a user namespace" grep -q uidMappings "$TEST_TMP/spec/config.json"
out=$("$RUNTIME" --version)
says "--version" "version "
says "--version: of the specification" "spec: 1."
out=$(rt --systemd-cgroup list 2>&1)
says "--systemd-cgroup: a clear error" "cgroupfs"
out=$(rt nosuch 2>&1)
says "an unknown command" "unknown command 'nosuch'"
out=$(rt --log "$TEST_TMP/log" --log-format json state nobody 2>&1)
check "--log, --log-format json" grep -q '"msg":"container does not exist"' "$TEST_TMP/log"
clean "at the end nothing is left"
finish
