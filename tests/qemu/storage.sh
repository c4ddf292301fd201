# SPDX-License-Identifier: Apache-2.0
# A machine that keeps its state: made on a blank disk at the first boot, kept and enlarged at the second, its id and its random seed
# with it; whole after its power went while it was written; limits of volumes, swap of all kinds, other disks. What the disks hold
# afterwards is looked at from here.
set -u
. "$TOP/tests/qemu/lib-pid1.sh"
PATH=$PATH:/sbin:/usr/sbin
need e2fsck debugfs blkid sfdisk mkswap

: "${CYCLES:=3}"

{
	echo "$KERNEL"
	cat <<-END
		storage:
		  state: {wait: 60s}
		  disks:
		    - {partlabel: extra, mount: /srv/extra, create: blank, grow: true, wait: 60s}
		    - {device: /dev/vde1, mount: /srv/old, create: blank, grow: true, wait: 60s}
		  swap:
		    - {file: swap0, size: 8M, priority: 5}
		    - {label: swap1, priority: 7, wait: 60s}
		  zram: {size: 25%, algorithm: zstd}
		  tmpfs:
		    - {mount: /var/cache, size: 3M, mode: "0750"}
		volumes:
		  - {name: data, persistent: true, size: 20M, image: slipway/busybox, mode: "0711", uid: 7}
		  - {name: free, persistent: true, uid: 7}
		  - {name: small, size: 2M, uid: 7}
		onboot:
		  # Without CAP_SYS_RESOURCE, which stands above limits.
		  - name: filler
		    image: slipway/busybox
		    uid: 7
		    binds: [data:/data, free:/free, small:/small]
		    command:
		      - /bin/busybox
		      - sh
		      - -c
		      - |
		        [ ! -e /data/filled ] || exit 0
		        fill() { /bin/busybox dd if=/dev/zero of=\$1 bs=64k count=\$2 2>&1; }
		        size() { /bin/busybox df -k \$1 | /bin/busybox awk 'END { print \$2 }'; }
		        fill /data/room 1
		        log=\$(fill /data/fill 640; size /data; fill /small/fill 640; size /small; fill /free/fill 64000)
		        /bin/busybox rm /data/room
		        echo \$log > /data/filled
	END
	echo "services:"
	watch <<-'END'
		state=/proc/1/root/run/slipway/state
		root=/proc/1/root
		mkdir -p $state/test
		word() { sed -n "s/.*test\.$1=\([^ ]*\).*/\1/p" /proc/cmdline; }
		kib() { stat -f -c '%b %S' $1 | awk '{ print $1 * $2 / 1024 }'; }
		swaps() { awk -v f="$1" '$1 == f { print $5 }' $root/proc/swaps; }
		within() { [ "$1" -ge "$2" ] && [ "$1" -le "$3" ]; }
		is() { [ "$1" = "$2" ] || { note "expected '$1', got '$2'"; return 1; }; }
		said() { dmesg | grep -qF "$1"; }

		# What PID 1 keeps of the machine: one that has no UUID has to make its id up.
		identity()
		{
			local id
			id=$(cat $root/etc/machine-id)
			verdict "the machine has an id: $id" expr "$id" : '[0-9a-f]\{32\}$'
			verdict "which the state partition keeps" is "$id" "$(cat $state/machine-id)"
			verdict "and a seed, for nobody else to read" is "512 600" "$(stat -c '%s %a' $state/random-seed)"
			note "seed $(sha256sum < $state/random-seed)"
			[ ! -e $state/test/id ] || verdict "the id is that of the boot before" is "$id" "$(cat $state/test/id)"
			echo "$id" > $state/test/id
		}
		made()
		{
			identity
			filled=$(cat $state/volumes/data/filled)
			note "filled: $filled"
			verdict "state is made on the one blank disk" said "'/dev/vdb' is a blank device: making an ext4 file system"
			verdict "it has the disk's size" within $(kib $state) 200000 262144
			verdict "the image's contents are in the volume" is busybox "$(readlink $state/volumes/data/bin/sh)"
			verdict "with what the manifest says about it" is "711 7" "$(stat -c '%a %u' $state/volumes/data)"
			case $filled in
			*"Quota exceeded"*20480*"No space"*2048*"No space"*) full=yes ;;
			*) full="$filled" ;;
			esac
			verdict "a volume holds no more than its size, and shows it" is yes "$full"
			verdict "the state partition is full" [ "$(stat -f -c %a $state)" -lt 32 ]
			verdict "PID 1 can still write to it" dd if=/dev/zero of=$state/test/more bs=1024k count=1
			echo kept > $state/test/full
			verdict "swap by priority" is "5 7 100" "$(swaps /run/slipway/state/swap/swap0) $(swaps /dev/vdd) $(swaps /dev/zram0)"
			verdict "zram of the wanted size and kind" grep -qF "[zstd]" /sys/block/zram0/comp_algorithm
			verdict "a tmpfs of its size and mode" is "3072 750" "$(kib $root/var/cache) $(stat -c %a $root/var/cache)"
			verdict "another disk is made and mounted" within $(kib $root/srv/extra) 20000 40000
			echo extra > $root/srv/extra/kept
			echo old > $root/srv/old/kept
			rm -f $state/volumes/free/fill $state/volumes/data/fill
			echo mine > $state/volumes/data/etc/passwd
		}
		kept()
		{
			identity
			verdict "what was written is there" is kept "$(cat $state/test/full)"
			verdict "the volume is not filled again" is mine "$(cat $state/volumes/data/etc/passwd)"
			verdict "state has grown with its disk" within $(kib $state) 450000 524288
			verdict "a partition has grown with its disk, and what is on it" within $(kib $root/srv/extra) 80000 100000
			verdict "and has what it had" is extra "$(cat $root/srv/extra/kept)"
			verdict "so has one of an old table" within $(kib $root/srv/old) 80000 100000
			verdict "and has what it had" is old "$(cat $root/srv/old/kept)"
			verdict "nothing had to be checked" sh -c "! dmesg | grep -q 'was not unmounted'"
			verdict "swap is there again" is "5 7 100" "$(swaps /run/slipway/state/swap/swap0) $(swaps /dev/vdd) $(swaps /dev/zram0)"
		}
		# Until the power goes.
		write_on()
		{
			i=$(cat $state/test/count)
			while :; do
				i=$((i + 1))
				mkdir -p $state/volumes/free/$((i % 7))
				dd if=/dev/urandom of=$state/volumes/free/$((i % 7))/$i bs=8k count=$((i % 30 + 1)) 2> /dev/null
				rm -rf $state/volumes/free/$(((i + 1) % 7))
				echo $i > $state/test/count.new
				mv $state/test/count.new $state/test/count
				sync
				note "wrote $i"
			done
		}
		survived()
		{
			last=$(word last)
			count=$(cat $state/test/count)
			verdict "cycle $(word cycle): what was on the disk is there ($count, at least $last)" [ "$count" -ge "$last" ]
			[ "$last" -eq 0 ] || verdict "cycle $(word cycle): the journal was replayed" said "was not unmounted"
			verdict "cycle $(word cycle): it can be written" touch $state/test/written
		}
		case $(word part) in
		made) made ;;
		kept) kept; echo 0 > $state/test/count ;;
		cycle) survived; write_on ;;
		last) survived ;;
		esac
	END
	echo "$WATCH_FILES"
} > "$TEST_TMP/storage.yml"

