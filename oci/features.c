/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/features.h"

#include "oci/json.h"

#define ROW(key, member) JSON_ROW(key, struct oci_features, member, JSON_ALWAYS)
#define TYPE(name, ...) \
	static const struct json_field name##_fields[] = { __VA_ARGS__ }; \
	static const struct json_type name##_type = JSON_TYPE(struct oci_features, name##_fields)

TYPE(cgroup, ROW("v1", cgroup_v1), ROW("v2", cgroup_v2), ROW("systemd", cgroup_systemd),
	ROW("systemdUser", cgroup_systemd_user), ROW("rdma", cgroup_rdma));
TYPE(seccomp, ROW("enabled", seccomp), ROW("actions", seccomp_actions), ROW("operators", seccomp_operators),
	ROW("archs", seccomp_archs), ROW("knownFlags", seccomp_known_flags),
	ROW("supportedFlags", seccomp_supported_flags));
TYPE(apparmor, ROW("enabled", apparmor));
TYPE(selinux, ROW("enabled", selinux));
TYPE(intel_rdt, ROW("enabled", intel_rdt), ROW("schemata", intel_rdt_schemata),
	ROW("monitoring", intel_rdt_monitoring));
TYPE(memory_policy, ROW("modes", memory_policy_modes), ROW("flags", memory_policy_flags));
TYPE(idmap, ROW("enabled", idmap));
TYPE(net_devices, ROW("enabled", net_devices));
TYPE(mount_extensions, JSON_ROW_INLINE("idmap", &idmap_type, JSON_ALWAYS));
TYPE(of_linux, ROW("namespaces", namespaces), ROW("capabilities", capabilities),
	JSON_ROW_INLINE("cgroup", &cgroup_type, JSON_ALWAYS), JSON_ROW_INLINE("seccomp", &seccomp_type, JSON_ALWAYS),
	JSON_ROW_INLINE("apparmor", &apparmor_type, JSON_ALWAYS), JSON_ROW_INLINE("selinux", &selinux_type, JSON_ALWAYS),
	JSON_ROW_INLINE("intelRdt", &intel_rdt_type, JSON_ALWAYS),
	JSON_ROW_INLINE("memoryPolicy", &memory_policy_type, JSON_ALWAYS),
	JSON_ROW_INLINE("mountExtensions", &mount_extensions_type, JSON_ALWAYS),
	JSON_ROW_INLINE("netDevices", &net_devices_type, JSON_ALWAYS));
TYPE(features, ROW("ociVersionMin", version_min), ROW("ociVersionMax", version_max), ROW("hooks", hooks),
	ROW("mountOptions", mount_options), JSON_ROW_INLINE("linux", &of_linux_type, JSON_ALWAYS),
	JSON_ROW("annotations", struct oci_features, annotations, 0),
	ROW("potentiallyUnsafeConfigAnnotations", unsafe_annotations));

int oci_features_write(const struct oci_features *features, struct buffer *out, struct error *err)
{
	static const struct json_field document = { .kind = JSON_KIND_OBJECT, .type = &features_type };

	return json_write(&document, features, true, out, err);
}
