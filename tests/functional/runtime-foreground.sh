#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What a runtime does while a container runs: signals, the terminal, orphans, events.
set -u
. "$TOP/tests/functional/lib-runtime.sh"
need script perl

TERMINAL=',"terminal":true'
# in_terminal COMMAND...: with a terminal of its own, whose size is 40 lines of 100.
in_terminal() { script -qec "stty rows 40 cols 100; exec $*" /dev/null; }
CONTAINER="$RUNTIME --root $STATE run --bundle $TEST_TMP/t t"

# --- signals
bundle s sh -c 'trap "exit 6" TERM; trap "echo usr" USR1; echo ready; while :; do sleep 0.05; done'
"$RUNTIME" --root "$STATE" run --bundle "$TEST_TMP/s" s >"$TEST_TMP/out" 2>&1 </dev/null &
until_true 10 grep -q ready "$TEST_TMP/out"
kill -USR1 $!
check "run: a signal reaches the program" until_true 10 grep -q usr "$TEST_TMP/out"
kill -TERM $!
wait $!
same "run: and its exit status comes back" 6 $?
# A caller that ignores SIGCHLD leaves that to who it runs.
bundle s sh -c 'exit 8'
(trap '' CHLD; exec perl -e '$SIG{CHLD} = "IGNORE"; exec @ARGV' "$RUNTIME" --root "$STATE" run --bundle "$TEST_TMP/s" s </dev/null)
same "run: the exit status is known where SIGCHLD is ignored" 8 $?
NAMESPACES='{"type":"mount"},{"type":"uts"}' bundle s sh -c '(sleep 0.1 & echo $! ) ; sleep 1000'
"$RUNTIME" --root "$STATE" run --bundle "$TEST_TMP/s" s >"$TEST_TMP/out" 2>&1 </dev/null &
runtime=$!
until_true 10 grep -q . "$TEST_TMP/out"
# It is ours while it lives, and gone soon after its end, while the container goes on.
check "run: orphans are reaped as they come" until_true 10 test ! -e "/proc/$(cat "$TEST_TMP/out")"
check "run: the container goes on after an orphan's end" test -e "/proc/$runtime"
rt kill s KILL
wait $runtime

# --- the terminal
PROCESS=$TERMINAL bundle t sh -c 'stty size; tty'
out=$(in_terminal "$CONTAINER" </dev/null | tr -d '\r')
says "run: the container's terminal has the size of ours" "40 100"
says "run: and is one" "/dev/pts/0"
PROCESS=$TERMINAL bundle t printf 'one\ntwo\n'
same "run: lines of a terminal end plainly where ours is none" "6f6e650a74776f0a" "$($CONTAINER </dev/null | od -An -tx1 | tr -d ' \n')"
same "run: and as a terminal has them where ours is one" "6f6e650d0a74776f0d0a" "$(in_terminal "$CONTAINER" </dev/null | tr -d '^@' | od -An -tx1 | tr -d ' \n')"
rm "$TEST_TMP/out"
PROCESS=$TERMINAL bundle t sh -c 'trap "[ \"\$(stty size)\" != \"11 22\" ] || { stty size; exit 3; }" WINCH; echo ready; while :; do sleep 0.05; done'
(script -qec "stty rows 40 cols 100; tty >$TEST_TMP/tty; exec $CONTAINER" /dev/null </dev/null >"$TEST_TMP/out"; echo $? >"$TEST_TMP/status") &
until_true 10 grep -q ready "$TEST_TMP/out"
stty -F "$(cat "$TEST_TMP/tty")" rows 11 cols 22
wait $!
out=$(cat "$TEST_TMP/out")
says "run: a new size is passed on" "11 22"
same "run: with a terminal, the exit status comes back" 3 "$(cat "$TEST_TMP/status")"
rm "$TEST_TMP/out"
PROCESS=$TERMINAL bundle t sh -c 'trap "exit 5" TERM; echo ready; while :; do sleep 0.05; done'
(script -qec "echo \$\$ >$TEST_TMP/pid; exec $CONTAINER" /dev/null </dev/null >"$TEST_TMP/out"; echo $? >"$TEST_TMP/status") &
until_true 10 grep -q ready "$TEST_TMP/out"
kill -TERM "$(cat "$TEST_TMP/pid")"
wait $!
same "run: signals reach a program with a terminal" 5 "$(cat "$TEST_TMP/status")"
# More input than a terminal holds, for a program that reads none of it, and writes more than a terminal holds.
PROCESS=$TERMINAL bundle t sh -c 'stty -icanon -echo; sleep 0.5; yes abcdefghijklmnop | head -c 400000; echo; echo done'
out=$(head -c 400000 /dev/zero | tr '\0' 'x' | timeout -k 1 30 $CONTAINER | tail -n 1 | tr -d '\r')
exactly "run: input that nobody reads does not keep output from being shown" "done"
# Only from then on: before, the terminal gathers a line of at most 4095 bytes, and drops the rest.
PROCESS=$TERMINAL bundle t sh -c 'stty -icanon -echo; echo ready; head -c 300000 | wc -c'
: >"$TEST_TMP/out"
(until_true 10 grep -q ready "$TEST_TMP/out"; head -c 300000 /dev/zero | tr '\0' 'x') | timeout -k 1 30 $CONTAINER >"$TEST_TMP/out"
same "run: no input is lost" 300000 "$(tail -n 1 "$TEST_TMP/out" | tr -d '\r')"

# --- events
LINUX=',"resources":{"memory":{"limit":33554432}}' bundle e sleep 1000
rt run --detach --bundle "$TEST_TMP/e" e >/dev/null 2>&1 </dev/null
"$RUNTIME" --root "$STATE" events --interval 1h e >"$TEST_TMP/events" 2>&1 &
events=$!
sleep 0.2
# shellcheck disable=SC2016
rt exec e sh -c 'x=$(dd if=/dev/zero bs=1M count=64 2>/dev/null | tr "\0" a)' >/dev/null 2>&1 </dev/null
check "events: running out of memory is told at once" until_true 5 grep -q '"type":"oom","id":"e"' "$TEST_TMP/events"
check_fails "events: nothing else is, between the intervals" grep -q stats "$TEST_TMP/events"
rt delete -f e
check "events: ends with the container" until_true 5 eval '! kill -0 $events'
clean "at the end nothing is left"
finish
