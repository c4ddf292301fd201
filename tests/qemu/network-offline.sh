# SPDX-License-Identifier: Apache-2.0
# A machine without its cards, and with one without a cable, boots all the same: what is after the network starts without
# it when the time is over, and what requires it fails by name.
set -u
. "$TOP/tests/qemu/lib-network.sh"

{
	cat <<-EOF
		$KERNEL
		network:
		  wait: 3s
		  interfaces:
		    - {name: flat, dummy: true, addresses: [192.0.2.1/24]}
		    - {name: eth0, addresses: [10.0.2.15/24], gateway: 10.0.2.2}
		    - {name: br0, bridge: {}, optional: true}
		services:
		  - name: needing
		    image: slipway/busybox
		    requires: [network]
		    command: [/bin/busybox, echo, "needing: must not run"]
	EOF
	watch <<-'END'
		told() { dmesg | grep -qF -- "$1"; }
		verdict "it waited for as long as the manifest says" [ "$(cut -d. -f1 /proc/uptime)" -ge 3 ]
		verdict "the warning names what is missing" told "network: not ready after 3000 ms: 'eth0' is not there"
		verdict "what requires the network fails by name" until_ok 20 told "'needing': not started: it requires 'network', which failed"
		verdict "what is there was set up" sh -c 'ip -o addr show dev flat | grep -q 192.0.2.1/24'
	END
	cat <<-EOF
		    after: [network]
		$WATCH_FILES
	EOF
} | build offline kernel+initrd
boot offline kernel+initrd --no-network --qemu "$(counting_qemu)"
verdicts offline
check_fails "and does not run" grep -q "needing: must not run" "$TEST_TMP/console"
finish
