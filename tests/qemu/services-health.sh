# SPDX-License-Identifier: Apache-2.0
# How PID 1 finds out how services are: ready by probes and by sd_notify, health with what comes of it, the watchdog, and jobs at their
# times. A service after another one says whether that was really up when it was taken for ready.
set -u
. "$TOP/tests/qemu/lib-pid1.sh"

# What speaks sd_notify(3) without systemd: `notify TEXT...` sends, and waits until that is read; `notify -` reads texts from standard input.
cat > "$TEST_TMP/notify.c" <<'EOF_C'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
static void tell(int fd, const struct sockaddr_un *to, const char *text, int with)
{
	union { struct cmsghdr c; char bytes[CMSG_SPACE(sizeof(int))]; } control = { 0 };
	struct iovec iov = { (void *)text, strlen(text) };
	struct msghdr m = { .msg_name = (void *)to, .msg_namelen = sizeof(*to), .msg_iov = &iov, .msg_iovlen = 1 };
	if (with >= 0) {
		m.msg_control = &control;
		m.msg_controllen = sizeof(control);
		*CMSG_FIRSTHDR(&m) = (struct cmsghdr){ CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS };
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&m)), &with, sizeof(int));
	}
	if (sendmsg(fd, &m, 0) < 0) { perror("sendmsg"); exit(1); }
}
int main(int argc, char **argv)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0), ends[2];
	const char *path = getenv("NOTIFY_SOCKET");
	char c;
	if (!path) return 2;
	strncpy(to.sun_path, path, sizeof(to.sun_path) - 1);
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "FLOOD") == 0) { for (;;) tell(fd, &to, "STATUS=flood", -1); }
		tell(fd, &to, argv[i], -1);
	}
	if (pipe(ends) < 0) return 3;
	tell(fd, &to, "BARRIER=1", ends[1]);
	close(ends[1]);
	return read(ends[0], &c, 1) == 0 ? 0 : 4;
}
EOF_C
check "the test's own program is compiled" gcc -O1 -static -w -o "$TEST_TMP/notify" "$TEST_TMP/notify.c"

# service NAME SCRIPT: a busybox with /marks of all, and /tools/notify; further lines are standard input.
service()
{
	cat <<-END
		  - name: $1
		    image: slipway/busybox
		    command: [/bin/busybox, sh, -c, "export PATH=/bin; alias b=/bin/busybox; $2"]
		    binds: ["/run/marks:/marks", "/usr/share/notify:/bin/notify:ro"]
	END
	sed 's/^/    /'
}

# after NAME: one that comes after it, and says whether it was up.
after()
{
	service "after-$1" "if [ -e /marks/up-$1 ]; then : > /marks/good-$1; else : > /marks/early-$1; fi; while :; do /bin/busybox sleep 1000; done" <<-END
		after: [$1]
		stop_signal: SIGKILL
	END
}

