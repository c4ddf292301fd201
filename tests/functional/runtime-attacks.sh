#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Images and configs that want out: symlinks at mount points, leaked descriptors, the runtime's own program.
set -u
. "$TOP/tests/functional/lib-runtime.sh"

outside=$TEST_TMP/outside
mkdir "$outside"
echo precious >"$outside/file"
untouched() { same "$1" "file precious" "$(ls "$outside" | tr '\n' ' ')$(cat "$outside/file")"; }

# --- symlinks at the destinations of mounts
bundle link true
for target in "$outside" ../../../../../../../../../../"$outside" /proc/self/root/../.."$outside"; do
	rm -rf "$TEST_TMP/link/rootfs/srv/m"
	ln -s "$target" "$TEST_TMP/link/rootfs/srv/m"
	for mount in '{"destination":"/srv/m","type":"tmpfs","source":"tmpfs"}' '{"destination":"/srv/m/deep/er","type":"tmpfs","source":"tmpfs"}' \
		'{"destination":"/srv/m/new-file","type":"bind","source":"/etc/hostname","options":["bind"]}' \
		'{"destination":"/../../../../srv/m","type":"bind","source":"/etc","options":["rbind"]}'; do
		MORE_MOUNTS=,$mount bundle link sh -c 'grep -c " /srv/m" /proc/self/mountinfo'
		run link
		untouched "symlink to $target: $(sed 's/.*destination":"\([^"]*\)".*/\1/' <<<"$mount") stays inside"
	done
done
check "symlinks: resolved inside the rootfs" test -d "$TEST_TMP/link/rootfs$outside"

# --- devices, the working directory and masks through symlinks
bundle dev true
rm -rf "$TEST_TMP/dev/rootfs/dev"
ln -s "$outside" "$TEST_TMP/dev/rootfs/dev"
MOUNTS='{"destination":"/proc","type":"proc","source":"proc"}' bundle dev true
run dev
untouched "devices: /dev as a symlink stays inside"
LINUX=',"devices":[{"type":"c","path":"/../../../../../../'"$outside"'/null","major":1,"minor":3}]' bundle device true
run device
untouched "devices: a path with .. stays inside"
bundle cwd true
ln -s "$outside" "$TEST_TMP/cwd/rootfs/srv/out"
sed -i 's|"cwd":"/"|"cwd":"/srv/out/made"|' "$TEST_TMP/cwd/config.json"
run cwd
untouched "cwd: is made inside"
LINUX=',"maskedPaths":["/srv/out"],"readonlyPaths":["/srv/out/file"]' bundle cwd true
run cwd
untouched "masked paths: stay inside"
bundle null sh -c 'cat /proc/keys | wc -c'
rm -f "$TEST_TMP/null/rootfs/dev/null"
MOUNTS='{"destination":"/proc","type":"proc","source":"proc"}' LINUX=',"maskedPaths":["/proc/keys"]' bundle null cat /proc/keys
ln -s /proc/version "$TEST_TMP/null/rootfs/dev/null"
run null
case $out in *Linux*) not_ok "masked paths: not by the image's /dev/null" "$out" ;; *) ok "masked paths: not by the image's /dev/null" ;; esac

# --- a terminal that is not one: CVE-2025-52565
bundle tty true
mkdir -p "$TEST_TMP/tty/rootfs/dev/pts"
cp "$outside/file" "$TEST_TMP/tty/rootfs/dev/pts/ptmx"
MOUNTS='{"destination":"/proc","type":"proc","source":"proc"}' PROCESS=',"terminal":true' bundle tty true
out=$("$RUNTIME" --root "$STATE" run --bundle "$TEST_TMP/tty" tty 2>&1 </dev/null)
status=$?
refused "terminal: a file in the place of ptmx" "is not of a devpts file system"

# --- descriptors and directories that lead outside: CVE-2024-21626
bundle leak true
for n in 3 4 5 6 7 8 9 10; do
	sed 's|"cwd":"/"|"cwd":"/proc/self/fd/'$n'"|; s|"args":\["true"\]|"args":["sh","-c","pwd; ls ../../../etc/shadow"]|' "$TEST_TMP/leak/config.json" >"$TEST_TMP/leak/c" && mv "$TEST_TMP/leak/c" "$TEST_TMP/leak/config.json"
	run leak
	same "cwd: /proc/self/fd/$n leads nowhere" 1 "$status"
	bundle leak true
