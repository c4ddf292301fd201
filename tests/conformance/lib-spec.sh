# SPDX-License-Identifier: Apache-2.0
# For spec-*.sh: checks of one runtime against the OCI runtime-spec, each named after the section it comes from. They run on the
# machine, and with busybox alone inside a guest of tests/qemu/conformance.sh; so this is POSIX sh and `local`, without jq.
# Needs $RUNTIME (the program), $TEST_TMP (an empty directory) and $TOP; $SPEC_RECEIVER (receiver.c, compiled) where it is at hand.
# shellcheck shell=sh disable=SC2034,SC3043
. "$TOP/tests/lib.sh"
export LC_ALL=C
: "${RUNTIME:?}" "${TEST_TMP:?}"
[ "$(id -u)" -eq 0 ] || skip "containers of the conformance checks are made by root"
need busybox

# The shell of busybox answers `command -v` with the bare word.
for BUSYBOX in /bin/busybox /usr/bin/busybox "$(command -v busybox)"; do [ ! -x "$BUSYBOX" ] || break; done
STATE=$TEST_TMP/state
BUNDLE=$TEST_TMP/bundle
ROOTFS=$BUNDLE/rootfs
PREFIX=slipway-spec-$$
count=0 id=none
if [ -z "${SPEC_RECEIVER:-}" ] && command -v gcc >/dev/null; then
	SPEC_RECEIVER=$TEST_TMP/receiver
	gcc -std=gnu11 -D_GNU_SOURCE -O1 -Wall -Wextra -o "$SPEC_RECEIVER" "$TOP/tests/conformance/receiver.c" || skip "receiver.c does not compile"
fi
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then UNIFIED=1; else UNIFIED=; fi

rt() { "$RUNTIME" --root "$STATE" "$@"; }

# A root file system with busybox under all its names.
make_rootfs()
{
	mkdir -p "$1/bin" "$1/etc" "$1/proc" "$1/sys" "$1/dev" "$1/tmp" "$1/root" "$1/srv" "$1/m"
	cp "$BUSYBOX" "$1/bin/busybox"
	"$1/bin/busybox" --install "$1/bin"
	printf 'root:x:0:0:root:/root:/bin/sh\nweb:x:1000:1000:web:/srv:/bin/sh\n' >"$1/etc/passwd"
	chmod 1777 "$1/tmp"
}
make_rootfs "$ROOTFS"
chmod 755 "$TEST_TMP" "$BUNDLE"

# --- what config.json is made of: each check starts from this, and changes what it is about ----------

ALL_NAMESPACES='{"type":"pid"},{"type":"network"},{"type":"ipc"},{"type":"uts"},{"type":"mount"},{"type":"cgroup"}'
MOUNT_PROC='{"destination":"/proc","type":"proc","source":"proc"}'
MOUNT_DEV='{"destination":"/dev","type":"tmpfs","source":"tmpfs","options":["nosuid","strictatime","mode=755","size=65536k"]}'
MOUNT_PTS='{"destination":"/dev/pts","type":"devpts","source":"devpts","options":["nosuid","noexec","newinstance","ptmxmode=0666","mode=0620"]}'
MOUNT_SHM='{"destination":"/dev/shm","type":"tmpfs","source":"shm","options":["nosuid","noexec","nodev","mode=1777","size=65536k"]}'
MOUNT_SYS='{"destination":"/sys","type":"sysfs","source":"sysfs","options":["nosuid","noexec","nodev","ro"]}'
SOME_CAPS='"bounding":["CAP_KILL","CAP_CHOWN"],"effective":["CAP_KILL","CAP_CHOWN"],"permitted":["CAP_KILL","CAP_CHOWN"]'

reset()
{
	version='"1.0.2"' root='{"path":"rootfs"}' args='"sh","/check"' cwd='"/"' env='"PATH=/bin"' user='{"uid":0,"gid":0}'
	caps=$SOME_CAPS process='' no_process='' mounts="$MOUNT_PROC,$MOUNT_DEV,$MOUNT_PTS,$MOUNT_SHM,$MOUNT_SYS" more_mounts=''
	cgroup="/$PREFIX" namespaces=$ALL_NAMESPACES linux='' top=',"hostname":"box"'
}
reset

