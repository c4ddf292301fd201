/* SPDX-License-Identifier: Apache-2.0 */
/* What a runtime can do: runtime-spec 1.3, features.md and features-linux.md. */
#ifndef OCI_FEATURES_H
#define OCI_FEATURES_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/error.h"
#include "oci/config.h"

struct oci_features {
	const char *version_min, *version_max;
	struct oci_strings hooks, mount_options;
	struct oci_strings namespaces, capabilities;
	bool cgroup_v1, cgroup_v2, cgroup_systemd, cgroup_systemd_user, cgroup_rdma;
	bool seccomp;
	struct oci_strings seccomp_actions, seccomp_operators, seccomp_archs, seccomp_known_flags,
		seccomp_supported_flags;
	bool apparmor, selinux, intel_rdt, intel_rdt_schemata, intel_rdt_monitoring, idmap, net_devices;
	struct oci_strings memory_policy_modes, memory_policy_flags;
	struct oci_pairs annotations;
	struct oci_strings unsafe_annotations;	/* of a config.json, which change what the runtime does */
};

/* Appends the document, indented. */
int oci_features_write(const struct oci_features *features, struct buffer *out, struct error *err);

#endif
