#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# podman of an ordinary user with this runtime. The user exists in the mount namespace of this script alone, with subordinate ids.
# Where a cgroup can be handed to a user (version 2 alone) containers have limits.
. "$TOP/tests/lib.sh"
. "$TOP/tests/conformance/lib-clients.sh"
need podman conmon runc busybox newuidmap newgidmap setpriv
private "$0"

# --- a user, and a machine of its own ------------------------------------------------------------

U=47120 SUB=5000000
mkdir "$TEST_TMP/etc"
cp /etc/passwd /etc/group "$TEST_TMP/etc/"
echo "slipway-user:x:$U:$U::$TEST_TMP/home:/bin/sh" >>"$TEST_TMP/etc/passwd"
echo "slipway-user:x:$U:" >>"$TEST_TMP/etc/group"
echo "slipway-user:$SUB:65536" | tee "$TEST_TMP/etc/subuid" >"$TEST_TMP/etc/subgid"
for file in passwd group subuid subgid; do
	[ -e "/etc/$file" ] || : >"/etc/$file"
	mount --bind "$TEST_TMP/etc/$file" "/etc/$file" || skip "cannot make a private /etc/$file"
done
chmod 711 "$TEST_TMP"
mkdir -p "$TEST_TMP"/{user,host} "/run/user/$U"
install -m 755 "$RUNTIME" "$TEST_TMP/runtime"
container_settings
busybox_rootfs "$TEST_TMP/rootfs"
tar -C "$TEST_TMP/rootfs" -cf "$TEST_TMP/rootfs.tar" .
echo shared >"$TEST_TMP/host/file"

# In version 2 a cgroup of the user's, with the controllers that limits need: what systemd would delegate.
group=
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
	group=/sys/fs/cgroup/$GROUP
	mkdir "$group" "$group/user"
	echo "+memory +pids +cpu" >"$group/cgroup.subtree_control" || group=
fi
# podman makes its containers' cgroups beside that of its own processes.
if [ -n "$group" ]; then
	chown "$U:$U" "$group" "$group"/cgroup.{procs,subtree_control,threads}
	chown -R "$U:$U" "$group/user"
fi
printf '[storage]\ndriver = "vfs"\n' >/etc/containers/storage.conf
chown -R "$U:$U" "$TEST_TMP/home" "$TEST_TMP/user" "$TEST_TMP/host" "/run/user/$U"

as_user()
{
	(
		[ -z "$group" ] || echo $BASHPID >"$group/user/cgroup.procs"
		cd "$TEST_TMP/user" || exit
		exec env HOME="$TEST_TMP/home" XDG_RUNTIME_DIR="/run/user/$U" TMPDIR="$TEST_TMP/user" USER=slipway-user \
			setpriv --reuid "$U" --regid "$U" --clear-groups --inh-caps=-all "$@"
	)
}
as_user unshare --user true 2>/dev/null || skip "an ordinary user may not make user namespaces here"
[ "$current" != "$RUNTIME" ] || current=$TEST_TMP/runtime
podman() { as_user podman --runtime "$current" "$@"; }
podman import --quiet "$TEST_TMP/rootfs.tar" busybox >/dev/null || { not_ok "an image is imported"; finish; }

run() { podman run --network none "$@"; }
once() { run --rm "$@"; }
sh_once() { once "${@:1:$#-1}" busybox sh -c "${!#}"; }
quietly() { "$@" 2>/dev/null; }
waits='trap "exit 3" TERM; echo ready; while :; do sleep 0.05; done'
inspect() { podman inspect --format "{{$1}}" "${2:-box}"; }

# --- run -----------------------------------------------------------------------------------------

