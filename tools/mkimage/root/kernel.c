/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel package: an image with the kernel, and kernel.tar with its modules (LinuxKit's shape). */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "tools/mkimage/compile/kernel_config.h"
#include "tools/mkimage/tree/layer.h"
#include "tools/mkimage/tree/snapshot.h"
#include "tools/mkimage/root/provenance.h"
#include "tools/mkimage/root/root.h"

#define KERNEL_BYTES_MAX (256u << 20)
#define MODULE_LIST_BYTES_MAX (16u << 20)

static int read_part(struct tree *tree, const char *path, size_t max, const void **data, size_t *length,
		     struct error *err)
{
	struct tree_node *node = tree_resolve(tree, path, true);
	char *bytes;

	if (!node || !S_ISREG(node->inode->mode))
		return error_set(err, "the kernel image has no file '/%s'", path);
	if (tree_read_whole(tree, node->inode, max, tree_arena(tree), &bytes, length, err) < 0)
		return error_context(err, "'/%s'", path);
	*data = bytes;
	return 0;
}

struct tar_cursor {
	const struct tree *tree;
	const struct tree_inode *inode;
	uint64_t offset;
};

static long read_tar(void *context, void *data, size_t length, struct error *err)
{
	struct tar_cursor *cursor = context;
	long n = tree_read(cursor->tree, cursor->inode, cursor->offset, data, length, err);

	if (n > 0)
		cursor->offset += (uint64_t)n;
	return n;
}

/* The one directory below lib/modules; NULL where there is none. */
static const char *find_release(struct tree *modules)
{
	struct tree_node *node = tree_resolve(modules, "lib/modules", true);

	for (size_t i = 0; node && i < node->children_count; i++)
		if (S_ISDIR(node->children[i]->inode->mode))
			return node->children[i]->name;
	return NULL;
}

static int read_list(struct tree *modules, const char *release, const char *name, const char **text, struct error *err)
{
	char path[512];
	const void *data;
	size_t length;

	*text = "";
	(void)snprintf(path, sizeof(path), "lib/modules/%s/%s", release, name);
	if (!tree_resolve(modules, path, true))
		return 0;
	if (read_part(modules, path, MODULE_LIST_BYTES_MAX, &data, &length, err) < 0)
		return -1;
	*text = data;
	return 0;
}

/* The tar inside of an image takes longer than the image itself. */
static int unpack_modules(struct store *store, const struct oci_image *image, const char *tar, struct tar_cursor *cursor,
			  struct tree *modules, struct error *err)
{
	autobuffer struct buffer stamps = { 0 };
	struct snapshot_name name = { store_cache(store), arena_printf(tree_arena(modules), "%s in %s", tar, image->digest.text), NULL };
	struct snapshot *snapshot;
	int r;

	layer_stamps(store, image, &stamps);
	name.stamp = buffer_string(&stamps);
	if (snapshot_load(modules, &name))
		return 0;
	snapshot = snapshot_begin(modules, &name);
	r = layer_apply(modules, read_tar, cursor, NULL, tar, err);
	snapshot_end(snapshot, r == 0);
	return r;
}

static int read_modules(struct store *store, const struct oci_image *image, const char *tar, struct root_kernel *out,
			struct error *err)
{
	struct tree_node *node = tree_resolve(out->package, tar, true);
	struct tar_cursor cursor = { .tree = out->package };
	const struct {
		const char *name, **text;
	} lists[] = {
		{ "modules.dep", &out->lists.modules_dep },
		{ "modules.builtin", &out->lists.modules_builtin },
		{ "modules.alias", &out->lists.modules_alias },
		{ "modules.softdep", &out->lists.modules_softdep },
	};

	if (!node || !S_ISREG(node->inode->mode))
		return error_set(err, "the kernel image has no file '/%s'; write 'tar: none' where it shall have none", tar);
	cursor.inode = node->inode;
	if (tree_open_shared(out->package, &out->modules, err) < 0)
		return -1;
	tree_set_origin(out->modules, node->origin);
	if (unpack_modules(store, image, tar, &cursor, out->modules, err) < 0)
		return -1;
	out->lists.release = find_release(out->modules);
	if (!out->lists.release)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		if (read_list(out->modules, out->lists.release, lists[i].name, lists[i].text, err) < 0)
			return -1;
	return 0;
}

static int read_parts(const struct manifest_kernel *kernel, struct store *store, const struct oci_image *image,
		      struct root_kernel *out, struct error *err)
{
	const char *binary = kernel->binary.value ? kernel->binary.value : "kernel";
	const char *tar = kernel->tar.value ? kernel->tar.value : "kernel.tar";

	if (tree_open(NULL, &out->package, err) < 0)
		return -1;
	/* Of all images the kernel's is the first. */
	tree_set_origin(out->package, root_first_origin(NULL, 0));
	if (layer_apply_image(out->package, store, image, err) < 0 ||
	    read_part(out->package, binary, KERNEL_BYTES_MAX, &out->image, &out->image_length, err) < 0)
		return -1;
	if (kernel->ucode.value && *kernel->ucode.value &&
	    read_part(out->package, kernel->ucode.value, KERNEL_BYTES_MAX, &out->ucode, &out->ucode_length, err) < 0)
		return -1;
	if (tree_resolve(out->package, "vmlinux", true) &&
	    read_part(out->package, "vmlinux", KERNEL_BYTES_MAX, &out->elf, &out->elf_length, err) < 0)
		return -1;
	if (tree_resolve(out->package, "kernel-config", true) &&
	    read_part(out->package, "kernel-config", KERNEL_CONFIG_BYTES_MAX, &out->config, &out->config_length, err) < 0)
		return -1;
	if (*tar == '\0' || strcmp(tar, "none") == 0)
		return 0;
	return read_modules(store, image, tar, out, err);
}

int root_read_kernel(const struct manifest_kernel *kernel, struct store *store, const struct oci_image *image,
		     struct root_kernel *out, struct error *err)
{
	*out = (struct root_kernel){ .lists = { .modules_dep = "", .modules_builtin = "" } };
	if (read_parts(kernel, store, image, out, err) == 0)
		return 0;
	root_kernel_release(out);
	return error_context(err, "%s:%u:%u: kernel image '%s'", kernel->image.at.file, kernel->image.at.line,
			     kernel->image.at.column, kernel->image.value);
}

void root_kernel_release(struct root_kernel *kernel)
{
	tree_close(kernel->modules);
	tree_close(kernel->package);
	*kernel = (struct root_kernel){ 0 };
}
