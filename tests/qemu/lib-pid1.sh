# SPDX-License-Identifier: Apache-2.0
# For tests of PID 1: . "$TOP/tests/qemu/lib-pid1.sh". A service that sees the whole machine, `watch`, looks at it from
# inside and leaves verdicts, one line each, which `verdicts` counts; the machine ends when it does, with its status.

. "$TOP/tests/qemu/lib.sh"

# What each script of the watching service begins with.
WATCH_PRELUDE='
/bin/busybox mkdir -p /tools/bin
/bin/busybox --install -s /tools/bin
export PATH=/tools/bin
bad=0
verdict()	# verdict NAME COMMAND...
{
	local name=$1
	shift
	if "$@"; then echo "watch: ok $name"; else echo "watch: not ok $name"; bad=1; fi
}
note() { echo "watch: # $*"; }
until_ok()	# until_ok SECONDS COMMAND...
{
	local end=$(($(cut -d. -f1 /proc/uptime) + $1))
	shift
	until "$@"; do
		[ "$(cut -d. -f1 /proc/uptime)" -lt "$end" ] || return 1
		sleep 0.3
	done
}
cgroup=/sys/fs/cgroup
status_of() { sed -n "s/^$1:[[:space:]]*\([0-9]*\).*/\1/p" /proc/1/status; }
zombies() { cat /proc/[0-9]*/stat 2>/dev/null | sed "s/.*) //" | grep -c "^Z"; }
# Services whose cgroup has a process, of those whose names begin so.
alive() { cat $cgroup/services/$1*/cgroup.events 2>/dev/null | grep -c "^populated 1"; }
reader() { pidof log; }
'

# watch: the service, for the list of services; what it runs is standard input. OPTIONS are further lines of the service.
watch()
{
	{ echo "$WATCH_PRELUDE"; cat; echo 'exit $bad'; } > "$TEST_TMP/watch.sh"
	cat <<-END
		  - name: watch
		    image: slipway/busybox
		    command: [/bin/busybox, sh, /usr/share/watch.sh]
		    capabilities: [all]
		    pid: host
		    readonly: false
		    seccomp: unconfined
		    maskedPaths: []
		    readonlyPaths: []
		    tmpfs: [/tools]
		    binds: ["/usr/share/watch.sh:/usr/share/watch.sh:ro", "/sys/fs/cgroup:/sys/fs/cgroup", "/dev:/dev"]
		    restart: never
		    on_exit: poweroff
	END
}

# The end of a manifest with a `watch`.
WATCH_FILES="files:
  - {path: usr/share/watch.sh, source: \"$TEST_TMP/watch.sh\", mode: \"0644\"}"

# verdicts WHERE: what the watching service said, and how it ended.
verdicts()
{
	local line
	tr -d '\r' < "$TEST_TMP/console" | grep '^watch: ' | while read -r _ line; do
		case $line in
		"ok "*) echo "ok $1: ${line#ok }" ;;
		"not ok "*) echo "not ok $1: ${line#not ok }" ;;
		*) echo "$line" ;;
		esac
	done
	same "$1: the watching service found all well" 0 "$status"
}

# A QEMU whose clock counts instructions, one in a nanosecond, and passes over time in which nothing happens: seconds of the
# guest do not depend on how busy this machine is.
counting_qemu()
{
	cat > "$TEST_TMP/counting-qemu" <<-'END'
		#!/bin/bash
		exec qemu-system-x86_64 "${@/thread=multi/thread=single}" -icount shift=0,sleep=off
	END
	chmod +x "$TEST_TMP/counting-qemu"
	echo "$TEST_TMP/counting-qemu"
}
