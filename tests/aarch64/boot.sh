# SPDX-License-Identifier: Apache-2.0
# Images for arm64 on QEMU's virt: all that a machine is asked for elsewhere, on few boots. Everything is computed step by step, so a boot
# takes some seconds of a processor.
set -u
. "$TOP/tests/qemu/lib.sh"
need qemu-system-aarch64 redis-cli jq
PLATFORM=(--platform linux/arm64)
# What the library says for x86 has no meaning here.
RUN_OPTIONS=(--timeout 400 --cmdline softlockup_panic=1)
KERNEL=${KERNEL/console=ttyS0 /}
PATH=$PATH:/sbin:/usr/sbin

# arm_build NAME FORMAT [MANIFEST]
arm_build() { "$SLIPWAY" build --quiet "${PLATFORM[@]}" --store "$PACKAGE_STORE" --format "$2" --output "$TEST_TMP/$1-$2" "${3:-$TEST_TMP/$1.yml}"; }
# Other machines may run here.
guest=arm-redis-$$
ctl() { "$SLIPWAY" ctl -m "$guest" "$@"; }

# Two processors, a credential, a root that is read through hashes, a disk that is made and checked, a filter, an exit status.
cat > "$TEST_TMP/all.yml" <<-END
	$KERNEL
	verity: error
	storage: {state: {wait: 60s}}
	volumes: [{name: data, persistent: true}]
	services:
	  - name: all
	    image: slipway/busybox
	    binds: ["data:/data"]
	    credentials: [token]
	    command:
	      - /bin/busybox
	      - sh
	      - -c
	      - |
	        b() { /bin/busybox "\$@"; }
	        echo "on \$(b uname -m), \$(b nproc) processors, token \$(b cat /run/credentials/all/token)"
	        b grep -E '^(Seccomp|NoNewPrivs|CapEff):' /proc/self/status
	        echo "root is \$(b cat /sys/block/dm-0/dm/name)"
	        echo boot >> /data/boots
	        echo "boots: \$(b grep -c boot /data/boots)"
	        exit 7
	    restart: never
	    on_exit: poweroff
END
check "an image for arm64 is built" arm_build all kernel+squashfs
same "its kernel is an Image" "$(printf 'ARM\x64')" "$(dd if="$TEST_TMP/all-kernel+squashfs-kernel" bs=1 skip=56 count=4 status=none)"
for n in 1 2; do
	boot all kernel+squashfs --cpus 2 --credential token=opensesame --disk "$TEST_TMP/state,size=64M"
	same "boot $n: the status of the service is that of the machine" 7 "$status"
	console "boot $n: the processor, two of them, and a credential" "on aarch64, 2 processors, token opensesame"
	console "boot $n: what was written before is kept" "boots: $n"
done
console "the root is verified" "root is root"
check "a filter is on it" grep -qE "^Seccomp:.2" "$TEST_TMP/console"
check "no new privileges" grep -qE "^NoNewPrivs:.1" "$TEST_TMP/console"
check "no capabilities" grep -qE "^CapEff:.0000000000000000" "$TEST_TMP/console"

# What is on a network, and is steered from here.
port=$(free_port)
cli() { redis-cli -p "$port" "$@"; }
pong() { [ "$(cli ping)" = PONG ]; }
check "redis is built" arm_build redis kernel+initrd "$TOP/examples/redis.yml"
start redis kernel+initrd --publish "$port:6379" --name "$guest"
if until_ok 240 pong; then ok "redis answers this machine"; else not_ok "redis answers this machine" "$(cat "$TEST_TMP/console")"; fi
same "SET" OK "$(cli set key "what was set")"
same "GET" "what was set" "$(cli get key)"
check "it runs on arm64" grep -q "^os:.*aarch64" <(cli info server)
ctl status --json > "$TEST_TMP/status.json"
check "slipway ctl status" jq -e 'map(select(.name == "redis" and .state == "ready")) | length == 1' "$TEST_TMP/status.json"
same "slipway ctl exec" PONG "$(ctl exec redis /usr/bin/redis-cli ping)"
check "slipway ctl restart" ctl restart redis
if until_ok 120 pong; then ok "it answers again"; else not_ok "it answers again"; fi
stop
same "an orderly end" 0 "$status"

# A test, from the manifest on.
status=0
"$SLIPWAY" test "${PLATFORM[@]}" --store "$PACKAGE_STORE" --timeout 300 --artifacts "$TEST_TMP/artifacts" "$TOP/examples/test.yml" \
	> "$TEST_TMP/console" 2> "$TEST_TMP/stderr" || status=$?
cat "$TEST_TMP/console" "$TEST_TMP/stderr"
same "slipway test leaves with the status of the test" 0 "$status"
console "shows what it wrote" "root:x:0:"
check "and has its artifacts" grep -q "^root:x:0:" "$TEST_TMP/artifacts/results/answer.txt"
check_fails "--deterministic is refused" "$SLIPWAY" test --deterministic "${PLATFORM[@]}" --store "$PACKAGE_STORE" "$TOP/examples/test.yml"

# Our own kernel, where it was built.
if "$SLIPWAY" image inspect "${PLATFORM[@]}" --store "$PACKAGE_STORE" slipway/kernel > "$TEST_TMP/own" 2>&1; then
	sed 's#slipway/kernel-debian#slipway/kernel#' "$TEST_TMP/all.yml" > "$TEST_TMP/own.yml"
	check "an image with our own kernel is built" arm_build own kernel+squashfs
	boot own kernel+squashfs -m 128 --cpus 2 --credential token=opensesame --disk "$TEST_TMP/state"
	same "our own kernel: the status of the service" 7 "$status"
	console "our own kernel: what it has" "on aarch64, 2 processors, token opensesame"
	console "our own kernel: the disk of the other" "boots: 3"
else
	ok "our own kernel # SKIP it was not built: 'make packages-kernel-aarch64'"
fi
finish
