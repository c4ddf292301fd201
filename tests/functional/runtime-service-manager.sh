#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A container that a service manager started: NOTIFY_SOCKET (sd_notify) and LISTEN_FDS (socket activation), --preserve-fds.
# The manager is a few lines of perl, and so is the program in the container that talks to it.
set -u
. "$TOP/tests/functional/lib-runtime.sh"
need perl

HEARD=$TEST_TMP/heard
# manager: writes what it is told to $HEARD, one message after the other with its newlines as spaces; closes what barriers bring.
manager()
{
	: >"$HEARD"
	rm -f "$TEST_TMP/manager.sock"
	perl -e 'use Socket; $| = 1; socket(S, PF_UNIX, SOCK_DGRAM, 0); bind(S, sockaddr_un($ARGV[0])) or die;
		open(H, ">>", $ARGV[1]); H->autoflush; while (recv(S, $m, 65536, 0) || 1) { $m =~ tr/\n/ /; print H "$m\n"; }' \
		-MIO::Handle "$TEST_TMP/manager.sock" "$HEARD" &
	manager=$!
	until_true 10 test -S "$TEST_TMP/manager.sock"
}
# shellcheck disable=SC2154
end() { [ -z "${manager:-}" ] || kill "$manager" 2>/dev/null; delete_all; }
trap end EXIT
heard() { grep -q "$1" "$HEARD"; }

# Programs in there need the host's perl.
rootfs "$TEST_TMP/c/rootfs"
for d in lib lib64 usr; do
	if [ -L "/$d" ]; then ln -s "$(readlink "/$d")" "$TEST_TMP/c/rootfs/$d"; else mkdir "$TEST_TMP/c/rootfs/$d"; fi
done
cat >"$TEST_TMP/c/rootfs/say" <<'END'
use Socket; socket(S, PF_UNIX, SOCK_DGRAM, 0); connect(S, sockaddr_un($ENV{NOTIFY_SOCKET})) or die "connect: $!";
send(S, join("\n", @ARGV), 0) or die "send: $!";
END
SAY='/usr/bin/perl /say'
MORE_MOUNTS=',{"destination":"/usr","type":"bind","source":"/usr","options":["rbind","ro"]}'
[ -L /lib ] || MORE_MOUNTS+=',{"destination":"/lib","type":"bind","source":"/lib","options":["rbind","ro"]},{"destination":"/lib64","type":"bind","source":"/lib64","options":["rbind","ro"]}'
notified() { NOTIFY_SOCKET=$TEST_TMP/manager.sock rt "$@"; }

# --- sd_notify
manager
bundle c sh -c "sleep 0.3; $SAY MAINPID=1 STATUS=soon; $SAY READY=1 STATUS=here; exec sleep 1000"
begin=$EPOCHREALTIME
notified run --detach --bundle "$TEST_TMP/c" c </dev/null >/dev/null 2>&1
same "run --detach: is told that the program is ready" 0 $?
same "run --detach: waits for it" 1 "$(awk -v a="$begin" -v b="$EPOCHREALTIME" 'BEGIN { print (b - a >= 0.3) }')"
check "run --detach: the manager hears READY=1, and the program's number" heard "^READY=1 STATUS=here MAINPID=$(pid_of c) "
check "run --detach: other news pass" heard "^STATUS=soon "
check_fails "run --detach: numbers of the container's do not" heard 'MAINPID=1 '
check "run --detach: then a barrier" until_true 5 heard '^BARRIER=1'
same "the socket is the only file in /run/notify" notify.sock "$(rt exec c ls /run/notify)"
check_fails "the container cannot write there" rt exec c touch /run/notify/x 2>/dev/null
rt delete -f c
clean "nothing is left"

bundle c sh -c "exit 3"
notified run --detach --bundle "$TEST_TMP/c" c </dev/null >/dev/null 2>&1
same "run --detach: ends when the program ends without a word" 0 $?
rt delete -f c

bundle c sh -c "$SAY READY=1; exec sleep 1000"
: >"$HEARD"
notified create --bundle "$TEST_TMP/c" c </dev/null >/dev/null 2>&1
check_fails "create: nothing is said yet" test -s "$HEARD"
notified start c
check "start: waits for READY=1" heard "^READY=1 MAINPID=$(pid_of c) "
rt delete -f c
rmdir "$TEST_TMP/c/rootfs/run/notify"
bundle c sh -c 'echo "${NOTIFY_SOCKET-none}"; ls /run'
run c
exactly "without a manager there is no variable, and no mount" none

bundle c sh -c "$SAY READY=1; $SAY WATCHDOG=1; sleep 0.2; exit 4"
: >"$HEARD"
NOTIFY_SOCKET=$TEST_TMP/manager.sock "$RUNTIME" --root "$STATE" run --bundle "$TEST_TMP/c" c </dev/null >/dev/null 2>&1 &
foreground=$!
wait $foreground
same "run: the exit status is the program's" 4 $?
check "run: the manager hears READY=1, and to watch the runtime" heard "^READY=1 MAINPID=$foreground "
check "run: and what comes later" heard "^WATCHDOG=1 "
NAMESPACES="$ALL_NAMESPACES"',{"type":"user"}' LINUX=',"uidMappings":[{"containerID":0,"hostID":100000,"size":65536}],"gidMappings":[{"containerID":0,"hostID":100000,"size":65536}]' \
	bundle c sh -c "$SAY READY=1"
chmod 755 "$TEST_TMP" "$TEST_TMP/c"
: >"$HEARD"
notified run --bundle "$TEST_TMP/c" c </dev/null
check "run: also with a user namespace" heard "^READY=1 "
bundle c sh -c "$SAY READY=1; sleep 0.1"
out=$(NOTIFY_SOCKET=$TEST_TMP/nosuch rt run --detach --bundle "$TEST_TMP/c" c 2>&1 </dev/null)
says "a manager that is not there is told" "cannot reach NOTIFY_SOCKET"
rt delete -f c 2>/dev/null

# --- sd_listen_fds
echo one >"$TEST_TMP/one"
echo two >"$TEST_TMP/two"
# shellcheck disable=SC2016
bundle c sh -c 'echo "fds=$LISTEN_FDS pid=$LISTEN_PID names=${LISTEN_FDNAMES-}"; for i in 3 4 5; do cat <&$i; done 2>/dev/null; ls /proc/self/fd | tr "\n" " "'
# activated PID [OPTION...]: with descriptors 3 and 4.
activated()
{
	local pid=$1
	shift
	out=$(exec 3<"$TEST_TMP/one" 4<"$TEST_TMP/two"
	      LISTEN_FDS=1 LISTEN_FDNAMES=web LISTEN_PID=$pid exec sh -c '[ "$LISTEN_PID" ] || export LISTEN_PID=$$; exec "$@" 2>&1 </dev/null' \
		sh "$RUNTIME" --root "$STATE" run "$@" --bundle "$TEST_TMP/c" c)
}
activated ""
exactly "LISTEN_FDS: the sockets and the variables are handed on" "fds=1 pid=1 names=web
one
0 1 2 3 4 "
activated "" --preserve-fds 1
exactly "--preserve-fds: comes behind them" "fds=1 pid=1 names=web
one
two
0 1 2 3 4 5 "
activated 1
exactly "LISTEN_FDS: those for another process are not" "fds= pid= names=
0 1 2 3 "
activated "" --preserve-fds 4
says "--preserve-fds: one that is not open is refused" "unable to stat preserved-fd 2 (of 5)"
clean "at the end nothing is left"
finish
