# SPDX-License-Identifier: Apache-2.0
# For tests that run other people's programs in a machine with cgroup v2 alone and every capability: . "$TOP/tests/qemu/lib-debian.sh"
# The machine's one service has Debian around it (debian/build.yml), sees all of the machine, and has our runtime as
# /usr/bin/slipway-runtime. What it does comes in by a disk, and what it found goes out by another; both are tar archives.

. "$TOP/tests/qemu/lib.sh"

# debian_image NAME: builds the machine.
debian_image()
{
	"$SLIPWAY" pkg build --store "$PACKAGE_STORE" "$TOP/tests/qemu/debian" > "$TEST_TMP/package.log" 2>&1 ||
		{ not_ok "the package of Debian's programs is built" "$(tail -n 20 "$TEST_TMP/package.log")"; return 1; }
	build "$1" kernel+squashfs <<-END
		${KERNEL/modules: []/modules: [virtio_blk, loop, overlay, dummy, veth, bridge, tun]}
		services:
		  - name: debian
		    image: test/debian
		    command: [/bin/bash, /usr/share/guest.sh]
		    env: [PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin, LC_ALL=C, HOME=/root]
		    capabilities: [all]
		    pid: host
		    net: host
		    ipc: host
		    readonly: false
		    seccomp: unconfined
		    maskedPaths: []
		    readonlyPaths: []
		    resources: {devices: [{allow: true}]}
		    binds: ["/usr/bin/runc:/usr/bin/slipway-runtime:ro", "/dev:/dev", "/sys/fs/cgroup:/sys/fs/cgroup"]
		    restart: never
		    on_exit: poweroff
	END
}

# debian_run NAME DIRECTORY RESULTS [OPTIONS]: boots it, with what the directory has below /job, and runs guest.sh of it. RESULTS gets
# what was left in /job/results; the console is in RESULTS.log. Several of them may run at the same time.
debian_run()
{
	local image=$TEST_TMP/$1-kernel+squashfs in=$TEST_TMP/$1.$BASHPID.in out=$TEST_TMP/$1.$BASHPID.out directory=$2 results=$3
	shift 3
	tar -C "$directory" -cf "$in" . || return 1
	"$SLIPWAY" run -m 1536 --timeout 240 --disk "$in" --disk "$out,size=64M" "$@" "$image" > "$results.log" 2>&1 < /dev/null
	local status=$?
	mkdir -p "$results"
	tar -C "$results" -xf "$out" 2>> "$results.log" || status=1
	rm -f "$in" "$out"
	return $status
}
