#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Containers of an ordinary user, who exists in a mount namespace of this test only, with subordinate ids of its own;
# and user namespaces that are joined.
set -u
[ "${PRIVATE:-}" ] || PRIVATE=1 exec unshare --mount bash "$0"
. "$TOP/tests/functional/lib-runtime.sh"
need newuidmap newgidmap setpriv

U=47110 SUB=4000000
mkdir "$TEST_TMP/etc"
cp /etc/passwd /etc/group "$TEST_TMP/etc/"
echo "slipway-user:x:$U:$U::/nonexistent:/bin/sh" >>"$TEST_TMP/etc/passwd"
echo "slipway-user:x:$U:" >>"$TEST_TMP/etc/group"
echo "slipway-user:$SUB:1000" | tee "$TEST_TMP/etc/subuid" >"$TEST_TMP/etc/subgid"
for f in passwd group subuid subgid; do mount --bind "$TEST_TMP/etc/$f" "/etc/$f" || skip "cannot make a private /etc/$f"; done
chmod 711 "$TEST_TMP"
install -m 755 "$RUNTIME" "$TEST_TMP/runtime"
mkdir "$TEST_TMP/run" "$TEST_TMP/spec"
chown "$U:$U" "$TEST_TMP/run" "$TEST_TMP/spec"
STATE=$TEST_TMP/run/slipway/runtime

# The mounts that stay are this test's own.
left_behind()
{
	ls -A "$STATE" 2>/dev/null
	find /sys/fs/cgroup -maxdepth 4 -name "$PREFIX*" 2>/dev/null
	grep "$TEST_TMP" /proc/self/mountinfo | grep -v ' /etc/'
}

as_user() { XDG_RUNTIME_DIR=$TEST_TMP/run setpriv --reuid "$U" --regid "$U" --clear-groups "$@"; }
as_user unshare --user true 2>/dev/null || skip "an ordinary user may not make user namespaces here"
u() { as_user "$TEST_TMP/runtime" "$@"; }
rt() { u "$@"; }

ONE='"uidMappings":[{"containerID":0,"hostID":'$U',"size":1}],"gidMappings":[{"containerID":0,"hostID":'$U',"size":1}]'
MANY='"uidMappings":[{"containerID":0,"hostID":'$U',"size":1},{"containerID":1,"hostID":'$SUB',"size":1000}],
	"gidMappings":[{"containerID":0,"hostID":'$U',"size":1},{"containerID":1,"hostID":'$SUB',"size":1000}]'
OWN_NAMESPACES='{"type":"user"},{"type":"pid"},{"type":"network"},{"type":"ipc"},{"type":"uts"},{"type":"mount"},{"type":"cgroup"}'
# user_bundle NAME LINUX [WORD...]: without a cgroup that only root could make.
user_bundle()
{
	local name=$1 linux=$2
	shift 2
	NAMESPACES=${NAMESPACES:-$OWN_NAMESPACES} LINUX=",$linux" bundle "$name" "$@"
	sed -i 's/"cgroupsPath":"[^"]*",//' "$TEST_TMP/$name/config.json"
	chown -R "$U:$U" "$TEST_TMP/$name"
}
ran() { out=$(u "$@" 2>&1 </dev/null); status=$?; }

# --- one id: nothing but the kernel is needed
user_bundle c "$ONE" sh -c 'id -u; id -g; tr -s " " </proc/self/uid_map; cat /proc/self/setgroups; echo >/dev/null; [ -c /dev/zero ] && exit 7'
ran run --bundle "$TEST_TMP/c" c
same "one id: the exit status" 7 "$status"
exactly "one id: root is the user, and groups are given up" "0
0
 0 $U 1
deny"
out=$(as_user env PATH=/nonexistent "$TEST_TMP/runtime" run --bundle "$TEST_TMP/c" c 2>&1 </dev/null)
says "one id: no helper is run" deny
check "the state is in \$XDG_RUNTIME_DIR" test -d "$STATE"