# config [SCRIPT]: writes config.json; the container runs the shell's script.
config()
{
	[ $# -eq 0 ] || printf '%s\n' "$1" >"$ROOTFS/check"
	count=$((count + 1)) id=spec$count
	local p=
	[ -n "$no_process" ] || p="\"process\":{\"args\":[$args],\"cwd\":$cwd,\"env\":[$env],\"user\":$user,\"capabilities\":{$caps}$process},"
	cat >"$BUNDLE/config.json" <<-END
	{"ociVersion":$version,"root":$root,$p
	"mounts":[$mounts$more_mounts],
	"linux":{${cgroup:+\"cgroupsPath\":\"$cgroup\",}"namespaces":[$namespaces]$linux}$top}
	END
}

# run [SCRIPT]: the container from beginning to end; what it says is in $out, its status in $status.
run()
{
	config "$@"
	status=0
	out=$(rt run --bundle "$BUNDLE" "$id" 2>&1 </dev/null) || status=$?
}

# create [SCRIPT]: only so far. start, and whatever else: command WORDS; what it says is in $out.
create()
{
	config "$@"
	status=0
	rt create --bundle "$BUNDLE" "$id" >"$TEST_TMP/out" 2>&1 </dev/null || status=$?
	out=$(cat "$TEST_TMP/out")
}

command_()
{
	status=0
	out=$(rt "$@" 2>&1 </dev/null) || status=$?
}

# detach [SCRIPT]: the container runs in the background; what it says goes to $TEST_TMP/out.
detach()
{
	create "$@"
	if [ "$status" -eq 0 ]; then command_ start "$id"; fi
}

gone() { rt delete -f "$id" 2>/dev/null; }
status_of() { rt state "$1" 2>/dev/null | sed -n 's/^ *"status": "\(.*\)".*/\1/p'; }
pid_of() { rt state "$1" 2>/dev/null | sed -n 's/^ *"pid": \([0-9]*\).*/\1/p'; }

# until_true SECONDS COMMAND...: tries again until it succeeds.
until_true()
{
	local tries=$(($1 * 20))
	shift
	until "$@" 2>/dev/null; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || return 1
		sleep 0.05
	done
}
is_status() { [ "$(status_of "$1")" = "$2" ]; }

own() { readlink "/proc/self/ns/$1"; }

# --- checks ------------------------------------------------------------------------------------------

# it NAME: a check begins, from the plain config. also NAME: one more about the same container.
it() { reset; name=$1; }
also() { name=$1; }

pass() { ok "$name"; }
fail() { not_ok "$name" "status $status: $out"; }
skipped() { echo "ok $name # SKIP $*"; }
# holds COMMAND...: the check is whether it succeeds.
holds() { if "$@"; then pass; else fail; fi; }
is() { if [ "$out" = "$1" ]; then pass; else not_ok "$name" "expected '$1', got (status $status) '$out'"; fi; }
succeeds() { if [ "$status" -eq 0 ]; then pass; else fail; fi; }
says() { case $out in *"$1"*) pass ;; *) not_ok "$name" "'$1' is not in (status $status) '$out'" ;; esac; }
lacks() { case $out in *"$1"*) not_ok "$name" "'$1' is in '$out'" ;; *) succeeds ;; esac; }
# line REGEX: a line of the output matches.
line() { if printf '%s\n' "$out" | grep -Eq -- "$1"; then pass; else not_ok "$name" "no line matches '$1': (status $status) $out"; fi; }
value() { printf '%s\n' "$out" | sed -n "s|^$1=||p"; }
# value_is KEY VALUE: the output has a line KEY=VALUE.
value_is() { if [ "$(value "$1")" = "$2" ]; then pass; else not_ok "$name" "$1 is '$(value "$1")', expected '$2': $out"; fi; }

# State, cgroups and mounts. In the words of the shell where it can be: without a fork, hundreds of times.
left_behind()
{
	local left
	[ -z "$id" ] || [ ! -e "$STATE/$id" ] || echo "$STATE/$id"
	for left in /sys/fs/cgroup/"$PREFIX"* /sys/fs/cgroup/*/"$PREFIX"*; do [ ! -e "$left" ] || echo "$left"; done
	grep " $TEST_TMP/[^m]" /proc/self/mountinfo
}

# errs [TEXT]: what ran was refused, by the runtime and not by a crash, and left nothing (runtime.md, "Errors").
errs()
{
	local left
	left=$(left_behind)
	if [ "$status" -eq 0 ] || [ "$status" -ge 126 ]; then not_ok "$name" "no error: status $status: $out"
	elif [ -n "$left" ]; then not_ok "$name" "left behind: $left"
	elif [ -z "$out" ]; then not_ok "$name" "an error without a word"
	elif [ $# -gt 0 ]; then says "$1"
	else pass; fi
}

# has_capability NUMBER: of this process.
has_capability()
{
	local set
	set=$(sed -n 's/^CapEff:[^0-9a-f]*//p' /proc/self/status)
	[ $((0x$set >> $1 & 1)) -eq 1 ]
}
CAP_SYS_NICE=23 CAP_SYS_RESOURCE=24

# in_cgroup CONTROLLER: the directory of the container's cgroup.
in_cgroup() { if [ -n "$UNIFIED" ]; then echo "/sys/fs/cgroup$cgroup"; else echo "/sys/fs/cgroup/$1$cgroup"; fi; }
# has_controller NAME: for containers of this machine.
has_controller()
{
	if [ -n "$UNIFIED" ]; then
		case " $(cat /sys/fs/cgroup/cgroup.controllers) " in *" $1 "*) return 0 ;; *) return 1 ;; esac
	fi
	[ -e "/sys/fs/cgroup/$1/cgroup.procs" ]
}

# What a feature that may not be built must do at least.
supports() { rt features 2>/dev/null | tr -d ' \n' | grep -q "$1"; }

cleanup()
{
	local left
	for left in "$STATE"/*; do rt delete -f "${left##*/}" 2>/dev/null; done
	grep -o " ${TEST_TMP}[^ ]*" /proc/self/mountinfo | sort -r | while read -r left; do umount -l "$left"; done
}
trap cleanup EXIT

# At the end: nothing is left of all that ran.
finish_spec()
{
	it "$1: nothing is left on the machine"
	id='' out=$(ls -A "$STATE" 2>/dev/null; left_behind)
	is ""
	finish
}
