# SPDX-License-Identifier: Apache-2.0
# `slipway run` on a terminal: what Ctrl-C and Ctrl-A do, and that the terminal is as it was afterwards.
set -u
. "$TOP/tests/qemu/lib.sh"
need script
# A machine that has ended reads no keys.
trap "" PIPE

build idle kernel+initrd <<-EOF || { not_ok "an idle machine builds"; finish; }
	$KERNEL
	services:
	  - name: idle
	    image: slipway/busybox
	    command: [/bin/busybox, sh, -c, "trap '' TERM; /bin/busybox echo idle now; /bin/busybox sleep 1000"]
EOF

# terminal NAME KEYS... : runs the machine on a terminal of its own, and types when it is idle. A word of KEYS is typed at
# once; `wait:TEXT` waits for a text first. Leaves $status, and the settings of the terminal $before and $after.
terminal()
{
	local word keys end
	rm -f "$TEST_TMP/keys"
	mkfifo "$TEST_TMP/keys"
	: > "$TEST_TMP/console"
	# The shell outlives Ctrl-C, which its whole group gets.
	SHELL=/bin/bash script -qfec "trap : INT; stty -g; '$SLIPWAY' run --timeout 120 $options '$TEST_TMP/idle-kernel+initrd'
		echo \"status \$?\"; stty -g" /dev/null < "$TEST_TMP/keys" > "$TEST_TMP/console" &
	exec 4> "$TEST_TMP/keys"
	for word; do
		if [ "${word#wait:}" != "$word" ]; then
			end=$((SECONDS + 60))
			until grep -qF -- "${word#wait:}" "$TEST_TMP/console" || [ "$SECONDS" -ge "$end" ]; do sleep 0.1; done
		else
			printf '%b' "$word" >&4
		fi
	done
	end=$((SECONDS + 130))
	until grep -q '^status ' "$TEST_TMP/console" || [ "$SECONDS" -ge "$end" ]; do sleep 0.1; done
	exec 4>&-
	wait "$!"
	tr -d '\r' < "$TEST_TMP/console" > "$TEST_TMP/clean"
	status=$(sed -n 's/^status //p' "$TEST_TMP/clean")
	before=$(head -n 1 "$TEST_TMP/clean")
	after=$(tail -n 1 "$TEST_TMP/clean")
	sed 's/^/# /' "$TEST_TMP/clean"
}

options=
terminal 'wait:idle now' '\003' 'wait:status '
same "one Ctrl-C ends the machine in order" 0 "$status"
same "and the terminal is as it was" "$before" "$after"
if grep -las "$TEST_TMP/[i]dle" /proc/[0-9]*/cmdline; then not_ok "no QEMU is left"; else ok "no QEMU is left"; fi

# The service does not end when it is asked, so that the second comes in time.
terminal 'wait:idle now' '\003' 'wait:once more' '\003' 'wait:status '
same "a second one ends it at once" 130 "$status"
same "and the terminal is as it was" "$before" "$after"

terminal 'wait:idle now' '\032\034' '\001x' 'wait:status '
console "Ctrl-A x ends QEMU" "QEMU: Terminated"
same "after Ctrl-Z and Ctrl-\\, which did nothing here" 125 "$status"
same "and the terminal is as it was" "$before" "$after"

options=--interactive
terminal 'wait:idle now' '\003\003' '\001x' 'wait:status '
same "with --interactive Ctrl-C is the guest's" 125 "$status"
same "and the terminal is as it was" "$before" "$after"

boot idle kernel+initrd --timeout 5
same "a timeout ends with 124" 124 "$status"

finish
