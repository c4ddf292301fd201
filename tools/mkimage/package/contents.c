/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/package/contents.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "tools/mkimage/root/files.h"

/* What a container never reads. Copyright files stay: licenses ask for them. */
static const char *const documentation[] = {
	"usr/share/man", "usr/share/info", "usr/share/locale", "usr/share/lintian", "usr/share/bash-completion",
	"usr/share/doc-base", "usr/share/menu", "usr/share/bug", "usr/share/zsh", "usr/share/fish",
	"usr/share/gnome", "usr/share/pixmaps", "usr/share/applications", "usr/share/initramfs-tools",
	"etc/init.d", "etc/logrotate.d", "etc/cron.daily", "etc/cron.d", "lib/systemd", "usr/lib/systemd",
};

/* usr/share/doc/PACKAGE keeps its copyright file and nothing else. */
static void prune_doc(struct tree *tree)
{
	struct tree_node *doc = tree_find(tree, "usr/share/doc");

	for (size_t i = 0; doc && i < doc->children_count; i++) {
		struct tree_node *package = doc->children[i];

		for (size_t k = package->children_count; k-- > 0;) {
			const char *name = package->children[k]->name;

			if (strcmp(name, "copyright") != 0)
				(void)tree_remove(tree, tree_path(package->children[k], tree_arena(tree)));
		}
	}
}

static int64_t epoch(void)
{
	const char *text = getenv("SOURCE_DATE_EPOCH");

	return text ? strtoll(text, NULL, 10) : 0;
}

int contents_finish(const struct recipe *recipe, struct tree *tree, struct error *err)
{
	const struct manifest no_containers = { 0 };
	const struct files_document document = {
		.path = recipe->path, .text = recipe->text, .manifest = &no_containers,
	};

	for (size_t i = 0; i < ARRAY_SIZE(documentation); i++)
		(void)tree_remove(tree, documentation[i]);
	prune_doc(tree);
	for (size_t i = 0; i < recipe->prune.count; i++) {
		const struct manifest_string *path = &recipe->prune.items[i];

		if (!tree_remove(tree, path_clean(tree_arena(tree), path->value)))
			return place_error(&path->at, err, "prune: there is no '%s' to take out; remove the line",
					   path->value);
	}
	if (files_add(&document, recipe->files, recipe->files_count, tree, err) < 0)
		return -1;
	tree_clamp_times(tree, epoch());
	return 0;
}

static int hash_file(const char *path, struct hash *hash, struct error *err)
{
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return error_errno(err, "cannot open '%s'", path);
	if (!S_ISREG(st.st_mode))
		return error_set(err, "'%s' is not a regular file", path);
	st.st_mode &= 0777;
	hash_add(hash, &st.st_mode, sizeof(st.st_mode));
	return hash_add_file(hash, fd) < 0 ? error_errno(err, "cannot read '%s'", path) : 0;
}

int contents_hash_files(const struct recipe *recipe, struct arena *arena, struct hash *hash, struct error *err)
{
	for (size_t i = 0; i < recipe->files_count; i++) {
		const struct manifest_file *file = &recipe->files[i];
		struct error cause = { 0 };

		if (!file->source.value ||
		    hash_file(files_source_path(file, recipe->path, arena), hash, &cause) == 0)
			continue;
		if (cause.number == ENOENT && file->optional.value)
			continue;
		return place_error(&file->source.at, err, "files: %s", cause.message);
	}
	return 0;
}
