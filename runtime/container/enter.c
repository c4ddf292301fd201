/* SPDX-License-Identifier: Apache-2.0 */
/* A container whose first process is a child that PID 1 has made already. */
#include "runtime/container/container.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/descriptor.h"
#include "runtime/container/prepared.h"
#include "runtime/container/setup.h"
#include "runtime/container/stand_in.h"
#include "runtime/container/state.h"
#include "runtime/linux/hooks.h"
#include "runtime/linux/idmap.h"
#include "runtime/linux/notify.h"
#include "runtime/linux/syscalls.h"

/* The hooks of the runtime's namespaces run before there are others: this process is all there is of a runtime. */
static int run_early_hooks(const struct oci_config *config, const char *state, struct error *err)
{
	if (hooks_run(&config->hooks.prestart, "prestart", state, err) < 0)
		return -1;
	return hooks_run(&config->hooks.create_runtime, "createRuntime", state, err);
}

static int make_namespaces(struct setup *setup, struct error *err)
{
	/* The new PID namespace was made by who made this process; the cgroup namespace comes last of all. */
	const unsigned int here = ~(unsigned int)(CLONE_NEWPID | CLONE_NEWCGROUP);

	if (stand_in_is_needed(&setup->namespaces)) {
		if (stand_in(&setup->namespaces, &setup->config->linux_, err) < 0 ||
		    namespaces_unshare(&setup->namespaces, CLONE_NEWTIME, err) < 0)
			return -1;
	} else if (namespaces_join(&setup->namespaces, here | CLONE_NEWCGROUP, err) < 0 ||
		   namespaces_unshare(&setup->namespaces, here, err) < 0) {
		return -1;
	}
	return namespaces_enter_time(&setup->namespaces, &setup->config->linux_, err);
}

/* Whoever holds it sees the container's files also when all its processes are gone. /proc is still that of who made this one. */
static int send_mounts(int socket, struct error *err)
{
	autoclose int fd = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || descriptor_send(socket, fd, "m", 1) != 1)
		return error_errno(err, "cannot hand the mount namespace over");
	return 0;
}

static bool needs_cgroup(const struct oci_config *config)
{
	for (size_t i = 0; i < config->mounts_count; i++)
		if (config->mounts[i].type && strncmp(config->mounts[i].type, "cgroup", 6) == 0)
			return true;
	return config->linux_.resources;
}

static int limit(const struct setup *setup, struct error *err)
{
	const struct oci_resources *r = setup->config->linux_.resources;

	if (!setup->cgroup)
		return 0;
	return cgroup_limit_devices(setup->cgroup, r, err) < 0 ? -1 : cgroup_limit(setup->cgroup, r, err);
}

static int enter(struct setup *setup, const struct container_enter_options *options, struct oci_config *config,
		 struct cgroup *cgroup, struct error *err)
{
	bool early;

	if (prepared_read(options->bundle, options->filter, setup->arena, config, &setup->seccomp, err) < 0 ||
	    namespaces_open(config, &setup->namespaces, err) < 0 || setup_check(config, &setup->namespaces, err) < 0)
		return -1;
	if (config->linux_.seccomp &&
	    (seccomp_compile(config->linux_.seccomp, setup->arena, &setup->seccomp, err) < 0 ||
	     notify_connect(config->linux_.seccomp, &setup->seccomp, err) < 0))
		return -1;
	setup->hook_state = state_for_hooks(config, options->id, options->bundle, getpid(), "creating", setup->arena);
	if (run_early_hooks(config, setup->hook_state, err) < 0)
		return -1;
	if (needs_cgroup(config)) {
		if (cgroup_locate_own(setup->arena, cgroup, err) < 0)
			return -1;
		setup->cgroup = cgroup;
	}
	/*
	 * Late, for a small memory limit is for the program, not for what was read and built here; but not so
	 * late that it is a user namespace's root who would have to write it.
	 */
	early = stand_in_is_needed(&setup->namespaces);
	if (early && limit(setup, err) < 0)
		return -1;
	if (idmap_open(config, &setup->namespaces, setup->bundle, setup->arena, &setup->mapped, err) < 0 ||
	    make_namespaces(setup, err) < 0 || (options->mounts_to > 0 && send_mounts(options->mounts_to, err) < 0) ||
	    setup_build(setup, err) < 0)
		return -1;
	if (!early && limit(setup, err) < 0)
		return -1;
	if (setup_enter(setup, err) < 0 || setup_inside_cgroup(setup, err) < 0)
		return -1;
	return setup_execute(setup, err);
}

int container_enter(const struct container_enter_options *options, struct error *err)
{
	struct arena arena = { 0 };
	struct oci_config config = { 0 };
	struct cgroup cgroup = { 0 };
	struct setup setup = {
		.config = &config, .id = options->id, .bundle = options->bundle, .console = -1, .network = -1, .arena = &arena,
		.preserve_fds = options->preserve_fds,
		.namespaces = NAMESPACES_NONE, .seccomp = { .agent = -1 },
	};

	(void)enter(&setup, options, &config, &cgroup, err);
	(void)error_context(err, "container '%s'", options->id);
	namespaces_close(&setup.namespaces);
	arena_release(&arena);
	return -1;
}
