# SPDX-License-Identifier: Apache-2.0
# The formats without firmware and initrd, on our own kernel: each boots to a ready service, ends by itself with its status, and
# is steered from the host.
set -u
. "$TOP/tests/qemu/lib.sh"
need jq
"$SLIPWAY" image inspect --store "$PACKAGE_STORE" slipway/kernel > /dev/null 2>&1 || skip "no kernel of our own: run 'make packages-kernel'"

KERNEL='kernel:
  image: slipway/kernel'
# What the kernel and the manifest have to say about each other.
check "the kernel has what every manifest needs" "$SLIPWAY" kernel check --store "$PACKAGE_STORE" --image slipway/kernel "$TOP/examples/network.yml"

for format in microvm firecracker; do
	build own "$format" <<-EOF
		$KERNEL
		onboot:
		  - name: one
		    image: slipway/busybox
		    command: [/bin/busybox, echo, "first of onboot"]
		services:
		  - name: server
		    image: slipway/busybox
		    command: [/bin/busybox, sh, -c, "echo ready >&3; /bin/busybox sleep 1000"]
		    ready: fd
		    stop_timeout: 300ms
		    userns: auto
		  - name: seven
		    image: slipway/busybox
		    command: [/bin/busybox, sh, -c, "/bin/busybox echo the server is ready; exit 7"]
		    after: [server]
		    requires: [server]
		    restart: never
		    on_exit: poweroff
	EOF
	boot own "$format" -m 64
	same "$format: the status of the service is that of the machine" 7 "$status"
	console "$format: onboot ran" "first of onboot"
	console "$format: the service that waited for the ready one ran" "the server is ready"
done

# The smallest image has a size to keep to; most of it is PID 1 and busybox.
sed 's|slipway/kernel-debian|slipway/kernel|' "$TOP/examples/hello.yml" | build small microvm
size=$(stat -c %s "$TEST_TMP/small-microvm-squashfs.img")
echo "## hello without its kernel: $size bytes"
check "hello without its kernel has 1.2 MB at most" test "$size" -le 1200000

# Cloud Hypervisor's machine has PCI and ACPI, as q35 has; the kernel is entered the same way there.
if "$SLIPWAY" image inspect --store "$PACKAGE_STORE" slipway/kernel-cloud > /dev/null 2>&1; then
	check "the kernel for clouds has what every manifest needs" \
		"$SLIPWAY" kernel check --store "$PACKAGE_STORE" --image slipway/kernel-cloud "$TOP/examples/network.yml"
	sed 's|slipway/kernel$|slipway/kernel-cloud|' "$TEST_TMP/own.yml" | build cloud cloud-hypervisor
	boot cloud cloud-hypervisor -m 128
	same "cloud-hypervisor: the status of the service is that of the machine" 7 "$status"
	console "cloud-hypervisor: the service that waited for the ready one ran" "the server is ready"
	boot cloud cloud-hypervisor -m 128 --dry-run
	check "cloud-hypervisor: on a machine with a bus" grep -q -- "-machine q35" "$TEST_TMP/console"
	json=$TEST_TMP/cloud-cloud-hypervisor-cloud-hypervisor.json
	for file in $(jq -r '.payload.kernel, .disks[].path' "$json"); do check "cloud-hypervisor: $file is there" test -s "$TEST_TMP/$file"; done
	same "cloud-hypervisor: with the command line that was booted" "$(cat "$TEST_TMP/cloud-cloud-hypervisor-cmdline")" "$(jq -r .payload.cmdline "$json")"
else
	skip_one "cloud-hypervisor" "no kernel for clouds: run 'make packages-kernel-cloud'"
fi

cd "$TEST_TMP" || exit 1
json=own-firecracker-firecracker.json
same "firecracker: the configuration names the kernel beside it" own-firecracker-vmlinux "$(jq -r '."boot-source".kernel_image_path' "$json")"
same "firecracker: and the root" own-firecracker-squashfs.img "$(jq -r '.drives[] | select(.is_root_device) | .path_on_host' "$json")"
same "firecracker: with the command line that was booted" "$(cat own-firecracker-cmdline)" "$(jq -r '."boot-source".boot_args' "$json")"
for file in $(jq -r '."boot-source".kernel_image_path, .drives[].path_on_host' "$json"); do check "firecracker: $file is there" test -s "$file"; done

# Two processors, a credential and a state partition: told on the command line, since nothing can be found.
build more microvm <<-EOF
	$KERNEL
	verity: error
	storage:
	  state: {wait: 60s}
	  zram: {size: 8M}
	volumes:
	  - {name: data, persistent: true, size: 8M}
	services:
	  - name: all
	    image: slipway/busybox
	    binds: ["data:/data"]
	    credentials: [token]
	    command: [/bin/busybox, sh, -c, "/bin/busybox nproc; /bin/busybox cat /run/credentials/all/token; /bin/busybox df /data | /bin/busybox tail -n 1; echo root is \$(/bin/busybox cat /sys/block/dm-0/dm/name); /bin/busybox grep ^/dev/ /proc/swaps; echo interfaces: \$(/bin/busybox ls /sys/class/net | /bin/busybox tr '\\\\n' ' ')"]
	    restart: never
	    on_exit: poweroff
EOF
boot more microvm -m 128 --cpus 2 --credential token=opensesame --disk "$TEST_TMP/state,size=64M"
same "a machine with a disk ends with status 0" 0 "$status"
check "two processors" grep -qE "^2.?$" "$TEST_TMP/console"
console "the credential" opensesame
console "the root is verified, as the kernel has set it up" "root is root"
console "a zram is made when it is asked for" "/dev/zram0"
check "and nothing was made that nobody asked for" grep -qE "^interfaces: bonding_masters eth0 lo ?.?$" "$TEST_TMP/console"
check "a volume of its size" grep -qE " 8192 .* /data" "$TEST_TMP/console"

# A boot that fails says why, and ends.
build broken microvm <<-EOF
	$KERNEL
	onboot:
	  - name: fails
	    image: slipway/busybox
	    command: [/bin/busybox, sh, -c, "exit 3"]
EOF
boot broken microvm -m 64
same "a failed onboot step ends the boot with status 1" 1 "$status"
check "the host hears the cause" grep -qF "boot failed: onboot: 'fails' ended with status 3" "$TEST_TMP/stderr"

# What the format cannot do is refused when it is built.
if build debian microvm 2> "$TEST_TMP/refused" <<-EOF
	kernel: {image: slipway/kernel-debian}
	services: [{name: one, image: slipway/busybox}]
EOF
then not_ok "a kernel that has no /vmlinux is refused"; else ok "a kernel that has no /vmlinux is refused"; fi
check "with what to take instead" grep -qF "needs a kernel image with '/vmlinux', as 'slipway/kernel' is" "$TEST_TMP/refused"
finish
