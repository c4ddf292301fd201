# SPDX-License-Identifier: Apache-2.0
# For tests that boot: . "$TOP/tests/qemu/lib.sh". Images come from the store that `make packages` filled.

. "$TOP/tests/lib.sh"
need qemu-system-x86_64

FORMATS="kernel+initrd kernel+squashfs"
KERNEL='kernel:
  image: slipway/kernel-debian
  cmdline: "console=ttyS0 quiet"
  modules: []'
# A host that is busy makes a kernel doubt its timer, and panic, unless it is told not to look; and take the speed of the CPU's counter
# for another, so that its seconds are too short for anything to be done in them: it has other clocks, which QEMU keeps.
# One that is stuck says where, instead of keeping the test waiting: it has done so once, when a card had been plugged in, and gave no reason.
GUEST_WORDS="no_timer_check tsc=unstable softlockup_panic=1"
RUN_OPTIONS=(--timeout 240 --cmdline "$GUEST_WORDS")

# build NAME FORMAT [MANIFEST]: the manifest (or standard input) becomes $TEST_TMP/NAME-FORMAT-*.
build()
{
	local manifest=${3:-}
	if [ -z "$manifest" ]; then
		manifest=$TEST_TMP/$1.yml
		cat > "$manifest"
	fi
	"$SLIPWAY" build --quiet --store "$PACKAGE_STORE" --format "$2" --output "$TEST_TMP/$1-$2" "$manifest"
}

# given_network: `onboot:` that makes the namespace /run/netns/given, with 192.0.2.1 on the interface `inside`, which leads to
# 192.0.2.2 on `outside` in the machine's.
given_network()
{
	cat <<-'END'
		onboot:
		  - name: give
		    image: slipway/busybox
		    net: new
		    capabilities: [CAP_NET_ADMIN]
		    command: [/bin/busybox, sh, -c, "/bin/busybox ip addr add 192.0.2.1/24 dev inside && /bin/busybox ip link set inside up && /bin/busybox echo set up"]
		    runtime:
		      interfaces:
		        - {name: inside, add: veth, peer: outside}
		      bindNS: {net: /run/netns/given}
		  - name: peer
		    image: slipway/busybox
		    net: host
		    capabilities: [CAP_NET_ADMIN]
		    command: [/bin/busybox, sh, -c, "/bin/busybox ip addr add 192.0.2.2/24 dev outside && /bin/busybox ip link set outside up"]
	END
}

# boot NAME FORMAT [OPTIONS]: runs it to its end; leaves the console in $TEST_TMP/console and the status in $status.
boot()
{
	local image=$TEST_TMP/$1-$2
	shift 2
	status=0
	"$SLIPWAY" run "${RUN_OPTIONS[@]}" "$@" "$image" > "$TEST_TMP/console" 2> "$TEST_TMP/stderr" < /dev/null || status=$?
	cat "$TEST_TMP/console" "$TEST_TMP/stderr"
}

# start NAME FORMAT [OPTIONS]: the same in the background; $machine is its process.
start()
{
	local image=$TEST_TMP/$1-$2
	shift 2
	"$SLIPWAY" run "${RUN_OPTIONS[@]}" "$@" "$image" > "$TEST_TMP/console" 2>&1 < /dev/null &
	machine=$!
}

# stop: asks the machine for an orderly end, as Ctrl-C does; leaves its status in $status.
stop()
{
	status=0
	kill -INT "$machine"
	wait "$machine" || status=$?
	cat "$TEST_TMP/console"
}

# until_ok SECONDS COMMAND...: the first success ends it.
until_ok()
{
	local end=$((SECONDS + $1))
	shift
	until "$@" > "$TEST_TMP/until" 2>&1; do
		[ "$SECONDS" -lt "$end" ] && kill -0 "$machine" 2>/dev/null || return 1
		sleep 0.2
	done
}

# console NAME TEXT: the console has this text.
console()
{
	if grep -qF -- "$2" "$TEST_TMP/console"; then ok "$1"; else not_ok "$1" "the console has no '$2'"; fi
}
