#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The OCI runtime-spec 1.3, runtime.md: the life of a container. POSIX sh: it runs in a guest too.
# shellcheck shell=sh disable=SC2034,SC2154,SC2016,SC2119,SC2254,SC2317,SC3043,SC3045
set -u
. "$TOP/tests/conformance/lib-spec.sh"

# The last command generated an error, with a word about it, and by itself.
error()
{
	if [ "$status" -eq 0 ] || [ "$status" -ge 126 ]; then not_ok "$name" "no error: status $status: $out"
	elif [ -z "$out" ]; then not_ok "$name" "an error without a word"
	else pass; fi
}
stop() { rt kill "$id" KILL; until_true 10 is_status "$id" stopped; }

# --- Scope of a container

it "runtime.md/Scope of a Container: who creates a container can use all operations on it"
create 'exec sleep 100'
command_ state "$id"
[ "$status" -ne 0 ] || command_ start "$id"
[ "$status" -ne 0 ] || command_ kill "$id" KILL
[ "$status" -ne 0 ] || until_true 10 is_status "$id" stopped
[ "$status" -ne 0 ] || command_ delete "$id"
succeeds

# --- State

it "runtime.md/State: ociVersion, id, status, pid, bundle and annotations"
version='"1.0.1"' top=',"annotations":{"org.test.key":"its value","empty":""}'
create 'exec sleep 100'
command_ state "$id"
whole=$out
also "runtime.md/State: ociVersion is one of this major version"
line '^ *"ociVersion": "1\.[0-9]+\.[0-9]+[^"]*",?$'
also "runtime.md/State: id"
line "^ *\"id\": \"$id\",?\$"
also "runtime.md/State: status created"
line '^ *"status": "created",?$'
also "runtime.md/State: pid is REQUIRED while created, and is that of a process"
pid=$(pid_of "$id")
holds test -d "/proc/${pid:-none}"
also "runtime.md/State: bundle is the absolute path"
line "^ *\"bundle\": \"$BUNDLE\",?\$"
also "runtime.md/State: annotations"
line '^ *"org.test.key": "its value",?$'
also "runtime.md/State: an annotation that is empty"
line '^ *"empty": "",?$'
also "runtime.md/State: JSON, as the pattern has it"
case $(echo "$whole" | tr -d ' \n') in '{"ociVersion":"'*'","id":"'"$id"'","'*'}') pass ;; *) fail ;; esac
command_ start "$id"
command_ state "$id"
also "runtime.md/State: status running"
line '^ *"status": "running",?$'
also "runtime.md/State: pid is REQUIRED while running, and the same"
line "^ *\"pid\": $pid,?\$"
stop
command_ state "$id"
also "runtime.md/State: status stopped"
line '^ *"status": "stopped",?$'
gone
it "runtime.md/State: bundle is absolute even where the path given was not"
config 'exec sleep 100'
(cd "$TEST_TMP" && rt create --bundle bundle "$id" >/dev/null 2>&1 </dev/null)
command_ state "$id"
line "^ *\"bundle\": \"$BUNDLE\",?\$"
gone
it "runtime.md/State: a process that ends by itself leaves the container stopped"
detach 'exit 3'
holds until_true 10 is_status "$id" stopped
gone

# --- Lifecycle

