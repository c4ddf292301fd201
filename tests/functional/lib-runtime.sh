# SPDX-License-Identifier: Apache-2.0
# For the tests of the OCI runtime: bundles from shell variables, and what must not be left behind.
# Needs $RUNTIME (the program), $TEST_TMP (an empty directory) and $TOP. Read by tests/functional/runtime-*.sh.
# shellcheck shell=bash
. "$TOP/tests/lib.sh"
export LC_ALL=C
: "${RUNTIME:?}" "${TEST_TMP:?}"
[ "$(id -u)" -eq 0 ] || skip "the runtime's tests make namespaces and devices: they need root"
need busybox

STATE=$TEST_TMP/state
PREFIX=slipway-test-$$
unset ARGS PROCESS ROOT MOUNTS NAMESPACES LINUX TOP_LEVEL CAPS ENV

rt() { "$RUNTIME" --root "$STATE" "$@"; }

# rootfs DIR: busybox and the directories that a root has; made once, then copied.
rootfs()
{
	local first=$TEST_TMP/.rootfs
	if [ ! -d "$first" ]; then
		mkdir -p "$first"/{bin,etc,proc,sys,dev,tmp,root,srv}
		cp "$(command -v busybox)" "$first/bin/busybox"
		"$first/bin/busybox" --list | grep -vx busybox | while read -r name; do ln -sf busybox "$first/bin/$name"; done
		echo 'root:x:0:0:root:/root:/bin/sh' >"$first/etc/passwd"
		echo 'web:x:1000:1000:web:/srv:/bin/sh' >>"$first/etc/passwd"
	fi
	mkdir -p "$1" && cp -a "$first/." "$1"
}

# quoted WORD...: the words as a list of JSON strings. For words without control characters.
quoted()
{
	local word separator=
	for word; do
		word=${word//\\/\\\\}
		printf '%s"%s"' "$separator" "${word//\"/\\\"}"
		separator=,
	done
}

NO_CAPS='"bounding":[],"effective":[],"permitted":[],"inheritable":[],"ambient":[]'
SOME_CAPS='"bounding":["CAP_KILL","CAP_CHOWN"],"effective":["CAP_KILL","CAP_CHOWN"],"permitted":["CAP_KILL","CAP_CHOWN"]'
ALL_NAMESPACES='{"type":"pid"},{"type":"network"},{"type":"ipc"},{"type":"uts"},{"type":"mount"},{"type":"cgroup"}'
USUAL_MOUNTS='{"destination":"/proc","type":"proc","source":"proc"},
	{"destination":"/dev","type":"tmpfs","source":"tmpfs","options":["nosuid","strictatime","mode=755","size=65536k"]},
	{"destination":"/dev/pts","type":"devpts","source":"devpts","options":["nosuid","noexec","newinstance","ptmxmode=0666","mode=0620"]},
	{"destination":"/sys","type":"sysfs","source":"sysfs","options":["nosuid","noexec","nodev","ro"]}'

# bundle NAME [WORD...]: a bundle at $TEST_TMP/NAME that runs the words. The variables above change
# or add to (with a comma in front) the parts they are named after.
bundle()
{
	local dir=$TEST_TMP/$1
	shift
	[ -d "$dir/rootfs" ] || rootfs "$dir/rootfs"
	cat >"$dir/config.json" <<-END
	{"ociVersion":"1.0.2","hostname":"box","root":${ROOT:-{\"path\":\"rootfs\",\"readonly\":false\}},
	"process":{"args":[$(quoted "$@")],"cwd":"/","env":["PATH=/bin"${ENV:-}],
	"capabilities":{${CAPS:-$SOME_CAPS}},"noNewPrivileges":true${PROCESS:-}},
	"mounts":[${MOUNTS:-$USUAL_MOUNTS}${MORE_MOUNTS:-}],
	"linux":{"cgroupsPath":"/$PREFIX","namespaces":[${NAMESPACES:-$ALL_NAMESPACES}]${LINUX:-}}${TOP_LEVEL:-}}
	END
}

# run NAME: runs the bundle to its end; what it says is in $out, its status in $status.
# shellcheck disable=SC2034
run()
{
	out=$(rt run --bundle "$TEST_TMP/$1" "$1" 2>&1 </dev/null)
	status=$?
}

# says NAME TEXT: the output has TEXT. exactly NAME TEXT: it is TEXT.
says() { case $out in *"$2"*) ok "$1" ;; *) not_ok "$1" "'$2' is not in: $out" ;; esac; }
exactly() { same "$1" "$2" "$out"; }

# refused NAME TEXT: the last run failed with TEXT, and left nothing behind.
refused()
{
	if [ "$status" -eq 1 ]; then says "$1" "$2"; else not_ok "$1" "status $status: $out"; fi
	clean "$1: nothing is left"
}

left_behind()
{
	ls -A "$STATE" 2>/dev/null
	find /sys/fs/cgroup -maxdepth 4 -name "$PREFIX*" 2>/dev/null
	grep "$TEST_TMP" /proc/self/mountinfo
}

# clean NAME: no state, cgroup or mount is there.
clean()
{
	local left
	left=$(left_behind)
	same "$1" "" "$left"
}

# until_true SECONDS COMMAND...: tries again until it succeeds.
until_true()
{
	local end=$((SECONDS + $1))
	shift
	until "$@" 2>/dev/null; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.02
	done
}

status_of() { rt state "$1" 2>/dev/null | sed -n 's/.*"status": "\(.*\)".*/\1/p'; }
pid_of() { rt state "$1" 2>/dev/null | sed -n 's/.*"pid": \([0-9]*\).*/\1/p'; }

delete_all()
{
	local id
	for id in $(ls -A "$STATE" 2>/dev/null); do rt delete -f "$id"; done
}
trap delete_all EXIT
