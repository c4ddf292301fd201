#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# buildah with this runtime: each RUN of a build is a container of it.
. "$TOP/tests/lib.sh"
. "$TOP/tests/conformance/lib-clients.sh"
need buildah runc busybox script
private "$0"

# --- a machine of its own ------------------------------------------------------------------------

container_settings
busybox_rootfs "$TEST_TMP/rootfs"
mkdir -p context/copied host
printf 'FROM scratch\nCOPY . /\n' >Containerfile
buildah bud --quiet --file Containerfile --tag busybox rootfs >/dev/null || { not_ok "an image is made"; finish; }

with=(--isolation oci --network none)
# step INSTRUCTION... [-- OPTION...]: what the instructions of a build print, without what buildah says about them.
step()
{
	echo FROM localhost/busybox >Containerfile
	while [ $# -gt 0 ]; do
		[ "$1" != -- ] || { shift; break; }
		printf '%s\n' "$1" >>Containerfile
		shift
	done
	buildah bud "${with[@]}" --runtime "$current" --cgroup-parent "/$GROUP" --no-cache --format docker --file Containerfile \
		--tag built "$@" context | grep -v -E '^(\[[0-9]/[0-9]\] )?(STEP [0-9]|COMMIT|--> |Successfully tagged|[0-9a-f]{64}$)'
	return "${PIPESTATUS[0]}"
}
# In a working container, as `buildah run` does.
in_container()
{
	local container status=0
	container=$(buildah from localhost/busybox)
	buildah run "${with[@]}" --runtime "$current" "${@:1:$#-1}" "$container" -- sh -c "${!#}" || status=$?
	buildah rm "$container" >/dev/null
	return $status
}
quietly() { "$@" 2>/dev/null; }

# --- RUN -----------------------------------------------------------------------------------------

expect "RUN: output" hello step 'RUN echo hello'
expect "RUN: its errors" oops step 'RUN echo oops >&2'
expect "RUN: a list is not for a shell" 'a $b' step 'RUN ["echo", "a $b"]'
expect "RUN: several" $'one\ntwo' step 'RUN echo one >/tmp/file' 'RUN cat /tmp/file; echo two'
expect "RUN: what fails ends the build with its status" "[7]" quietly step 'RUN exit 7' 'RUN echo never'
expect "RUN: a program that is missing ends the build" "[1]" quietly step 'RUN ["/bin/missing"]'
expect "RUN: standard input is empty" 0 step 'RUN wc -c'
expect "ENV" "one two" step 'ENV A=one B=two' 'RUN echo $A $B'
expect "ARG" given step 'ARG WORD=default' 'RUN echo $WORD' -- --build-arg WORD=given
expect "WORKDIR" /made/here step 'WORKDIR /made/here' 'RUN pwd'
expect "USER by name" "1000 1000 1000 2000" step 'USER app' 'RUN echo $(id -u) $(id -g) $(id -G)'
expect "USER by number" "1234 5678" step 'USER 1234:5678' 'RUN echo $(id -u) $(id -g)'
expect "SHELL" "+ echo one" step 'SHELL ["/bin/ash", "-xc"]' 'RUN echo one >/dev/null'
echo copied >context/copied/file
expect "COPY, then RUN" "copied 1000" step 'COPY --chown=app copied /data' 'RUN echo $(cat /data/file) $(stat -c %u /data/file)'
expect "RUN: over several lines" $'1\n2\n3' step 'RUN for i in 1 2 3; do \' 'echo $i; done'
expect "RUN --mount=type=tmpfs" "tmpfs" step 'RUN --mount=type=tmpfs,target=/data awk "\$2 == \"/data\" { print \$3 }" /proc/mounts'
expect "RUN --mount=type=bind" copied step 'RUN --mount=type=bind,source=copied,target=/data cat /data/file'
expect "RUN --mount=type=cache" kept step \
	'RUN --mount=type=cache,target=/data echo kept >/data/file' 'RUN --mount=type=cache,target=/data cat /data/file'
echo hidden >host/secret
expect "RUN --mount=type=secret" hidden step 'RUN --mount=type=secret,id=word cat /run/secrets/word' -- \
	--secret "id=word,src=$TEST_TMP/host/secret"
expect "stages" "from the first" step \
	'RUN echo from the first >/file' 'FROM localhost/busybox' 'COPY --from=0 /file /file' 'RUN cat /file'

# --- options of a build --------------------------------------------------------------------------

expect "--volume" hidden step 'RUN cat /data/secret' -- --volume "$TEST_TMP/host:/data:ro"
expect "--volume: read-only" "touch: /data/x: Read-only file system" \
	step 'RUN touch /data/x || :' -- --volume "$TEST_TMP/host:/data:ro"
files='for f in memory/memory.limit_in_bytes memory.max; do [ ! -f /sys/fs/cgroup/$f ] || cat /sys/fs/cgroup/$f; done'
expect "--memory" 67108864 step "RUN $files" -- --memory 64m
as_runc "--cpu-shares" step "RUN cd /sys/fs/cgroup; cat cpu/cpu.shares 2>/dev/null || cat cpu.weight" -- --cpu-shares 512
expect "--ulimit" "64 128" step 'RUN echo $(ulimit -Sn; ulimit -Hn)' -- --ulimit nofile=64:128
status='RUN grep -E "^(Cap|NoNew|Seccomp:)" /proc/self/status'
as_runc "capabilities and confinement" step "$status"
as_runc "capabilities of a user" step 'USER app' "$status"
as_runc "--cap-add, --cap-drop" step "$status" -- --cap-add sys_admin --cap-drop chown
seccomp_profile 95 mkdir >"$TEST_TMP/profile.json"
expect "--security-opt seccomp" "mkdir: can't create directory '/tmp/x': Operation not supported" \
	step 'RUN mkdir /tmp/x || :' -- --security-opt "seccomp=$TEST_TMP/profile.json"
expect "--shm-size" 1.0M step 'RUN df -h /dev/shm | awk "END { print \$2 }"' -- --shm-size 1m
as_runc "devices" step 'RUN cd /dev; stat -c "%n %F %a %t:%T %u %g" *'
as_runc "masked and read-only paths" step \
	'RUN cd /proc; for f in kcore keys timer_list sysrq-trigger irq/x; do echo $f $(head -c 1 $f 2>&1 | wc -c); (: >$f) 2>&1; done; :'
expect "--userns: maps" "0 100000 3000" step 'RUN echo $(cat /proc/self/uid_map)' -- \
	--userns-uid-map 0:100000:3000 --userns-gid-map 0:100000:3000

# --- buildah run ---------------------------------------------------------------------------------

expect "run: output" hello in_container 'echo hello'
expect "run: exit status" "[7]" quietly in_container 'exit 7'
expect "run: environment, working directory, user" "one /tmp 1000" \
	in_container --env A=one --workingdir /tmp --user app 'echo $A $(pwd) $(id -u)'
expect "run: host name" box in_container --hostname box hostname
expect "run: volume" hidden in_container --volume "$TEST_TMP/host:/data" 'cat /data/secret'
piped()
{
	local container
	container=$(buildah from localhost/busybox)
	printf 'one\ntwo\n' | buildah run "${with[@]}" --runtime "$current" "$container" wc -l
	buildah rm "$container" >/dev/null
}
expect "run: standard input" 2 piped
typed()
{
	local container
	container=$(buildah from localhost/busybox)
	script -qec "buildah run ${with[*]} --runtime $current --terminal $container tty" /dev/null </dev/null | grep -o '/dev/pts/[0-9]*'
	buildah rm "$container" >/dev/null
}
expect "run: terminal" /dev/pts/0 typed
committed()
{
	local container
	container=$(buildah from localhost/busybox)
	buildah run "${with[@]}" --runtime "$current" "$container" sh -c 'echo kept >/kept-by-run' &&
		buildah commit --quiet "$container" committed >/dev/null
	buildah rm "$container" >/dev/null
	container=$(buildah from localhost/committed)
	cat "$(buildah mount "$container")/kept-by-run"
	buildah rm "$container" >/dev/null
}
expect "run: what it writes is committed" kept committed

# --- afterwards ----------------------------------------------------------------------------------

left()
{
	buildah containers --quiet
	find /run/slipway/runtime /run/runc -mindepth 1 2>/dev/null
	ps -eo comm= | grep -E '^(buildah|sleep|slipway.*)$'
	cgroups_left | grep "/$GROUP/"
	return 0
}
expect "nothing is left" "" left
finish
