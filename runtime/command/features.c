/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/command/command.h"

#include <unistd.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "oci/features.h"
#include "runtime/linux/capabilities.h"
#include "runtime/linux/mount_options.h"
#include "runtime/linux/namespaces.h"
#include "runtime/linux/scheduling.h"
#include "runtime/linux/seccomp.h"

static struct oci_strings words(const char *const *list)
{
	struct oci_strings strings = { .items = (const char **)(uintptr_t)list };

	while (list[strings.count])
		strings.count++;
	return strings;
}

static int show(const void *data, const struct option_list *operands, struct arena *arena, struct error *err)
{
	static const char *const hooks[] = { "prestart",       "createRuntime", "createContainer",
					     "startContainer", "poststart",	"poststop", NULL };
	static const char *const unsafe[] = { OCI_ANNOTATION_OVERLAY, NULL };
	static struct oci_pair annotations[] = { { OCI_ANNOTATION_OVERLAY, "tmpfs" } };
	struct oci_features f = {
		.version_min = "1.0.0", .version_max = RUNTIME_SPEC_VERSION, .hooks = words(hooks),
		.mount_options = words(mount_options_known()), .cgroup_v1 = true, .cgroup_v2 = true, .seccomp = true,
		.seccomp_actions = words(seccomp_action_names), .seccomp_operators = words(seccomp_operator_names),
		.seccomp_archs = words(seccomp_architecture_names), .seccomp_known_flags = words(seccomp_flag_names),
		.cgroup_rdma = true, .apparmor = true, .selinux = true, .idmap = true, .net_devices = true,
		.memory_policy_modes = words(memory_policy_mode_names),
		.memory_policy_flags = words(memory_policy_flag_names),
		.annotations = { annotations, ARRAY_SIZE(annotations) }, .unsafe_annotations = words(unsafe),
	};
	autobuffer struct buffer text = { 0 };

	(void)data;
	(void)operands;
	for (size_t i = 0; i < NAMESPACE_TYPES; i++)
		*(const char **)arena_push(arena, &f.namespaces.items, &f.namespaces.count, sizeof(char *)) =
			namespace_types[i].name;
	for (unsigned int n = 0; capability_name(n); n++)
		*(const char **)arena_push(arena, &f.capabilities.items, &f.capabilities.count, sizeof(char *)) =
			capability_name(n);
	for (size_t i = 0; seccomp_flag_names[i]; i++)
		if (seccomp_flag_supported(seccomp_flag_names[i]))
			*(const char **)arena_push(arena, &f.seccomp_supported_flags.items,
						   &f.seccomp_supported_flags.count, sizeof(char *)) =
				seccomp_flag_names[i];
	if (oci_features_write(&f, &text, err) < 0)
		return -1;
	return file_write_all(STDOUT_FILENO, text.data, text.length, "standard output", err);
}

const struct command command_features = {
	.words = { "features", "", "show what this runtime can do", NULL, 0, 0, false, NULL },
	.act = show,
};
