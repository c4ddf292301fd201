# SPDX-License-Identifier: Apache-2.0
# Many services in 256 MB, whose processes are killed at random: every one comes back, nothing is left behind, and none of their
# lines is lost.
set -u
. "$TOP/tests/qemu/lib-pid1.sh"

: "${SERVICES:=50}" "${KILLING:=8}"
WATCH_PRELUDE="SERVICES=$SERVICES KILLING=$KILLING $WATCH_PRELUDE"

# Numbered lines. The number is noted before the line is written: whoever is killed in between has noted one that never was.
# What the run before has noted last is told by the next.
cat > "$TEST_TMP/lines.sh" <<-'END'
	trap 'exit 0' TERM
	run=0 n=0
	[ ! -f /count/$1 ] || read run n < /count/$1
	[ -z "$n" ] || [ "$run" -eq 0 ] || echo "noted $1 $run $n"
	# Killed while it noted: another number that no run before had.
	[ -n "$run" ] || { read up rest < /proc/uptime; run=$((1000000 + ${up%.*})); }
	run=$((run + 1)) n=0
	while :; do
		n=$((n + 1))
		echo $run $n > /count/$1
		echo "line $1 $run $n"
		/bin/busybox sleep 20 &
		wait
	done
END

{
	echo "${KERNEL/modules: []/modules: [veth]}"
	echo "services:"
	for i in $(seq -w "$SERVICES"); do
		cat <<-END
			  - name: s$i
			    image: slipway/busybox
			    command: [/bin/busybox, sh, /lines.sh, s$i]
			    binds: ["/usr/share/lines.sh:/lines.sh:ro", "/run/count:/count"]
			    runtime: {mkdir: [/run/count]}
			    stop_timeout: 5s
		END
	done
	cat <<-END
		  - name: mounts
		    image: slipway/busybox
		    command: [/bin/busybox, sh, -c, "/bin/busybox touch /data/\$(/bin/busybox date +%s%N); trap 'exit 0' TERM; /bin/busybox sleep 1000 & wait"]
		    net: new
		    binds: ["/run/data:/data"]
		    runtime:
		      mounts: [{type: tmpfs, source: tmpfs, destination: /run/data}]
		      bindNS: {net: /run/netns/mounts}
		      interfaces: [{name: inside, add: veth, peer: outside}]
	END
	watch <<-'END'
		now() { cut -d. -f1 /proc/uptime; }
		all_up() { [ "$(alive s)" -eq "$SERVICES" ]; }
		populated() { grep -q "^populated 1" $cgroup/services/$1/cgroup.events; }
		no_zombies() { [ "$(zombies)" -eq 0 ]; }
		# Processes with a command line: the kernel's own threads come and go as it likes.
		counts()
		{
			echo "$(ls /proc/1/fd | wc -l) descriptors, $(wc -l < /proc/1/mountinfo) mounts," \
				"$(find $cgroup -type d | wc -l) cgroups, $(grep -l . /proc/[0-9]*/cmdline 2> /dev/null | wc -l) processes"
		}
		memory() { note "PID 1 has $(status_of VmRSS) kB; $(sed -n 's/^MemAvailable: *//p' /proc/meminfo) are free"; }
		as_before() { after=$(counts); [ "$before" = "$after" ]; }

		verdict "$SERVICES services come up" until_ok $((60 + 2 * SERVICES)) all_up
		note "$SERVICES services were up at $(now) s"
		memory
		sleep 1
		before=$(counts)
		start=$(now) end=$(($(now) + KILLING)) kills=0
		while [ "$(now)" -lt "$end" ]; do
			for i in 1 2 3 4 5 6 7 8; do
				pid=$(shuf -n 1 $(shuf -n 1 -e $cgroup/services/s*)/cgroup.procs 2>/dev/null)
				[ -n "$pid" ] && kill -9 "$pid" 2>/dev/null && kills=$((kills + 1))
			done
			sleep 0.5
		done
		for i in 1 2 3 4; do
			until_ok 60 populated mounts
			kill -9 $(head -n 1 $cgroup/services/mounts/cgroup.procs)
			sleep 0.3
		done
		verdict "one with mounts, a network and an interface comes back" until_ok 60 populated mounts
		note "$kills processes were killed"
		verdict "at least 20 processes were killed" [ "$kills" -ge 20 ]
		verdict "every service comes back" until_ok $((60 + SERVICES)) all_up
		verdict "no zombie is left" until_ok 30 no_zombies
		verdict "descriptors, mounts, cgroups and processes are as many as before" until_ok 60 as_before
		note "before: $before"
		note "after:  $after"
		memory
		note "$(($(now) - start)) s of guest time from the first kill to the end"
		for i in $(seq -w $SERVICES); do
			read run n < /proc/1/root/run/count/s$i && echo "noted s$i $run $n"
		done
	END
	echo "$WATCH_FILES"
	echo "  - {path: usr/share/lines.sh, source: \"$TEST_TMP/lines.sh\", mode: \"0644\"}"
} > "$TEST_TMP/many.yml"
check "the image builds" build many kernel+squashfs "$TEST_TMP/many.yml"
begin=$SECONDS
boot many kernel+squashfs -m 256 --timeout $((240 + 2 * SERVICES + 2 * KILLING)) > /dev/null
grep -v "^line s\|^noted s" "$TEST_TMP/console" | tail -n 60
cat "$TEST_TMP/stderr"
echo "# $((SECONDS - begin)) s"
verdicts "$SERVICES services"

# Beside a line there may be what others said, and it may come twice: the process that brings them may have been killed, too.
tr -d '\r' < "$TEST_TMP/console" | grep -oE "(line|noted) s[0-9]+ [0-9]+ [0-9]+" | awk '
	$1 == "line" { lines += !(($2, $3, $4) in seen); seen[$2, $3, $4] = 1; runs[$2, $3] = 1; if ($4 > last[$2, $3]) last[$2, $3] = $4 }
	$1 == "noted" { noted[$2, $3] = $4; runs[$2, $3] = 1 }
	END {
		for (r in runs) {
			end = noted[r] - 1 > last[r] ? noted[r] - 1 : last[r]
			for (n = 1; n <= end; n++) if (!((r, n) in seen)) missing++
			count++
		}
		printf "%d lines of %d runs, %d missing\n", lines, count, missing
	}' > "$TEST_TMP/lines"
check "no line is lost: $(cat "$TEST_TMP/lines")" grep -q "^[1-9].* 0 missing" "$TEST_TMP/lines"
finish
