/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/linux/idmap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "runtime/linux/mount_options.h"
#include "runtime/linux/syscalls.h"
#include "runtime/linux/user.h"
#include "runtime/linux/user_namespace.h"

static bool has_word(const struct oci_mount *mount, const char *word)
{
	for (size_t i = 0; i < mount->options.count; i++)
		if (strcmp(mount->options.items[i], word) == 0)
			return true;
	return false;
}

static bool has_mappings(const struct oci_mount *mount)
{
	return mount->uid_mappings.count > 0 || mount->gid_mappings.count > 0;
}

/* crun's "idmap=uids=...": passed over, a container would see other owners than its caller asked for. */
static int check_words(const struct oci_mount *mount, struct error *err)
{
	for (size_t i = 0; i < mount->options.count; i++)
		if (strncmp(mount->options.items[i], "idmap=", 6) == 0 || strncmp(mount->options.items[i], "ridmap=", 7) == 0)
			return error_set(err, "the option '%s' is not supported: use uidMappings and gidMappings",
					 mount->options.items[i]);
	return 0;
}

static bool is_mapped(const struct oci_mount *mount)
{
	return has_mappings(mount) || has_word(mount, "idmap") || has_word(mount, "ridmap");
}

/* The root of a user namespace may not get to a source that root can. What is an ordinary user's is not opened for it. */
static bool is_out_of_reach(const struct namespaces *namespaces, const struct oci_mount *mount)
{
	bool bind = has_word(mount, "bind") || has_word(mount, "rbind") || (mount->type && strcmp(mount->type, "bind") == 0);

	return bind && !has_word(mount, "remount") && mount->source && *mount->source &&
	       ((namespaces->make | namespaces->join) & CLONE_NEWUSER) && !user_is_ordinary();
}

/* ------------------------------------------------------------ a user namespace with the mappings */

static int map_and_open(int pidfd, const struct oci_linux *mappings, struct error *err)
{
	char path[64];
	pid_t pid;
	int fd;

	if (user_namespace_pid_of(pidfd, &pid, err) < 0 || user_namespace_map(pid, mappings, err) < 0)
		return -1;
	(void)snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
	fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? error_errno(err, "cannot open '%s'", path) : fd;
}

/* The kernel takes mappings from a user namespace only, and one is made only together with a process. */
static int make_namespace(const struct oci_linux *mappings, struct error *err)
{
	autoclose int pidfd = -1;
	struct clone_args args = { .flags = CLONE_NEWUSER | CLONE_PIDFD, .pidfd = (uint64_t)(uintptr_t)&pidfd,
				   .exit_signal = SIGCHLD };
	pid_t pid = kernel_clone3(&args);
	int fd;

	if (pid < 0)
		return error_errno(err, "cannot make a user namespace for the mappings");
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		for (;;)
			(void)pause();
	}
	fd = map_and_open(pidfd, mappings, err);
	(void)kernel_pidfd_send_signal(pidfd, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return fd;
}

/* Without mappings of its own a mount has those of the container's user namespace. */
static int open_namespace(const struct oci_config *config, const struct namespaces *namespaces,
			  const struct oci_mount *mount, struct error *err)
{
	const struct oci_linux own = { .uid_mappings = mount->uid_mappings, .gid_mappings = mount->gid_mappings };
	int fd;

	if (has_mappings(mount))
		return make_namespace(&own, err);
	if (namespaces->make & CLONE_NEWUSER)
		return make_namespace(&config->linux_, err);
	if (!(namespaces->join & CLONE_NEWUSER))
		return error_set(err, "an id-mapped mount needs uidMappings and gidMappings, or a user namespace");
	/* The user namespace is the first of the table. */
	fd = fcntl(namespaces->fds[0], F_DUPFD_CLOEXEC, 3);
	return fd < 0 ? error_errno(err, "cannot use the user namespace") : fd;
}

/* ------------------------------------------------------------ the mount */

static int check(const struct oci_mount *mount, const struct mount_options *options, struct error *err)
{
	if (!options->bind && !(mount->type && strcmp(mount->type, "bind") == 0))
		return error_set(err, "id-mapped mounts are only supported for bind mounts");
	if (options->remount)
		return error_set(err, "a remount cannot be id-mapped");
	if (!mount->source || !*mount->source)
		return error_set(err, "a bind mount needs a source");
	if (!mount->uid_mappings.count != !mount->gid_mappings.count)
		return error_set(err, "uidMappings and gidMappings go together");
	return 0;
}

/* Not mapped where `user` is -1. */
static int open_tree(const struct oci_config *config, int bundle, const struct oci_mount *mount,
		     const struct mount_options *options, int user, struct error *err)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t)user };
	struct mount_attr slave = { .propagation = MS_SLAVE };
	autoclose int tree = kernel_open_tree(bundle, mount->source,
					      OPEN_TREE_CLONE | (options->bind_recursive ? AT_RECURSIVE : 0));

	if (tree < 0)
		return error_errno(err, "cannot bind '%s'", mount->source);
	/* It comes from the host's mounts and not from the container's copy of them, which root_open() has cut off. */
	if (!(mount_propagation(config->linux_.rootfs_propagation) & MS_SHARED) &&
	    kernel_mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &slave) < 0)
		return error_errno(err, "cannot set the propagation of '%s'", mount->source);
	if (user >= 0 && kernel_mount_setattr(tree, "", AT_EMPTY_PATH | (options->idmap_recursive ? AT_RECURSIVE : 0), &attr) < 0)
		return error_errno(err, "cannot map the ids of '%s': its file system may not be able to", mount->source);
	return fd_take(&tree);
}

static int open_one(const struct oci_config *config, const struct namespaces *namespaces, int bundle,
		    const struct oci_mount *mount, struct arena *arena, struct error *err)
{
	struct mount_options options;
	autoclose int user = -1;

	mount_options_parse(&mount->options, arena, &options);
	if (!is_mapped(mount))
		return open_tree(config, bundle, mount, &options, -1, err);
	if (check(mount, &options, err) < 0)
		return -1;
	user = open_namespace(config, namespaces, mount, err);
	return user < 0 ? -1 : open_tree(config, bundle, mount, &options, user, err);
}

int idmap_open(const struct oci_config *config, const struct namespaces *namespaces, const char *bundle,
	       struct arena *arena, int **trees, struct error *err)
{
	autoclose int directory = -1;

	*trees = NULL;
	for (size_t i = 0; i < config->mounts_count; i++) {
		if (check_words(&config->mounts[i], err) < 0)
			return error_context(err, "mounts[%zu]: '%s'", i, config->mounts[i].destination);
		if (!is_mapped(&config->mounts[i]) && !is_out_of_reach(namespaces, &config->mounts[i]))
			continue;
		if (!*trees) {
			directory = openat(AT_FDCWD, bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
			if (directory < 0)
				return error_errno(err, "cannot open the bundle '%s'", bundle);
			*trees = arena_array(arena, config->mounts_count, sizeof(**trees));
			memset(*trees, -1, config->mounts_count * sizeof(**trees));
		}
		(*trees)[i] = open_one(config, namespaces, directory, &config->mounts[i], arena, err);
		/* Without a mapping the container tries by itself, and says what is wrong. */
		if ((*trees)[i] < 0 && is_mapped(&config->mounts[i]))
			return error_context(err, "mounts[%zu]: '%s'", i, config->mounts[i].destination);
	}
	return 0;
}

void idmap_close(const struct oci_config *config, int *trees)
{
	for (size_t i = 0; trees && i < config->mounts_count; i++)
		fd_replace(&trees[i], -1);
}
