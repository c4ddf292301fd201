/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/linux/mounts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/path.h"
#include "runtime/linux/cgroup_mount.h"
#include "runtime/linux/copy_up.h"
#include "runtime/linux/destination.h"
#include "runtime/linux/syscalls.h"

/* fsconfig(2) takes values below this; mount(2) takes a page. */
#define FSCONFIG_VALUE_MAX 256
#define MOUNT_DATA_MAX 4096

/* Superblock flags as the words fsconfig(2) knows them by. */
static const struct {
	unsigned long flag;
	const char *word;
} superblock_words[] = {
	{ MS_RDONLY, "ro" },	{ MS_SYNCHRONOUS, "sync" }, { MS_DIRSYNC, "dirsync" },
	{ MS_LAZYTIME, "lazytime" }, { MS_MANDLOCK, "mand" },
};

/* MOUNT_ATTR_* as the flags of mount(2). */
static const struct {
	uint64_t attribute;
	unsigned long flag;
} attribute_flags[] = {
	{ MOUNT_ATTR_RDONLY, MS_RDONLY },	  { MOUNT_ATTR_NOSUID, MS_NOSUID },
	{ MOUNT_ATTR_NODEV, MS_NODEV },		  { MOUNT_ATTR_NOEXEC, MS_NOEXEC },
	{ MOUNT_ATTR_NODIRATIME, MS_NODIRATIME }, { MOUNT_ATTR_NOSYMFOLLOW, MS_NOSYMFOLLOW },
	{ MOUNT_ATTR_NOATIME, MS_NOATIME },	  { MOUNT_ATTR_STRICTATIME, MS_STRICTATIME },
};

/* What the kernel says about the mount it refuses, behind our message: "e tmpfs: Bad value for 'size'". */
static int filesystem_error(int fsfd, const char *type, struct error *err)
{
	int number = errno;
	char said[256];
	ssize_t n = read(fsfd, said, sizeof(said) - 1);

	if (n <= 2)
		return error_number(err, number, "cannot mount '%s'", type);
	said[n] = '\0';
	said[strcspn(said, "\n")] = '\0';
	return error_number(err, number, "cannot mount '%s': %s", type, said + 2);
}

static int configure(int fsfd, const char *source, const struct mount_options *options, unsigned int command)
{
	char key[FSCONFIG_VALUE_MAX];

	if (source && kernel_fsconfig(fsfd, FSCONFIG_SET_STRING, "source", source, 0) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(superblock_words); i++)
		if ((options->superblock & superblock_words[i].flag) &&
		    kernel_fsconfig(fsfd, FSCONFIG_SET_FLAG, superblock_words[i].word, NULL, 0) < 0)
			return -1;
	for (size_t i = 0; i < options->data.count; i++) {
		const char *word = options->data.items[i], *value = strchr(word, '=');

		if (!value) {
			if (kernel_fsconfig(fsfd, FSCONFIG_SET_FLAG, word, NULL, 0) < 0)
				return -1;
			continue;
		}
		(void)snprintf(key, sizeof(key), "%.*s", (int)(value - word), word);
		if (kernel_fsconfig(fsfd, FSCONFIG_SET_STRING, key, value + 1, 0) < 0)
			return -1;
	}
	return kernel_fsconfig(fsfd, command, NULL, NULL, 0);
}

/* Options that are long, or a comma-separated list of their own, go through mount(2). */
static bool is_for_fsconfig(const char *source, const struct mount_options *options)
{
	if ((source && strlen(source) >= FSCONFIG_VALUE_MAX) || (options->superblock & MS_I_VERSION))
		return false;
	for (size_t i = 0; i < options->data.count; i++)
		if (strlen(options->data.items[i]) >= FSCONFIG_VALUE_MAX || strchr(options->data.items[i], ','))
			return false;
	return true;
}

static bool is_missing(int number)
{
	return number == ENOSYS;
}

int mount_filesystem(const char *type, const char *source, const struct mount_options *options, struct error *err)
{
	autoclose int fsfd = kernel_fsopen(type);
	int fd;

	if (fsfd < 0 && errno == ENODEV)
		return error_set(err, "cannot mount '%s': the kernel does not know this file system", type);
	if (fsfd < 0)
		return error_errno(err, "cannot mount '%s'", type);
	if (configure(fsfd, source, options, FSCONFIG_CMD_CREATE) < 0)
		return filesystem_error(fsfd, type, err);
	fd = kernel_fsmount(fsfd, (unsigned int)options->set);
	return fd < 0 ? filesystem_error(fsfd, type, err) : fd;
}

