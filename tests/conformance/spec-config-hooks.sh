#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The OCI runtime-spec 1.3, config.md: hooks. POSIX sh: it runs in a guest too.
# shellcheck shell=sh disable=SC2034,SC2154,SC2016,SC2119,SC2254,SC2317,SC3043,SC3045
set -u
. "$TOP/tests/conformance/lib-spec.sh"

# --- Hooks

hook_log=$TEST_TMP/hook.log
# hook SCRIPT: runs in the runtime's namespaces. inside SCRIPT: resolves in the container's.
hook() { printf '{"path":"%s","args":["sh","-c","%s"]%s}' "$BUSYBOX" "$1" "${2:-}"; }
inside() { printf '{"path":"/bin/busybox","args":["sh","-c","%s"]%s}' "$1" "${2:-}"; }
say() { hook "echo $1 >>$hook_log"; }

it "config.md/POSIX-platform Hooks: kinds in the order of the lifecycle, and each MUST be called in the listed order"
: >"$hook_log"
top=",\"hooks\":{\"poststop\":[$(say poststop1),$(say poststop2)],\"poststart\":[$(say poststart1),$(say poststart2)],
	\"startContainer\":[$(inside "echo startContainer1 >>/hook.log"),$(inside "echo startContainer2 >>/hook.log")],
	\"createContainer\":[$(say createContainer1),$(say createContainer2)],
	\"createRuntime\":[$(say createRuntime1),$(say createRuntime2)],\"prestart\":[$(say prestart1),$(say prestart2)]}"
rm -f "$ROOTFS/hook.log"
create 'echo program >>/hook.log; exec sleep 100'
out=$(tr '\n' ' ' <"$hook_log")
is "prestart1 prestart2 createRuntime1 createRuntime2 createContainer1 createContainer2 "
also "config.md/StartContainer Hooks: not before start"
holds test ! -e "$ROOTFS/hook.log"
command_ start "$id"
until_true 10 grep -q program "$ROOTFS/hook.log"
also "config.md/StartContainer Hooks: MUST be called before the user-specified process, in order"
out=$(tr '\n' ' ' <"$ROOTFS/hook.log")
is "startContainer1 startContainer2 program "
also "config.md/Poststart: MUST be called before start returns, in order"
out=$(tail -n 2 "$hook_log" | tr '\n' ' ')
is "poststart1 poststart2 "
also "config.md/Poststop: not before delete"
out=$(grep -c poststop "$hook_log")
is 0
rt kill "$id" KILL
until_true 10 is_status "$id" stopped
command_ delete "$id"
also "config.md/Poststop: MUST be called before delete returns, in order"
out=$(tail -n 2 "$hook_log" | tr '\n' ' ')
is "poststop1 poststop2 "
rm -f "$ROOTFS/hook.log"

it "config.md/POSIX-platform Hooks: the state MUST be passed over stdin"
keep() { hook "cat >$TEST_TMP/state.$1"; }
top=",\"annotations\":{\"org.test\":\"kept\"},\"hooks\":{\"prestart\":[$(keep prestart)],\"createRuntime\":[$(keep createRuntime)],\"createContainer\":[$(keep createContainer)],
	\"startContainer\":[$(inside "cat >/state.startContainer")],\"poststart\":[$(keep poststart)],\"poststop\":[$(keep poststop)]}"
create 'exec sleep 100'
pid=$(pid_of "$id")
command_ start "$id"
rt delete -f "$id"
mv "$ROOTFS/state.startContainer" "$TEST_TMP/state.startContainer"
while read -r kind state; do
	also "config.md/POSIX-platform Hooks: the state on stdin of $kind"
	out=$(tr -d ' \n' <"$TEST_TMP/state.$kind" 2>/dev/null)
	case $out in
	*'"ociVersion":"1.'*) case $out in *"\"id\":\"$id\""*) case $out in *"\"status\":\"$state\""*) case $out in *"\"bundle\":\"$BUNDLE\""*)
		case $out in *'"org.test":"kept"'*) pass ;; *) fail ;; esac ;; *) fail ;; esac ;; *) fail ;; esac ;; *) fail ;; esac ;;
	*) fail ;;
	esac
