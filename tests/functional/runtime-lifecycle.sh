#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# create, start, state, kill, delete, run and list, as runtime.md ("Lifecycle", "Operations") has them.
set -u
. "$TOP/tests/functional/lib-runtime.sh"

# --- run
bundle run sh -c 'echo hello; exit 7'
run run
same "run: the exit status is the program's" 7 "$status"
exactly "run: the output is the program's" hello
clean "run: nothing is left"
bundle run sh -c 'kill -9 $$'
NAMESPACES='{"type":"mount"},{"type":"uts"}' bundle run sh -c 'kill -9 $$'
run run
same "run: a signal is 128 and its number" 137 "$status"

# --- create, start, delete
bundle one sh -c 'echo started >/tmp/started; exec sleep 1000'
check "create" rt create --bundle "$TEST_TMP/one" --pid-file "$TEST_TMP/pid" one >/dev/null 2>&1 </dev/null
same "create: the state is created" created "$(status_of one)"
same "create: the pid file has the pid of the state" "$(pid_of one)" "$(cat "$TEST_TMP/pid")"
check "create: the program has not started" test ! -e "$TEST_TMP/one/rootfs/tmp/started"
out=$(rt create --bundle "$TEST_TMP/one" one 2>&1 </dev/null)
says "create: an id that is taken is refused" "container with given ID already exists"
same "create: the container that has it is unharmed" created "$(status_of one)"
out=$(rt state one)
says "state: has the version" '"ociVersion": "1.0.2"'
says "state: has the id" '"id": "one"'
says "state: has the bundle" "\"bundle\": \"$TEST_TMP/one\""
echo broken >"$TEST_TMP/one/config.json"
check "start: does not read the bundle's config again" rt start one
check "start: the program runs" until_true 10 test -e "$TEST_TMP/one/rootfs/tmp/started"
same "start: the state is running" running "$(status_of one)"
out=$(rt start one 2>&1)
says "start: twice is refused" "cannot start an already running container"
out=$(rt delete one 2>&1)
says "delete: a running container is refused" "cannot delete container one that is not stopped: running"
out=$(rt list)
says "list: names the container" "one "
says "list: has headings" "ID          PID         STATUS"
same "list --quiet" one "$(rt list --quiet)"
out=$(rt list --format json)
says "list --format json" '"id":"one"'
check "kill: a word" rt kill one KILL
check "kill: the container stops" until_true 10 eval '[ "$(status_of one)" = stopped ]'
same "kill: the state is stopped" stopped "$(status_of one)"
out=$(rt kill one 2>&1)
says "kill: a stopped container is refused" "container not running"
out=$(rt start one 2>&1)
says "start: a stopped container is refused" "cannot start a container that has stopped"
check "delete" rt delete one
clean "delete: nothing is left"

# --- what is not there
for command in state start kill delete; do
	out=$(rt $command nobody 2>&1)
	says "$command: an unknown container is refused" "container does not exist"
done
check "delete --force: an unknown container is fine" rt delete --force nobody
for id in ../x a/b "" 'a b' . ..; do
	out=$(rt create --bundle "$TEST_TMP/run" "$id" 2>&1 </dev/null)
	case $out in *"invalid container ID format"* | *"cannot be empty"*) ok "create: the id '$id' is refused" ;;
	*) not_ok "create: the id '$id' is refused" "$out" ;; esac
done

