# SPDX-License-Identifier: Apache-2.0
# What `slipway run` says where it cannot run, and the command it would run. Boots nothing.
set -u
. "$TOP/tests/lib.sh"
cd "$TEST_TMP" || exit 1
echo "not a kernel" > app-kernel
echo "console=ttyS0" > app-cmdline
truncate -s 4096 app-initrd.img app-squashfs.img
printf 'QFI\373...' > real.qcow2

# refuses TEXT ARGUMENTS...: status 125, one line with TEXT, and no QEMU.
refuses()
{
	local text=$1 status=0
	shift
	PATH=/nonexistent "$SLIPWAY" run --kvm off "$@" > out 2> err < /dev/null || status=$?
	if [ "$status" = 125 ] && [ "$(wc -l < err)" = 1 ] && [ ! -s out ] && grep -qF -- "$text" err; then
		ok "run $*"
	else
		not_ok "run $*" "status $status: $(cat out err)"
	fi
}

refuses "there is no 'none-kernel'; make it with 'slipway build -o none MANIFEST'" none
refuses "missing operand"
refuses "install the package 'qemu-system-x86'" app
refuses "'/no/such/qemu' is not there" --qemu /no/such/qemu app
refuses "cannot run './app-cmdline': Permission denied" --qemu ./app-cmdline app
refuses "the guest's port is missing" -p 80 app
refuses "not a number from 1 to 65535" -p 0:80 app
refuses "neither 'tcp' nor 'udp'" -p 1:1/icmp app
refuses "not an IPv4 address" -p localhost:1:1 app
refuses "takes away" --no-network -p 8080:80 app
refuses "is not there; add ',size=1G' to create it" --disk none app
refuses "looks like qcow2" --disk real.qcow2 app
refuses "unknown field 'ro'" --disk app-kernel,ro app
refuses "is not between 1 byte and 64T" --disk x,size=65T app
refuses "neither a file nor a block device" --disk . app
refuses "--memory: expected a number above 0" -m 0 app
refuses "--cpus: expected a number above 0" --cpus 0 app
refuses "expected 'auto', 'on' or 'off'" --kvm yes app
refuses "--machine 'pc98': unknown; there is 'q35', 'microvm', 'virt'" --machine pc98 app
refuses "did you mean '--publish'?" --publsh 1:1 app
printf 'one\ntwo\n' > two-cmdline
cp app-kernel two-kernel
refuses "is not one line of text" two
cp app-kernel lost-kernel
refuses "cannot open 'lost-cmdline': No such file or directory" lost

# What the kernel is for decides the machine: an arm64 Image has this mark, and so has one under gzip.
{ head -c 56 /dev/zero; printf 'ARM\x64'; head -c 964 /dev/zero; } > arm-kernel
gzip -n < arm-kernel > packed-kernel
for prefix in arm packed; do echo "console=ttyAMA0" > "$prefix-cmdline"; done
refuses "install the package 'qemu-system-arm'" arm
refuses "install the package 'qemu-system-arm'" packed
refuses "'q35' is of the kind 'amd64', and 'arm-kernel' is a kernel for 'arm64', which 'virt' boots" --machine q35 arm
refuses "'virt' is of the kind 'arm64', and 'app-kernel' is a kernel for 'amd64', which 'q35' boots" --machine virt app
refuses "--kvm on: the processor of the machine is of another kind than the one here" --kvm on arm
refuses "--platform 'linux/amd64': 'arm-kernel' was built for 'linux/arm64'" --platform linux/amd64 arm
refuses "platform 'linux/s390x': machines are made for 'linux/amd64' and 'linux/arm64'" --platform linux/s390x arm

# command ARGUMENTS...: what it would run.
command() { "$SLIPWAY" run --kvm off --dry-run "$@" > command.sh && bash -n command.sh; }
# has NAME TEXT
has() { if grep -qF -- "$2" command.sh; then ok "$1"; else not_ok "$1" "no '$2' in: $(cat command.sh)"; fi; }

if PATH=/nonexistent "$SLIPWAY" run --dry-run app > /dev/null; then ok "--dry-run needs no QEMU"; else not_ok "--dry-run needs no QEMU"; fi
command arm
has "a kernel for arm64 has the machine 'virt'" "qemu-system-aarch64"
has "and a CPU of that kind" "-cpu cortex-a72"
cp arm-kernel mute-kernel
echo "console=ttyS0" > mute-cmdline
"$SLIPWAY" run --kvm off --qemu /no/such/qemu mute > /dev/null 2> err || true
check "a console of another kind of machine is warned of" grep -qF "console 'ttyS0', and this kind of machine has 'ttyAMA0'" err
command -m 96 --cpus 2 --cmdline "a b" --cmdline "c='d'" --disk "new disk,size=1G" -p 8080:80 app
has "memory" "-m 96"
has "CPUs" "-smp 2"
has "words for the kernel" "-append 'console=ttyS0 a b c='\\''d'\\'''"
has "the root is the first disk, and is not written" "node-name=disk0,read-only=on,discard=unmap,file.driver=file,file.filename=app-squashfs.img"
has "disks follow it" "node-name=disk1,read-only=off,discard=unmap,file.driver=file,file.filename=new disk"
has "ports are this machine's alone" "hostfwd=tcp:127.0.0.1:8080-10.0.2.15:80"
if [ -e "new disk" ]; then not_ok "--dry-run makes no disk"; else ok "--dry-run makes no disk"; fi
for operand in app-kernel app-cmdline app.yml; do
	command "$operand"
	has "the prefix is found from $operand" "-kernel app-kernel"
done

finish
