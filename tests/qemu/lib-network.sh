# SPDX-License-Identifier: Apache-2.0
# For tests of the network: . "$TOP/tests/qemu/lib-network.sh". Machines with more cards, whose cables can be pulled.

. "$TOP/tests/qemu/lib-pid1.sh"

# wired_qemu NAME ARGUMENTS...: $qemu is a QEMU with these, and with a monitor on the port $monitor.
wired_qemu()
{
	local name=$1
	shift
	monitor=$(free_port)
	{
		echo '#!/bin/bash'
		printf 'exec qemu-system-x86_64 "$@" -monitor tcp:127.0.0.1:%s,server=on,wait=off' "$monitor"
		[ $# -eq 0 ] || printf ' %q' "$@"
		echo
	} > "$TEST_TMP/$name"
	chmod +x "$TEST_TMP/$name"
	qemu=$TEST_TMP/$name
}

# card NAME MAC: arguments for a card on a hub that joins all such cards.
card() { echo "-netdev hubport,id=$1,hubid=1 -device virtio-net-pci,netdev=$1,mac=$2,romfile="; }

# tell_monitor COMMAND...: each is a line for QEMU.
tell_monitor()
{
	until (exec 3<> "/dev/tcp/127.0.0.1/$monitor") 2>/dev/null; do
		kill -0 "$machine" 2>/dev/null || return 1
		sleep 0.2
	done
	exec 3<> "/dev/tcp/127.0.0.1/$monitor"
	printf '%s\n' "$@" >&3
	# Closed at once, the line might be lost with the connection.
	read -r -t 1 -d '' _ <&3
	exec 3>&-
}

# when_noted TEXT: the watching service has said so.
when_noted() { until_ok 200 grep -qaF "watch: # $1" "$TEST_TMP/console"; }