done
bundle fds sh -c 'ls -l /proc/self/fd | grep -v pipe; for f in /proc/self/fd/*; do ls $f/.. 2>/dev/null; done | grep -c shadow'
(
	exec 11</ 12<"$TEST_TMP"
	rt run --bundle "$TEST_TMP/fds" fds </dev/null >"$TEST_TMP/fds.out" 2>&1
)
same "descriptors: directories of the caller are not passed on" 0 "$(tail -n 1 "$TEST_TMP/fds.out")"

# --- the runtime's own program: CVE-2019-5736
copy=$TEST_TMP/runtime-copy
cp "$RUNTIME" "$copy"
sum=$(sha256sum <"$copy")
CAPS='"bounding":["CAP_DAC_OVERRIDE","CAP_SYS_PTRACE"],"effective":["CAP_DAC_OVERRIDE","CAP_SYS_PTRACE"],"permitted":["CAP_DAC_OVERRIDE","CAP_SYS_PTRACE"]' \
	bundle exe /proc/self/exe
out=$("$copy" --root "$STATE" run --bundle "$TEST_TMP/exe" exe 2>&1 </dev/null)
printf '#!/proc/self/exe\n' >"$TEST_TMP/exe/rootfs/bin/entry"
chmod +x "$TEST_TMP/exe/rootfs/bin/entry"
CAPS='"bounding":["CAP_DAC_OVERRIDE"],"effective":["CAP_DAC_OVERRIDE"],"permitted":["CAP_DAC_OVERRIDE"]' bundle exe /bin/entry
out=$("$copy" --root "$STATE" run --bundle "$TEST_TMP/exe" exe 2>&1 </dev/null)
# The set-up of a container that was created waits inside of it. A process that has all rights in there takes descriptors of all
# that it runs from, waits until it is gone, and writes.
cat >"$TEST_TMP/exe/rootfs/bin/hold" <<-'END'
	#!/bin/sh
	n=3
	for f in /proc/1/exe /proc/1/map_files/*; do
		readlink "$f" >>/tmp/links
		eval "exec $n<\"\$f\"" 2>/dev/null && n=$((n + 1))
	done
	echo $((n - 3)) >/tmp/held
	while [ ! -e /tmp/gone ]; do sleep 0.05; done
	while [ $n -gt 3 ]; do
		n=$((n - 1))
		echo overwritten >/proc/self/fd/$n
		dd if=/bin/hold of=/proc/self/fd/$n conv=notrunc
	done 2>/tmp/words
	touch /tmp/done
END
chmod +x "$TEST_TMP/exe/rootfs/bin/hold"
all='["CAP_SYS_PTRACE","CAP_SYS_ADMIN","CAP_DAC_OVERRIDE","CAP_CHECKPOINT_RESTORE"]'
# hold_on NAME [COMMAND-IN-FRONT...]: the runtime as it is, and where the kernel refuses one way or the other to protect it.
hold_on() {
	local name=$1 named front=("${@:2}")
	rm -f "$TEST_TMP"/exe/rootfs/tmp/*
	NAMESPACES='{"type":"mount"},{"type":"ipc"},{"type":"uts"},{"type":"pid"}' \
		CAPS="\"bounding\":$all,\"effective\":$all,\"permitted\":$all" bundle exe sleep 1000
	"${front[@]}" "$copy" --root "$STATE" create --bundle "$TEST_TMP/exe" exe >/dev/null 2>"$TEST_TMP/words" </dev/null || not_ok "$name: created" "$(cat "$TEST_TMP/words")"
	"${front[@]}" "$copy" --root "$STATE" exec --detach exe /bin/hold >/dev/null 2>&1 </dev/null
	check "$name: a process inside holds the program" until_true 10 grep -q '^[1-9]' "$TEST_TMP/exe/rootfs/tmp/held"
	named=$(grep -c "$copy" "$TEST_TMP/exe/rootfs/tmp/links")
	same "$name: the program is not found by its name" 0 "$named"
	"$copy" --root "$STATE" start exe </dev/null
	touch "$TEST_TMP/exe/rootfs/tmp/gone"
	until_true 20 test -e "$TEST_TMP/exe/rootfs/tmp/done"
	check "$name: and wrote to it" grep -qi 'read-only\|not permitted\|busy\|denied' "$TEST_TMP/exe/rootfs/tmp/words"
	same "$name: the program is what it was" "$sum" "$(sha256sum <"$copy")"
	rt delete -f exe
}
hold_on "the set-up"
hold_on "the set-up, executed again" strace -o /dev/null -e trace=prctl -e inject=prctl:error=EPERM:when=1
hold_on "the set-up, from memory" strace -o /dev/null -e trace=open_tree -e inject=open_tree:error=EPERM:when=1

# One process of the container is the runtime's program, held up by a log that is a fifo; another takes a
# descriptor of it, waits until nothing runs it any more, and writes.
cat >"$TEST_TMP/exe/rootfs/bin/overwrite" <<-'END'
	#!/bin/sh
	mkfifo /tmp/fifo
	touch /tmp/ready
	while :; do
		for p in /proc/[0-9]*; do
			case $(readlink "$p/exe") in *busybox | "") continue ;; esac
			# A process that is gone by now, or whose program cannot be opened, is not the one.
			command exec 9<"$p/exe" || continue
			kill -9 "${p#/proc/}"
			touch /tmp/found
			for _ in 1 2 3 4 5 6 7 8 9 10; do
				sleep 0.1
				echo overwritten >/proc/self/fd/9 && break
			done
			touch /tmp/done
			exec sleep 1000
		done
	done
END
chmod +x "$TEST_TMP/exe/rootfs/bin/overwrite"
rm -f "$TEST_TMP"/exe/rootfs/tmp/*
bundle exe /bin/overwrite
"$copy" --root "$STATE" run --detach --bundle "$TEST_TMP/exe" exe >/dev/null 2>&1 </dev/null
until_true 10 test -e "$TEST_TMP/exe/rootfs/tmp/ready"
# Whether the one meets the other is a matter of moments.
for _ in 1 2 3 4 5 6 7 8; do
	"$copy" --root "$STATE" exec exe /proc/self/exe --log /tmp/fifo list >/dev/null 2>&1 </dev/null
	until_true 4 test -e "$TEST_TMP/exe/rootfs/tmp/done" && break
done
check "the runtime: the attack took place" test -e "$TEST_TMP/exe/rootfs/tmp/found"
same "the runtime: its program cannot be overwritten from inside" "$sum" "$(sha256sum <"$copy")"
rt delete -f exe

# --- configs that would be taken for something else
bad() { local name=$1 text=$2; printf '%s' "$3" >"$TEST_TMP/bad/config.json"; run bad; refused "$name" "$text"; }
bundle bad true
bad "config: not JSON" "config.json" '{"ociVersion":'
bad "config: empty" "config.json" ''
bad "config: another document" "ociVersion" '{"root":{"path":"rootfs"}}'
bad "config: a version to come" "2.0.0" '{"ociVersion":"2.0.0","root":{"path":"rootfs"}}'
bad "config: a rootfs that is not there" "cannot open the rootfs" '{"ociVersion":"1.0.2","root":{"path":"nowhere"},"process":{"args":["true"],"cwd":"/"},"linux":{"namespaces":[{"type":"mount"}]}}'
bad "config: masks for the host" "without a private MNT namespace" '{"ociVersion":"1.0.2","root":{"path":"rootfs"},"process":{"args":["true"],"cwd":"/"},"linux":{"maskedPaths":["/proc/keys"],"namespaces":[]}}'
bad "config: a namespace twice" "namespaces" '{"ociVersion":"1.0.2","root":{"path":"rootfs"},"process":{"args":["true"],"cwd":"/"},"linux":{"namespaces":[{"type":"mount"},{"type":"mount"}]}}'
bad "config: a namespace nobody knows" "namespaces" '{"ociVersion":"1.0.2","root":{"path":"rootfs"},"process":{"args":["true"],"cwd":"/"},"linux":{"namespaces":[{"type":"mount"},{"type":"dream"}]}}'
bad "config: a hostname for the host" "UTS namespace" '{"ociVersion":"1.0.2","hostname":"mine","root":{"path":"rootfs"},"process":{"args":["true"],"cwd":"/"},"linux":{"namespaces":[{"type":"mount"}]}}'
bad "config: a relative cwd" "cwd" '{"ociVersion":"1.0.2","root":{"path":"rootfs"},"process":{"args":["true"],"cwd":"tmp"},"linux":{"namespaces":[{"type":"mount"}]}}'
bad "config: a cgroup path that climbs stays below" "" '{"ociVersion":"1.0.2","root":{"path":"nowhere"},"process":{"args":["true"],"cwd":"/"},"linux":{"cgroupsPath":"/../../../../'$PREFIX'","namespaces":[{"type":"mount"}]}}'
rm "$TEST_TMP/bad/config.json"
run bad
refused "config: none" "config.json"
out=$(rt run --bundle "$TEST_TMP/no-such" bad 2>&1 </dev/null)
status=$?
refused "config: no bundle" "cannot find the bundle"
umount -R "$TEST_TMP" 2>/dev/null
clean "at the end nothing is left"
finish
