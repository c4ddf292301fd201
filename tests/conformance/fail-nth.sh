#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Each system call of the runtime and of the set-up fails once: it is told, and nothing is left (fail_nth.c). One error for each
# call here; `make check-fail-nth` (FAIL_NTH=all) has every error that the call may fail with.
set -u
. "$TOP/tests/functional/lib-runtime.sh"
need gcc

quick=-q
[ "${FAIL_NTH:-}" != all ] || quick=
. "$TOP/tests/conformance/lib-failing.sh"
failing_program fail_nth

# fail_each NAME COMMAND [version 2 only]: in the working directory that the program keeps its notes in.
fail_each()
{
	local status=0
	mkdir -p "$TEST_TMP/work"
	(
		cd "$TEST_TMP/work" || exit 1
		if [ "${3:-}" = v2 ]; then
			# shellcheck disable=SC2016
			unshare --mount --propagation private bash -c 'umount -R /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup &&
				exec "$@" /sys/fs/cgroup' bash "$TEST_TMP/fail_nth" $quick "$RUNTIME" "$STATE" "$TEST_TMP/$1" "$2" "$PREFIX"
		else
			exec "$TEST_TMP/fail_nth" $quick "$RUNTIME" "$STATE" "$TEST_TMP/$1" "$2" "$PREFIX" /sys/fs/cgroup /sys/fs/cgroup/*/
		fi
	) >"$TEST_TMP/out" 2>&1 || status=$?
	sed "s/^\(ok\|not ok\) /\1 $1${3:+ on $3}: /" "$TEST_TMP/out"
	grep -q '^not ok' "$TEST_TMP/out" || [ "$status" -eq 0 ] || not_ok "$1 $2" "fail_nth: status $status"
}

bundle plain true

mkdir -p "$TEST_TMP/volume"
MORE_MOUNTS=',{"destination":"/srv/volume","type":"bind","source":"'$TEST_TMP'/volume","options":["rbind","ro","nosuid"]},
	{"destination":"/tmp","type":"tmpfs","source":"tmpfs","options":["nosuid","nodev","size=1m","tmpcopyup"]},
	{"destination":"/sys/fs/cgroup","type":"cgroup","source":"cgroup","options":["ro","nosuid","noexec","nodev"]}' \
PROCESS=',"user":{"uid":1000,"gid":1000,"additionalGids":[4]},"rlimits":[{"type":"RLIMIT_NOFILE","soft":512,"hard":512}],"oomScoreAdj":100' \
LINUX=',"resources":{"pids":{"limit":50},"devices":[{"allow":false,"access":"rwm"}]},"sysctl":{"net.ipv4.ip_forward":"1"},
	"maskedPaths":["/proc/keys","/sys/firmware","/proc/acpi"],"readonlyPaths":["/proc/sys","/proc/bus"],
	"devices":[{"path":"/dev/fuse","type":"c","major":10,"minor":229}],
	"seccomp":{"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_X86_64"],"syscalls":[{"names":["kexec_load"],"action":"SCMP_ACT_ERRNO"}]}' \
TOP_LEVEL=',"hooks":{"createRuntime":[{"path":"/bin/true"}],"createContainer":[{"path":"/bin/true"}],"poststop":[{"path":"/bin/true"}]}' \
	bundle full true

NAMESPACES="$ALL_NAMESPACES"',{"type":"user"}' \
LINUX=',"uidMappings":[{"containerID":0,"hostID":100000,"size":65536}],"gidMappings":[{"containerID":0,"hostID":100000,"size":65536}]' \
	bundle user true
chown -R 100000:100000 "$TEST_TMP/user/rootfs"
chmod 755 "$TEST_TMP"

fail_each plain run
fail_each plain create
fail_each full run
fail_each full create
fail_each user create
if [ ! -f /sys/fs/cgroup/cgroup.controllers ]; then
	# Without limits: the controllers are held by version 1.
	fail_each plain run v2
	[ -n "$quick" ] || fail_each user run v2
fi
clean "nothing is left of all of them"