int mount_clone(int dirfd, const char *path, bool recursive, struct error *err)
{
	unsigned int flags = OPEN_TREE_CLONE | (recursive ? AT_RECURSIVE : 0) | (*path ? 0 : AT_EMPTY_PATH);
	int fd = kernel_open_tree(dirfd, path, flags);

	return fd < 0 ? error_errno(err, "cannot bind '%s'", path) : fd;
}

int mount_change(int fd, uint64_t set, uint64_t clear, unsigned long propagation, bool recursive, struct error *err)
{
	struct mount_attr attr = { .attr_set = set, .attr_clr = clear, .propagation = propagation };

	if (!set && !clear && !propagation)
		return 0;
	if (kernel_mount_setattr(fd, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), &attr) < 0)
		return error_errno(err, "cannot change the attributes of the mount");
	return 0;
}

int mount_attach(int tree, int destination, struct error *err)
{
	if (kernel_move_mount(tree, "", destination, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return error_errno(err, "cannot attach the mount");
	return 0;
}

/* Attributes, and the propagation, of a mount that is there but not seen yet. */
static int change_all(int tree, const struct mount_options *options, bool attributes_too, struct error *err)
{
	uint64_t set = attributes_too ? options->set : 0, clear = attributes_too ? options->clear : 0;
	unsigned long own = options->propagation_recursive ? 0 : options->propagation;

	if (mount_change(tree, set, clear, own, false, err) < 0) {
		/* In a user namespace, what the source's owner locked cannot be cleared; it stays as the source has it. */
		if (err->number != EPERM || !clear ||
		    mount_change(tree, set, set & MOUNT_ATTR__ATIME ? MOUNT_ATTR__ATIME : 0, own, false, err) < 0)
			return -1;
	}
	return mount_change(tree, options->recursive_set, options->recursive_clear,
			    options->propagation_recursive ? options->propagation : 0, true, err);
}

#define ATTRIBUTES_LOCKED (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

/*
 * As mount(2) with MS_REMOUNT does it, and so runc and crun: options that say something about attributes say
 * all of it, except for the access time, and what the source has besides is gone. Without any, all is the source's.
 * In a user namespace what the source's owner holds to stays, unless its end is asked for.
 */
static int change_bind(const struct mount_place *place, int tree, const struct mount_options *options, struct error *err)
{
	struct mount_options all = *options;

	if (options->set || options->clear)
		all.clear |= (MOUNT_ATTR_NOSYMFOLLOW | (place->user_namespace ? 0 : ATTRIBUTES_LOCKED)) & ~options->set;
	return change_all(tree, &all, true, err);
}

static int apply_bind(const struct mount_place *place, const struct oci_mount *mount,
		      const struct mount_options *options, struct error *err)
{
	autoclose int tree = -1, destination = -1;
	struct stat st;

	if (!mount->source || !*mount->source)
		return error_set(err, "a bind mount needs a source");
	tree = place->mapped >= 0 ? fcntl(place->mapped, F_DUPFD_CLOEXEC, 3) :
				    kernel_open_tree(place->bundle, mount->source,
						     OPEN_TREE_CLONE | (options->bind_recursive ? AT_RECURSIVE : 0));
	if (tree < 0 || fstat(tree, &st) < 0)
		return error_errno(err, "cannot bind '%s'", mount->source);
	if (change_bind(place, tree, options, err) < 0)
		return -1;
	destination = destination_open(place->root, mount->destination, S_ISDIR(st.st_mode), err);
	return destination < 0 ? -1 : mount_attach(tree, destination, err);
}

/* Options of the file system itself. That it be read-only is left to the mount: others may have it, too. */
static int reconfigure(const struct mount_options *options, int destination, struct error *err)
{
	struct mount_options own = *options;
	autoclose int fsfd = -1;

	own.superblock &= ~(unsigned long)MS_RDONLY;
	if (options->bind || (own.superblock == 0 && own.data.count == 0))
		return 0;
	fsfd = kernel_fspick(destination);
	if (fsfd < 0)
		return error_errno(err, "cannot remount");
	return configure(fsfd, NULL, &own, FSCONFIG_CMD_RECONFIGURE) < 0 ? filesystem_error(fsfd, "remount", err) : 0;
}

static int apply_remount(const struct mount_place *place, const struct oci_mount *mount,
			 const struct mount_options *options, struct error *err)
{
	autoclose int destination = path_open_in_root(place->root, mount->destination, O_PATH, 0, err);

	if (destination < 0 || reconfigure(options, destination, err) < 0)
		return -1;
	return change_all(destination, options, true, err);
}

/* For options fsconfig(2) cannot take: the same through mount(2) on the descriptor of the destination. */
static int apply_with_mount(const struct oci_mount *mount, const struct mount_options *options, int destination,
			    struct error *err)
{
	unsigned long flags = options->superblock;
	char data[MOUNT_DATA_MAX] = "", through_fd[32];
	size_t used = 0;

	for (size_t i = 0; i < ARRAY_SIZE(attribute_flags); i++)
		if (options->set & attribute_flags[i].attribute)
			flags |= attribute_flags[i].flag;
	for (size_t i = 0; i < options->data.count; i++) {
		int n = snprintf(data + used, sizeof(data) - used, "%s%s", used ? "," : "", options->data.items[i]);

		used += (size_t)n;
		if (used >= sizeof(data))
			return error_set(err, "the mount options are longer than the %d bytes the kernel takes",
					 MOUNT_DATA_MAX);
	}
	(void)snprintf(through_fd, sizeof(through_fd), "/proc/self/fd/%d", destination);
	if (kernel_mount(mount->source, through_fd, mount->type, flags, *data ? data : NULL) < 0)
		return error_errno(err, "cannot mount '%s'", mount->type);
	return 0;
}

/* Where nothing is left to change once it is mounted, one call does it: this is most of what a container has. */
static bool is_plain(const struct mount_options *options)
{
	return !options->copy_up && !options->recursive_set && !options->recursive_clear && !options->propagation;
}

static void add_data(struct mount_options *options, const char *word, struct arena *arena)
{
	*(const char **)arena_push(arena, &options->data.items, &options->data.count, sizeof(*options->data.items)) = word;
}

/* A tmpfs that says nothing about its mode has that of the directory it covers, where there is one: so it is with runc. */
static int keep_mode(const struct mount_place *place, const struct oci_mount *mount, struct mount_options *options,
		     struct arena *arena, struct error *err)
{
	autoclose int covered = -1;
	struct stat st;

	if (strcmp(mount->type, "tmpfs") != 0)
		return 0;
	for (size_t i = 0; i < options->data.count; i++)
		if (strncmp(options->data.items[i], "mode=", 5) == 0)
			return 0;
	covered = path_open_in_root(place->root, mount->destination, O_PATH, 0, err);
	if (covered < 0)
		return err->number == ENOENT ? 0 : -1;
	if (fstat(covered, &st) < 0)
		return error_errno(err, "cannot stat the mount point");
	add_data(options, arena_printf(arena, "mode=%04o", st.st_mode & 07777u), arena);
	return 0;
}

static int apply_filesystem(const struct mount_place *place, const struct oci_mount *mount,
			    const struct mount_options *options, struct error *err)
{
	autoclose int destination = destination_open(place->root, mount->destination, true, err), tree = -1;
	struct mount_options first = *options;

	if (destination < 0)
		return -1;
	/* If it fails, the longer way says why. */
	if (is_plain(options) && apply_with_mount(mount, options, destination, err) == 0)
		return 0;
	if (options->copy_up) {
		/* What is copied must be written before the mount is read-only. */
		first.set &= ~(uint64_t)MOUNT_ATTR_RDONLY;
		first.superblock &= ~(unsigned long)MS_RDONLY;
	}
	if (is_for_fsconfig(mount->source, &first))
		tree = mount_filesystem(mount->type, mount->source, &first, err);
	if (tree < 0 && is_for_fsconfig(mount->source, &first) && !is_missing(err->number))
		return -1;
	if (tree < 0) {
		if (apply_with_mount(mount, &first, destination, err) < 0)
			return -1;
		/* The descriptor still shows what lies below; the mount is found by its path again. */
		fd_replace(&destination, path_open_in_root(place->root, mount->destination, O_PATH, 0, err));
		return destination < 0 ? -1 : change_all(destination, &first, false, err);
	}
	if (options->copy_up) {
		if (copy_up(destination, tree, err) < 0 ||
		    mount_change(tree, options->set & MOUNT_ATTR_RDONLY, 0, 0, false, err) < 0)
			return -1;
	}
	return change_all(tree, &first, false, err) < 0 ? -1 : mount_attach(tree, destination, err);
}

/* `mounts` may not cover parts of /proc: what reads there to find labels and limits must find the kernel's own. */
static const char *const proc_allowed[] = {
	"/proc/cpuinfo", "/proc/diskstats", "/proc/meminfo", "/proc/stat", "/proc/swaps", "/proc/uptime",
	"/proc/loadavg", "/proc/slabinfo", "/proc/net/dev", "/proc/sys/kernel/ns_last_pid",
	"/proc/sys/crypto/fips_enabled", "/proc/sys/fs/binfmt_misc",
};

static int check_proc(const struct oci_mount *mount, const struct mount_options *options, struct arena *arena,
		      struct error *err)
{
	const char *path = arena_printf(arena, "/%s", path_clean(arena, mount->destination));

	if (strcmp(path, "/proc") == 0) {
		if (mount->type && strcmp(mount->type, "proc") == 0)
			return 0;
		if (options->bind && mount->source && strncmp(mount->source, "/proc", 5) == 0)
			return 0;
		return error_set(err, "only procfs can be mounted on '/proc'");
	}
	if (strncmp(path, "/proc/", 6) != 0)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(proc_allowed); i++)
		if (strcmp(path, proc_allowed[i]) == 0)
			return 0;
	if (options->bind && mount->source && strncmp(mount->source, "/proc/", 6) == 0)
		return 0;
	return error_set(err, "'%s' cannot be mounted because it is inside '/proc'", mount->destination);
}

/* A security context belongs to file systems that keep labels in memory. */
static void add_label(const struct mount_place *place, const struct oci_mount *mount, struct arena *arena,
		      struct mount_options *options)
{
	static const char *const labelled[] = { "tmpfs", "mqueue", "devpts" };

	for (size_t i = 0; place->label && *place->label && i < ARRAY_SIZE(labelled); i++)
		if (strcmp(mount->type, labelled[i]) == 0)
			add_data(options, arena_printf(arena, "context=\"%s\"", place->label), arena);
}

/* A read-only /dev gets its devices and mounts first; mount_seal_dev() is the end of that. */
static bool is_dev(const struct oci_mount *mount, struct arena *arena)
{
	return strcmp(path_clean(arena, mount->destination), "dev") == 0;
}

int mount_seal_dev(int root, const struct oci_config *config, struct arena *arena, struct error *err)
{
	struct mount_options options;
	bool readonly = false;

	for (size_t i = 0; i < config->mounts_count; i++) {
		if (!is_dev(&config->mounts[i], arena))
			continue;
		mount_options_parse(&config->mounts[i].options, arena, &options);
		readonly = options.set & MOUNT_ATTR_RDONLY || options.superblock & MS_RDONLY;
	}
	if (readonly) {
		autoclose int dev = path_open_in_root(root, "dev", O_PATH | O_DIRECTORY, 0, err);

		if (dev < 0 || mount_change(dev, MOUNT_ATTR_RDONLY, 0, 0, false, err) < 0)
			return error_context(err, "'/dev'");
	}
	return 0;
}

static int dispatch(const struct mount_place *place, const struct oci_mount *mount, struct arena *arena,
		    struct error *err)
{
	struct oci_mount known = *mount;
	struct mount_options options;

	mount_options_parse(&mount->options, arena, &options);
	if (check_proc(mount, &options, arena, err) < 0)
		return -1;
	if (is_dev(mount, arena) && !options.remount) {
		options.set &= ~(uint64_t)MOUNT_ATTR_RDONLY;
		options.superblock &= ~(unsigned long)MS_RDONLY;
	}
	if (options.remount)
		return apply_remount(place, mount, &options, err);
	if (options.bind || (mount->type && strcmp(mount->type, "bind") == 0))
		return apply_bind(place, mount, &options, err);
	if (!mount->type || !*mount->type)
		return error_set(err, "the mount has neither a type nor the option 'bind'");
	if (strcmp(mount->type, "cgroup") == 0 || strcmp(mount->type, "cgroup2") == 0) {
		autoclose int destination = destination_open(place->root, mount->destination, true, err);

		return destination < 0 ? -1 : cgroup_mount(place->cgroup, destination, &options, err);
	}
	if (!known.source || !*known.source)
		known.source = known.type;
	add_label(place, &known, arena, &options);
	if (keep_mode(place, &known, &options, arena, err) < 0)
		return -1;
	return apply_filesystem(place, &known, &options, err);
}

int mount_apply(const struct mount_place *place, const struct oci_mount *mount, struct arena *arena,
		struct error *err)
{
	log_debug("mount '%s' of type '%s' at '%s'", mount->source ? mount->source : "", mount->type ? mount->type : "",
		  mount->destination);
	if (dispatch(place, mount, arena, err) < 0)
		return error_context(err, "'%s'", mount->destination);
	return 0;
}