done <<-END
	prestart creating
	createRuntime creating
	createContainer creating
	startContainer created
	poststart running
	poststop stopped
END
for kind in prestart createRuntime poststart; do
	also "config.md/POSIX-platform Hooks: pid on stdin of $kind is the one the runtime sees"
	out=$(tr -d ' \n' <"$TEST_TMP/state.$kind" 2>/dev/null)
	says "\"pid\":$pid"
done
for kind in createContainer startContainer; do
	also "config.md/POSIX-platform Hooks: pid on stdin of $kind is the one the container sees"
	out=$(tr -d ' \n' <"$TEST_TMP/state.$kind" 2>/dev/null)
	says '"pid":1,'
done

it "config.md/POSIX-platform Hooks: where they run"
where() { hook "{ readlink /proc/self/ns/mnt; readlink /proc/self/ns/net; readlink /proc/self/ns/uts; } >$TEST_TMP/ns.$1"; }
top=",\"hooks\":{\"prestart\":[$(where prestart)],\"createRuntime\":[$(where createRuntime)],\"createContainer\":[$(where createContainer)],
	\"startContainer\":[$(inside "{ readlink /proc/self/ns/mnt; readlink /proc/self/ns/net; readlink /proc/self/ns/uts; } >/ns.startContainer")],
	\"poststart\":[$(where poststart)],\"poststop\":[$(where poststop)]}"
run 'for n in mnt net uts; do readlink /proc/self/ns/$n; done'
theirs=$out
mv "$ROOTFS/ns.startContainer" "$TEST_TMP/ns.startContainer" 2>/dev/null
for kind in prestart createRuntime poststart poststop; do
	also "config.md/POSIX-platform Hooks: $kind MUST be executed in the runtime namespace"
	out=$(cat "$TEST_TMP/ns.$kind")
	is "$(own mnt; own net; own uts)"
done
for kind in createContainer startContainer; do
	also "config.md/POSIX-platform Hooks: $kind MUST be executed in the container namespace"
	out=$(cat "$TEST_TMP/ns.$kind")
	is "$theirs"
done
it "config.md/CreateRuntime Hooks: the namespaces of the container are there, and so is its process"
printf '%s\n' "readlink /proc/\$(tr ',' '\n' | sed -n 's/.*\"pid\": *//p')/ns/net >$TEST_TMP/net" >"$TEST_TMP/hook.sh"
top=",\"hooks\":{\"createRuntime\":[{\"path\":\"$BUSYBOX\",\"args\":[\"sh\",\"$TEST_TMP/hook.sh\"]}]}"
run 'readlink /proc/self/ns/net'
is "$(cat "$TEST_TMP/net")"
it "config.md/CreateContainer Hooks: MUST be called after the mounts, before the root is changed"
top=",\"hooks\":{\"createContainer\":[$(hook "grep -c ' $ROOTFS/dev/shm ' /proc/self/mountinfo >$TEST_TMP/mounted; test -e $BUNDLE/config.json && echo outside >>$TEST_TMP/mounted")]}"
run true
out=$(cat "$TEST_TMP/mounted")
is "1
outside"
it "config.md/POSIX-platform Hooks: path MUST resolve in the runtime namespace"
cp "$BUSYBOX" "$TEST_TMP/only-outside"
outside() { printf '{"path":"%s","args":["sh","-c","echo %s >>%s"]}' "$TEST_TMP/only-outside" "$1" "$TEST_TMP/outside"; }
top=",\"hooks\":{\"prestart\":[$(outside prestart)],\"createRuntime\":[$(outside createRuntime)],\"createContainer\":[$(outside createContainer)],
	\"poststart\":[$(outside poststart)],\"poststop\":[$(outside poststop)]}"
