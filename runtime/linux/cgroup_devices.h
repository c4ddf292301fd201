/* SPDX-License-Identifier: Apache-2.0 */
/* Which devices a container may use: config-linux.md, "Allowed Device list". */
#ifndef RUNTIME_LINUX_CGROUP_DEVICES_H
#define RUNTIME_LINUX_CGROUP_DEVICES_H

#include <linux/bpf.h>

#include "runtime/linux/cgroup.h"

#define DEVICE_RULES_MAX 512

/* Both add to the rules the devices that every container has: config-linux.md, "Default Devices". */
int cgroup_devices_v1(const struct cgroup_hierarchy *h, const struct oci_device_rule *rules, size_t count,
		      struct error *err);
int cgroup_devices_v2(const struct cgroup_hierarchy *h, const struct oci_device_rule *rules, size_t count,
		      struct error *err);

/*
 * The program for BPF_PROG_TYPE_CGROUP_DEVICE: of the rules the last that
 * matches decides, and where none does, no. Returns the number of instructions, or -1.
 */
int cgroup_devices_program(const struct oci_device_rule *rules, size_t count, struct bpf_insn *program, size_t max,
			   struct error *err);

#endif
