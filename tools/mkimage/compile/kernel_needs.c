/* SPDX-License-Identifier: Apache-2.0 */
/* Which options of the kernel stand behind which key of the manifest. */
#include "tools/mkimage/compile/kernel_config.h"

#include <string.h>

#include "base/cleanup.h"
#include "tools/mkimage/compile/parts.h"

static bool any_container(const struct manifest *m, bool (*has)(const struct manifest_container *container))
{
	const struct manifest_containers *stages[] = { &m->onboot, &m->services, &m->onshutdown };

	for (size_t s = 0; s < ARRAY_SIZE(stages); s++)
		for (size_t i = 0; i < stages[s]->count; i++)
			if (has(&stages[s]->items[i]))
				return true;
	return false;
}

static bool any_link(const struct manifest *m, bool (*has)(const struct manifest_link *link))
{
	for (size_t i = 0; i < m->network.links_count; i++)
		if (has(&m->network.links[i]))
			return true;
	return false;
}

/* `is_NAME` of a container or a link, and `has_NAME` of a manifest that has such a one. */
#define WHERE(kind, name, expression)                                \
	static bool is_##name(const struct manifest_##kind *kind)    \
	{                                                            \
		return expression;                                   \
	}                                                            \
	static bool has_##name(const struct manifest *manifest)      \
	{                                                            \
		return any_##kind(manifest, is_##name);              \
	}

#define OF_MACHINE(name, expression)                                 \
	static bool has_##name(const struct manifest *manifest)      \
	{                                                            \
		return expression;                                   \
	}

WHERE(container, userns, (container->userns.value && strcmp(container->userns.value, "host") != 0) || container->uid_mappings.set)
WHERE(container, cpu_limit, container->cpu.value || container->cpu_weight.set || container->resources.cpu_quota.set ||
	container->resources.cpu_shares.set)
WHERE(container, cpuset, container->resources.cpuset_cpus.value || container->resources.cpuset_mems.value)
WHERE(container, io_limit, container->io_max.count || container->resources.read_bps_count || container->resources.write_bps_count ||
	container->resources.read_iops_count || container->resources.write_iops_count)
WHERE(container, io_weight, container->io_weight.set || container->resources.block_io_weight.set ||
	container->resources.weight_devices_count)
WHERE(container, hugepages, container->resources.hugepage_limits_count)
WHERE(container, credentials, container->credentials_count)
WHERE(link, vlan, link->vlan.set)
WHERE(link, bridge, link->bridge.set)
WHERE(link, vlan_filtering, link->bridge.vlan_filtering.value)
WHERE(link, bond, link->bond.set)
WHERE(link, veth, link->veth.set)
WHERE(link, dummy, link->dummy.value)
WHERE(link, wireguard, link->wireguard.value)
WHERE(link, dhcp, link->dhcp.value && strcmp(link->dhcp.value, "no") != 0)
OF_MACHINE(vsock, manifest->control.vsock.value)
OF_MACHINE(watchdog, manifest->watchdog.set)
OF_MACHINE(lockdown, manifest->lockdown.value && strcmp(manifest->lockdown.value, "none") != 0)
OF_MACHINE(kexec, manifest->reboot.value && strcmp(manifest->reboot.value, "kexec") == 0)
OF_MACHINE(state, manifest->storage.state.at.line != 0)
OF_MACHINE(swap, manifest->storage.swap_count || manifest->storage.zram.at.line)
OF_MACHINE(zram, manifest->storage.zram.at.line != 0)

static bool has_volume_size(const struct manifest *manifest)
{
	for (size_t i = 0; i < manifest->volumes_count; i++)
		if (manifest->volumes[i].size.value)
			return true;
	return false;
}

static bool has_filesystem(const struct manifest *manifest, const char *name)
{
	for (size_t i = 0; i < manifest->storage.disks_count; i++)
		if (manifest->storage.disks[i].filesystem.value && strcmp(manifest->storage.disks[i].filesystem.value, name) == 0)
			return true;
	return false;
}

OF_MACHINE(vfat, has_filesystem(manifest, "vfat"))
OF_MACHINE(xfs, has_filesystem(manifest, "xfs"))
OF_MACHINE(btrfs, has_filesystem(manifest, "btrfs"))

