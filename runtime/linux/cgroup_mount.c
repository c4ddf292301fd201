/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/linux/cgroup_mount.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "runtime/linux/mounts.h"
#include "runtime/linux/syscalls.h"

/* By path, not by the descriptor: that one was opened in another mount namespace, and would not be cloned. */
static int clone_hierarchy(const struct cgroup_hierarchy *h, const struct mount_options *options, struct error *err)
{
	autoclose int tree = mount_clone(AT_FDCWD, h->directory, false, err);

	if (tree < 0 || mount_change(tree, options->set, 0, options->propagation, false, err) < 0)
		return -1;
	return fd_take(&tree);
}

/* "cpu,cpuacct" is found as "cpu" and as "cpuacct" too. */
static int link_controllers(int directory, const char *name, struct error *err)
{
	char part[64];

	if (!strchr(name, ','))
		return 0;
	for (const char *p = name; *p; p += strcspn(p, ","), p += *p == ',') {
		(void)snprintf(part, sizeof(part), "%.*s", (int)strcspn(p, ","), p);
		if (symlinkat(name, directory, part) < 0 && errno != EEXIST)
			return error_errno(err, "cannot link '%s' to '%s'", part, name);
	}
	return 0;
}

static int mount_v1(const struct cgroup *cgroup, int destination, const struct mount_options *options,
		    struct error *err)
{
	const char *words[] = { "mode=755" };
	const struct mount_options of_tmpfs = {
		.set = options->set & ~(uint64_t)MOUNT_ATTR_RDONLY, .data = { words, ARRAY_SIZE(words) },
	};
	autoclose int directory = mount_filesystem("tmpfs", "tmpfs", &of_tmpfs, err);

	if (directory < 0 || mount_attach(directory, destination, err) < 0)
		return -1;
	for (size_t i = 0; i < cgroup->count; i++) {
		const struct cgroup_hierarchy *h = &cgroup->items[i];
		const char *name = path_base(h->mount);
		autoclose int tree = -1;

		tree = clone_hierarchy(h, options, err);
		if (tree < 0)
			return -1;
		if (mkdirat(directory, name, 0755) < 0 ||
		    kernel_move_mount(tree, "", directory, name, MOVE_MOUNT_F_EMPTY_PATH) < 0)
			return error_errno(err, "cannot attach the cgroup '%s'", name);
		if (link_controllers(directory, name, err) < 0)
			return -1;
	}
	return mount_change(directory, options->set & MOUNT_ATTR_RDONLY, 0, 0, false, err);
}

/* A user's container without a cgroup of its own sees what its user sees. */
static int mount_machine(int destination, const struct mount_options *options, struct error *err)
{
	autoclose int tree = mount_clone(AT_FDCWD, "/sys/fs/cgroup", true, err);

	if (tree < 0 || mount_change(tree, options->set, 0, options->propagation, true, err) < 0)
		return -1;
	return mount_attach(tree, destination, err);
}

int cgroup_mount(const struct cgroup *cgroup, int destination, const struct mount_options *options,
		 struct error *err)
{
	autoclose int tree = -1;

	if (cgroup && cgroup->count == 0 && cgroup->partial)
		return mount_machine(destination, options, err);
	if (!cgroup || cgroup->count == 0)
		return error_set(err, "cannot mount the cgroup: the container has none");
	if (!cgroup->unified)
		return mount_v1(cgroup, destination, options, err);
	tree = clone_hierarchy(&cgroup->items[0], options, err);
	return tree < 0 ? -1 : mount_attach(tree, destination, err);
}
