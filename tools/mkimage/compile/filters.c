/* SPDX-License-Identifier: Apache-2.0 */
/* The seccomp profiles of the containers, compiled: services with equal profiles share one file. docs/decisions/0006. */
#include "tools/mkimage/compile/parts.h"

#include <string.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "runtime/linux/seccomp_file.h"

/* Where an earlier container has its equal filter; NULL: there is none. */
static const char *find_equal(const struct compiled *compiled, size_t count, const struct buffer *file)
{
	for (size_t i = 0; i < count; i++)
		if (compiled->containers[i].filter && compiled->containers[i].filter_length == file->length &&
		    memcmp(compiled->containers[i].filter, file->data, file->length) == 0)
			return compiled->plan.containers[i].filter;
	return NULL;
}

int filter_compile(struct job *job, struct compiled *out)
{
	const size_t index = out->plan.containers_count;
	struct compiled_container *container = &out->containers[index];
	struct plan_container *planned = &out->plan.containers[index];
	autobuffer struct buffer file = { 0 };
	struct seccomp_program program;
	struct error cause;
	void *bytes;

	if (!container->config.linux_.seccomp)
		return 0;
	if (seccomp_compile_for(architecture_wanted(job->input)->seccomp[0], container->config.linux_.seccomp, job->arena, &program,
				&cause) < 0)
		return job_error(job, &job->stated->at, "%s", cause.message);
	/* Who listens is found, and described to, at each start: the profile stays with the config. */
	if (program.notifies)
		return 0;
	seccomp_file_write(&program, &file);
	planned->filter = find_equal(out, index, &file);
	if (!planned->filter)
		planned->filter = path_join(job->arena, planned->bundle, "seccomp.bpf");
	bytes = arena_alloc(job->arena, file.length);
	memcpy(bytes, file.data, file.length);
	container->filter = bytes;
	container->filter_length = file.length;
	return 0;
}