it "runtime.md/Lifecycle: 2, the environment MUST be created; the program MUST NOT be run"
rm -f "$ROOTFS/started"
linux=',"resources":{"pids":{"limit":31}}'
create 'echo >/started; exec sleep 100'
holds test ! -e "$ROOTFS/started"
also "runtime.md/Lifecycle: 2, the namespaces are there before start"
pid=$(pid_of "$id")
out=$(for n in pid net mnt ipc uts cgroup; do [ "$(readlink "/proc/$pid/ns/$n")" != "$(readlink "/proc/self/ns/$n")" ] || echo "$n"; done)
case $out in "" | pid) pass ;; *) fail ;; esac
also "runtime.md/Lifecycle: 2, the cgroup and its limits are there before start"
out=$(cat "$(in_cgroup pids)/pids.max")
is 31
also "runtime.md/Lifecycle: 2, updates to config.json MUST NOT affect the container"
echo broken >"$BUNDLE/config.json"
command_ start "$id"
until_true 10 test -e "$ROOTFS/started"
holds is_status "$id" running
also "runtime.md/Lifecycle: 12, the container MUST be destroyed by undoing step 2"
stop
command_ delete "$id"
out=$(left_behind)
is ""
rm -f "$ROOTFS/started"
it "runtime.md/Lifecycle: 2, an environment that cannot be made MUST be an error"
more_mounts=',{"destination":"/m/x","type":"nosuchfs","source":"x"}'
create true
errs

hook_log=$TEST_TMP/hook.log
hook() { printf '{"path":"%s","args":["sh","-c","%s"]}' "$BUSYBOX" "$1"; }
inside() { printf '{"path":"/bin/busybox","args":["sh","-c","%s"]}' "$1"; }
step=3
for kind in prestart createRuntime createContainer; do
	it "runtime.md/Lifecycle: $step, a $kind hook that fails MUST be an error, and the container stopped and destroyed"
	: >"$hook_log"
	top=",\"hooks\":{\"$kind\":[$(hook "echo first >>$hook_log; exit 7"),$(hook "echo second >>$hook_log")],\"poststop\":[$(hook "echo poststop >>$hook_log")]}"
	create true
	errs
	also "runtime.md/Lifecycle: $step, the hooks after the $kind hook that failed are not run"
	out=$(grep -c second "$hook_log")
	is 0
	also "runtime.md/Lifecycle: 13, poststop MUST be invoked after a $kind hook that failed"
	out=$(grep -c poststop "$hook_log")
	is 1
	step=$((step + 1))
done
it "runtime.md/Lifecycle: 7, a startContainer hook that fails MUST be an error"
: >"$hook_log"
rm -f "$ROOTFS/started"
top=",\"hooks\":{\"startContainer\":[$(inside 'exit 7')],\"poststop\":[$(hook "echo poststop >>$hook_log")]}"
create 'echo >/started'
command_ start "$id"
error
also "runtime.md/Lifecycle: 7, and the container MUST be stopped, its program not run"
until_true 10 is_status "$id" stopped
case $(status_of "$id") in stopped | "") holds test ! -e "$ROOTFS/started" ;; *) fail ;; esac
gone
also "runtime.md/Lifecycle: 13, poststop MUST be invoked after a startContainer hook that failed"
out=$(grep -c poststop "$hook_log")
is 1
it "runtime.md/Lifecycle: 9, a poststart hook that fails MUST be an error (since 1.2.1), and the container stopped"
: >"$hook_log"
top=",\"hooks\":{\"poststart\":[$(hook 'exit 7')],\"poststop\":[$(hook "echo poststop >>$hook_log")]}"
create 'exec sleep 100'
command_ start "$id"
error
also "runtime.md/Lifecycle: 9, stopped by it"
until_true 10 is_status "$id" stopped
case $(status_of "$id") in stopped | "") pass ;; *) fail ;; esac
gone
also "runtime.md/Lifecycle: 13, poststop MUST be invoked after a poststart hook that failed"
out=$(grep -c poststop "$hook_log")
is 1
it "runtime.md/Lifecycle: 13, a poststop hook that fails MUST be a warning"
: >"$hook_log"
top=",\"hooks\":{\"poststop\":[$(hook 'exit 7'),$(hook "echo second >>$hook_log")]}"
detach 'exec sleep 100'
stop
command_ delete "$id"
holds test "$status" -eq 0 -a -n "$out"
also "runtime.md/Lifecycle: 13, the remaining poststop hooks continue"
out=$(grep -c second "$hook_log")
is 1
also "runtime.md/Lifecycle: 13, and so does the lifecycle"
out=$(left_behind)
is ""
it "runtime.md/Lifecycle: 10, the process exits, and its status is that of run"
run 'exit 9'
holds test "$status" -eq 9

