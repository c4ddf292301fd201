# SPDX-License-Identifier: Apache-2.0
# `dhcp:` of `network:` by pkg/dhcpcd: QEMU's own server first, with router advertisements beside it; then a dnsmasq in a
# network namespace of the machine, which is reached by a pair that is made after the boot, and gives DHCPv6 and SLAAC.
set -u
. "$TOP/tests/qemu/lib-network.sh"

{
	cat <<-EOF
		${KERNEL/modules: []/modules: [veth]}
		network:
		  wait: 150s
		  dns: {servers: [192.0.2.53], search: [example.org]}
		  interfaces:
		    - {name: eth0, dhcp: both}
		    # These two come when the service 'server' is started.
		    - {name: lan, dhcp: ipv6, optional: true}
		    - {name: quiet, accept_ra: true, optional: true}
		services:
		  - name: needing
		    image: slipway/busybox
		    requires: [network]
		    command: [/bin/busybox, sh, -c, "/bin/busybox ip -o addr show dev eth0 | /bin/busybox grep -v 'scope link' && /bin/busybox echo needing: started"]
		    restart: never
		  - name: server
		    image: slipway/dnsmasq
		    net: new
		    runtime:
		      interfaces:
		        - {name: a, add: veth, peer: lan}
		        - {name: b, add: veth, peer: quiet}
		    command: [/usr/lib/slipway/serve, "a=fd00:a::1/64", "b=fd00:b::1/64", --, "--dhcp-range=::100,::1ff,constructor:a,64,2m", "--dhcp-range=::,constructor:b,ra-only,64", "--enable-ra", "--dhcp-option=option6:dns-server,[fd00:a::53]", "--dhcp-option=option6:domain-search,six.example"]
	EOF
	watch <<-'END'
		servers() { grep -qx "$1" /etc/machine/resolv.conf; }
		address() { ip -o addr show dev "$1" | grep -v "scope link\\|tentative" | grep -q "$2"; }
		told() { dmesg | grep -qF -- "$1"; }
		count_told() { [ "$(dmesg | grep -cF -- "$2")" = "$1" ]; }
		client() { pidof dhcpcd | tr ' ' '\n' | sort -n | head -n 1; }
		verdict "after the network there is an address" address eth0 "10.0.2.15/24\\|fec0:"
		verdict "soon of both families" until_ok 60 address eth0 "10.0.2.15/24"
		verdict "and the way out" sh -c 'ip route | grep -q "default via 10.0.2.2 dev eth0"'
		verdict "which answers" ping -c 1 -W 20 10.0.2.2
		verdict "a router gave an IPv6 address" until_ok 60 address eth0 "fec0:"
		verdict "name servers of the lease" until_ok 30 servers "nameserver 10.0.2.3"
		verdict "the manifest's come first" [ "$(grep -m 1 ^nameserver /etc/machine/resolv.conf)" = "nameserver 192.0.2.53" ]
		verdict "and its domain" grep -q '^search example.org' /etc/machine/resolv.conf
		verdict "whoever had the file bound sees it" cmp -s /etc/machine/resolv.conf /etc/bound
		verdict "a pair that came later: DHCPv6" until_ok 120 address lan "fd00:a::1[0-9a-f][0-9a-f]/128"
		verdict "PID 1 saw it become ready" until_ok 20 told "network: 'lan' is ready"
		verdict "its name server" until_ok 20 servers "nameserver fd00:a::53"
		verdict "its domain behind the manifest's" grep -q '^search example.org.*six.example' /etc/machine/resolv.conf
		verdict "SLAAC by the kernel alone" until_ok 60 address quiet "fd00:b:.*/64"
		verdict "the interface that has no DHCP is left alone" sh -c '! grep -q quiet /run/machine/dhcpcd/* 2>/dev/null'
		cat /etc/machine/resolv.conf | sed 's/^/watch: # /'
		first=$(client)
		kill -9 $(pidof dhcpcd)
		another() { now=$(client); [ -n "$now" ] && [ "$now" != "$first" ]; }
		verdict "the client is started again when it is killed" until_ok 60 another
		verdict "the address stays meanwhile" address eth0 "10.0.2.15/24"
		verdict "and the lease is remembered" [ -s /run/machine/dhcpcd/eth0.lease ]
		sleep 5
		verdict "the address is there still" address eth0 "10.0.2.15/24"
		verdict "and the name servers" servers "nameserver 10.0.2.3"
		note pull
		verdict "PID 1 hears that the cable is pulled" until_ok 60 told "network: 'eth0' has no carrier"
		note plug
		verdict "and that all is well again" until_ok 60 count_told 2 "network: 'eth0' is ready"
		verdict "with the address" until_ok 60 address eth0 "10.0.2.15/24"
		verdict "the client complained about nothing" sh -c '! dmesg | grep -i "dhcpcd.*\(error\|permission\|denied\|not permitted\)"'
	END
	cat <<-EOF
		    after: [network, server]
		    binds.add: ["/run/resolvconf:/etc/machine", "/run/resolvconf/resolv.conf:/etc/bound", "/run/slipway:/run/machine"]
		$WATCH_FILES
	EOF
} | build dhcp kernel+initrd
wired_qemu dhcp
start dhcp kernel+initrd --qemu "$qemu"
check "a cable to pull" when_noted pull
tell_monitor "set_link net off"
when_noted plug
tell_monitor "set_link net on"
status=0
wait "$machine" || status=$?
cat "$TEST_TMP/console"
verdicts dhcp
console "what requires the network is started with it" "needing: started"

check "the example is built" build example kernel+initrd "$TOP/examples/network.yml"
finish