FOREVER="while :; do /bin/busybox sleep 1000; done"
{
	echo "${KERNEL/quiet/quiet log_buf_len=1M}"
	echo "onboot:"
	service marks "/bin/busybox chmod 1777 /marks" <<-'END'
		runtime: {mkdir: [/run/marks]}
	END
	echo "services:"
	service tcp "/bin/busybox sleep 1; : > /marks/up-tcp; exec /bin/busybox nc -ll -p 7001 -e /bin/busybox true" <<-'END'
		net: new
		ready: {tcp: 7001, interval: 500ms}
		stop_signal: SIGKILL
	END
	service http "/bin/busybox mkdir -p /tmp/w; echo ill > /tmp/w/health; /bin/busybox httpd -p 127.0.0.1:8080 -h /tmp/w; /bin/busybox sleep 1.5;
	      : > /marks/up-http; echo well > /tmp/w/ready; $FOREVER" <<-'END'
		net: new
		ready: {http: "http://127.0.0.1:8080/ready", interval: 500ms}
		stop_signal: SIGKILL
	END
	service exec "/bin/busybox sleep 1; echo 1 > /tmp/mine; : > /marks/up-exec; $FOREVER" <<-'END'
		uid: 1234
		userns: auto
		tmpfs: ["/tmp:mode=1777"]
		ready: {exec: [/bin/busybox, sh, -c, "[ \"$(/bin/busybox id -u)\" = 1234 ] && exec /bin/busybox grep -q 1 /tmp/mine"], interval: 500ms}
		stop_signal: SIGKILL
	END
	service notify "/bin/busybox sleep 1; : > /marks/up-notify; /bin/notify 'STATUS=warming up' 'READY=1' || exit 9; echo told >> /marks/notify-told; $FOREVER" <<-'END'
		uid: 1000
		ready: notify
		stop_signal: SIGKILL
	END
	for name in tcp http exec notify; do after $name; done
	# What a process of another service says is nobody's word.
	service liar "/bin/busybox sleep 1; NOTIFY_SOCKET=/others/liar-for/socket /bin/notify READY=1; $FOREVER" <<-'END'
		binds.add: ["/run/slipway/notify:/others"]
		stop_signal: SIGKILL
	END
	service liar-for "$FOREVER" <<-'END'
		ready: notify
		ready_timeout: 1h
		stop_signal: SIGKILL
	END
	after liar-for
	service flooder "/bin/notify READY=1 FLOOD" <<-'END'
		ready: notify
		cpu: 0.02
		stop_signal: SIGKILL
	END
	# Started again when it is ill, as often as it is.
	service sick "echo up >> /marks/sick; /bin/busybox rm -f /marks/make-sick; $FOREVER" <<-'END'
		health: {exec: [/bin/busybox, test, "!", -e, /marks/make-sick], interval: 1s, retries: 2}
		restart_delay: 50ms
		stop_signal: SIGKILL
	END
	# Its probe hangs, and leaves nothing behind.
	service hangs "echo up >> /marks/hangs; $FOREVER" <<-'END'
		health: {exec: [/bin/busybox, sh, -c, "/bin/busybox sleep 77 & /bin/busybox sleep 77"], interval: 1s, timeout: 1s, retries: 2, action: ignore}
		stop_signal: SIGKILL
	END
	service starts-slowly "echo up >> /marks/slowly; $FOREVER" <<-'END'
		health: {tcp: 7999, interval: 100ms, retries: 1, start_period: 1h}
		stop_signal: SIGKILL
	END
	service silent "echo up >> /marks/silent; for i in 1 2 3 4 5 6; do /bin/notify READY=1 WATCHDOG=1; /bin/busybox sleep 0.3; done; $FOREVER" <<-'END'
		ready: notify
		watchdog: 1s
		restart: 1
		restart_delay: 50ms
		stop_signal: SIGKILL
	END
	service job "/bin/busybox date +%s >> /marks/job; exit 3" <<-'END'
		schedule: 700ms
	END
	service long-job "echo up >> /marks/long-job; exec /bin/busybox sleep 3" <<-'END'
		schedule: {every: 1s}
		stop_signal: SIGKILL
	END
	service cron-job "/bin/busybox date -u +%Y-%m-%dT%H:%M:%S >> /marks/cron-job" <<-'END'
		schedule: "0 4 * * *"
	END
	watch <<-'END'
		m=/proc/1/root/run/marks
		lines() { wc -l < $m/$1 2>/dev/null || echo 0; }
		for name in tcp http exec notify; do
			verdict "ready by $name" until_ok 60 [ -e $m/good-$name ]
			verdict "not before it was by $name" [ ! -e $m/early-$name ]
		done
		verdict "a message is waited for by BARRIER" [ -e $m/notify-told ]
		verdict "another service cannot speak for one" [ ! -e $m/good-liar-for -a ! -e $m/early-liar-for ]
		told() { dmesg | grep -q "liar-for.*which is not one of its own"; }
		verdict "and is told of" until_ok 30 told
		: > $m/make-sick
		restarted() { [ "$(lines sick)" -ge 2 ]; }
		verdict "an ill service is started again" until_ok 30 restarted
		sleep 1
		verdict "once" [ "$(lines sick)" -eq 2 ]
		: > $m/make-sick
		again() { [ "$(lines sick)" -ge 3 ]; }
		verdict "and again" until_ok 30 again
		ill() { dmesg | grep -q "'hangs': unhealthy"; }
		verdict "a probe that hangs is a failure" until_ok 30 ill
		few() { [ "$(pgrep -f "sleep 77" | wc -l)" -le 3 ]; }
		sleep 1
		verdict "what it started ends with it" few
		verdict "action: ignore leaves it alone" [ "$(lines hangs)" -eq 1 ]
		verdict "in its start_period failures do not count" [ "$(lines slowly)" -eq 1 ]
		silenced() { [ "$(lines silent)" -ge 2 ]; }
		verdict "one that falls silent is started again" until_ok 30 silenced
		dmesg | grep -q "'silent': unhealthy: no sign of life for 1000 ms"
		verdict "with its reason" [ $? -eq 0 ]
		jobs() { [ "$(lines job)" -ge 5 ]; }
		verdict "a job comes again, though it fails" until_ok 30 jobs
		long() { [ "$(lines long-job)" -ge 2 ]; }
		verdict "a long one, too" until_ok 30 long
		dmesg | grep -q "'long-job': a run is left out: the last one has not ended"
		verdict "but not while it runs" [ $? -eq 0 ]
		# The clock is set to shortly before four, and later far past it.
		verdict "a job by the clock waits" [ ! -e $m/cron-job ]
		date -u -s "2031-05-05 03:59:58" > /dev/null
		once() { [ "$(lines cron-job)" -ge 1 ]; }
		verdict "and comes by it, though the clock was set" until_ok 30 once
		verdict "at its time" grep -q "^2031-05-05T04:00:0" $m/cron-job
		date -u -s "2031-05-07 12:00:00" > /dev/null
		missed() { dmesg | grep -q "'cron-job': a run is left out: the clock was set past it"; }
		verdict "what the clock was set past is told" until_ok 10 missed
		verdict "and not made up for" [ "$(lines cron-job)" -eq 1 ]
		rss=$(status_of VmRSS)
		verdict "PID 1 is small: $rss kB" [ "$rss" -le 1000 ]
		no_zombies() { [ "$(zombies)" -eq 0 ]; }
		verdict "no zombie is left" until_ok 10 no_zombies
	END
	echo "$WATCH_FILES"
	echo "  - {path: usr/share/notify, source: \"$TEST_TMP/notify\", mode: \"0755\"}"
} > "$TEST_TMP/health.yml"
check "the image builds" build health kernel+squashfs "$TEST_TMP/health.yml"
boot health kernel+squashfs --timeout 235 --qemu "$(counting_qemu)" > "$TEST_TMP/said"
tail -n 100 "$TEST_TMP/said" | cut -c 1-250
verdicts health

# The machine starts anew, which ends QEMU, when a service that it depends on so is ill.
build reboot kernel+initrd <<-EOF
	$KERNEL
	services:
	  - name: ill
	    image: slipway/busybox
	    command: [/bin/busybox, sleep, "1000"]
	    health: {http: {port: 9999, path: /x}, interval: 100ms, retries: 3, action: reboot}
	    stop_signal: SIGKILL
	  - name: other
	    image: slipway/busybox
	    command: [/bin/busybox, sh, -c, "trap 'echo other: down; exit 0' TERM; while :; do /bin/busybox sleep 0.1; done"]
EOF
boot reboot kernel+initrd --cmdline loglevel=7
same "the machine ends with status 1" 1 "$status"
console "orderly" "other: down"
console "with its reason" "'ill': unhealthy: its probe: cannot connect to port 9999 of '127.0.0.1': Connection refused"
finish