run true
for kind in prestart createRuntime createContainer poststart poststop; do
	also "config.md/POSIX-platform Hooks: the path of $kind MUST resolve in the runtime namespace"
	out=$(cat "$TEST_TMP/outside")
	line "^$kind\$"
done
it "config.md/StartContainer Hooks: path MUST resolve in the container namespace"
top=',"hooks":{"startContainer":[{"path":"/only/here","args":["echo","inside"]}]}'
mkdir -p "$ROOTFS/only"
cp "$ROOTFS/bin/busybox" "$ROOTFS/only/here"
run true
succeeds
rm -r "$ROOTFS/only"
it "config.md/POSIX-platform Hooks: args are argv, whatever path is"
top=",\"hooks\":{\"createRuntime\":[{\"path\":\"$BUSYBOX\",\"args\":[\"sh\",\"-c\",\"printf %s-%s-%s \\\"\$0\\\" \\\"\$1\\\" \\\"\$#\\\" >$TEST_TMP/argv\",\"zero\",\"one two\"]}]}"
run true
out=$(cat "$TEST_TMP/argv")
is "zero-one two-1"
it "config.md/POSIX-platform Hooks: without env, createRuntime has the runtime's environment"
top=",\"hooks\":{\"createRuntime\":[{\"path\":\"$BUSYBOX\",\"args\":[\"cp\",\"/proc/self/environ\",\"$TEST_TMP/env\"]}]}"
OF_RUNTIME=runtime run true
out=$(tr '\0' '\n' <"$TEST_TMP/env")
line '^OF_RUNTIME=runtime$'
it "config.md/POSIX-platform Hooks: without env, startContainer has the process's environment"
env='"PATH=/bin","OF_PROCESS=process"'
top=',"hooks":{"startContainer":[{"path":"/bin/cp","args":["cp","/proc/self/environ","/env"]}]}'
OF_RUNTIME=runtime run 'tr "\0" "\n" </env'
line '^OF_PROCESS=process$'
also "config.md/POSIX-platform Hooks: and not the runtime's"
lacks OF_RUNTIME
it "config.md/POSIX-platform Hooks: an empty env is none"
rm -f "$ROOTFS/env"
top=',"hooks":{"startContainer":[{"path":"/bin/cp","args":["cp","/proc/self/environ","/env"],"env":[]}]}'
run 'wc -c </env'
is 0
it "config.md/POSIX-platform Hooks: env is the whole environment"
top=",\"hooks\":{\"createRuntime\":[{\"path\":\"$BUSYBOX\",\"args\":[\"cp\",\"/proc/self/environ\",\"$TEST_TMP/env\"],\"env\":[\"KEY=value\",\"SECOND=2\"]}]}"
run true
out=$(tr '\0' '\n' <"$TEST_TMP/env")
is "KEY=value
SECOND=2"
it "config.md/POSIX-platform Hooks: path MUST be absolute"
top=',"hooks":{"createRuntime":[{"path":"bin/true"}]}'
run true
errs
it "config.md/POSIX-platform Hooks: path is REQUIRED"
top=',"hooks":{"createRuntime":[{"args":["true"]}]}'
run true
errs
it "config.md/POSIX-platform Hooks: path MUST resolve"
top=',"hooks":{"createRuntime":[{"path":"/no/such/hook"}]}'
run true
errs
for t in 0 -1; do
	it "config.md/POSIX-platform Hooks: timeout MUST be greater than zero, not $t"
	top=",\"hooks\":{\"createRuntime\":[$(hook true ",\"timeout\":$t")]}"
	run true
	errs
done
it "config.md/POSIX-platform Hooks: after timeout seconds the hook is aborted"
top=",\"hooks\":{\"createRuntime\":[$(hook 'exec sleep 60' ',"timeout":1')]}"
run true
errs
it "config.md/POSIX-platform Hooks: one that is quicker than its timeout is fine"
top=",\"hooks\":{\"createRuntime\":[$(hook true ',"timeout":30')]}"
run 'echo runs'
is runs

finish_spec "config.md, hooks"