# --- runtime-linux.md

it "runtime-linux.md/File descriptors: only stdin, stdout and stderr are kept open"
args='"ls","/proc/self/fd"'
config
status=0 out=$(rt run --bundle "$BUNDLE" "$id" 2>&1 </dev/null 7</etc/passwd 9>"$TEST_TMP/nine") || status=$?
is "0
1
2
3"
it "runtime-linux.md/Dev symbolic links"
run 'for l in fd stdin stdout stderr; do echo "$l=$(readlink /dev/$l)"; done; echo written >/dev/stdout; ls /dev/fd/ >/dev/null && echo listed'
for l in fd: stdin:/0 stdout:/1 stderr:/2; do
	also "runtime-linux.md/Dev symbolic links: /dev/${l%:*} MUST be created"
	value_is "${l%:*}" "/proc/self/fd${l#*:}"
done
also "runtime-linux.md/Dev symbolic links: and lead there"
says "written
listed"
it "runtime-linux.md/Dev symbolic links: without /proc none of them is needed"
mounts=$MOUNT_DEV
run 'echo runs'
is runs

# --- Operations

for o in state start kill delete; do
	it "runtime.md/Operations, $o: without the ID of a container MUST be an error"
	command_ $o
	error
	it "runtime.md/Operations, $o: a container that does not exist MUST be an error"
	command_ $o nobody
	error
done
it "runtime.md/Create: without an ID MUST be an error"
config true
command_ create --bundle "$BUNDLE"
error
it "runtime.md/Create: a bundle that is not there MUST be an error"
id=spec-nobundle
command_ create --bundle "$TEST_TMP/nothing" "$id"
errs
it "runtime.md/Create: without a bundle and outside of one MUST be an error"
id=spec-nobundle
status=0 out=$(cd / && rt create "$id" 2>&1 </dev/null) || status=$?
errs
for bad in "" . .. a/b ../x 'a b' '-x y'; do
	it "runtime.md/Create: the ID '$bad' is not valid: MUST be an error"
	config true
	status=0 out=$(rt create --bundle "$BUNDLE" -- "$bad" 2>&1 </dev/null) || status=$?
	id=''
	errs
