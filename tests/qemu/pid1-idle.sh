# SPDX-License-Identifier: Apache-2.0
# Ten services that have nothing to do, and jobs whose time is far away: PID 1 is small, sleeps, and ends them quickly. The guest's clock counts instructions.
set -u
. "$TOP/tests/qemu/lib-pid1.sh"

RSS_MAX=700 SHUTDOWN_MAX=0.3

{
	echo "${KERNEL/quiet/quiet printk.time=1}"
	echo "services:"
	for i in 1 2 3 4 5 6 7 8 9; do
		cat <<-END
			  - name: idle$i
			    image: slipway/busybox
			    command: [/bin/busybox, sh, -c, "trap 'exit 0' TERM; while :; do /bin/busybox sleep 100000 & wait; done"]
		END
	done
	# What is not due wakes nobody: a probe of the last one, jobs.
	cat <<-'END'
		    health: {tcp: 1, interval: 1h}
		    watchdog: 1h
		  - name: job
		    image: slipway/busybox
		    command: [/bin/busybox, "true"]
		    schedule: 30d
		  - name: yearly
		    image: slipway/busybox
		    command: [/bin/busybox, "true"]
		    schedule: "@yearly"
	END
	watch <<-END
		RSS_MAX=$RSS_MAX
		$(cat <<-'GUEST'
		all_up() { [ "$(alive idle)" -eq 9 ]; }
		verdict "the services are up" until_ok 60 all_up
		sleep 5
		rss=$(status_of VmRSS)
		verdict "PID 1 has at most $RSS_MAX kB: $rss" [ "$rss" -le "$RSS_MAX" ]
		before=$(status_of voluntary_ctxt_switches) before2=$(status_of nonvoluntary_ctxt_switches)
		sleep 60
		after=$(status_of voluntary_ctxt_switches) after2=$(status_of nonvoluntary_ctxt_switches)
		verdict "PID 1 is not woken in 60 s: $before and $after" [ "$before $before2" = "$after $after2" ]
		# From here on the kernel shows what PID 1 says, with the time.
		echo 7 > /proc/sys/kernel/printk
		GUEST
		)
	END
	echo "$WATCH_FILES"
} > "$TEST_TMP/idle.yml"
check "the image builds" build idle kernel+squashfs "$TEST_TMP/idle.yml"
boot idle kernel+squashfs -m 256 --qemu "$(counting_qemu)"
verdicts "ten services"
took=$(tr -d '\r' < "$TEST_TMP/console" | sed -n 's/^.*\[ *\([0-9.]*\)\] init: \(shutting down\|power off\).*/\1/p' |
	awk 'NR == 1 { a = $1 } { b = $1 } END { if (NR == 2) printf "%.3f", b - a }')
check "nine services that obey SIGTERM end within $SHUTDOWN_MAX s: $took" awk "BEGIN { exit !(\"$took\" != \"\" && ${took:-9} <= $SHUTDOWN_MAX) }"
finish
