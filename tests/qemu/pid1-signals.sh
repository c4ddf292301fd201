# SPDX-License-Identifier: Apache-2.0
# Every signal that asks PID 1 for the end of the machine, sent by a service that sees it, and what the kernel sends at
# Ctrl-Alt-Del (SIGINT): what runs is stopped in order, onshutdown runs, and the machine ends the way that the signal says.
set -u
. "$TOP/tests/qemu/lib.sh"

# The names of init/slipway-init.8; busybox knows those of the real-time signals only as numbers.
POWEROFF="USR1 USR2 PWR 38" REBOOT="TERM INT 39"

# image SIGNAL: sends it. Others are sent once it has been heard, which change nothing: of two that wait at the same time the
# kernel hands out the one of the lower number first.
image()
{
	cat <<-EOF
		${KERNEL/quiet/loglevel=4 printk.time=1}
		services:
		  - name: asks
		    image: slipway/busybox
		    command: [/bin/busybox, sh, -c, "trap '' TERM; /bin/busybox sleep 0.5; kill -HUP 1; kill -CHLD 1; kill -$1 1; /bin/busybox sleep 1000"]
		    capabilities: [CAP_KILL]
		    pid: host
		    stop_signal: SIGKILL
		  - name: obeys
		    image: slipway/busybox
		    command: [/bin/busybox, sh, -c, "trap 'echo it was asked to end; kill -USR1 1; kill -TERM 1; exit 0' TERM; while :; do /bin/busybox sleep 100 & wait; done"]
		    capabilities: [CAP_KILL]
		    pid: host
		onshutdown:
		  - name: last
		    image: slipway/busybox
		    command: [/bin/busybox, echo, "onshutdown is last"]
	EOF
}

# ends SIGNAL TEXT
ends()
{
	local signal=$1
	image "$signal" | build "signal$signal" kernel+initrd
	boot "signal$signal" kernel+initrd -m 128
	console "$signal: it ends as it should" "$2"
	console "$signal: a service is asked first" "it was asked to end"
	console "$signal: onshutdown runs" "onshutdown is last"
	same "$signal: in order" 0 "$status"
}

for signal in $POWEROFF; do ends "$signal" "reboot: Power down"; done
for signal in $REBOOT; do ends "$signal" "reboot: Restarting system"; done
finish