done
it "runtime.md/Create: an ID that is taken MUST be an error"
create 'exec sleep 100'
pid=$(pid_of "$id")
first=$id
command_ create --bundle "$BUNDLE" "$first"
error
also "runtime.md/Create: and the container that has the ID is as it was"
holds test "$(status_of "$first") $(pid_of "$first")" = "created $pid"
id=$first
gone
it "runtime.md/Create: once deleted, the ID MAY be used again"
config true
id=$first
command_ run --bundle "$BUNDLE" "$id"
succeeds
it "runtime.md/Create: MUST create a new container whose status is created"
create 'exec sleep 100'
holds is_status "$id" created
also "runtime.md/Create: all but process.args MUST be applied"
out=$(readlink "/proc/$(pid_of "$id")/root"; head -n 1 "/proc/$(pid_of "$id")/root/etc/passwd")
says "root:x:0:0"
also "runtime.md/Start: the status MUST be running"
command_ start "$id"
holds is_status "$id" running
also "runtime.md/Start: MUST run the program of process"
running_sleep() { [ "$(tr '\0' ' ' <"/proc/$(pid_of "$id")/cmdline")" = "sleep 100 " ]; }
holds until_true 10 running_sleep
also "runtime.md/Start: one that is running MUST be an error"
pid=$(pid_of "$id")
command_ start "$id"
error
also "runtime.md/Start: with no effect on the container"
holds test "$(status_of "$id") $(pid_of "$id")" = "running $pid"
also "runtime.md/Delete: one that is not stopped MUST be an error"
command_ delete "$id"
error
also "runtime.md/Delete: with no effect on the container"
holds test "$(status_of "$id") $(pid_of "$id")" = "running $pid"
stop
also "runtime.md/Kill: the status MUST be stopped when the process is"
holds is_status "$id" stopped
also "runtime.md/Start: one that has stopped MUST be an error"
command_ start "$id"
error
also "runtime.md/Kill: one that is neither created nor running MUST be an error"
command_ kill "$id" TERM
error
also "runtime.md/Kill: with no effect on the container"
holds is_status "$id" stopped
command_ delete "$id"
also "runtime.md/Delete: MUST delete what create created"
out=$(left_behind)
is ""
it "runtime.md/Delete: one that is created and not started MUST be an error"
skipped "as runc: 'delete' takes it, because clients count on that"
it "runtime.md/Start: without process MUST be an error"
no_process=1
create
command_ start "$id"
error
gone
it "runtime.md/Kill: the signal MUST reach the process of one that runs"
rm -f "$ROOTFS/got"
detach 'trap "echo USR1 >/got; exit 0" USR1; echo >/ready; while :; do sleep 0.05; done'
until_true 10 test -e "$ROOTFS/ready"
rt kill "$id" USR1
until_true 10 is_status "$id" stopped
out=$(cat "$ROOTFS/got" 2>/dev/null)
is USR1
rm -f "$ROOTFS/got" "$ROOTFS/ready"
gone
it "runtime.md/Kill: the signal MUST reach the process of one that is created"
create 'exec sleep 100'
command_ kill "$id" KILL
until_true 10 is_status "$id" stopped
holds is_status "$id" stopped
gone
for s in KILL SIGKILL 9; do
	it "runtime.md/Kill: the signal as '$s'"
	detach 'exec sleep 100'
	command_ kill "$id" $s
	until_true 10 is_status "$id" stopped
	holds is_status "$id" stopped
	gone
done
it "runtime.md/Kill: an unknown signal: an error, without effect"
detach 'exec sleep 100'
command_ kill "$id" NOSUCH
error
also "runtime.md/Kill: after an unknown signal the container runs on"
holds is_status "$id" running
gone
it "runtime.md/Delete: what the container did not create MUST NOT be deleted"
mkdir -p "$TEST_TMP/kept/below" "$(in_cgroup pids)-parent"
echo kept >"$TEST_TMP/kept/below/file"
cgroup=/$PREFIX-parent/child more_mounts=',{"destination":"/m/kept","type":"none","source":"'$TEST_TMP/kept'","options":["rbind"]}'
detach 'exec sleep 100'
stop
command_ delete "$id"
out=$(cat "$TEST_TMP/kept/below/file" "$ROOTFS/etc/passwd" | head -n 1)
is kept
also "runtime.md/Delete: a cgroup above, which was there before, MUST NOT be deleted"
cgroup=/$PREFIX-parent
holds test -d "$(in_cgroup pids)"
rmdir "$(in_cgroup pids)"
for c in /sys/fs/cgroup/*/"$PREFIX-parent"; do [ ! -d "$c" ] || rmdir "$c"; done

# --- Errors

it "runtime.md/Errors: an error MUST leave everything as it was, late in create"
process=',"rlimits":[{"type":"RLIMIT_NOFILE","soft":1,"hard":99999999999}]'
create true
errs
it "runtime.md/Errors: an error MUST leave everything as it was, in the middle of the mounts"
more_mounts=',{"destination":"/m/one","type":"tmpfs","source":"x"},{"destination":"/m/two","type":"none","source":"/no/such","options":["bind"]}'
create true
errs
it "runtime.md/Errors: an error MUST leave everything as it was, with the program"
args='"/no/such/program"'
run
errs

finish_spec runtime.md
