/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/linux/devices.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "runtime/linux/mounts.h"

#define MODE_DEFAULT 0666

static const struct oci_device defaults[] = {
	{ .type = "c", .path = "/dev/null", .major = 1, .minor = 3 },
	{ .type = "c", .path = "/dev/zero", .major = 1, .minor = 5 },
	{ .type = "c", .path = "/dev/full", .major = 1, .minor = 7 },
	{ .type = "c", .path = "/dev/random", .major = 1, .minor = 8 },
	{ .type = "c", .path = "/dev/urandom", .major = 1, .minor = 9 },
	{ .type = "c", .path = "/dev/tty", .major = 5, .minor = 0 },
};

static const struct {
	const char *name, *target;
	bool replace;			/* an image's own is put away */
} links[] = {
	{ "fd", "/proc/self/fd", false },	{ "stdin", "/proc/self/fd/0", false },
	{ "stdout", "/proc/self/fd/1", false }, { "stderr", "/proc/self/fd/2", false },
	{ "ptmx", "pts/ptmx", true },
};

static const struct {
	char letter;
	mode_t mode;
} types[] = { { 'c', S_IFCHR }, { 'u', S_IFCHR }, { 'b', S_IFBLK }, { 'p', S_IFIFO } };

bool devices_wanted(const struct oci_config *config)
{
	for (size_t i = 0; i < config->mounts_count; i++) {
		const struct oci_mount *m = &config->mounts[i];
		size_t length = strlen(m->destination);

		while (length > 1 && m->destination[length - 1] == '/')
			length--;
		if (length != 4 || strncmp(m->destination, "/dev", 4) != 0)
			continue;
		for (size_t k = 0; k < m->options.count; k++)
			if (strcmp(m->options.items[k], "bind") == 0 || strcmp(m->options.items[k], "rbind") == 0)
				return false;
		if (m->type && strcmp(m->type, "bind") == 0)
			return false;
	}
	return true;
}

static mode_t type_of(const struct oci_device *device)
{
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (device->type && device->type[0] == types[i].letter && device->type[1] == '\0')
			return types[i].mode;
	return 0;
}

/* In a user namespace no node can be made: the host's own is bound instead. */
static int bind_device(int root, const struct oci_device *device, struct error *err)
{
	autoclose int at = path_make_in_root(root, device->path, false, 0666, err);
	autoclose int tree = at < 0 ? -1 : mount_clone(AT_FDCWD, device->path, false, err);
	struct stat st;

	if (tree < 0)
		return -1;
	if (fstat(tree, &st) < 0 || (st.st_mode & S_IFMT) != type_of(device) ||
	    st.st_rdev != makedev((unsigned int)device->major, (unsigned int)device->minor))
		return error_set(err, "the host's '%s' is another device", device->path);
	return mount_attach(tree, at, err);
}

/* Something is there already: fine where it is that very device, and an image's doing where it is not. */
static int check_present(int parent, const char *name, const struct oci_device *device, mode_t type,
			 struct error *err)
{
	struct stat st;

	if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return error_errno(err, "cannot stat '%s'", device->path);
	if ((st.st_mode & S_IFMT) != type ||
	    (type != S_IFIFO && st.st_rdev != makedev((unsigned int)device->major, (unsigned int)device->minor)))
		return error_set(err, "'%s' is there and is not this device", device->path);
	return 0;
}

static int make_node(int root, int parent, const char *name, const struct oci_device *device, struct error *err)
{
	mode_t type = type_of(device);
	mode_t mode = device->has_file_mode ? device->file_mode & 07777 : MODE_DEFAULT;
	uid_t uid = device->has_uid ? device->uid : 0;
	gid_t gid = device->has_gid ? device->gid : 0;

	if (!type)
		return error_set(err, "unknown device type '%s' of '%s'; use 'c', 'b', 'u' or 'p'",
				 device->type ? device->type : "", device->path);
	if (mknodat(parent, name, type | mode,
		    makedev((unsigned int)device->major, (unsigned int)device->minor)) < 0) {
		if (errno == EEXIST)
			return check_present(parent, name, device, type, err);
		if (errno == EPERM && type != S_IFIFO)
			return bind_device(root, device, err);
		return error_errno(err, "cannot make the device '%s'", device->path);
	}
	if ((uid || gid) && fchownat(parent, name, uid, gid, AT_SYMLINK_NOFOLLOW) < 0)
		return error_errno(err, "cannot change the owner of '%s'", device->path);
	return 0;
}

static int make_configured(int root, const struct oci_device *device, struct error *err)
{
	struct arena_room room;
	struct arena arena = arena_in(&room);
	char *clean = path_clean(&arena, device->path);
	const char *name = path_base(clean);
	const char *directory = arena_strndup(&arena, clean, (size_t)(name - clean));
	autoclose int parent = *name ? path_make_in_root(root, *directory ? directory : ".", true, 0755, err) : -1;
	int r = -1;

	if (!*name)
		error_set(err, "'%s' is not the path of a device", device->path);
	else if (parent >= 0)
		r = make_node(root, parent, name, device, err);
	arena_release(&arena);
	return r;
}

static bool is_configured(const struct oci_config *config, const char *path)
{
	for (size_t i = 0; i < config->linux_.devices_count; i++)
		if (strcmp(config->linux_.devices[i].path, path) == 0)
			return true;
	return false;
}

static int make_links(int dev, struct error *err)
{
	struct stat st;

	for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
		int r = symlinkat(links[i].target, dev, links[i].name);

		if (r < 0 && errno == EEXIST && links[i].replace && unlinkat(dev, links[i].name, 0) == 0)
			r = symlinkat(links[i].target, dev, links[i].name);
		if (r < 0 && errno != EEXIST)
			return error_errno(err, "cannot make the link '/dev/%s'", links[i].name);
	}
	if (stat("/proc/kcore", &st) == 0 && symlinkat("/proc/kcore", dev, "core") < 0 && errno != EEXIST)
		return error_errno(err, "cannot make the link '/dev/core'");
	return 0;
}

int devices_make(int root, const struct oci_config *config, struct error *err)
{
	autoclose int dev = path_make_in_root(root, "/dev", true, 0755, err);

	if (dev < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(defaults); i++)
		if (!is_configured(config, defaults[i].path) &&
		    make_node(root, dev, path_base(defaults[i].path), &defaults[i], err) < 0)
			return -1;
	for (size_t i = 0; i < config->linux_.devices_count; i++)
		if (make_configured(root, &config->linux_.devices[i], err) < 0)
			return error_context(err, "linux.devices[%zu]", i);
	return make_links(dev, err);
}
