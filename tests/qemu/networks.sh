# SPDX-License-Identifier: Apache-2.0
# LinuxKit's runtime.interfaces and runtime.bindNS: a network namespace that an onboot container is given, with an
# interface made in the machine's, and that a service joins by path.
set -u
. "$TOP/tests/qemu/lib.sh"

build networks kernel+initrd <<-EOF
	${KERNEL/modules: []/modules: [veth]}
	$(given_network)
	services:
	  - name: join
	    image: slipway/busybox
	    net: /run/netns/given
	    capabilities: [CAP_NET_RAW]
	    command: [/bin/busybox, sh, -c, "/bin/busybox ip -o addr show dev inside | /bin/busybox grep -o '192.0.2.1/24'; /bin/busybox ping -c 1 -W 5 192.0.2.2 && /bin/busybox echo reached; exit 5"]
	    restart: never
	    on_exit: poweroff
EOF
boot networks kernel+initrd
same "the machine ends with the service's status" 5 "$status"
console "the onboot container has its interface" "set up"
console "the service that joined by path sees it" "192.0.2.1/24"
console "and reaches the other end, in the machine's namespace" "reached"

# A namespace that got half of what it should have is not taken for a whole one at the next start.
build half kernel+initrd <<-EOF
	${KERNEL/quiet/loglevel=5}
	services:
	  - name: half
	    image: slipway/busybox
	    net: new
	    command: [/bin/busybox, echo, "must not run"]
	    runtime:
	      interfaces:
	        - {name: inside, add: nothing-of-it}
	      bindNS: {net: /run/netns/half}
	    restart: 2
	    on_exit: poweroff
EOF
boot half kernel+initrd
same "an interface that cannot be made ends with 127" 127 "$status"
same "each of the three starts fails at it" 3 "$(grep -c "cannot start: cannot make the interface 'inside'" "$TEST_TMP/console")"
check_fails "and nothing runs without it" grep -q "must not run" "$TEST_TMP/console"
finish
