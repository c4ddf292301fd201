/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/slipway/test_artifacts.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/path.h"
#include "control/test.h"

#define DEPTH_MAX 64
#define NAME_BYTES_MAX 255

/* --- the directory --- */

int artifacts_check(const char *directory, struct error *err)
{
	autoclosedir DIR *dir = opendir(directory);

	if (!dir)
		return errno == ENOENT ? 0 : error_errno(err, "--artifacts: cannot open the directory '%s'", directory);
	for (struct dirent *e; (e = readdir(dir));)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			return error_set(err, "--artifacts: '%s' is not empty; give another directory, so that nothing is mixed", directory);
	return 0;
}

/* Without the slashes at its end, for another name is put beside it. */
static char *trimmed(const char *directory)
{
	char *copy = strdup(directory);
	size_t length;

	if (!copy)
		arena_out_of_memory();
	for (length = strlen(copy); length > 1 && copy[length - 1] == '/';)
		copy[--length] = '\0';
	return copy;
}

static int make_parent(const char *directory, struct error *err)
{
	struct arena arena = { 0 };
	char *parent = arena_strdup(&arena, directory), *slash = strrchr(parent, '/');
	int r = 0;

	if (slash && slash != parent) {
		*slash = '\0';
		r = file_mkdirs(AT_FDCWD, parent, 0777, err);
	}
	arena_release(&arena);
	return r;
}

int artifacts_open(struct artifacts *a, const char *directory, uint64_t bytes_max, struct error *err)
{
	mode_t mask = umask(0);

	(void)umask(mask);
	*a = (struct artifacts){ .directory = trimmed(directory), .root = -1, .file = -1, .bytes_max = bytes_max };
	if (artifacts_check(a->directory, err) < 0 || make_parent(a->directory, err) < 0)
		return -1;
	if (asprintf(&a->temporary, "%s.XXXXXX", a->directory) < 0)
		arena_out_of_memory();
	if (!mkdtemp(a->temporary)) {
		error_errno(err, "--artifacts: cannot make a directory beside '%s'", a->directory);
		free(a->temporary);
		a->temporary = NULL;
		return -1;
	}
	a->root = open(a->temporary, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (a->root < 0 || fchmod(a->root, 0777 & ~mask) < 0)
		return error_errno(err, "--artifacts: cannot open the directory '%s'", a->temporary);
	return 0;
}

/* --- files --- */

static bool is_name(const char *name, size_t length)
{
	return length > 0 && length <= NAME_BYTES_MAX && !(length <= 2 && strncmp(name, "..", length) == 0) &&
	       !memchr(name, '\0', length);
}

static int refuse(const char *path, struct error *err)
{
	return error_set(err, "the machine sends an artifact with the path '%s', which may not be", path);
}

/* The directory that the file is to be in, and its name in it. Nothing below the root is a link, for we make none. */
static int make_way(const struct artifacts *a, const char *whole, const char **name, struct error *err)
{
	const char *path = whole;
	autoclose int at = dup(a->root);
	unsigned int depth = 0;

	if (at < 0)
		return error_errno(err, "artifact '%s'", whole);
	for (;;) {
		size_t length = strcspn(path, "/");
		char part[NAME_BYTES_MAX + 1];
		int below;

		if (!is_name(path, length) || depth++ == DEPTH_MAX)
			return refuse(whole, err);
		if (path[length] == '\0') {
			*name = path;
			return fd_take(&at);
		}
		memcpy(part, path, length);
		part[length] = '\0';
		if (mkdirat(at, part, 0777) < 0 && errno != EEXIST)
			return error_errno(err, "artifact '%s': cannot make its directory", whole);
		below = openat(at, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (below < 0)
			return error_errno(err, "artifact '%s': cannot open its directory", whole);
		fd_replace(&at, below);
		path += length + 1;
	}
}

int artifacts_file(struct artifacts *a, const char *path, size_t length, bool executable, struct error *err)
{
	char copy[TEST_PATH_MAX + 1];
	autoclose int directory = -1;
	const char *name = NULL;

	if (length > TEST_PATH_MAX || memchr(path, '\0', length))
		return error_set(err, "the machine sends an artifact with a path that may not be");
	memcpy(copy, path, length);
	copy[length] = '\0';
	if (a->files++ == ARTIFACT_FILES_MAX)
		return error_set(err, "the machine sends more than %d artifacts", ARTIFACT_FILES_MAX);
	directory = make_way(a, copy, &name, err);
	if (directory < 0)
		return -1;
	fd_replace(&a->file, openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, executable ? 0777 : 0666));
	if (a->file < 0)
		return error_errno(err, "artifact '%s': cannot write it", copy);
	return 0;
}

int artifacts_bytes(struct artifacts *a, const void *data, size_t length, struct error *err)
{
	if (a->file < 0)
		return error_set(err, "the machine sends bytes of no artifact");
	if (length > a->bytes_max - a->bytes)
		return error_set(err, "the machine sends artifacts of more than %llu MiB; --artifacts-max lets more in",
				 (unsigned long long)a->bytes_max >> 20);
	a->bytes += length;
	return file_write_all(a->file, data, length, "an artifact", err);
}

int artifacts_file_end(struct artifacts *a, struct error *err)
{
	int fd = fd_take(&a->file);

	return fd < 0 || close(fd) == 0 ? 0 : error_errno(err, "cannot write an artifact");
}

int artifacts_commit(struct artifacts *a, struct error *err)
{
	if (artifacts_file_end(a, err) < 0)
		return -1;
	if (syncfs(a->root) < 0)
		return error_errno(err, "cannot write the artifacts");
	if (rename(a->temporary, a->directory) < 0)
		return error_errno(err, "--artifacts: cannot put what has come in the place of '%s'", a->directory);
	free(a->temporary);
	a->temporary = NULL;
	return 0;
}

void artifacts_close(struct artifacts *a)
{
	struct error ignored;

	if (!a->directory)
		return;
	cleanup_close(&a->file);
	cleanup_close(&a->root);
	if (a->temporary)
		(void)file_remove_tree(AT_FDCWD, a->temporary, &ignored);
	free(a->temporary);
	free(a->directory);
	*a = (struct artifacts){ 0 };
}
