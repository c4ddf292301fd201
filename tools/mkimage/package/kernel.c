/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/package/kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/path.h"
#include "tools/mkimage/package/process.h"
#include "tools/mkimage/tree/layer.h"

#define COPY_CHUNK 65536

/* What depmod(8) writes; all of it goes into the package. */
static const char *const depmod_lists[] = {
	"modules.alias", "modules.alias.bin", "modules.builtin.alias.bin", "modules.builtin.bin", "modules.dep",
	"modules.dep.bin", "modules.devname", "modules.softdep", "modules.symbols", "modules.symbols.bin",
};

/* The one name below `directory` that begins with `prefix`; NULL where there is none. */
static struct tree_node *find_one(struct tree *tree, const char *directory, const char *prefix)
{
	struct tree_node *node = tree_resolve(tree, directory, true);

	for (size_t i = 0; node && i < node->children_count; i++)
		if (strncmp(node->children[i]->name, prefix, strlen(prefix)) == 0)
			return node->children[i];
	return NULL;
}

struct copy {
	struct tree *tree;
	int dirfd;			/* of the directory on this machine */
};

static int copy_contents(const struct copy *copy, const struct tree_inode *inode, int fd, const char *path,
			 struct error *err)
{
	char chunk[COPY_CHUNK];
	uint64_t offset = 0;
	long n;

	while ((n = tree_read(copy->tree, inode, offset, chunk, sizeof(chunk), err)) > 0) {
		if (file_write_all(fd, chunk, (size_t)n, path, err) < 0)
			return -1;
		offset += (uint64_t)n;
	}
	return n < 0 ? -1 : 0;
}

/* Directories and regular files: what depmod reads. */
static int export_one(struct tree_node *node, const char *path, void *context, struct error *err)
{
	struct copy *copy = context;
	autoclose int fd = -1;

	if (S_ISDIR(node->inode->mode))
		return *path ? file_mkdirs(copy->dirfd, path, 0700, err) : 0;
	if (!S_ISREG(node->inode->mode))
		return 0;
	fd = openat(copy->dirfd, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_errno(err, "cannot create '%s'", path);
	return copy_contents(copy, node->inode, fd, path, err);
}

static int import_lists(struct tree *modules, const char *release, int dirfd, struct error *err)
{
	struct arena *arena = tree_arena(modules);

	for (size_t i = 0; i < ARRAY_SIZE(depmod_lists); i++) {
		const char *path = arena_printf(arena, "lib/modules/%s/%s", release, depmod_lists[i]);
		autoclose int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC);

		/* Which lists there are depends on the version of kmod. */
		if (fd < 0 && errno == ENOENT)
			continue;
		if (fd < 0)
			return error_errno(err, "cannot open '%s'", path);
		if (tree_add_file_fd(modules, path, fd, &(struct tree_attributes){ .mode = 0644 }, NULL, err) < 0)
			return -1;
	}
	return 0;
}

/* depmod reads modules from a directory: they are laid out in a temporary one. */
static int run_depmod(struct tree *modules, const char *release, struct error *err)
{
	const char *parent = getenv("TMPDIR") ? getenv("TMPDIR") : "/var/tmp";
	char *directory = path_join(tree_arena(modules), parent, "slipway-depmod-XXXXXX");
	const char *const argv[] = { "depmod", "-b", directory, release, NULL };
	struct copy copy = { .tree = modules, .dirfd = -1 };
	struct error ignored;
	int r = -1;

	if (!mkdtemp(directory))
		return error_errno(err, "cannot create a directory below '%s'", parent);
	copy.dirfd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (copy.dirfd < 0)
		error_errno(err, "cannot open '%s'", directory);
	else if (tree_walk(modules, export_one, &copy, err) == 0 && process_run(argv, "kmod", NULL, err) == 0)
		r = import_lists(modules, release, copy.dirfd, err);
	cleanup_close(&copy.dirfd);
	(void)file_remove_tree(AT_FDCWD, directory, &ignored);
	return r;
}

static int spool_layer(void *context, const void *data, size_t length, struct error *err)
{
	return tree_spool_add(context, data, length, err);
}

static int add_kernel_tar(struct tree *modules, struct tree *to, struct error *err)
{
	struct tree_spool *spool = NULL;
	int r = tree_spool_begin(to, &spool, err);

	if (r == 0)
		r = layer_write_tree(modules, spool_layer, spool, err);
	if (r == 0)
		r = tree_spool_end(spool, "kernel.tar", &(struct tree_attributes){ .mode = 0644 }, NULL, err);
	tree_spool_discard(spool);
	return r;
}

/* What else there may be of a kernel, and how the package calls it. */
static const struct part {
	const char *prefix, *name;
} parts[] = {
	{ "vmlinux-", "vmlinux" },		/* an ELF file, for machines that enter it directly */
	{ "config-", "kernel-config" },		/* what `slipway kernel check` reads */
	{ "System.map-", "System.map" },	/* names for the addresses of a trace */
};

static int copy_parts(struct tree *from, struct tree *to, struct error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		struct tree_node *node = find_one(from, "boot", parts[i].prefix);

		if (node && tree_copy(to, parts[i].name, from, tree_path(node, tree_arena(from)), err) < 0)
			return -1;
	}
	return 0;
}

int package_kernel(struct tree *from, struct tree *to, struct error *err)
{
	struct tree_node *kernel = find_one(from, "boot", "vmlinuz-");
	struct tree_node *release = find_one(from, "lib/modules", "");
	struct tree *modules = NULL;
	const char *path;
	int r = -1;

	if (!kernel)
		return error_set(err, "'kernel: true', but no package has a file 'boot/vmlinuz-*'");
	if (!release)
		return error_set(err, "'kernel: true', but no package has a directory below 'lib/modules'");
	path = path_join(tree_arena(from), "lib/modules", release->name);
	if (tree_open_shared(to, &modules, err) == 0 && tree_copy(modules, path, from, path, err) == 0 &&
	    run_depmod(modules, release->name, err) == 0 &&
	    tree_copy(to, "kernel", from, tree_path(kernel, tree_arena(from)), err) == 0 && copy_parts(from, to, err) == 0)
		r = add_kernel_tar(modules, to, err);
	tree_close(modules);
	return r;
}
