/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/compile/compile.h"

#include <string.h>

#include "base/cleanup.h"
#include "tools/mkimage/compile/parts.h"

const struct architecture *architecture_wanted(const struct compile_input *input)
{
	return input->architecture ? input->architecture : architecture_at(0);
}

static const struct oci_image *find_image(const struct compile_input *input, const char *reference)
{
	for (size_t i = 0; i < input->images_count; i++)
		if (strcmp(input->images[i].reference, reference) == 0)
			return &input->images[i].image;
	return NULL;
}

/* One container into its place in the plan, and what is prepared for it behind it. */
static int compile_container(struct job *job, struct compiled *out)
{
	struct plan *plan = &out->plan;
	struct compiled_container *container = &out->containers[plan->containers_count];
	struct plan_container *planned = &plan->containers[plan->containers_count];

	job->image = find_image(job->input, job->stated->image.value);
	if (!job->image)
		return job_error(job, &job->stated->image.at, "image: '%s' was not resolved", job->stated->image.value);
	if (container_compile(job, container) < 0 || supervision_compile(job, planned) < 0)
		return -1;
	/* The same place in both; without the leading slash it is relative to the root of the cgroups. */
	planned->cgroup = container->config.linux_.cgroups_path + 1;
	if (filter_compile(job, out) < 0)
		return -1;
	plan->containers_count++;
	return prepare_compile(job, plan) < 0 || resources_prepare(job, plan) < 0 || credentials_prepare(job, plan) < 0 ?
		       -1 : probes_compile(job, plan);
}

/* Nothing can wait for a job, which is never ready: by name, for an image's label may have made it one. */
static int check_waits(const struct compiled *compiled, struct error *err)
{
	const struct plan *plan = &compiled->plan;

	for (size_t i = 0; i < plan->containers_count; i++) {
		const struct manifest_strings *lists[] = { &compiled->containers[i].manifest->after,
							   &compiled->containers[i].manifest->requires };

		for (size_t k = 0; k < plan->containers_count * ARRAY_SIZE(lists); k++) {
			const struct plan_container *on = &plan->containers[k / ARRAY_SIZE(lists)];
			const struct manifest_strings *list = lists[k % ARRAY_SIZE(lists)];

			for (size_t n = 0; plan_is_scheduled(on) && n < list->count; n++)
				if (strcmp(list->items[n].value, on->name) == 0)
					return place_error(&list->items[n].at, err, "services: '%s' waits for '%s', which has a "
							   "'schedule' and is never ready; remove this", plan->containers[i].name,
							   on->name);
		}
	}
	return 0;
}

static int compile_containers(const struct compile_input *input, struct arena *arena, struct compiled *out,
			      struct error *err)
{
	const struct manifest_containers *stages[PLAN_STAGES] = {
		[PLAN_ONBOOT] = &input->manifest->onboot,
		[PLAN_SERVICES] = &input->manifest->services,
		[PLAN_ONSHUTDOWN] = &input->manifest->onshutdown,
		[PLAN_EMERGENCY] = &input->manifest->emergency,
	};
	size_t count = 0;

	for (size_t s = 0; s < PLAN_STAGES; s++)
		count += stages[s]->count;
	out->containers = arena_array(arena, count + 1, sizeof(*out->containers));
	out->plan.containers = arena_array(arena, count + 1, sizeof(*out->plan.containers));
	for (size_t s = 0; s < PLAN_STAGES; s++)
		for (size_t i = 0; i < stages[s]->count; i++) {
			struct job job = { .input = input, .arena = arena, .err = err, .stage = (enum plan_stage)s,
					   .index = i, .stated = &stages[s]->items[i] };

			if (compile_container(&job, out) < 0)
				return -1;
		}
	return 0;
}

/*
 * A cgroup holds processes or other cgroups, not both (cgroup-v2.rst, "No Internal Process
 * Constraint"), and its end is the end of one service: no two services in one, none inside another's.
 */
static int check_cgroups(const struct compiled *compiled, struct error *err)
{
	const struct plan *plan = &compiled->plan;

	for (size_t i = 0; i < plan->containers_count; i++)
		for (size_t k = 0; k < plan->containers_count; k++) {
			const struct plan_container *a = &plan->containers[i], *b = &plan->containers[k];
			size_t length = strlen(a->cgroup);

			if (i == k || a->stage != PLAN_SERVICES || b->stage != PLAN_SERVICES ||
			    strncmp(a->cgroup, b->cgroup, length) != 0 ||
			    (b->cgroup[length] != '/' && b->cgroup[length] != '\0'))
				continue;
			return place_error(&compiled->containers[k].manifest->at, err,
					   "services: cgroupsPath: the cgroup '%s' of '%s' is in that of '%s'", b->cgroup,
					   b->name, a->name);
		}
	return 0;
}

int compile(const struct compile_input *input, struct arena *arena, struct compiled *compiled, struct error *err)
{
	struct compiled out = { 0 };

	if (machine_compile(input, arena, &out.plan, err) < 0 || policies_compile(input, &out.plan, arena, err) < 0 ||
	    logging_compile(input, arena, &out.plan, err) < 0 || storage_compile(input, arena, &out, err) < 0 ||
	    modules_compile(input, arena, &out, err) < 0 || aliases_compile(input, arena, &out, err) < 0 ||
	    cmdline_compile(input, arena, &out, err) < 0 || compile_containers(input, arena, &out, err) < 0 ||
	    check_cgroups(&out, err) < 0 || check_waits(&out, err) < 0)
		return -1;
	*compiled = out;
	return 0;
}

bool compile_init_image_replaced(const char *reference)
{
	static const char *const registries[] = { "docker.io/", "index.docker.io/" };
	static const char *const replaced[] = { "linuxkit/init", "linuxkit/runc", "linuxkit/containerd" };

	for (size_t i = 0; i < ARRAY_SIZE(registries); i++)
		if (strncmp(reference, registries[i], strlen(registries[i])) == 0)
			reference += strlen(registries[i]);
	for (size_t i = 0; i < ARRAY_SIZE(replaced); i++) {
		size_t length = strlen(replaced[i]);

		if (strncmp(reference, replaced[i], length) == 0 &&
		    (reference[length] == '\0' || reference[length] == ':' || reference[length] == '@'))
			return true;
	}
	return false;
}
