# SPDX-License-Identifier: Apache-2.0
# Disks that are not what the manifest expects: whatever is on them stays, byte by byte, one line says what it was, and the machine
# does what the manifest says. All kinds of them in one machine that goes on; then those that stop it.
set -u
. "$TOP/tests/qemu/lib-pid1.sh"
PATH=$PATH:/sbin:/usr/sbin
need mkfs.ext4 debugfs dumpe2fs sfdisk cryptsetup mkfs.btrfs mkfs.ntfs perl

# blank NAME SIZE
blank() { truncate -s "$2" "$TEST_TMP/$1.img"; }

blank luks 32M
echo secret | cryptsetup luksFormat -q --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 "$TEST_TMP/luks.img" -
# Neither lvm nor mdadm writes to files: the label of a physical volume, and a superblock of version 1.2, by their formats.
blank lvm 16M
blank raid 16M
perl -e '
	sub poke { my ($name, $at, $bytes) = @_; open(my $f, "+<", "$ENV{TEST_TMP}/$name.img") or die; seek($f, $at, 0); print $f $bytes; }
	sub crc { my ($crc, $bytes) = @_; for (unpack "C*", $bytes) { $crc ^= $_; $crc = $crc >> 1 ^ ($crc & 1 ? 0xedb88320 : 0) for 1 .. 8; } $crc; }
	my $rest = pack("V a8 a32 Q<", 32, "LVM2 001", "abcdefghijklmnopqrstuvwxyz012345", 16 << 20) . "\0" x 440;
	poke("lvm", 512, pack("a8 Q< V", "LABELONE", 1, crc(0xf597a6cf, $rest)) . $rest);
	my $super = pack("V4 a16 a32 Q< V2 Q< V2", 0xa92b4efc, 1, 0, 0, "u" x 16, "host:0", 1, 1, 0, 30000, 0, 2) . "\0" x 32
		. pack("Q<4", 2048, 30000, 8, 0) . "\0" x 256;
	$super = substr($super, 0, 256);
	my ($sum, $high) = (0, 0);
	$sum += $_ for unpack "V*", $super;
	$sum = ($sum & 0xffffffff) + ($sum >> 32);
	substr($super, 216, 4) = pack("V", $sum & 0xffffffff);
	poke("raid", 4096, $super);
'
blank btrfs 128M && mkfs.btrfs -q "$TEST_TMP/btrfs.img"
blank ntfs 16M && mkfs.ntfs -q -F -Q -L Games "$TEST_TMP/ntfs.img" > /dev/null 2>&1
blank table 16M && printf 'label: gpt\nname=x\n' | sfdisk -q "$TEST_TMP/table.img"
head -c 16M /dev/urandom > "$TEST_TMP/random.img"
# One byte of the superblock, which its checksum then tells; and no superblock, but all else.
for name in damaged partial yank broken mended; do blank $name 32M && mkfs.ext4 -q -L $name "$TEST_TMP/$name.img"; done
printf X | dd of="$TEST_TMP/damaged.img" bs=1 seek=1200 conv=notrunc status=none
dd if=/dev/zero of="$TEST_TMP/partial.img" bs=1k seek=1 count=1 conv=notrunc status=none
# A root that is no directory is not mended without a decision.
for name in broken mended; do
	debugfs -w -f - "$TEST_TMP/$name.img" > /dev/null 2>&1 <<-'END'
		mkdir /precious
		sif <2> mode 0100644
		ssv state 2
	END
done
# A file of one byte at the end of a disk that is otherwise zeros.
blank end 16M && printf X | dd of="$TEST_TMP/end.img" bs=1 seek=$((16 * 1024 * 1024 - 1)) conv=notrunc status=none

