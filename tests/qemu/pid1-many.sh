# SPDX-License-Identifier: Apache-2.0
# Many services in 256 MB, whose processes are killed at random: every one comes back, and nothing is left behind.
set -u
. "$TOP/tests/qemu/lib-pid1.sh"

: "${SERVICES:=50}" "${KILLING:=8}"
WATCH_PRELUDE="SERVICES=$SERVICES KILLING=$KILLING $WATCH_PRELUDE"

{
	echo "${KERNEL/modules: []/modules: [veth]}"
	echo "services:"
	for i in $(seq -w "$SERVICES"); do
		cat <<-END
			  - name: s$i
			    image: slipway/busybox
			    command: [/bin/busybox, sh, -c, "trap 'exit 0' TERM; while :; do /bin/busybox sleep 1000 & wait; done"]
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
		end=$(($(now) + KILLING)) kills=0
		while [ "$(now)" -lt "$end" ]; do
			for i in 1 2 3 4 5 6 7 8; do
				pid=$(shuf -n 1 $(shuf -n 1 -e $cgroup/services/s*)/cgroup.procs 2>/dev/null)
				[ -n "$pid" ] && kill -9 "$pid" 2>/dev/null && kills=$((kills + 1))
			done
		done
		for i in 1 2 3 4; do
			until_ok 20 populated mounts
			kill -9 $(head -n 1 $cgroup/services/mounts/cgroup.procs)
			sleep 0.3
		done
		verdict "one with mounts, a network and an interface comes back" until_ok 20 populated mounts
		note "$kills processes were killed"
		verdict "at least 20 processes were killed" [ "$kills" -ge 20 ]
		verdict "every service comes back" until_ok 60 all_up
		verdict "no zombie is left" until_ok 10 no_zombies
		verdict "descriptors, mounts, cgroups and processes are as many as before" until_ok 10 as_before
		note "before: $before"
		note "after:  $after"
		memory
	END
	echo "$WATCH_FILES"
} > "$TEST_TMP/many.yml"
check "the image builds" build many kernel+squashfs "$TEST_TMP/many.yml"
begin=$SECONDS
boot many kernel+squashfs -m 256 --timeout $((240 + 2 * SERVICES + 2 * KILLING))
echo "# $((SECONDS - begin)) s"
verdicts "$SERVICES services"
finish