# --- kill and delete with force
bundle forced sh -c 'trap "" TERM; sleep 1000 & sleep 1000'
rt create --bundle "$TEST_TMP/forced" forced >/dev/null 2>&1 </dev/null
check "delete: a created container needs no force" rt delete forced
clean "delete: of a created container nothing is left"
rt run --detach --bundle "$TEST_TMP/forced" forced >/dev/null 2>&1 </dev/null
pid=$(pid_of forced)
check "delete --force: a running container" rt delete --force forced
check "delete --force: the process is gone" until_true 10 test ! -d "/proc/$pid"
clean "delete --force: nothing is left"
NAMESPACES='{"type":"mount"},{"type":"uts"}' bundle hostpid sh -c 'sleep 1000 & sleep 1000 & wait'
rt run --detach --bundle "$TEST_TMP/hostpid" hostpid >/dev/null 2>&1 </dev/null
check "kill --all: without a PID namespace" rt kill --all hostpid KILL
check "kill --all: no process of the cgroup is left" until_true 10 rt delete hostpid
clean "kill --all: nothing is left"
rt run --detach --bundle "$TEST_TMP/hostpid" hostpid >/dev/null 2>&1 </dev/null
check "delete --force: takes the children without a PID namespace" rt delete -f hostpid
clean "delete --force: nothing is left of them"
for signal in SIGTERM term 15 RTMIN+1; do
	bundle signals sleep 1000
	rt run --detach --bundle "$TEST_TMP/signals" signals >/dev/null 2>&1 </dev/null
	check "kill: understands '$signal'" rt kill signals "$signal"
	rt delete -f signals
done
out=$(rt kill signals NOSUCH 2>&1)
says "kill: an unknown signal is refused" 'unknown signal "NOSUCH"'

# --- programs that cannot be run
bundle bad /no/such
run bad
refused "run: a program that is not there" "no such file or directory"
bundle bad nosuch
run bad
refused "run: a program that is not in PATH" 'exec: "nosuch": executable file not found in $PATH'
bundle bad /etc/passwd
run bad
refused "run: a file that cannot be executed" "permission denied"
bundle bad /etc
run bad
refused "run: a directory" "exec: \"/etc\": "

# --- hooks
hook() { printf '{"path":"/bin/sh","args":["sh","-c","%s"]}' "$1"; }
log=$TEST_TMP/hooks.log
TOP_LEVEL=",\"hooks\":{\"prestart\":[$(hook "echo prestart >>$log")],\"createRuntime\":[$(hook "cat >$log.state; echo createRuntime >>$log")],
	\"createContainer\":[$(hook "echo createContainer >>$log")],\"startContainer\":[$(hook 'echo startContainer >/hook')],
	\"poststart\":[$(hook "echo poststart >>$log")],\"poststop\":[$(hook "echo poststop >>$log")]}" bundle hooks sh -c 'cat /hook'
run hooks
exactly "hooks: startContainer runs inside" startContainer
same "hooks: the order" "prestart createRuntime createContainer poststart poststop" "$(tr '\n' ' ' <"$log" | sed 's/ $//')"
out=$(cat "$log.state")
says "hooks: the state is on standard input" '"status":"creating"'
TOP_LEVEL=",\"hooks\":{\"createRuntime\":[$(hook 'exit 3')]}" bundle hooks true
run hooks
refused "hooks: a failing createRuntime" "exited with status 3"
TOP_LEVEL=',"hooks":{"createRuntime":[{"path":"/bin/sleep","args":["sleep","100"],"timeout":1}]}' bundle hooks true
run hooks
refused "hooks: one that takes too long" "did not end within 1 seconds"

