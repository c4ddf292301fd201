# SPDX-License-Identifier: Apache-2.0
# Services that wait for others: after, requires, oneshot, ready and critical, at the start and at the end.
set -u
. "$TOP/tests/qemu/lib.sh"

# lines: what the services said, in one line. Between two lines of different services there is time for the console.
lines() { grep -oE "^[a-z]+: [a-z]+" "$TEST_TMP/console" | tr '\n' ','; }

build order kernel+initrd <<-EOF || { not_ok "services that wait build"; finish; }
	$KERNEL
	services:
	  - name: last
	    image: slipway/busybox
	    command: [/bin/busybox, sh, -c, "/bin/busybox echo last: up; /bin/busybox sleep 0.3; exit 5"]
	    after: [web]
	    on_exit: poweroff
	  - name: web
	    image: slipway/busybox
	    command: [/bin/busybox, sh, -c, "trap '/bin/busybox echo web: down; /bin/busybox sleep 0.3; exit 0' TERM;
	      /bin/busybox echo web: up; while :; do /bin/busybox sleep 0.1; done"]
	    requires: [db, migrate]
	    after: [fails]
	  - name: migrate
	    image: slipway/busybox
	    command: [/bin/busybox, sh, -c, "[ -e /run/tried ] && /bin/busybox echo migrate: done && exit 0; : > /run/tried;
	      /bin/busybox echo migrate: failed; exit 1"]
	    binds: ["/run:/run"]
	    oneshot: true
	    requires: [db]
	  - name: db
	    image: slipway/busybox
	    command: [/bin/busybox, sh, -c, "trap '/bin/busybox echo db: down; exit 0' TERM; /bin/busybox sleep 0.5;
	      /bin/busybox echo db: up; [ -e /proc/self/fd/5 ] && /bin/busybox echo db: more; /bin/busybox sleep 0.3;
	      /bin/busybox echo >&4; while :; do /bin/busybox sleep 0.1; done"]
	    ready: fd:4
	  - name: fails
	    image: slipway/busybox
	    command: [/bin/busybox, sh, -c, "exit 3"]
	    restart: never
EOF
boot order kernel+initrd
same "the last of them ends the machine" 5 "$status"
same "they start when those before them are ready, and stop the other way round" \
	"db: up,migrate: failed,migrate: done,web: up,last: up,web: down,db: down," "$(lines)"

build late kernel+initrd <<-EOF
	$KERNEL
	services:
	  - name: late
	    image: slipway/busybox
	    command: [/bin/busybox, sh, -c, "/bin/busybox echo late: up; while :; do /bin/busybox sleep 0.1; done"]
	    ready: fd
	    ready_timeout: 1s
	    stop_timeout: 100ms
	    restart: 1
	    critical: true
	  - name: other
	    image: slipway/busybox
	    command: [/bin/busybox, echo, "other: up"]
	    requires: [late]
EOF
boot late kernel+initrd
same "a critical service that is never ready ends the machine with status 1" 1 "$status"
check "the host hears the cause" \
	grep -qF "critical service failed: 'late': cannot start: not ready after 1000 ms" "$TEST_TMP/stderr"
same "it was tried twice, and who requires it never" "late: up,late: up," "$(lines)"

build forsaken kernel+initrd <<-EOF
	$KERNEL
	on_failure: continue
	services:
	  - name: base
	    image: slipway/busybox
	    command: [/bin/busybox, sh, -c, "/bin/busybox sleep 1; exit 3"]
	    restart: never
	  - name: top
	    image: slipway/busybox
	    command: [/bin/busybox, sh, -c, "trap '/bin/busybox echo top: down; exit 0' TERM; /bin/busybox echo top: up;
	      while :; do /bin/busybox sleep 0.1; done"]
	    requires: [base]
	    critical: true
	  - name: end
	    image: slipway/busybox
	    command: [/bin/busybox, sh, -c, "/bin/busybox sleep 3; /bin/busybox echo end: here"]
	    on_exit: poweroff
EOF
boot forsaken kernel+initrd
check "what a service requires has failed: it has, too, and the host hears it" \
	grep -qF "critical service failed: 'top' requires 'base', which failed" "$TEST_TMP/stderr"
same "it was stopped, and with on_failure: continue the machine goes on" "top: up,top: down,end: here," "$(lines)"
finish
