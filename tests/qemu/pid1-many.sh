# SPDX-License-Identifier: Apache-2.0
# Many services in 256 MB, whose processes are killed at random, and the log process among them: every one comes back, nothing is
# left behind, and none of their lines is lost, neither on the console nor in what `ctl logs` has of them. The machine's time is that of its
# instructions, so that a second of it holds as many kills on a slow host as on a fast one.
set -u
. "$TOP/tests/qemu/lib-pid1.sh"

: "${SERVICES:=50}" "${KILLING:=8}" "${RATE:=8}"
WATCH_PRELUDE="SERVICES=$SERVICES KILLING=$KILLING RATE=$RATE $WATCH_PRELUDE"

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
		# A process of one of them, found without a process for the finding.
		kill_one()
		{
			set -- $cgroup/services/s*
			shift $((RANDOM % $#))
			local procs=$1/cgroup.procs pid
			set --
			while read -r pid; do set -- "$@" "$pid"; done < $procs
			[ $# -gt 0 ] || return
			shift $((RANDOM % $#))
			kill -9 "$1" && kills=$((kills + 1))
		}
		start=$(now) end=$(($(now) + KILLING)) kills=0 log_kills=0 round=0
		while [ "$(now)" -lt "$end" ]; do
			for i in $(seq $RATE); do kill_one 2> /dev/null; done
			[ $((round % 5)) -ne 0 ] || { kill -9 $(reader) && log_kills=$((log_kills + 1)); }
			round=$((round + 1))
			sleep 1
		done
		for i in 1 2 3 4; do
			until_ok 60 populated mounts
			kill -9 $(head -n 1 $cgroup/services/mounts/cgroup.procs)
			sleep 0.3
		done
		verdict "one with mounts, a network and an interface comes back" until_ok 60 populated mounts
		note "$kills processes were killed, and the log process $log_kills times"
		verdict "most of $((RATE * KILLING)) processes were killed" [ "$kills" -ge $((RATE * KILLING / 2)) ]
		verdict "and the log process, too" [ "$log_kills" -ge $((KILLING / 10)) ]
		verdict "every service comes back" until_ok $((60 + SERVICES)) all_up
		verdict "no zombie is left" until_ok 30 no_zombies
		verdict "descriptors, mounts, cgroups and processes are as many as before" until_ok 60 as_before
		note "before: $before"
		note "after:  $after"
		memory
		note "$(($(now) - start)) s of guest time from the first kill to the end"
		# What PID 1's own witness has of them goes to the host, with how far each has come.
		{
			chroot /proc/1/root /usr/bin/ctl logs | sed -nE 's/.*((line|noted) s[0-9]+ [0-9]+ [0-9]+)$/\1/p'
			for i in $(seq -w $SERVICES); do
				read run n < /proc/1/root/run/count/s$i && echo "noted s$i $run $n"
			done
		} > "/dev/$(basename "$(dirname "$(grep -lx witness /sys/class/virtio-ports/*/name)")")"
	END
	echo "    resources: {devices: [{allow: true}]}"
	echo "$WATCH_FILES"
	echo "  - {path: usr/share/lines.sh, source: \"$TEST_TMP/lines.sh\", mode: \"0644\"}"
} > "$TEST_TMP/many.yml"
check "the image builds" build many kernel+squashfs "$TEST_TMP/many.yml"
sed -i "s|^exec.*|& -chardev file,id=witness,path=$TEST_TMP/witness -device virtserialport,chardev=witness,name=witness|" "$(counting_qemu)"
begin=$SECONDS
boot many kernel+squashfs -m 256 --qemu "$TEST_TMP/counting-qemu" --timeout $((240 + 4 * SERVICES + 4 * KILLING)) > /dev/null
grep -v "^line s\|^noted s" "$TEST_TMP/console" | tail -n 60
cat "$TEST_TMP/stderr"
echo "# $((SECONDS - begin)) s"
verdicts "$SERVICES services" > "$TEST_TMP/verdicts"
sed 's/^# /## /' "$TEST_TMP/verdicts"

# accounted WHERE TIMES: every line that was written is among those of standard input, at most so many times.
accounted()
{
	awk -v most="$2" '
		$1 == "line" { if (++seen[$2, $3, $4] == 1) lines++; else if (seen[$2, $3, $4] > most) again++
			runs[$2, $3] = 1; if ($4 > last[$2, $3]) last[$2, $3] = $4 }
		$1 == "noted" { noted[$2, $3] = $4; runs[$2, $3] = 1 }
		END {
			for (r in runs) {
				# The last that was noted may not have been written any more.
				end = noted[r] - 1 > last[r] ? noted[r] - 1 : last[r]
				for (n = 1; n <= end; n++) if (!((r, n) in seen)) missing++
				count++
			}
			printf "%d lines of %d runs, %d missing, %d too often\n", lines, count, missing, again
		}' > "$TEST_TMP/lines"
	sed "s/^/## $1: /" "$TEST_TMP/lines"
	check "$1: every line is accounted for: $(cat "$TEST_TMP/lines")" grep -q "^[1-9].* 0 missing, 0 too often" "$TEST_TMP/lines"
}

accounted "ctl logs" 1 < "$TEST_TMP/witness"
# Beside a line there may be what others said, and it may come twice: the process that brings them was killed, too.
{ grep '^noted' "$TEST_TMP/witness"; tr -d '\r' < "$TEST_TMP/console" | grep -oE "(line|noted) s[0-9]+ [0-9]+ [0-9]+"; } | accounted "the console" 2
finish
