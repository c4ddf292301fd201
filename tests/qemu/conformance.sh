# SPDX-License-Identifier: Apache-2.0
# The checks of tests/conformance/spec-*.sh in a machine of our own: cgroup v2 alone, every capability, and the runtime that is
# in each image. The scripts and what they need are files of the image; a service that may do everything runs them.
set -u
. "$TOP/tests/qemu/lib.sh"
need musl-gcc

SCRIPTS=$(cd "$TOP/tests/conformance" && ls spec-*.sh)
where=usr/share/conformance

# musl-gcc sees no headers of the kernel by itself.
mkdir "$TEST_TMP/headers"
for d in linux asm-generic; do ln -s "/usr/include/$d" "$TEST_TMP/headers/$d"; done
ln -s "/usr/include/$(uname -m)-linux-gnu/asm" "$TEST_TMP/headers/asm"
check "receiver.c compiles" musl-gcc -static -std=gnu11 -D_GNU_SOURCE -O1 -isystem "$TEST_TMP/headers" -o "$TEST_TMP/receiver" "$TOP/tests/conformance/receiver.c"

# One script after the other; each line goes to the console with a mark in front.
cat > "$TEST_TMP/guest.sh" <<END
export PATH=/checks/bin TOP=/conformance RUNTIME=/usr/bin/runc SPEC_RECEIVER=/conformance/receiver
# A place of its own where device nodes work.
/bin/busybox mount -t tmpfs -o mode=755 checks /checks
/bin/busybox mkdir -p /checks/bin
/bin/busybox --install -s /checks/bin
for script in $(printf "%s " $SCRIPTS); do
	mkdir -p /checks/\$script
	status=0
	TEST_TMP=/checks/\$script sh \$TOP/tests/conformance/\$script > /checks/log 2>&1 || status=\$?
	sed "s/^/spec: /" /checks/log
	echo "spec-end: \$script \$status \$(grep -cE "^(not )?ok " /checks/log)"
done
END

{
	cat <<-END
		${KERNEL/modules: \[\]/modules: [dummy, virtio_blk]}
		services:
		  - name: conformance
		    image: slipway/busybox
		    command: [/bin/busybox, sh, /conformance/guest.sh]
		    capabilities: [all]
		    pid: host
		    net: host
		    ipc: host
		    readonly: false
		    seccomp: unconfined
		    binds: ["/$where:/conformance:ro", "/usr/bin/runc:/usr/bin/runc:ro", "/dev:/dev", "/sys/fs/cgroup:/sys/fs/cgroup", "/run/checks:/checks"]
		    runtime: {mkdir: [/run/checks]}
		    restart: never
		    on_exit: poweroff
		files:
	END
	file() { printf '  - {path: %s/%s, source: "%s", mode: "%s"}\n' "$where" "$1" "$2" "$3"; }
	file guest.sh "$TEST_TMP/guest.sh" 0644
	file receiver "$TEST_TMP/receiver" 0755
	for f in tests/lib.sh tests/conformance/lib-spec.sh $(printf 'tests/conformance/%s ' $SCRIPTS); do file "$f" "$TOP/$f" 0644; done
} > "$TEST_TMP/conformance.yml"
check "the image of the checks builds" build conformance kernel+initrd "$TEST_TMP/conformance.yml"
boot conformance kernel+initrd -m 512 --timeout 800 --disk "$TEST_TMP/disk,size=8M" > /dev/null
same "the machine ends in order" 0 "$status"
tr -d '\r' < "$TEST_TMP/console" > "$TEST_TMP/said"
sed -n 's/^.*spec: \(.*\)/\1/p' "$TEST_TMP/said"
failures=$((failures + $(grep -c 'spec: not ok ' "$TEST_TMP/said")))
# What the guest counted has all come here.
for script in $SCRIPTS; do
	said=$(sed -n "s/^.*spec-end: $script //p" "$TEST_TMP/said")
	case $said in "0 "* | "1 "*) ok "$script ran to its end" ;; *) not_ok "$script ran to its end" "$said $(tail -n 20 "$TEST_TMP/said")" ;; esac
done
counted=$(sed -n 's/^.*spec-end: [^ ]* [0-9]* //p' "$TEST_TMP/said" | awk '{ n += $1 } END { print n + 0 }')
same "every line of the guest reached the host" "$counted" "$(grep -cE 'spec: (not )?ok ' "$TEST_TMP/said")"
finish