# --- many ids
user_bundle c "$MANY" sh -c 'touch /tmp/f; chown 5:6 /tmp/f; ls -ln /tmp/f | tr -s " " | cut -d " " -f 3,4; rm /tmp/f; cat /proc/self/setgroups'
ran run --bundle "$TEST_TMP/c" c
exactly "many ids: files of other users, and groups" "5 6
allow"
PROCESS=',"user":{"uid":5,"gid":6,"additionalGids":[7]}' user_bundle c "$MANY" id
ran run --bundle "$TEST_TMP/c" c
says "many ids: as one of them" "uid=5 gid=6 groups=7"
PROCESS=',"oomScoreAdj":-900' user_bundle c "$MANY" cat /proc/self/oom_score_adj
ran run --bundle "$TEST_TMP/c" c
same "oomScoreAdj: what only root may ask for is left" "0 0" "$status $out"
user_bundle c "${MANY//1000/1001}" true
ran run --bundle "$TEST_TMP/c" c
refused "ids that are not the user's are refused" "/etc/subgid"
user_bundle c "$MANY" true
out=$(as_user env PATH=/nonexistent "$TEST_TMP/runtime" run --bundle "$TEST_TMP/c" c 2>&1 </dev/null)
says "without the helpers it is said what to install" uidmap

# --- a container that runs
user_bundle c "$MANY" sleep 1000
u run --detach --bundle "$TEST_TMP/c" c >/dev/null 2>&1 </dev/null
same "run --detach: it runs" running "$(status_of c)"
ran exec c sh -c 'id -u; cat /proc/1/comm; ls /proc/self/fd | tr "\n" " "; exit 4'
exactly "exec: in its namespaces" "0
sleep
0 1 2 3 "
same "exec: the exit status" 4 "$status"
for n in user pid net ipc uts mnt cgroup; do
	ran exec c readlink /proc/1/ns/$n
	one=$out
	ran exec c readlink /proc/self/ns/$n
	exactly "exec: in the container's $n namespace" "$one"
done
ran exec --user 9:9 c id
says "exec --user" "uid=9 gid=9"
ran list
says "list" "running"
ran kill c TERM
ran kill --all c KILL
until_true 10 eval '[ "$(status_of c)" = stopped ]'
same "kill --all: without a cgroup, the first process is all" stopped "$(status_of c)"
check "delete" u delete c
user_bundle c "$MANY" sh -c 'echo started'
u create --bundle "$TEST_TMP/c" c >/dev/null 2>&1 </dev/null
same "create" created "$(status_of c)"
check "start" u start c
check "delete --force" u delete --force c
clean "nothing is left"

# --- cgroups
user_bundle c "$MANY,\"resources\":{\"memory\":{\"limit\":33554432}}" true
ran run --bundle "$TEST_TMP/c" c
refused "a limit without a cgroup is refused" "the user may not make the cgroup that limits need"
user_bundle c "$MANY,\"resources\":{\"devices\":[{\"allow\":false,\"access\":\"rwm\"}]}" true
ran run --bundle "$TEST_TMP/c" c
same "rules for devices need none: a user makes no devices" "0 " "$status $out"
user_bundle c "$MANY,\"cgroupsPath\":\"/$PREFIX\"" true
ran run --bundle "$TEST_TMP/c" c
refused "a cgroup that is asked for must be made" "rootless needs no limits + no cgrouppath"
user_bundle c "$MANY" true
ran --rootless false run --bundle "$TEST_TMP/c" c
refused "--rootless=false: all cgroups must be made" "cannot create the cgroup"
ran --rootless perhaps run --bundle "$TEST_TMP/c" c
says "--rootless: another word is refused" "expected true, false or auto"
NAMESPACES='{"type":"mount"},{"type":"pid"},{"type":"uts"}' user_bundle c '"rootfsPropagation":"private"' true
ran run --bundle "$TEST_TMP/c" c
refused "without a user namespace" "rootless container requires user namespaces"

# --- spec --rootless
(cd "$TEST_TMP/spec" && as_user "$TEST_TMP/runtime" spec --rootless)
rootfs "$TEST_TMP/spec/rootfs"
chown -R "$U:$U" "$TEST_TMP/spec"
sed -i 's/"terminal": true/"terminal": false/; s/"sh"/"sh","-c","ls \/sys\/class >\/dev\/null; ls \/dev"/' "$TEST_TMP/spec/config.json"
ran run --bundle "$TEST_TMP/spec" c
same "spec --rootless: what it writes runs" 0 "$status"
says "spec --rootless: with devices" urandom

# --- who is root of a user namespace only, as podman's users run their runtime
PLAIN_MOUNTS='{"destination":"/proc","type":"proc","source":"proc"},{"destination":"/dev","type":"tmpfs","source":"tmpfs"}'
out=$(MOUNTS=$PLAIN_MOUNTS NAMESPACES='{"type":"pid"},{"type":"mount"},{"type":"uts"}' user_bundle c '"rootfsPropagation":"private"' id -u
	as_user unshare --user --map-root-user "$TEST_TMP/runtime" run --bundle "$TEST_TMP/c" c 2>&1 </dev/null)
