# SPDX-License-Identifier: Apache-2.0
# `slipway test` with machines that boot: status, output, artifacts, panics; and with --deterministic two runs that are the same.
set -u
. "$TOP/tests/qemu/lib.sh"
cd "$TEST_TMP" || exit 1
export XDG_CACHE_HOME=$TEST_TMP/cache

# run ARGUMENTS...: leaves $status, out and err.
run()
{
	status=0
	"$SLIPWAY" test --store "$PACKAGE_STORE" --timeout 240 --cmdline "$GUEST_WORDS" "$@" > out 2> err < /dev/null || status=$?
	cat out err
}

run --artifacts art --junit junit.xml "$TOP/examples/test.yml"
same "the example passes" 0 "$status"
same "and shows what its test has got from the other service" "root:x:0:" "$(head -n 1 out)"
check "which comes out as an artifact, too" cmp out art/results/answer.txt
check "and is in the report" grep -q '<testcase classname="test" name="unit" time="[0-9.]*">' junit.xml

# All in one: it writes to both streams and to a file in memory of its own, without a last line's end, leaves children behind, and fails.
cat > all.yml <<END
$KERNEL
services:
  - name: other
    image: slipway/busybox
    command: [/bin/busybox, sh, -c, "/bin/busybox echo not the test"]
    critical: true
    restart: never
    on_exit: ignore
  - name: unit
    image: slipway/busybox
    restart: always
    on_exit: reboot
    userns: auto
    tmpfs: [/memory]
    env: [PATH=/bin]
    command:
      - /bin/busybox
      - sh
      - -c
      - |
        echo once
        echo error >&2
        head -c 300000 /dev/zero | tee /memory/zero | md5sum
        mkdir -p /memory/deep/er; echo deep > /memory/deep/er/file; ln -s /etc/passwd /memory/link; mkfifo /memory/fifo
        ln -s deep /memory/way; chmod 755 /memory/deep/er/file
        sleep 1000 &
        printf end
        exit 3
test:
  service: unit
  artifacts: [/memory/, /memory/way, /gone]
END
run --artifacts left all.yml
same "a test that fails: its status" 3 "$status"
same "once, both streams, and the last line as it is" "once
error
$(head -c 300000 /dev/zero | md5sum)
end" "$(cat out)"
check "a file is whole" cmp left/memory/zero <(head -c 300000 /dev/zero)
same "one lies deep" deep "$(cat left/memory/deep/er/file)"
check "and can be executed, as there" test -x left/memory/deep/er/file
same "links are followed where they are the artifact itself" deep "$(cat left/memory/way/er/file)"
same "and nothing but files comes out" "" "$(find left ! -type f ! -type d)"
for missing in "memory/link: is a symbolic link" "memory/fifo: is a pipe or a socket" "gone: No such file or directory"; do
	check "left out: $missing" grep -qF "artifact left out: $missing" err
done

# What a kernel says last is what is told.
cat > panic.yml <<END
$KERNEL
services:
  - name: unit
    image: slipway/busybox
    binds: [/proc/sysrq-trigger:/trigger]
    command: [/bin/busybox, sh, -c, "echo c > /trigger; sleep 100"]
END
run panic.yml
same "a panic: no status" 125 "$status"
check "is told" grep -q "the kernel of the machine panicked: sysrq triggered crash" err
cat > missing.yml <<END
$KERNEL
services:
  - {name: unit, image: slipway/busybox, command: [/bin/not-there]}
END
run missing.yml
same "a test that cannot be started: no status" 125 "$status"
check "is told with its cause" grep -q "the test could not be run: 'unit': cannot start: .*/bin/not-there" err

# Time and random numbers are the same, too; and a second run is held against the first.
cat > same.yml <<END
$KERNEL
services:
  - name: unit
    image: slipway/busybox
    env: [PATH=/bin]
    command: [/bin/busybox, sh, -c, "date; cat /proc/uptime /proc/sys/kernel/random/uuid; head -c 16 /dev/urandom | md5sum; echo \$\$"]
END
run --deterministic --repeat 2 same.yml
same "two runs are the same" 0 "$status"
same "to the instruction" 1 "$(grep -o '[0-9]* instructions$' err | sort -u | wc -l)"
same "in all that they write" "2" "$(sort out | uniq -c | awk '{ print $1 }' | sort -u)"
finish
