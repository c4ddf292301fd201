/* SPDX-License-Identifier: Apache-2.0 */
/* Files of a source: of a directory, and runs of bytes in general. */
#include "tools/mkimage/source/import_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"

void import_file_close(struct import_file *file)
{
	if (file->owned)
		fd_replace(&file->fd, -1);
}

long import_file_read(const struct import_file *file, uint64_t at, void *data, size_t length,
		      struct error *err)
{
	ssize_t n;

	if (at >= file->size)
		return 0;
	if (length > file->size - at)
		length = (size_t)(file->size - at);
	do
		n = pread(file->fd, data, length, (off_t)(file->offset + at));
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return error_errno(err, "cannot read");
	if (n == 0)
		return error_set(err, "the file became shorter while it was read");
	return (long)n;
}

int import_document(struct import_job *job, const char *path, size_t max, struct buffer *out,
		    struct error *err)
{
	struct import_file file;
	uint64_t at = 0;
	long n;
	int r = job->files->open(job->files, path, &file, err);

	if (r > 0)
		return error_set(err, "'%s' is missing", path);
	if (r < 0)
		return -1;
	if (file.size > max) {
		import_file_close(&file);
		return error_set(err, "'%s' has %" PRIu64 " bytes; at most %zu are allowed for a document",
				 path, file.size, max);
	}
	while ((n = import_file_read(&file, at, buffer_reserve(out, 65536), 65536, err)) > 0) {
		at += (uint64_t)n;
		out->length += (size_t)n;
		out->data[out->length] = '\0';
	}
	import_file_close(&file);
	if (n < 0)
		return error_context(err, "'%s'", path);
	return at == 0 ? error_set(err, "'%s' is empty", path) : 0;
}

struct directory {
	struct import_files files; /* first: the two are one pointer */
	int root;
};

static int directory_file(struct import_files *files, const char *path, struct import_file *file,
			  struct error *err)
{
	struct directory *directory = (struct directory *)files;
	struct error open_error;
	autoclose int fd =
		path_open_in_root(directory->root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, &open_error);
	struct stat st;

	if (fd < 0 && (open_error.number == ENOENT || open_error.number == ENOTDIR))
		return 1;
	if (fd < 0)
		return error_number(err, open_error.number, "cannot open '%s'", path);
	if (fstat(fd, &st) < 0)
		return error_errno(err, "cannot stat '%s'", path);
	if (!S_ISREG(st.st_mode))
		return error_set(err, "'%s' is not a regular file", path);
	*file = (struct import_file){ .fd = fd_take(&fd), .owned = true, .size = (uint64_t)st.st_size };
	return 0;
}

int directory_open(const char *path, struct arena *arena, struct import_files **files, struct error *err)
{
	struct directory *directory = arena_alloc(arena, sizeof(*directory));

	directory->files.open = directory_file;
	directory->root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory->root < 0)
		return error_errno(err, "cannot open");
	*files = &directory->files;
	return 0;
}

void directory_close(struct import_files *files)
{
	struct directory *directory = (struct directory *)files;

	cleanup_close(&directory->root);
}