exactly "root of a user namespace: no cgroup is no error" 0
clean "root of a user namespace: state is in \$XDG_RUNTIME_DIR, and nothing is left"

# --- a delegated subtree of version 2, where the machine has version 2 to mount
V2=$TEST_TMP/v2
mkdir "$V2"
if mount -t cgroup2 none "$V2" 2>/dev/null && mount --bind "$V2" /sys/fs/cgroup; then
	D=/sys/fs/cgroup/$PREFIX-user
	mkdir "$D" "$D/own"
	chown "$U:$U" "$D" "$D/cgroup.procs" "$D/cgroup.subtree_control" "$D/own" "$D/own/cgroup.procs"
	in_subtree() { (echo $BASHPID >"$D/own/cgroup.procs"; out=$(u "$@" 2>&1 </dev/null); status=$?; echo "$out"; exit $status); }
	user_bundle c "$MANY" sleep 1000
	(echo $BASHPID >"$D/own/cgroup.procs"; u run --detach --bundle "$TEST_TMP/c" c >/dev/null 2>&1 </dev/null)
	same "version 2: the container has a cgroup in the user's subtree" "$(pid_of c)" "$(cat "$D/c/cgroup.procs")"
	check "version 2: pause" u pause c
	same "version 2: it is paused" paused "$(status_of c)"
	check "version 2: resume" u resume c
	out=$(in_subtree exec c cat /proc/self/cgroup)
	says "version 2: exec goes there too" "0::/"
	check "version 2: delete --force" u delete --force c
	check_fails "version 2: and the cgroup is gone" test -e "$D/c"
	rmdir "$D/own" "$D"
	umount /sys/fs/cgroup
fi
umount "$V2" 2>/dev/null

# --- root again: a user namespace to join, together with namespaces that are made and others that are joined
rt() { "$RUNTIME" --root "$STATE" "$@"; }
STATE=$TEST_TMP/state
NAMESPACES="$ALL_NAMESPACES"',{"type":"user"}' LINUX=',"uidMappings":[{"containerID":0,"hostID":100000,"size":65536}],"gidMappings":[{"containerID":0,"hostID":100000,"size":65536}]' \
	bundle one sleep 1000
sed -i "s#$PREFIX#$PREFIX-one#" "$TEST_TMP/one/config.json"
rt run --detach --bundle "$TEST_TMP/one" one >/dev/null 2>&1 </dev/null
P=/proc/$(pid_of one)/ns
NAMESPACES='{"type":"user","path":"'$P/user'"},{"type":"pid"},{"type":"mount"},{"type":"uts"},{"type":"ipc"},{"type":"network"}' \
	bundle two sh -c 'id -u; echo $$; cat /proc/1/comm; readlink /proc/self/ns/user; mount -t sysfs none /sys 2>/dev/null; exit 3'
run two
exactly "user by path, a new pid namespace, /proc and /sys" "0
1
sh
$(readlink "$P/user")"
same "user by path: the exit status" 3 "$status"
NAMESPACES='{"type":"user","path":"'$P/user'"},{"type":"pid","path":"'$P/pid'"},{"type":"network","path":"'$P/net'"},{"type":"mount"}' TOP_LEVEL= \
	bundle two sh -c 'cat /proc/1/comm; readlink /proc/self/ns/net'
sed -i 's/"hostname":"box",//' "$TEST_TMP/two/config.json"
run two
exactly "user, pid and network by path" "sleep
$(readlink "$P/net")"
# The network is the machine's, made by another user namespace than the one that the container gets.
unshare --net sleep 1000 &
other=$!
until_true 10 eval '[ "$(readlink /proc/$other/ns/net)" != "$(readlink /proc/self/ns/net)" ]'
NAMESPACES='{"type":"user"},{"type":"network","path":"/proc/'$other'/ns/net"},{"type":"pid"},{"type":"mount"},{"type":"uts"}' \
	LINUX=',"uidMappings":[{"containerID":0,"hostID":100000,"size":65536}],"gidMappings":[{"containerID":0,"hostID":100000,"size":65536}]' \
	MOUNTS=$PLAIN_MOUNTS bundle two readlink /proc/self/ns/net
run two
exactly "a new user namespace, and a network by path that is not its own" "$(readlink "/proc/$other/ns/net")"
kill "$other"
rt delete -f one
clean "at the end nothing is left"
finish
