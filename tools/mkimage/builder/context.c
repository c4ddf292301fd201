/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/builder/context.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"

struct walk {
	const struct ignore *ignore;
	struct hash *hash;
	struct error *err;
	const char *top;		/* the context in the user's words */
	size_t count;			/* files so far */
};

struct step {				/* one directory */
	int fd;
	const char *path;		/* from the top; "" */
	unsigned int depth;
	struct arena *arena;		/* of this directory */
};

/* With its length in front, so that no two contexts read the same. */
static void hash_text(struct hash *hash, const char *text)
{
	char length[32];

	hash_add(hash, length, (size_t)sprintf(length, "%zu:", strlen(text)));
	hash_add(hash, text, strlen(text));
}

static int add_contents(struct walk *walk, const struct step *step, const char *name, const char *path)
{
	autoclose int fd = openat(step->fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct hash *contents;
	struct digest digest;

	if (fd < 0)
		return error_errno(walk->err, "cannot open '%s/%s', a file of the context", walk->top, path);
	contents = hash_new("sha256");
	if (hash_add_file(contents, fd) < 0) {
		(void)error_errno(walk->err, "cannot read '%s/%s', a file of the context", walk->top, path);
		hash_free(contents);
		return -1;
	}
	hash_finish(contents, &digest);
	hash_text(walk->hash, digest.text);
	return 0;
}

static int add_link(struct walk *walk, const struct step *step, const char *name, const char *path)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(step->fd, name, target, sizeof(target) - 1);

	if (n < 0)
		return error_errno(walk->err, "cannot read '%s/%s', a link of the context", walk->top, path);
	target[n] = '\0';
	hash_text(walk->hash, target);
	return 0;
}

static int add_directory(struct walk *walk, const struct step *step);

static int enter(struct walk *walk, const struct step *step, const char *name, const char *path)
{
	struct arena arena = { 0 };
	struct step inner = { .path = path, .depth = step->depth + 1, .arena = &arena };
	int r;

	if (inner.depth > CONTEXT_DEPTH_MAX)
		return error_set(walk->err, "'%s/%s': the context has more than %u directories within one another", walk->top,
				 path, CONTEXT_DEPTH_MAX);
	inner.fd = openat(step->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (inner.fd < 0)
		return error_errno(walk->err, "cannot open '%s/%s', a directory of the context; name it in .dockerignore "
				   "if it is not needed", walk->top, path);
	r = add_directory(walk, &inner);
	(void)close(inner.fd);
	arena_release(&arena);
	return r;
}

static int add_entry(struct walk *walk, const struct step *step, const char *name)
{
	const char *path = *step->path ? arena_printf(step->arena, "%s/%s", step->path, name) : name;
	bool ignored = ignore_matches(walk->ignore, path);
	struct stat st;
	char line[64];

	if (fstatat(step->fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return error_errno(walk->err, "cannot look at '%s/%s', a file of the context", walk->top, path);
	if (ignored && !(S_ISDIR(st.st_mode) && walk->ignore->has_exceptions))
		return 0;
	if (++walk->count > CONTEXT_FILES_MAX)
		return error_set(walk->err, "'%s': the context has more than %u files; name what is not needed in .dockerignore",
				 walk->top, CONTEXT_FILES_MAX);
	if (!ignored) {
		hash_text(walk->hash, path);
		(void)snprintf(line, sizeof(line), "%o", S_ISLNK(st.st_mode) ? S_IFLNK : st.st_mode);
		hash_text(walk->hash, line);
	}
	if (S_ISDIR(st.st_mode))
		return enter(walk, step, name, path);
	if (S_ISREG(st.st_mode))
		return add_contents(walk, step, name, path);
	return S_ISLNK(st.st_mode) ? add_link(walk, step, name, path) : 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int list_names(struct walk *walk, const struct step *step, const char ***names, size_t *count)
{
	int fd = fcntl(step->fd, F_DUPFD_CLOEXEC, 3);
	autoclosedir DIR *directory = fd < 0 ? NULL : fdopendir(fd);

	if (!directory)
		return error_errno(walk->err, "cannot read '%s/%s'", walk->top, step->path);
	for (struct dirent *e; (e = readdir(directory));) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (*count > CONTEXT_FILES_MAX)
			break;
		*(const char **)arena_push(step->arena, names, count, sizeof(**names)) = arena_strdup(step->arena, e->d_name);
	}
	if (*count)
		qsort(*names, *count, sizeof(**names), by_name);
	return 0;
}

static int add_directory(struct walk *walk, const struct step *step)
{
	const char **names = NULL;
	size_t count = 0;

	if (list_names(walk, step, &names, &count) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (add_entry(walk, step, names[i]) < 0)
			return -1;
	return 0;
}

int context_add(const char *directory, const struct ignore *ignore, struct hash *hash, struct error *err)
{
	struct arena arena = { 0 };
	struct walk walk = { .ignore = ignore, .hash = hash, .err = err, .top = directory };
	struct step step = { .path = "", .arena = &arena };
	int r;

	step.fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (step.fd < 0)
		return error_errno(err, "cannot open the context '%s'", directory);
	r = add_directory(&walk, &step);
	(void)close(step.fd);
	arena_release(&arena);
	return r;
}

const char *context_inside(const char *directory, const char *file, struct arena *arena)
{
	const char *slash = strrchr(file, '/');
	const char *parent = slash ? arena_strndup(arena, file, (size_t)(slash - file + 1)) : ".";
	autofree char *top = realpath(directory, NULL), *real = realpath(parent, NULL);
	size_t length = top ? strlen(top) : 0;

	if (!top || !real || strncmp(real, top, length) != 0 || (length > 1 && real[length] && real[length] != '/'))
		return NULL;
	return path_clean(arena, path_join(arena, real + length, path_base(file)));
}
