# SPDX-License-Identifier: Apache-2.0
# Lines on their way to a receiver whose link goes down, and which is another when it is up again: what the first had not
# acknowledged comes to the second.
set -u
. "$TOP/tests/qemu/lib-pid1.sh"

{
	cat <<-END
		${KERNEL/modules: []/modules: [veth]}
		logging:
		  remotes:
		    - {syslog: "tcp://192.0.2.1:5140", format: json}
		$(given_network)
		# A receiver that has nothing to say must not end what it says: its end would count as closed.
		services:
		  - name: receiver
		    image: slipway/busybox
		    net: /run/netns/given
		    command: [/bin/busybox, sh, -c, "/bin/busybox sleep 100000 | /bin/busybox nc -l -p 5140 >> /data/lines"]
		    binds: ["/run/data:/data"]
		    runtime: {mkdir: [/run/data]}
		    restart_delay: 100ms
		    log: {console: false}
		  - name: count
		    image: slipway/busybox
		    command: [/bin/busybox, sh, -c, "n=0; while [ \$n -lt 200 ]; do n=\$((n + 1)); echo line \$n; /bin/busybox usleep 50000; done; /bin/busybox sleep 1000"]
	END
	watch <<-'END'
		lines=/proc/1/root/run/data/lines
		has() { grep -q "\"line $1\"" $lines; }
		link() { nsenter --net=/proc/1/root/run/netns/given ip link set inside $1; }
		receiver() { cat $cgroup/services/receiver/cgroup.procs; }
		another() { [ -n "$(receiver)" ] && [ "$(receiver)" != "$first" ]; }
		everything() { [ "$(grep -o '"line [0-9]*"' $lines | sort -u | wc -l)" -eq 200 ]; }

		verdict "lines come" until_ok 60 has 20
		link down
		sleep 2
		first=$(receiver)
		kill -9 $first
		verdict "the receiver is another" until_ok 60 another
		verdict "and has not got the last" sh -c "! grep -q '\"line 200\"' $lines"
		link up
		verdict "the last comes when the link is up" until_ok 120 has 200
		verdict "and so have all before it" everything
		note "$(grep -o '"line [0-9]*"' $lines | sort | uniq -d | wc -l) came twice"
	END
	echo "$WATCH_FILES"
} > "$TEST_TMP/connection.yml"
check "the image builds" build connection kernel+squashfs "$TEST_TMP/connection.yml"
boot connection kernel+squashfs
verdicts "a broken connection"
finish
