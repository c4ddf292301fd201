# SPDX-License-Identifier: Apache-2.0
# Cards whose cable comes after the boot, and one that comes as a whole: `after: network` waits until both have what the manifest says,
# and whoever waits for nothing has long been started.
set -u
. "$TOP/tests/qemu/lib-network.sh"

{
	cat <<-EOF
		$KERNEL
		network:
		  wait: 200s
		  interfaces:
		    - {name: eth0, addresses: [10.0.2.15/24], gateway: 10.0.2.2}
		    - {name: late, match: {mac: "52:54:00:aa:00:09"}, addresses: [192.0.2.9/24]}
		services:
		  - name: needing
		    image: slipway/busybox
		    requires: [network]
		    command: [/bin/busybox, sh, -c, "/bin/busybox ip -o -4 addr show | /bin/busybox awk '{ print \$2, \$4 }' | /bin/busybox sort | /bin/busybox xargs echo needing:"]
		    restart: never
	EOF
	watch <<-'END'
		told() { dmesg | grep -qF -- "$1"; }
		started() { told "service 'needing': started"; }
		not_started() { ! started; }
		note "no cable"
		verdict "a card without a cable holds nobody up that does not wait" [ "$(sed 's/[. ].*//' /proc/uptime)" -lt 150 ]
		verdict "its address is there all the same" sh -c "ip -o addr show dev eth0 | grep -qF 10.0.2.15/24"
		sleep 2
		verdict "what requires the network waits" not_started
		note "plug in the cable"
		verdict "the cable is heard of" until_ok 60 told "network: 'eth0' is ready"
		verdict "what requires the network waits for the other card" not_started
		note "plug in the card"
		verdict "the card is given its name" until_ok 60 [ -e /sys/class/net/late ]
		verdict "and its address" until_ok 60 told "network: 'late' is ready"
		verdict "what requires the network is started" until_ok 60 started
		verdict "the gateway is there" sh -c "ip route | grep -qF 'default via 10.0.2.2 dev eth0'"
		note "pull out the card"
		gone() { [ ! -e /sys/class/net/late ]; }
		verdict "the card goes" until_ok 60 gone
		verdict "which PID 1 hears" until_ok 60 told "network: 'late' is down"
		note "plug in the card again"
		again() { [ "$(dmesg | grep -cF "network: 'late' is ready")" -eq 2 ]; }
		verdict "and another one takes its place" until_ok 60 again
	END
	echo "$WATCH_FILES"
} | build cards kernel+initrd
wired_qemu cards -S -device pcie-root-port,id=hot,slot=1 -netdev hubport,id=hub,hubid=1
start cards kernel+initrd --qemu "$qemu"
tell_monitor "set_link net off" cont
check "it is up without a cable" when_noted "plug in the cable"
tell_monitor "set_link net on"
check "a card may come" when_noted "plug in the card"
add="device_add virtio-net-pci,id=late,bus=hot,netdev=hub,mac=52:54:00:aa:00:09,romfile="
tell_monitor "$add"
check "and go" when_noted "pull out the card"
tell_monitor "device_del late"
check "and come again" when_noted "plug in the card again"
tell_monitor "$add"
status=0
wait "$machine" || status=$?
cat "$TEST_TMP/console"
verdicts cards
console "what requires the network finds both addresses" "needing: eth0 10.0.2.15/24 late 192.0.2.9/24 lo 127.0.0.1/8"
finish
