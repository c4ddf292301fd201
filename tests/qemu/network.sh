# SPDX-License-Identifier: Apache-2.0
# `network:` without DHCP: cards found by what they are and given names that others had, a bond, a VLAN, a bridge, a
# pair, addresses and routes of both families, name servers; a cable that is pulled; a boot without card and cable.
set -u
. "$TOP/tests/qemu/lib-network.sh"

{
	cat <<-EOF
		$KERNEL
		network:
		  wait: 100s
		  forwarding: true
		  hostname: wired
		  dns: {servers: [192.0.2.53, "2001:db8::53"], search: [example.org, lan.example]}
		  interfaces:
		    - name: outside
		      match: {name: "eth*", driver: virtio_net, mac: "52:54:00:12:34:56"}
		      addresses: [10.0.2.15/24, "fec0::15/64"]
		      gateway: 10.0.2.2
		      gateways: ["fec0::2"]
		      routes:
		        - {to: 198.18.0.0/15, via: 10.0.2.3, metric: 50}
		        - {to: default, via: 10.0.2.4, table: 1000}
		        - {to: 203.0.113.0/24, via: 192.168.77.1, onlink: true}
		        - {to: "2001:db8:1::/48", via: "fe80::1", metric: 7}
		    # The first card had this name.
		    - {name: eth0, match: {mac: "52:54:00:aa:00:01"}}
		    - {name: right, match: {mac: "52:54:00:aa:00:02"}}
		    - {name: bond7, bond: {mode: active-backup, miimon: 50ms, ports: [eth0, right]}}
		    - {name: bond7.30, vlan: {id: 30, link: bond7}, mtu: 1400}
		    - {name: br0, bridge: {ports: [bond7.30, pair-in], stp: true}, addresses: [192.0.2.1/24], mac: "52:54:00:bb:00:01"}
		    - {name: pair-in}
		    - {name: pair-out, veth: {peer: pair-in}, addresses: [198.51.100.1/32, "fd00:2::1/128"], mtu: 1300}
		    - {name: flat, dummy: true, addresses: ["fd00:1::1/64"]}
		    - {name: tunnel, wireguard: true, addresses: [198.51.100.9/24], up: false}
		    - {name: nowhere, match: {mac: "52:54:00:ff:ff:ff"}, dhcp: no, addresses: [203.0.113.200/32], optional: true}
		services:
		  - name: needing
		    image: slipway/busybox
		    requires: [network]
		    tmpfs: [/tmp]
		    command: [/bin/busybox, sh, -c, "/bin/busybox ip -6 -o addr show dev outside scope site | /bin/busybox grep -v tentative && /bin/busybox echo needing: usable"]
		    restart: never
	EOF
	watch <<-'END'
		has() { grep -qF -- "$2" <<-TEXT
			$($1)
		TEXT
		}
		show() { ip -o addr show dev "$1"; }
		sys() { cat "/sys/class/net/$1"; }
		told() { dmesg | grep -qF -- "$1"; }
		verdict "a card found by name, driver and MAC has its new name" has "sys outside/address" 52:54:00:12:34:56
		verdict "its name is another's now" has "sys eth0/address" 52:54:00:aa:00:01
		verdict "IPv4 address" has "show outside" "10.0.2.15/24 brd 10.0.2.255"
		verdict "IPv6 address" has "show outside" "fec0::15/64"
		verdict "no router was listened to" has "cat /proc/sys/net/ipv6/conf/outside/accept_ra" 0
		verdict "IPv4 gateway" has "ip route" "default via 10.0.2.2 dev outside"
		verdict "which answers" ping -c 1 -W 20 10.0.2.2
		verdict "IPv6 gateway" has "ip -6 route" "default via fec0::2 dev outside"
		verdict "a route with a metric" has "ip route" "198.18.0.0/15 via 10.0.2.3 dev outside  metric 50"
		verdict "a route in a table of its own" has "ip route show table 1000" "default via 10.0.2.4 dev outside"
		verdict "a route to a gateway in no network" has "ip route" "203.0.113.0/24 via 192.168.77.1 dev outside onlink"
		verdict "a route by a link-local gateway" has "ip -6 route" "2001:db8:1::/48 via fe80::1 dev outside  metric 7"
		verdict "a bond of its mode" has "cat /proc/net/bonding/bond7" "fault-tolerance (active-backup)"
		verdict "that looks at its cables" has "cat /proc/net/bonding/bond7" "Polling Interval (ms): 50"
		verdict "and has its ports" has "sys bond7/bonding/slaves" "eth0 right"
		verdict "no bond that nobody asked for" [ ! -e /sys/class/net/bond0 ]
		verdict "a VLAN on it" has "cat /proc/net/vlan/bond7.30" "VID: 30"
		verdict "with its MTU" has "sys bond7.30/mtu" 1400
		verdict "a bridge with two ports" has "ls /sys/class/net/br0/brif" "$(printf 'bond7.30\npair-in')"
		verdict "that speaks STP" has "sys br0/bridge/stp_state" 1
		verdict "with its MAC and address" has "ip addr show dev br0" "52:54:00:bb:00:01"
		verdict "and no IPv6 on its ports" has "cat /proc/sys/net/ipv6/conf/pair-in/disable_ipv6" 1
		verdict "a pair" has "show pair-out" "198.51.100.1/32"
		verdict "with an MTU" has "sys pair-out/mtu" 1300
		verdict "a dummy" has "show flat" "fd00:1::1/64"
		verdict "no dummy that nobody asked for" [ ! -e /sys/class/net/dummy0 ]
		verdict "wireguard, that stays down" has "ip addr show dev tunnel" "198.51.100.9/24"
		verdict "and is down" [ "$(($(sys tunnel/flags) & 1))" = 0 ]
		verdict "packets are forwarded" has "cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/all/forwarding" "$(printf '1\n1')"
		verdict "name servers" has "cat /etc/machine/resolv.conf" "$(printf 'search example.org lan.example\nnameserver 192.0.2.53\nnameserver 2001:db8::53')"
		verdict "host name" has hostname wired
		verdict "nothing went wrong" sh -c '! dmesg | grep -F "network: " | grep -F cannot'
		dmesg | grep "network: "
		wakeups=$(status_of voluntary_ctxt_switches)
		note pull
		verdict "PID 1 hears that the cable is pulled" until_ok 60 told "network: 'outside' has no carrier"
		verdict "and the address stays" has "show outside" "10.0.2.15/24"
		note plug
		verdict "and that it is back" until_ok 60 sh -c 'dmesg | grep -cF "network: '"'outside'"' is ready" | grep -qx 2'
		verdict "with its gateway" has "ip route" "default via 10.0.2.2 dev outside"
		note "PID 1 woke $(($(status_of voluntary_ctxt_switches) - wakeups)) times for that"
	END
	cat <<-EOF
		    after: [network]
		    binds.add: ["/run/resolvconf:/etc/machine"]
		$WATCH_FILES
	EOF
} | build wired kernel+initrd
wired_qemu wired $(card left 52:54:00:aa:00:01) $(card right 52:54:00:aa:00:02)
start wired kernel+initrd --qemu "$qemu"
check "a cable to pull" when_noted pull
tell_monitor "set_link net off"
when_noted plug
tell_monitor "set_link net on"
status=0
wait "$machine" || status=$?
cat "$TEST_TMP/console"
verdicts wired
console "what requires the network finds an address that it can use" "needing: usable"

finish
