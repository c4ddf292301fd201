/* SPDX-License-Identifier: Apache-2.0 */
/* One .deb (deb(5)): an ar archive with control.tar.* and data.tar.*, both read where they stand. */
#include <archive.h>
#include <archive_entry.h>
#include <string.h>
#include <sys/stat.h>

#include "base/path.h"
#include "tools/mkimage/package/debs.h"
#include "tools/mkimage/tree/layer.h"

#define CONTROL_BYTES_MAX (1u << 20)
#define READ_BLOCK 65536

static long read_member(void *context, void *data, size_t length, struct error *err)
{
	struct archive *ar = context;
	la_ssize_t n = archive_read_data(ar, data, length);

	return n < 0 ? error_set(err, "%s", archive_error_string(ar)) : (long)n;
}

/* "redis-server" of "redis-server_7.0.15-1_amd64.deb". */
static const char *package_name(const struct deb *deb, struct arena *arena)
{
	return arena_strndup(arena, deb->file, strcspn(deb->file, "_"));
}

/* The control file of control.tar, kept for those who look for what an image holds. */
static int keep_control(struct archive *ar, const struct deb *deb, struct tree *tree, struct error *err)
{
	struct arena *arena = tree_arena(tree);
	struct tree *control = NULL;
	struct tree_node *node;
	size_t length;
	char *text;
	int r = -1;

	if (tree_open_shared(tree, &control, err) < 0)
		return -1;
	if (layer_apply(control, read_member, ar, NULL, "control.tar", err) == 0) {
		node = tree_find(control, "control");
		if (!node || !S_ISREG(node->inode->mode))
			error_set(err, "control.tar has no file 'control'");
		else if (tree_read_whole(control, node->inode, CONTROL_BYTES_MAX, arena, &text, &length, err) == 0)
			r = tree_add_file(tree, path_join(arena, "var/lib/dpkg/status.d", package_name(deb, arena)),
					  text, length, &(struct tree_attributes){ .mode = 0644 }, NULL, err);
	}
	tree_close(control);
	return r;
}

static int read_members(struct archive *ar, const struct deb *deb, struct tree *tree, struct error *err)
{
	struct archive_entry *entry;
	bool has_control = false, has_data = false;
	int r;

	while ((r = archive_read_next_header(ar, &entry)) == ARCHIVE_OK) {
		const char *name = archive_entry_pathname(entry);

		if (name && strncmp(name, "control.tar", 11) == 0) {
			has_control = true;
			if (keep_control(ar, deb, tree, err) < 0)
				return -1;
		} else if (name && strncmp(name, "data.tar", 8) == 0) {
			has_data = true;
			if (layer_apply(tree, read_member, ar, NULL, "data.tar", err) < 0)
				return -1;
		}
	}
	if (r != ARCHIVE_EOF)
		return error_set(err, "%s", archive_error_string(ar));
	if (!has_control || !has_data)
		return error_set(err, "not a Debian package: control.tar or data.tar is missing");
	return 0;
}

int deb_unpack(const struct deb_list *list, const struct deb *deb, struct tree *tree, struct error *err)
{
	const char *path = path_join(tree_arena(tree), list->directory, deb->file);
	struct archive *ar = archive_read_new();
	int r;

	if (!ar)
		arena_out_of_memory();
	archive_read_support_format_ar(ar);
	if (archive_read_open_filename(ar, path, READ_BLOCK) != ARCHIVE_OK)
		r = error_set(err, "%s", archive_error_string(ar));
	else
		r = read_members(ar, deb, tree, err);
	archive_read_free(ar);
	return r < 0 ? error_context(err, "'%s'", deb->file) : 0;
}
