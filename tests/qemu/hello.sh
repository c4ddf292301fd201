# SPDX-License-Identifier: Apache-2.0
# The smallest example, and what ends a machine: a service's status, a failed boot, onboot and onshutdown in order.
set -u
. "$TOP/tests/qemu/lib.sh"
need jq

for format in $FORMATS; do
	build hello "$format" "$TOP/examples/hello.yml" || not_ok "$format: hello builds"
	boot hello "$format" -m 96
	same "$format: hello ends with status 0 in 96 MB" 0 "$status"
	console "$format: hello says so" "Hello from Slipway"

	build order "$format" <<-EOF
		$KERNEL
		onboot:
		  - name: one
		    image: slipway/busybox
		    command: [/bin/busybox, echo, "first of onboot"]
		  - name: two
		    image: slipway/busybox
		    command: [/bin/busybox, sh, -c, "/bin/busybox sleep 0.3; /bin/busybox echo second of onboot"]
		services:
		  - name: seven
		    image: slipway/busybox
		    command: [/bin/busybox, sh, -c, "/bin/busybox echo the service; exit 7"]
		    restart: never
		    on_exit: poweroff
		onshutdown:
		  - name: last
		    image: slipway/busybox
		    command: [/bin/busybox, echo, "onshutdown is last"]
	EOF
	boot order "$format"
	same "$format: the status of the service is that of the machine" 7 "$status"
	got=$(grep -E "^(first of onboot|second of onboot|the service|onshutdown is last)" "$TEST_TMP/console" | tr -d '\r' | tr '\n' ',')
	same "$format: onboot, services, onshutdown in order" "first of onboot,second of onboot,the service,onshutdown is last," "$got"
done

# The machine of the last round ends by itself, and is there until it was asked how it booted.
chart() { "$SLIPWAY" bootchart --timeout 200 --cmdline "$GUEST_WORDS" "$@" 2> "$TEST_TMP/chart-error"; }
status=0
chart --json "$TEST_TMP/order-$format" > "$TEST_TMP/chart.json" || status=$?
same "a machine is booted for its chart" 0 "$status"
check "has all that ran" jq -e '.settled and .machine == "order-kernel+squashfs" and
	(.critical_chain | map(.name) == ["seven", "two", "one", "init", "kernel", "before the kernel"]) and
	(.spans | map(select(.kind == "service" or .kind == "onboot")) | map(.name)) == ["one", "two", "seven"]' "$TEST_TMP/chart.json"
check "and what the host saw pass before" jq -e '.spans[0] | .kind == "host" and .start_us < 0 and .start_us > -60000000 and .end_us == 0' "$TEST_TMP/chart.json"
check "a sleep is as long as it is" jq -e '.spans[] | select(.name == "two") | .end_us - .exec_us >= 300000 and .end_us - .exec_us < 20000000' "$TEST_TMP/chart.json"

build broken kernel+initrd <<-EOF
	$KERNEL
	onboot:
	  - name: fails
	    image: slipway/busybox
	    command: [/bin/busybox, sh, -c, "exit 3"]
	services:
	  - name: never
	    image: slipway/busybox
	    command: [/bin/busybox, echo, "must not be seen"]
EOF
boot broken kernel+initrd
same "a failed onboot step ends the boot with status 1" 1 "$status"
check "the host hears the cause" grep -qF "boot failed: onboot: 'fails' ended with status 3" "$TEST_TMP/stderr"
console "the console shows the cause" "boot failed: onboot: 'fails' ended with status 3"
check_fails "services do not start after it" grep -qF "must not be seen" "$TEST_TMP/console"

status=0
chart "$TEST_TMP/broken-kernel+initrd" > "$TEST_TMP/chart" || status=$?
same "a boot that fails has a chart to its end" 0 "$status"
check "which names what failed" grep -qE '^onboot +fails .* failed$' "$TEST_TMP/chart"

build tolerant kernel+initrd <<-EOF
	$KERNEL
	onboot:
	  - name: fails
	    image: slipway/busybox
	    command: [/bin/busybox, sh, -c, "exit 3"]
	    on_failure: continue
	services:
	  - name: runs
	    image: slipway/busybox
	    command: [/bin/busybox, echo, "it went on"]
	    restart: never
	    on_exit: poweroff
EOF
boot tolerant kernel+initrd
same "on_failure: continue goes on" 0 "$status"
console "and the services run" "it went on"

build missing kernel+initrd <<-EOF
	$KERNEL
	services:
	  - name: missing
	    image: slipway/busybox
	    command: [/bin/not-there]
	    restart: never
	    on_exit: poweroff
EOF
boot missing kernel+initrd
same "a program that is not there is status 127" 127 "$status"
console "and is named" "/bin/not-there"

build again kernel+initrd <<-EOF
	${KERNEL/quiet/loglevel=5}
	services:
	  - name: counter
	    image: slipway/busybox
	    command: [/bin/busybox, sh, -c, "/bin/busybox echo run >> /count/runs; [ \$(/bin/busybox wc -l < /count/runs) -ge 3 ] && exit 0; exit 1"]
	    binds: ["/run/count:/count"]
	    runtime: {mkdir: [/run/count]}
	    restart: on-failure
	    on_exit: poweroff
EOF
boot again kernel+initrd
same "restart: on-failure starts again until it works" 0 "$status"
same "after two failures" 2 "$(grep -c "starts again in" "$TEST_TMP/console")"
finish
