/* SPDX-License-Identifier: Apache-2.0 */
/* Paths inside a tree. */
#include "tools/mkimage/tree/tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "tools/mkimage/tree/node.h"

enum {
	FOLLOW_LAST = 1,
	MAKE = 2,			/* missing directories */
};

/* The next part; gives what follows it, NULL where no part is left. */
static const char *next_part(const char *path, const char **part, size_t *length)
{
	path += strspn(path, "/");
	if (*path == '\0')
		return NULL;
	*part = path;
	*length = strcspn(path, "/");
	return path + *length;
}

static bool is_last(const char *rest)
{
	return rest[strspn(rest, "/")] == '\0';
}

struct shown tree_shown(const char *name)
{
	struct shown shown;
	size_t i;

	for (i = 0; i < sizeof(shown.text) - 1 && name[i]; i++)
		shown.text[i] = (unsigned char)name[i] < ' ' || name[i] == 0x7f ? '?' : name[i];
	shown.text[i] = '\0';
	return shown;
}

static struct tree_node *fail(struct error *err, const char *path, const char *why)
{
	error_set(err, "'%s': %s", tree_shown(path).text, why);
	return NULL;
}

static struct tree_node *child_or_new(struct tree *tree, struct tree_node *at, const char *name, bool make,
				      struct error *err)
{
	struct tree_node *child = node_child(at, name);

	if (child || !make)
		return child;
	return node_put_directory(tree, at, name, &implied_directory, err);
}

/*
 * From the root along `path` as in a chroot: what climbs above the root stays
 * at the root. A symlink puts its target in front of what is left.
 */
static struct tree_node *follow(struct tree *tree, const char *path, unsigned int flags, struct error *err)
{
	autofree char *pending = NULL;
	struct tree_node *at = tree->root, *child;
	const char *rest = path, *part;
	unsigned int links = 0, parts = 0;
	char name[TREE_NAME_MAX + 1];
	size_t length;

	while ((rest = next_part(rest, &part, &length))) {
		if (!S_ISDIR(at->inode->mode))
			return fail(err, path, "a part of the path is not a directory");
		if (length > TREE_NAME_MAX || ++parts > TREE_PARTS_MAX)
			return fail(err, path, "the path is too long");
		memcpy(name, part, length);
		name[length] = '\0';
		if (strcmp(name, ".") == 0)
			continue;
		if (strcmp(name, "..") == 0) {
			at = at->parent ? at->parent : at;
			continue;
		}
		child = child_or_new(tree, at, name, flags & MAKE, err);
		if (!child)
			return flags & MAKE ? NULL : fail(err, path, "not there");
		if (S_ISLNK(child->inode->mode) && (!is_last(rest) || (flags & FOLLOW_LAST))) {
			char *joined;

			if (++links > TREE_SYMLINKS_MAX)
				return fail(err, path, "too many symlinks on the way");
			if (asprintf(&joined, "%s/%s", child->inode->target, rest) < 0)
				arena_out_of_memory();
			free(pending);
			rest = pending = joined;
			if (*joined == '/')
				at = tree->root;
			continue;
		}
		at = child;
	}
	return at;
}

struct tree_node *tree_resolve(struct tree *tree, const char *path, bool follow_last)
{
	return follow(tree, path, follow_last ? FOLLOW_LAST : 0, NULL);
}

struct tree_node *tree_find(struct tree *tree, const char *path)
{
	struct tree_node *at = tree->root;
	char name[TREE_NAME_MAX + 1];
	const char *part;
	size_t length;

	while (at && (path = next_part(path, &part, &length))) {
		if (length > TREE_NAME_MAX)
			return NULL;
		memcpy(name, part, length);
		name[length] = '\0';
		at = node_child(at, name);
	}
	return at;
}

static bool is_clean(const char *path)
{
	const char *part;
	size_t length;

	if (*path == '/')
		return false;
	while (*path) {
		if (!(path = next_part(path, &part, &length)))
			return false;
		if (length <= 2 && memcmp(part, "..", length) == 0)
			return false;
		if (path[0] == '/' && (path[1] == '/' || path[1] == '\0'))
			return false;
	}
	return true;
}

static struct tree_node *make_parent(struct tree *tree, const char *path, char *name, struct error *err)
{
	const char *base = path_base(path);
	char parent[TREE_PATH_MAX + 1];
	struct tree_node *at;

	if (strlen(path) > TREE_PATH_MAX || strlen(base) > TREE_NAME_MAX)
		return fail(err, path, "the path is too long");
	memcpy(parent, path, (size_t)(base - path));
	parent[base - path] = '\0';
	at = follow(tree, parent, FOLLOW_LAST | MAKE, err);
	if (at && !S_ISDIR(at->inode->mode))
		return fail(err, path, "a part of the path is not a directory");
	strcpy(name, base);
	return at;
}

struct tree_node *tree_make_parent(struct tree *tree, const char *path, char *name, struct error *err)
{
	struct arena arena = { 0 };
	struct tree_node *at;

	if (is_clean(path))
		return make_parent(tree, path, name, err);
	at = make_parent(tree, path_clean(&arena, path), name, err);
	arena_release(&arena);
	return at;
}

bool tree_remove(struct tree *tree, const char *path)
{
	struct tree_node *node = tree_find(tree, path);

	if (!node || !node->parent)
		return false;
	node_remove(tree, node);
	return true;
}
