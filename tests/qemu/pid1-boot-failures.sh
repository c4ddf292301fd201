# SPDX-License-Identifier: Apache-2.0
# Boots that fail: each with one line that names the stage and the cause, on the console and at the host, with status 1, and
# then what on_failure says. The plan of a good image is changed behind the build's back, in an archive behind its initrd.
set -u
. "$TOP/tests/qemu/lib.sh"
need cpio

good=$TEST_TMP/good-kernel+squashfs broken=$TEST_TMP/broken-kernel+squashfs
build good kernel+squashfs <<-END
	$KERNEL
	services:
	  - name: runs
	    image: slipway/busybox
	    command: [/bin/busybox, echo, "it went on"]
	    restart: never
	    on_exit: poweroff
END
"$SLIPWAY" plan --store "$PACKAGE_STORE" --format kernel+squashfs "$TEST_TMP/good.yml" > "$TEST_TMP/plan" || not_ok "the plan is there"

# break_plan: an image whose plan is standard input.
break_plan()
{
	local root=$TEST_TMP/overlay part
	mkdir -p "$root/etc/slipway"
	cat > "$root/etc/slipway/plan"
	for part in kernel cmdline squashfs.img; do cp "$good-$part" "$broken-$part"; done
	{
		cat "$good-initrd.img"
		# Archives begin at multiples of four.
		head -c $(((4 - $(stat -c %s "$good-initrd.img") % 4) % 4)) /dev/zero
		(cd "$root" && find . -mindepth 1 | cpio --quiet -o -H newc)
	} > "$broken-initrd.img"
}

# fails NAME STATUS CAUSE
fails()
{
	boot broken kernel+squashfs
	same "$1: status $2 at the host" "$2" "$status"
	check "$1: the host hears the cause" grep -qF "boot failed: $3" "$TEST_TMP/stderr"
	same "$1: the console shows it once" 1 "$(grep -cF "boot failed: $3" "$TEST_TMP/console")"
}

break_plan < "$TEST_TMP/plan"
boot broken kernel+squashfs
same "the archive behind the initrd does no harm by itself" 0 "$status"

sed 's|^\(machine .*root_source=\)[^ ]*|\1/dev/vdz root_timeout=2|' "$TEST_TMP/plan" | break_plan
begin=$SECONDS
fails "a root device that is missing" 1 "root image: root device: '/dev/vdz' did not appear within 2 s"
check "within its time" [ $((SECONDS - begin)) -lt 40 ]

sed 's|^\(machine .*root_source=\)[^ ]*|\1/dev/zero|' "$TEST_TMP/plan" | break_plan
fails "a root that is no disk" 1 "root image: cannot mount '/dev/zero' (squashfs): "

sed 's|root_type=squashfs|root_type=erofs|' "$TEST_TMP/plan" | break_plan
fails "a root of a type that the kernel does not know" 1 "root image: cannot mount '/dev/vda' (erofs): No such device"

# Without a plan no module is loaded, and nothing leads to the host: it sees a machine that ended without a word.
unreadable()
{
	break_plan
	boot broken kernel+squashfs
	same "$1: status 125 at the host" 125 "$status"
	console "$1: the console shows the cause" "boot failed: plan: $2"
}

head -c 300 /dev/urandom | unreadable "a plan that is none" ""
sed 's|^machine .*|machine root_type=squashfs|' "$TEST_TMP/plan" | unreadable "a root without a device" "line 2: field 'root_source' is missing"
sed 's|stage=services|stage=nowhere|' "$TEST_TMP/plan" | unreadable "a word that the plan does not know" "line "

missing="module path=/lib/modules/not-there.ko"
sed "/^container /i $missing" "$TEST_TMP/plan" | break_plan
fails "a module that is missing" 1 "modules: cannot open the kernel module '/lib/modules/not-there.ko': No such file or directory"
check_fails "and nothing runs after it" grep -qF "it went on" "$TEST_TMP/console"

sed "/^container /i $missing" "$TEST_TMP/plan" | sed 's|^machine .*|& on_failure=continue|' | break_plan
fails "the same, to continue with" 0 "modules: cannot open the kernel module"
console "the service runs" "it went on"

sed "/^container /i $missing" "$TEST_TMP/plan" | sed 's|^machine .*|& on_failure=reboot|' | break_plan
fails "the same, to reboot at" 1 "modules: cannot open the kernel module"
console "it reboots" "reboot: Restarting system"
finish
