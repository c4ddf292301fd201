/* SPDX-License-Identifier: Apache-2.0 */
/* The directories of a cgroup, with what they need to be of use: controllers in version 2, CPUs and memory nodes in version 1. */
#include "runtime/linux/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"

#define WORDS_MAX 256			/* of a list of controllers, of which the kernel has a dozen */

/* Appends the value of a cpuset's file; where it is empty, it becomes that of the parent. `fresh`: it is known to be. */
static int inherit(const struct cgroup_hierarchy *h, const char *file, bool fresh, struct arena *arena,
		   struct buffer *value, struct error *err)
{
	const struct cgroup_hierarchy parent = {
		.mount = h->mount,
		.directory = arena_strndup(arena, h->directory, (size_t)(path_base(h->directory) - h->directory) - 1),
	};

	if (!fresh && cgroup_read(h, file, value, err) < 0)
		return -1;
	if (value->length > 0 || strcmp(h->directory, h->mount) == 0)
		return 0;
	return inherit(&parent, file, false, arena, value, err) < 0 ? -1 : cgroup_write(h, file, buffer_string(value), err);
}

/* An empty cpuset takes no process. */
static int fill_cpuset(const struct cgroup_hierarchy *h, bool fresh, struct arena *arena, struct error *err)
{
	static const char *const files[] = { "cpuset.cpus", "cpuset.mems" };

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		autobuffer struct buffer value = { 0 };

		if (inherit(h, files[i], fresh, arena, &value, err) < 0)
			return -1;
	}
	return 0;
}

/* The kernel's lists of controllers have spaces between the words, and may end in a newline. */
static bool has_word(const char *list, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = list; (at = strstr(at, word)); at += length)
		if ((at == list || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\n' || !at[length]))
			return true;
	return false;
}

static bool read_words(const char *directory, const char *file, struct arena *arena, char words[WORDS_MAX])
{
	autoclose int fd = openat(AT_FDCWD, path_join(arena, directory, file), O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, words, WORDS_MAX - 1);

	words[n < 0 ? 0 : n] = '\0';
	return n >= 0;
}

/* `has` without what `have` has, each word with a plus in front: what cgroup.subtree_control is told. */
static char *missing_controllers(const char *has, const char *have, struct arena *arena)
{
	char *all = arena_strdup(arena, ""), *words = arena_strdup(arena, has), *word;

	while ((word = strsep(&words, " \n")))
		if (*word && !has_word(have, word))
			all = arena_printf(arena, "%s+%s ", all, word);
	return all;
}

/* Gives the children of `parent` all the controllers it has; what cannot be given shows when a limit is written. */
static void enable_controllers(const char *parent, struct arena *arena)
{
	char has[WORDS_MAX], have[WORDS_MAX], *all, *word;
	autoclose int fd = -1;

	if (!read_words(parent, "cgroup.subtree_control", arena, have) ||
	    !read_words(parent, "cgroup.controllers", arena, has))
		return;
	all = missing_controllers(has, have, arena);
	if (!*all)
		return;
	fd = openat(AT_FDCWD, path_join(arena, parent, "cgroup.subtree_control"), O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, all, strlen(all)) >= 0)
		return;
	/* One that cannot be given spoils the whole list. */
	while ((word = strsep(&all, " ")))
		if (*word && write(fd, word, strlen(word)) < 0)
			continue;
}

/* 1: made, 0: was there. */
static int make_directory(struct cgroup_hierarchy *h, struct arena *arena, struct error *err)
{
	bool made = mkdir(h->directory, 0755) == 0;

	/* At once: what follows may run out of memory. */
	h->made = made;
	if (!made && errno != EEXIST)
		return error_errno(err, "cannot create the cgroup '%s'", h->directory);
	if (cgroup_has_controller(h, "cpuset") && fill_cpuset(h, made, arena, err) < 0) {
		if (made)
			(void)rmdir(h->directory);
		return -1;
	}
	return made;
}

/* mkdir -p below the mount. Mostly the parent is there; in version 2 it also has to hand its controllers down. */
static int create_one(const struct cgroup *cgroup, struct cgroup_hierarchy *h, struct arena *arena,
		      struct error *err)
{
	struct cgroup_hierarchy level = *h;
	char *path = arena_strdup(arena, h->directory), *slash = path + strlen(h->mount);
	int r;

	if (!cgroup->unified) {
		r = make_directory(h, arena, err);
		if (r >= 0 || err->number != ENOENT)
			return r < 0 ? -1 : 0;
	}
	level.directory = path;
	while (*slash) {
		*slash = '\0';
		if (cgroup->unified)
			enable_controllers(path, arena);
		*slash = '/';
		slash += 1 + strcspn(slash + 1, "/");
		r = *slash;
		*slash = '\0';
		h->made = make_directory(&level, arena, err) == 1;
		if (!h->made && access(path, F_OK) < 0)
			return -1;
		*slash = (char)r;
	}
	return 0;
}

int cgroup_create(struct cgroup *cgroup, struct error *err)
{
	struct arena_room room;
	struct arena arena = arena_in(&room);
	int r = 0;

	for (size_t i = 0; i < cgroup->count && r == 0; i++)
		r = create_one(cgroup, &cgroup->items[i], &arena, err);
	arena_release(&arena);
	if (r < 0)
		cgroup_undo(cgroup);
	return r;
}

void cgroup_create_some(struct cgroup *cgroup)
{
	struct arena_room room;
	struct arena arena = arena_in(&room);
	struct error ignored;
	size_t kept = 0;

	for (size_t i = 0; i < cgroup->count; i++)
		if (create_one(cgroup, &cgroup->items[i], &arena, &ignored) == 0)
			cgroup->items[kept++] = cgroup->items[i];
	cgroup->partial = kept < cgroup->count;
	cgroup->count = kept;
	arena_release(&arena);
}