refused=(luks lvm raid btrfs ntfs table random damaged partial end)
others=(broken mended yank)
letters=(b c d e f g h i j k l m n)
{
	echo "$KERNEL"
	cat <<-END
		storage:
		  state: {device: /dev/vdb, wait: 1s, on_failure: continue}
		  swap:
		    - {device: /dev/vdz, create: blank, wait: 1s, on_failure: continue}
		  disks:
	END
	i=0
	for name in "${refused[@]}"; do
		[ "$name" = luks ] ||
			echo "    - {device: /dev/vd${letters[i]}, mount: /srv/$name, create: blank, wait: 5s, on_failure: continue}"
		i=$((i + 1))
	done
	cat <<-END
		    - {label: broken, mount: /srv/broken, wait: 5s, on_failure: continue}
		    - {label: mended, mount: /srv/mended, repair: true, wait: 5s}
		    - {label: yank, mount: /srv/yank, wait: 5s}
		volumes:
		  - {name: data, persistent: true, size: 3M, image: slipway/busybox, mode: "0711"}
		services:
		  - name: helper
		    image: slipway/busybox
		    command: [/bin/busybox, sh, -c, "trap 'exit 0' TERM; /bin/busybox sleep 10000 & wait"]
		    binds: ["/srv/yank:/yank", data:/data]
	END
	watch <<-'END'
		root=/proc/1/root
		dmesg > /tools/dmesg
		sed -n 's/.*storage: /watch: # /p' /tools/dmesg
		said() { grep -qF "storage: $1" /tools/dmesg; }
		expected="expected an ext4 file system, found"
		refused() { verdict "$3" said "$1: '/dev/vd$2': $expected $4; nothing was written; the machine goes on without it"; }
		refused state b "LUKS" "a LUKS volume"
		refused disk c "LVM" "an LVM volume"
		refused disk d "RAID" "a part of a RAID"
		refused disk e "btrfs" "a file system 'btrfs'"
		refused disk f "ntfs" "a file system 'ntfs' labelled 'Games'"
		refused disk g "a partition table" "a partition table 'gpt'"
		refused disk h "random bytes" "data that is not known"
		refused disk i "a damaged superblock" "a damaged ext file system"
		refused disk j "an ext4 without its superblock" "data that is not known"
		refused disk k "one byte at the end" "data that is not known"
		verdict "an ext4 that only a person can mend" said "disk: '/dev/vdl' has errors that are not mended without a decision"
		verdict "a disk that is missing" said "swap: no device '/dev/vdz' after 1000 ms; there is 'vd"
		verdict "what is to be repaired is" [ -d $root/srv/mended/lost+found ]
		verdict "a volume without state is in memory, with a warning" said "volume 'data': there is no state partition"
		verdict "it has its size, its mode and its contents" [ "$(stat -f -c '%b %S' $root/containers/volumes/data/merged) \
			$(stat -c %a $root/containers/volumes/data/merged) $(ls $root/containers/volumes/data/merged/bin/busybox)" = "768 4096 \
			711 $root/containers/volumes/data/merged/bin/busybox" ]

		# The disk goes away while it is written to.
		yank=$root/srv/yank
		echo kept > $yank/kept
		sync
		while dd if=/dev/zero of=$yank/much bs=64k count=200 conv=fsync; do :; done 2> /dev/null &
		sleep 1
		device=$(basename "$(readlink -f /sys/block/$(basename $(awk -v m=/srv/yank '$2 == m { print $1 }' /proc/1/mounts))/device)")
		echo $device > /sys/bus/virtio/drivers/virtio_blk/unbind
		no_writing() { ! dd if=/dev/zero of=$yank/more bs=64k count=1 conv=fsync 2> /dev/null; }
		verdict "a disk that was taken away takes no more writes" until_ok 30 no_writing
		verdict "PID 1 is there" [ "$(status_of VmRSS)" -gt 0 ]
		helper() { head -n 1 $cgroup/services/helper/cgroup.procs; }
		before=$(helper)
		kill -9 $before
		back() { [ -n "$(helper)" ] && [ "$(helper)" != "$before" ]; }
		verdict "a service that used it is started again" until_ok 30 back
		note "the end begins at $(cut -d. -f1 /proc/uptime) s"
	END
	echo "$WATCH_FILES"
} > "$TEST_TMP/refused.yml"

arguments=()
for name in "${refused[@]}" "${others[@]}"; do arguments+=(--disk "$TEST_TMP/$name.img"); done
images=("${refused[@]/#/$TEST_TMP/}")
before=$(sha256sum "${images[@]/%/.img}")
check "the image builds" build refused kernel+squashfs "$TEST_TMP/refused.yml"
boot refused kernel+squashfs "${arguments[@]}" --timeout 500
verdicts "refused"
after=$(sha256sum "${images[@]/%/.img}")
same "every disk that was refused is as it was, byte by byte" "$before" "$after"
check "the machine ended by itself, without the disk" grep -qF "reboot: Power down" "$TEST_TMP/console"
check "what was on the disk that was taken away is there" grep -q kept <(e2fsck -fy "$TEST_TMP/yank.img" > /dev/null; debugfs -R 'cat /kept' "$TEST_TMP/yank.img" 2>&1)

# policy NAME STORAGE: a machine with this storage.
policy()
{
	build "$1" kernel+initrd <<-END
		$KERNEL
		storage: $2
		services:
		  - {name: runs, image: slipway/busybox, command: [/bin/busybox, echo, "it went on"], restart: never, on_exit: poweroff}
	END
}

# fails NAME CAUSE
fails()
{
	same "$1: status 1 at the host" 1 "$status"
	check "$1: the host hears the cause" grep -qF "boot failed: storage: $2" "$TEST_TMP/stderr"
	check_fails "$1: nothing runs" grep -qF "it went on" "$TEST_TMP/console"
}

policy reboot "{state: {label: nowhere, create: never, wait: 1s, on_failure: reboot}}"
boot reboot kernel+initrd --disk "$TEST_TMP/ntfs.img"
fails "a missing disk, to reboot at" "state: no device with the label 'nowhere' after 1000 ms; there is 'vda' (a file system 'ntfs' labelled 'Games')"
console "a missing disk, to reboot at: it reboots" "reboot: Restarting system"

blank first 32M
blank second 32M
policy two "{state: {wait: 4s}}"
boot two kernel+initrd --disk "$TEST_TMP/first.img" --disk "$TEST_TMP/second.img"
fails "two blank disks" "state: no device with the label 'slipway-state', and more than one blank disk: "
check "two blank disks: they are blank" cmp -n $((32 << 20)) "$TEST_TMP/first.img" /dev/zero
check "two blank disks: the other, too" cmp -n $((32 << 20)) "$TEST_TMP/second.img" /dev/zero
console "two blank disks: it stops" "reboot: Power down"

policy overwrite "{state: {device: /dev/vda, create: overwrite}}"
boot overwrite kernel+initrd --disk "$TEST_TMP/ntfs.img"
same "overwritten, since the manifest says so" 0 "$status"
check "what was made in its place is whole" e2fsck -fn "$TEST_TMP/ntfs.img"
finish