# --- pidfd, signals in the foreground, and descriptors
bundle front sh -c 'trap "echo got; exit 5" TERM; echo ready; while :; do sleep 0.1; done'
"$RUNTIME" --root "$STATE" run --bundle "$TEST_TMP/front" front >"$TEST_TMP/front.out" 2>&1 </dev/null &
until_true 10 grep -q ready "$TEST_TMP/front.out"
kill -TERM $!
wait $!
same "run: signals are passed on" 5 $?
bundle descriptors sh -c 'ls /proc/self/fd | tr "\n" " "'
exec 7</dev/null 8</dev/null
run descriptors
exactly "run: no descriptor is leaked into the container" "0 1 2 3 "
exec 3</dev/null
out=$(rt run --preserve-fds 1 --bundle "$TEST_TMP/descriptors" descriptors </dev/null)
exactly "run --preserve-fds: passes as many as it says" "0 1 2 3 4 "
exec 3<&- 7<&- 8<&-
bundle keep true
rt run --keep --bundle "$TEST_TMP/keep" keep </dev/null
same "run --keep: the container stays, stopped" stopped "$(status_of keep)"
rt delete keep
# --- what is created waits without descriptors of others
bundle waits true
exec 7</ 8</dev/null
rt create --bundle "$TEST_TMP/waits" waits >/dev/null 2>&1 </dev/null
exec 7<&- 8<&-
same "create: only sockets are open beside the standard descriptors" "" \
	"$(for f in "/proc/$(rt state waits | sed -n 's/.*"pid": *\([0-9]*\).*/\1/p')/fd"/*; do [ "${f##*/}" -lt 3 ] || readlink "$f"; done | grep -v '^socket:')"
rt start waits
until_true 10 sh -c "'$RUNTIME' --root '$STATE' state waits | grep -q stopped"
check "create: and the start still works" rt delete waits

# --- kill without a PID namespace of its own
NAMESPACES='{"type":"mount"},{"type":"uts"}' bundle host-pids sh -c 'sleep 1000 & echo $! >/tmp/child; exec sleep 1000'
rt run --detach --bundle "$TEST_TMP/host-pids" host-pids >/dev/null 2>&1 </dev/null
until_true 10 grep -q . "$TEST_TMP/host-pids/rootfs/tmp/child"
child=$(cat "$TEST_TMP/host-pids/rootfs/tmp/child")
check "kill TERM: the first process" rt kill host-pids TERM
until_true 10 sh -c "'$RUNTIME' --root '$STATE' state host-pids | grep -q stopped"
check "kill TERM: no other ends" test -e "/proc/$child"
check "kill KILL: also when the first process is gone" rt kill host-pids KILL
check "kill KILL: all end that no PID namespace ends" until_true 10 test ! -e "/proc/$child"
check "kill KILL: and it can be deleted" rt delete host-pids

# --- no mount namespace: the mounts are the host's, in the rootfs
NAMESPACES='{"type":"pid"},{"type":"uts"}' bundle host-mounts sh -c 'ls / | tr "\n" " "; grep -c . /proc/self/mountinfo'
run host-mounts
says "no mount namespace: the rootfs is the root" "bin dev etc proc root srv sys tmp"
check "no mount namespace: the mounts are the host's" grep -q " $TEST_TMP/host-mounts/rootfs/proc " /proc/self/mountinfo
umount -R --lazy "$TEST_TMP/host-mounts/rootfs"
NAMESPACES='{"type":"pid"},{"type":"uts"}' bundle host-mounts /no/such/program
run host-mounts
refused "no mount namespace: after a failure none stays" "no such file or directory"
check "no mount namespace: none at all" sh -c "! grep -q ' $TEST_TMP/host-mounts/' /proc/self/mountinfo"

# --- environment, network
ENV=',"HOME="' PROCESS=',"user":{"uid":1000,"gid":1000}' bundle home env
run home
says "env: an empty HOME is that of the user" "HOME=/srv"
same "env: and is there once" 1 "$(grep -c '^HOME=' <<<"$out")"
bundle lo ip link show lo
run lo
says "network: the loopback device of a new one is up" ",UP"

# --- the log
TOP_LEVEL=',"hooks":{"createRuntime":[{"path":"/bin/true"}]}' bundle logged true
rt --debug --log "$TEST_TMP/log" run --bundle "$TEST_TMP/logged" logged </dev/null
for text in "run logged" "bundle '$TEST_TMP/logged'" "namespace 'pid'" "/$PREFIX'" "at '/proc'" "hooks.createRuntime\\[0\\]: '/bin/true'" "execute '/bin/true'" "delete"; do
	check "--debug: ${text#\'}" grep -q "^time=\"[^\"]*\" level=debug msg=\".*$text" "$TEST_TMP/log"
done
rt --debug --log "$TEST_TMP/log.json" --log-format json run --bundle "$TEST_TMP/logged" logged </dev/null
same "--log-format json: each line has its level, text and time" 0 "$(grep -vc '^{"level":"debug","msg":".*","time":"[0-9T:Z-]*"}$' "$TEST_TMP/log.json")"
rt --log "$TEST_TMP/quiet" run --bundle "$TEST_TMP/logged" logged </dev/null
same "--log: without --debug nothing is said of what goes well" 0 "$(wc -c <"$TEST_TMP/quiet")"

clean "at the end nothing is left"
finish
