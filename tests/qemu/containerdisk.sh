# SPDX-License-Identifier: Apache-2.0
# The format for KubeVirt, all the way: built, pushed by us to a registry, pulled by others, and booted from what they got, by the
# kernel, the initrd and the words that the VirtualMachine names.
set -u
. "$TOP/tests/qemu/lib.sh"
. "$TOP/tests/functional/lib-registry.sh"
need docker-registry skopeo umoci jq
cd "$TEST_TMP" || exit 1
export HOME=$TEST_TMP/home CONTAINERS_REGISTRIES_CONF=$TEST_TMP/registries.conf
mkdir -p "$HOME"

build app containerdisk <<-EOF
	$KERNEL
	services:
	  - name: seven
	    image: slipway/busybox
	    command: [/bin/busybox, sh, -c, "echo runs from a container image; exit 7"]
	    restart: never
	    on_exit: poweroff
EOF
archive=app-containerdisk-containerdisk.tar machine=app-containerdisk-kubevirt.json
same "two files are built" "$archive $machine" "$(echo app-containerdisk-*)"

start_registry "$TEST_TMP/registry" || { not_ok "a registry starts"; finish; exit; }
printf '[[registry]]\nlocation = "%s"\ninsecure = true\n' "$registry" > "$CONTAINERS_REGISTRIES_CONF"
check "it is imported" "$SLIPWAY" image import --store store -n local/app "$archive"
check "and pushed" "$SLIPWAY" image push -q --store store local/app "$registry/vms/app:v1"
check "skopeo pulls it" skopeo --insecure-policy copy -q --src-tls-verify=false "docker://$registry/vms/app:v1" oci:copied:app
same "skopeo takes the archive, too" "$(skopeo inspect --format '{{.Digest}}' "oci-archive:$archive")" \
	"$(skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$registry/vms/app:v1")"
layer=copied/blobs/$(jq -r '.manifests[0].digest | sub(":"; "/")' copied/index.json)
layer=copied/blobs/$(jq -r '.layers[0].digest | sub(":"; "/")' "$layer")
same "all that QEMU reads is its user's, and nobody's to write" "-r--r----- 107/107 ./boot/initrd.img -r--r----- 107/107 ./boot/kernel -r--r----- 107/107 ./disk/root.img" \
	"$(gzip -dc "$layer" | tar --numeric-owner -tvf - | sed -nE 's|^(-[-r]*) ([0-9/]+) .* (\./)?([^ ]+)$|\1 \2 ./\4|p' | sort | tr '\n' ' ' | sed 's/ $//')"
check "umoci unpacks it" umoci unpack --rootless --image copied:app bundle

# Where the VirtualMachine says.
part() { jq -r ".spec.template.spec$1" "$machine"; }
root=bundle/rootfs
same "one disk" "root.img" "$(ls "$root/disk")"
ln "$root$(part .domain.firmware.kernelBoot.container.kernelPath)" pulled-kernel
ln "$root$(part .domain.firmware.kernelBoot.container.initrdPath)" pulled-initrd.img
ln "$root$(part '.volumes[0].containerDisk.path')" pulled-squashfs.img
part .domain.firmware.kernelBoot.kernelArgs > pulled-cmdline
status=0
"$SLIPWAY" run "${RUN_OPTIONS[@]}" pulled > console 2> stderr < /dev/null || status=$?
cat console stderr
same "the status of the service is that of the machine" 7 "$status"
console "the service ran" "runs from a container image"
finish
