/* SPDX-License-Identifier: Apache-2.0 */
/* `credentials`: files that init makes at each start, in memory; here is where they come from and where they are seen. */
#include "tools/mkimage/compile/parts.h"

#include <string.h>

#include "base/cleanup.h"

#define VARIABLE "CREDENTIALS_DIRECTORY"

static const char *directory_of(const struct job *job)
{
	return arena_printf(job->arena, PLAN_CREDENTIALS "/%s", job->stated->name.value);
}

const char *compile_credential_path(struct arena *arena, const char *stage, const char *container, const char *name)
{
	return arena_printf(arena, "/etc/slipway/credentials/%s/%s/%s", stage, container, name);
}

bool credentials_mount(const struct job *job, struct oci_mount *mount)
{
	static const char *options[] = { "bind", "ro", "nosuid", "nodev", "noexec" };

	if (job->merged.credentials_count == 0)
		return false;
	*mount = (struct oci_mount){ .destination = directory_of(job), .type = "bind", .source = directory_of(job),
				     .options = { options, ARRAY_SIZE(options) } };
	return true;
}

void credentials_environment(const struct job *job, struct oci_strings *env)
{
	if (job->merged.credentials_count > 0)
		job_add_variable(job, env, VARIABLE, directory_of(job));
}

int credentials_prepare(struct job *job, struct plan *plan)
{
	for (size_t i = 0; i < job->merged.credentials_count; i++) {
		const struct manifest_credential *stated = &job->merged.credentials[i];
		struct plan_prepare *prepare =
			arena_push(job->arena, &plan->prepares, &plan->prepares_count, sizeof(*prepare));

		*prepare = (struct plan_prepare){
			.kind = PLAN_CREDENTIAL, .container = plan->containers_count - 1, .name = stated->name.value,
			.optional = stated->optional.value,
		};
		if (stated->source.value)
			prepare->source = compile_credential_path(job->arena, plan_stage_names[job->stage],
								  job->stated->name.value, stated->name.value);
	}
	return 0;
}

void compile_own_credentials(struct compiled *compiled, size_t index)
{
	const struct oci_config *config = &compiled->containers[index].config;
	uint32_t uid = config->process->user.uid, gid = config->process->user.gid;

	(void)compile_map_id(&config->linux_.uid_mappings, &uid);
	(void)compile_map_id(&config->linux_.gid_mappings, &gid);
	for (size_t i = 0; i < compiled->plan.prepares_count; i++) {
		struct plan_prepare *prepare = &compiled->plan.prepares[i];

		if (prepare->container != index || prepare->kind != PLAN_CREDENTIAL)
			continue;
		prepare->uid = uid;
		prepare->gid = gid;
	}
}