expect "rootless: output" hello once busybox echo hello
expect "rootless: exit status" "[7]" sh_once 'exit 7'
expect "rootless: 127 where there is no such program" "[127]" quietly once busybox /bin/missing
expect "rootless: 126 where it cannot be run" "[126]" quietly once busybox /etc/passwd
expect "rootless: ids are the user's and its subordinate ones" "0 $U 1 1 $SUB 65536" sh_once 'xargs </proc/self/uid_map'
expect "rootless: user by name, with its groups" "1000 1000 1000 2000" sh_once --user app 'echo $(id -u) $(id -g) $(id -G)'
expect "rootless: files of others in the image" "1000 1000" sh_once 'stat -c "%u %g" /home/app'
expect "rootless: the user's own ids" "$U" sh_once --userns keep-id 'id -u'
expect "rootless: capabilities: none" $'CapEff:\t0000000000000000' sh_once --cap-drop all 'grep CapEff /proc/self/status'
expect "rootless: no new privileges" $'NoNewPrivs:\t1' sh_once --security-opt no-new-privileges 'grep NoNewPrivs /proc/self/status'
expect "rootless: seccomp: the default profile" $'Seccomp:\t2' sh_once 'grep Seccomp: /proc/self/status'
expect "rootless: read-only" "touch: /etc/x: Read-only file system" sh_once --read-only 'touch /etc/x; touch /tmp/y'
expect "rootless: tmpfs" "rw,nosuid,nodev,noexec,relatime,size=1024k" \
	sh_once --tmpfs /data:size=1m,noexec 'awk "\$2 == \"/data\" { print \$4 }" /proc/mounts | cut -d , -f 1-6'
expect "rootless: volume" shared once --volume "$TEST_TMP/host:/data" busybox cat /data/file
expect "rootless: volume: read-only" "touch: /data/x: Read-only file system" \
	sh_once --volume "$TEST_TMP/host:/data:ro" 'touch /data/x || :'
written() { sh_once --volume "$TEST_TMP/host:/data" 'echo back >/data/back' && stat -c %u "$TEST_TMP/host/back"; }
expect "rootless: what root of the container writes is the user's" "$U" written
expect "rootless: host name" box once --hostname box busybox hostname
expect "rootless: a device of the host" "not permitted" sh_once 'mknod /tmp/d b 8 0 2>&1 | grep -o "not permitted"'
expect "rootless: init" /run/podman-init sh_once --init 'xargs -0 </proc/1/cmdline | cut -d " " -f 1'
expect "rootless: environment" "one two" sh_once --env A=one --env B=two 'echo $A $B'

# --- a container that stays ----------------------------------------------------------------------

expect "rootless: detached" "" eval 'run --detach --name box busybox sh -c "$waits" | grep -v "^[0-9a-f]*$"; :'
says_ready() { podman logs box | grep -qx ready; }
until_true says_ready
expect "rootless: logs" ready podman logs box
expect "rootless: inspect" "running true" inspect '.State.Status}} {{.State.Running'
expect "rootless: inspect: the runtime" "$current" inspect .OCIRuntime
expect "rootless: exec" inside podman exec box echo inside
expect "rootless: exec: exit status" "[4]" quietly podman exec box sh -c 'exit 4'
expect "rootless: exec: user" 1000 podman exec --user app box id -u
expect "rootless: exec: environment and directory" "x /tmp" podman exec --env A=x --workdir /tmp box sh -c 'echo $A $PWD'
expect "rootless: exec: standard input" 2 eval 'printf "one\ntwo\n" | podman exec --interactive box wc -l'
expect "rootless: stop" box podman stop --time 10 box
expect "rootless: stop: the program ended by itself" "exited 3" inspect '.State.Status}} {{.State.ExitCode'
expect "rootless: start again" box podman start box
until_true eval '[ "$(inspect .State.Status)" = running ]'
expect "rootless: kill" box podman kill --signal KILL box
until_true eval '[ "$(inspect .State.Status)" = exited ]'
expect "rootless: kill: the exit status" 137 inspect .State.ExitCode
expect "rootless: remove" box podman rm box
expect "rootless: nothing is left" "" podman ps --all --quiet

# --- limits, where the user has a cgroup ---------------------------------------------------------

if [ -n "$group" ]; then
	expect "rootless: limits: memory" 67108864 sh_once --memory 64m 'cat /sys/fs/cgroup/memory.max'
	expect "rootless: limits: processes" 50 sh_once --pids-limit 50 'cat /sys/fs/cgroup/pids.max'
	expect "rootless: limits: processors" "50000 100000" sh_once --cpus 0.5 'cat /sys/fs/cgroup/cpu.max'
	run --detach --name box busybox sh -c "$waits" >/dev/null
	expect "rootless: pause" box podman pause box
	expect "rootless: pause: it is" paused inspect .State.Status
	expect "rootless: resume" box podman unpause box
	expect "rootless: remove by force" box podman rm --force --time 0 box
else
	echo "ok rootless: limits # SKIP an ordinary user can be given no cgroup here"
fi
finish
