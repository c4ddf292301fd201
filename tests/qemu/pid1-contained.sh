# SPDX-License-Identifier: Apache-2.0
# Services that behave as badly as they can, each in its limits, next to one that must not notice: a fork bomb, a memory hog, a
# flood of output, one that ignores SIGTERM; the process that brings output to the console killed again and again, and standing
# still; and a clock that jumps. Disks that are full or taken away are in storage.sh.
set -u
. "$TOP/tests/qemu/lib-pid1.sh"

# service NAME SCRIPT: with further lines on standard input.
service()
{
	echo "  - name: $1"
	echo "    image: slipway/busybox"
	echo "    command: [/bin/busybox, sh, -c, \"$2\"]"
	sed 's/^/    /'
}

{
	echo "${KERNEL/quiet/loglevel=5}"
	echo "services:"
	service victim "trap 'exit 0' TERM; n=0; while :; do n=\$((n + 1)); echo line \$n of the victim; /bin/busybox sleep 0.02 & wait; done" < /dev/null
	service bomb "while :; do /bin/busybox sh -c 'while :; do /bin/busybox sleep 100 & done' & /bin/busybox sleep 100 & done" <<-'END'
		resources: {pids: {limit: 40}, cpu: {quota: 5000, period: 100000}}
		stop_timeout: 1s
	END
	service hog "x=0123456789abcdef; while :; do x=\$x\$x; done" <<-'END'
		resources: {memory: {limit: 16777216}, cpu: {quota: 10000, period: 100000}}
	END
	service deaf "trap '' TERM; while :; do /bin/busybox sleep 1000; done" <<-'END'
		stop_timeout: 700ms
	END
	service flood "trap 'exit 0' TERM; while :; do echo This is the flood, and it does not end, whatever the others have to say; done" <<-'END'
		resources: {cpu: {quota: 5000, period: 100000}}
	END
	service quiet "while :; do /bin/busybox sleep 1000; done" <<-'END'
		stop_signal: SIGKILL
	END
	watch <<-'END'
		# The victim counts its lines, and a line that was killed with the process that wrote it would be missing.
		kills=0
		until_ok 30 [ -d $cgroup/services/quiet ]
		sleep 3
		quiet=$(cat $cgroup/services/quiet/cgroup.procs)
		for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
			p=$(reader)
			[ -n "$p" ] && kill -9 "$p" && kills=$((kills + 1))
			sleep 0.4
		done
		verdict "the console process was killed 12 times" [ "$kills" -eq 12 ]
		one_reader() { [ "$(reader | wc -w)" -eq 1 ]; }
		verdict "and is there again" until_ok 5 one_reader
		oom() { grep -q '^oom_kill [1-9]' $cgroup/services/hog/memory.events; }
		verdict "the hog was killed for its memory" until_ok 30 oom
		verdict "the bomb stays in its limit" [ "$(cat $cgroup/services/bomb/pids.current)" -le 40 ]
		reached() { grep -q '^max [1-9]' $cgroup/services/bomb/pids.events; }
		verdict "which it has reached" until_ok 30 reached
		verdict "the quiet one runs undisturbed" [ "$quiet" = "$(cat $cgroup/services/quiet/cgroup.procs)" ]
		# Nobody reads: the flood fills its pipe and waits, and PID 1 starts what ends as before.
		ooms() { sed -n 's/^oom_kill //p' $cgroup/services/hog/memory.events; }
		more_ooms() { [ "$(ooms)" -gt "$was" ]; }
		kill -STOP "$(reader)"
		was=$(ooms)
		verdict "while no output is read, what ends is started again" until_ok 60 more_ooms
		verdict "and the quiet one runs undisturbed" [ "$quiet" = "$(cat $cgroup/services/quiet/cgroup.procs)" ]
		kill -CONT "$(reader)"
		# Ten years on, and back to a time long before: nothing is due by it, and nothing waits for it.
		for time in 203601010000 200001010000; do
			date $time > /dev/null
			was=$(ooms)
			verdict "the clock jumps to $time: what ends is started again" until_ok 60 more_ooms
		done
		verdict "and nothing else is" [ "$quiet" = "$(cat $cgroup/services/quiet/cgroup.procs)" ]
		no_zombies() { [ "$(zombies)" -eq 0 ]; }
		verdict "no zombie is left" until_ok 10 no_zombies
	END
	echo "$WATCH_FILES"
} > "$TEST_TMP/contained.yml"
check "the image builds" build contained kernel+squashfs "$TEST_TMP/contained.yml"
begin=$SECONDS
boot contained kernel+squashfs -m 256 --timeout 400 > "$TEST_TMP/said"
grep -v "This is the flood\|of the victim" "$TEST_TMP/said" | cut -c 1-200 | tail -n 60
echo "# $((SECONDS - begin)) s"
verdicts contained

tr -d '\r' < "$TEST_TMP/console" > "$TEST_TMP/clean"
# Every number from 1 on, at least once each. Beside it may be what others said: the kernel, or one that did not end its line.
lines=$(sed -n 's/^.*line \([0-9]*\) of the victim.*/\1/p' "$TEST_TMP/clean" | sort -nu)
count=$(echo "$lines" | wc -l)
check "no line of the victim is lost ($count lines)" [ "$(seq "$count")" = "$lines" ]
check "though the flood writes all the time" [ "$(grep -c "This is the flood" "$TEST_TMP/clean")" -gt 200 ]
console "the deaf one is killed after its time" "'deaf': still there 700 ms after signal 15: killed"
finish