disks=("$TEST_TMP"/{state,extra,swap,old}.img)
truncate -s 256M "${disks[0]}"
truncate -s 32M "${disks[1]}" "${disks[3]}"
truncate -s 16M "${disks[2]}"
printf 'label: gpt\nname=extra\n' | sfdisk -q "${disks[1]}"
printf 'label: dos\n2048,,83\n' | sfdisk -q "${disks[3]}"
mkswap -q -L swap1 "${disks[2]}"
with_disks=(--disk "${disks[0]}" --disk "${disks[1]}" --disk "${disks[2]}" --disk "${disks[3]}" --timeout 400)

# whole WHERE: both file systems are in order.
whole()
{
	check "$1: state is whole" e2fsck -fn "${disks[0]}"
	check "$1: the other disk is whole" e2fsck -fn "${disks[1]}?offset=1048576"
	check "$1: its partition table is whole" sfdisk -q -V "${disks[1]}"
}

# seeds: the random seed that the machine began with, and the one that it left.
seeds() { sed -n 's/^watch: # seed \([0-9a-f]*\).*/\1/p' "$TEST_TMP/console"; debugfs -R 'cat /random-seed' "${disks[0]}" 2> /dev/null | sha256sum | cut -d ' ' -f 1; }

check "the image builds" build storage kernel+squashfs "$TEST_TMP/storage.yml"
boot storage kernel+squashfs "${with_disks[@]}" --cmdline test.part=made
verdicts "first boot"
seeds > "$TEST_TMP/seeds"
whole "first boot"
same "its label" slipway-state "$(blkid -p -s LABEL -o value "${disks[0]}")"
same "a file that was written" kept "$(debugfs -R 'cat /test/full' "${disks[0]}" 2> /dev/null)"
check_fails "the mark of what is being made is gone" grep -qF slipway: <(head -c 512 "${disks[0]}")

truncate -s 512M "${disks[0]}"
truncate -s 96M "${disks[1]}" "${disks[3]}"
boot storage kernel+squashfs "${with_disks[@]}" --cmdline test.part=kept
verdicts "second boot"
seeds >> "$TEST_TMP/seeds"
same "no seed is used twice: of two boots, at the beginning and at the end, each is another" 4 "$(grep -x '[0-9a-f]\{64\}' "$TEST_TMP/seeds" | sort -u | wc -l)"
whole "second boot"

last=0
for cycle in $(seq "$CYCLES"); do
	start storage kernel+squashfs "${with_disks[@]}" --cmdline "test.part=cycle test.cycle=$cycle test.last=$last"
	check "cycle $cycle: it writes" until_ok 300 grep -qF "wrote $((last + 4))" "$TEST_TMP/console"
	sleep "0.$RANDOM"
	kill -KILL "$(pgrep -P "$machine" qemu)"
	wait "$machine"
	status=0
	verdicts "cycle $cycle"
	last=$(grep -o 'wrote [0-9]*' "$TEST_TMP/console" | tail -n 1 | tr -dc 0-9)
	echo "# cycle $cycle: the power went after $last"
done
boot storage kernel+squashfs "${with_disks[@]}" --cmdline "test.part=last test.cycle=last test.last=$last"
verdicts "after $CYCLES losses of power"
whole "after $CYCLES losses of power"
finish
