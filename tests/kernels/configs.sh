# SPDX-License-Identifier: Apache-2.0
# The fragments of kernel-configs/ against Kconfig of the kernel's source: none of their lines is lost, and what comes out has what manifests
# need. That of aarch64 is booted by check-aarch64, where it was built.
set -u
. "$TOP/tests/lib.sh"
need aarch64-linux-gnu-gcc flex bison bc
cd "$TEST_TMP" || exit 1

# kernel NAME ARCH FRAGMENT...
kernel()
{
	local name=$1 arch=$2
	shift 2
	if "$TOP/tools/kernel-build.sh" --arch "$arch" --configure "$name" "${@/#/$TOP/kernel-configs/}" >log 2>&1; then
		ok "$name: no line is lost"
		check "$name: has what a manifest needs" "$SLIPWAY" kernel check --config "$name" "$TOP/examples/network.yml"
	else
		not_ok "$name: no line is lost" "$(tail -n 5 log)"
	fi
}

kernel microvm amd64 base.config microvm.config
kernel cloud amd64 base.config cloud.config
kernel aarch64 arm64 base.config aarch64.config
check "aarch64: is a configuration of that architecture" grep -qx CONFIG_ARM64=y aarch64
check_fails "without the lines about x86 some are lost" "$TOP/tools/kernel-build.sh" --arch arm64 --configure lost "$TOP/kernel-configs/base.config"
check_fails "an architecture that there is not is refused" "$TOP/tools/kernel-build.sh" --arch riscv --configure lost "$TOP/kernel-configs/base.config"
finish