static const struct kernel_need needs[] = {
	{ "BINFMT_ELF", "programs", "nothing runs without", true, NULL },
	{ "MULTIUSER", "containers", "users other than root", true, NULL },
	{ "NAMESPACES", "containers", "what a container is made of", true, NULL },
	{ "UTS_NS", "containers", "a host name of its own", true, NULL },
	{ "IPC_NS", "containers", "shared memory of its own", true, NULL },
	{ "PID_NS", "containers", "processes of its own", true, NULL },
	{ "NET_NS", "containers", "a network of its own", true, NULL },
	{ "CGROUPS", "containers", "limits, and the end of all that one started", true, NULL },
	{ "MEMCG", "containers: memory", "limits of memory, and hearing of kills for want of it", true, NULL },
	{ "CGROUP_PIDS", "containers: pids", "limits of processes", true, NULL },
	{ "CGROUP_BPF", "containers: devices", "rules for devices are BPF programs", true, NULL },
	{ "BPF_SYSCALL", "containers: devices", "likewise", true, NULL },
	{ "SECCOMP_FILTER", "containers: seccomp", "the default profile", true, NULL },
	{ "CGROUP_FREEZER|CGROUPS", "containers: pause", "all of a container stands still", false, NULL },
	{ "CGROUP_SCHED", "containers: cpu", "shares of the processors", false, NULL },
	{ "PSI", "control: top", "who waits for memory and processors", false, NULL },
	{ "BPF_JIT", "containers: seccomp", "filters as machine code: each system call is quicker", false, NULL },
	{ "OVERLAY_FS", "root, containers", "writable layers over what was built", true, NULL },
	{ "TMPFS", "root", "/run, /tmp, and what is written", true, NULL },
	{ "TMPFS_XATTR", "root", "file capabilities and whiteouts in the upper layer", false, NULL },
	{ "DEVTMPFS", "root", "/dev", true, NULL },
	{ "PROC_FS", "root", "/proc", true, NULL },
	{ "SYSFS", "root", "/sys", true, NULL },
	{ "SQUASHFS|BLK_DEV_INITRD", "root", "the formats that there are", true, NULL },
	{ "SQUASHFS_ZSTD|SQUASHFS_LZ4|BLK_DEV_INITRD", "root", "its compression", true, NULL },
	{ "SQUASHFS_LZ4", "root", "its compression in the formats without an initrd, unless --compression says zstd", false, NULL },
	{ "EPOLL", "PID 1", "its event loop", true, NULL },
	{ "SIGNALFD", "PID 1", "likewise", true, NULL },
	{ "TIMERFD", "PID 1", "likewise", true, NULL },
	{ "EVENTFD", "PID 1", "its logs", true, NULL },
	{ "INOTIFY_USER", "PID 1", "hearing of kills for want of memory", true, NULL },
	{ "UNIX", "control", "its socket", true, NULL },
	{ "INET", "network", "IPv4", true, NULL },
	{ "PRINTK", "PID 1", "/dev/kmsg, its log", true, NULL },
	{ "POSIX_MQUEUE", "containers", "/dev/mqueue", false, NULL },
	{ "UNIX98_PTYS", "control: exec -it", "terminals", true, NULL },
	{ "VIRTIO_BLK", "virtual machines", "disks", false, NULL },
	{ "VIRTIO_NET", "virtual machines", "the network", false, NULL },
	{ "VIRTIO_CONSOLE", "virtual machines", "the line to the host: the exit status, slipway ctl", false, NULL },
	{ "HW_RANDOM_VIRTIO", "virtual machines", "random numbers early", false, NULL },
	{ "IPV6", "network", "IPv6, which programs expect", false, NULL },
	{ "USER_NS", "userns", "users of its own", true, has_userns },
	{ "FAIR_GROUP_SCHED", "cpu, cpu_weight", "shares of the processors", true, has_cpu_limit },
	{ "CFS_BANDWIDTH", "cpu", "limits of processor time", true, has_cpu_limit },
	{ "CPUSETS", "resources.cpu.cpus", "which processors", true, has_cpuset },
	{ "BLK_CGROUP", "io_max, io_weight", "limits of disks", true, has_io_limit },
	{ "BLK_DEV_THROTTLING", "io_max", "likewise", true, has_io_limit },
	{ "BLK_CGROUP_IOCOST|BFQ_GROUP_IOSCHED", "io_weight", "shares of disks", true, has_io_weight },
	{ "CGROUP_HUGETLB", "resources.hugepageLimits", "limits of huge pages", true, has_hugepages },
	{ "FW_CFG_SYSFS", "credentials", "from QEMU", false, has_credentials },
	{ "VLAN_8021Q", "network: vlan", "the interface", true, has_vlan },
	{ "BRIDGE", "network: bridge", "the interface", true, has_bridge },
	{ "BRIDGE_VLAN_FILTERING", "network: bridge.vlan_filtering", "VLANs in a bridge", true, has_vlan_filtering },
	{ "BONDING", "network: bond", "the interface", true, has_bond },
	{ "VETH", "network: veth", "the interface", true, has_veth },
	{ "DUMMY", "network: dummy", "the interface", true, has_dummy },
	{ "WIREGUARD", "network: wireguard", "the interface", true, has_wireguard },
	{ "PACKET", "network: dhcp", "DHCP clients", true, has_dhcp },
	{ "VIRTIO_VSOCKETS", "control.vsock", "control by the host", true, has_vsock },
	{ "WATCHDOG", "watchdog", "devices that end a machine that hangs", true, has_watchdog },
	{ "SECURITY_LOCKDOWN_LSM", "lockdown", "the kernel refuses what could change it", true, has_lockdown },
	{ "DM_VERITY", "verity", "the hashes of the root", true, manifest_has_verity },
	{ "CRYPTO_SHA256", "verity", "what they are made by", true, manifest_has_verity },
	{ "DM_INIT", "verity", "without an initrd it is the kernel that sets them up", false, manifest_has_verity },
	{ "KEXEC_FILE", "reboot: kexec", "starting a kernel without the firmware", true, has_kexec },
	{ "EXT4_FS", "storage.state", "the state partition", true, has_state },
	{ "EFI_PARTITION", "storage.state", "its partition table", true, has_state },
	{ "QUOTA", "volumes: size", "project quotas", true, has_volume_size },
	{ "QFMT_V2", "volumes: size", "their format", true, has_volume_size },
	{ "SWAP", "storage.swap", "swapping", true, has_swap },
	{ "ZRAM", "storage.zram", "compressed swap", true, has_zram },
	{ "VFAT_FS", "storage.disks: vfat", "the file system", true, has_vfat },
	{ "XFS_FS", "storage.disks: xfs", "the file system", true, has_xfs },
	{ "BTRFS_FS", "storage.disks: btrfs", "the file system", true, has_btrfs },
};

const struct kernel_need *kernel_need_next(const struct manifest *manifest, size_t *at)
{
	while (*at < ARRAY_SIZE(needs)) {
		const struct kernel_need *need = &needs[(*at)++];

		if (!need->wanted || !manifest || need->wanted(manifest))
			return need;
	}
	return NULL;
}
