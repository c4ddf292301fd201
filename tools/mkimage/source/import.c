/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/source/import.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "tools/mkimage/source/import_internal.h"
#include "tools/mkimage/source/store_internal.h"

/* A pipe is read several times, so it is copied to a file without a name in the store. */
static int spool_pipe(struct store *store, int fd, struct import_file *file, struct error *err)
{
	struct temporary temporary;
	char chunk[65536];
	ssize_t n;

	if (store_temporary_open(store, &temporary, err) < 0)
		return -1;
	*file = (struct import_file){ .fd = fd_take(&temporary.fd), .owned = true };
	store_temporary_discard(store, &temporary);
	while ((n = read(fd, chunk, sizeof(chunk))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_errno(err, "cannot read");
		if (file->size + (uint64_t)n > IMPORT_INPUT_BYTES_MAX)
			return error_set(err, "more than %llu bytes", IMPORT_INPUT_BYTES_MAX);
		if (file_write_all(file->fd, chunk, (size_t)n, "", err) < 0)
			return error_number(err, err ? err->number : 0, "cannot write to the store '%s'",
					    store_path(store));
		file->size += (uint64_t)n;
	}
	return 0;
}

static int open_input(struct store *store, const char *path, struct import_file *file, struct error *err)
{
	autoclose int fd = strcmp(path, "-") == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
						  : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat st;

	*file = (struct import_file){ .fd = -1 };
	if (fd < 0 || fstat(fd, &st) < 0)
		return error_errno(err, "cannot open");
	if (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode)) {
		if (spool_pipe(store, fd, file, err) < 0)
			return -1;
	} else if (S_ISREG(st.st_mode)) {
		*file = (struct import_file){ .fd = fd_take(&fd),
					      .owned = true,
					      .size = (uint64_t)st.st_size };
	} else {
		return error_set(err, "neither a file, a pipe nor a directory");
	}
	return file->size == 0 ? error_set(err, "the file is empty") : 0;
}

static int import_archive(struct import_job *job, const struct import_file *file,
			  int (*kind)(struct import_job *job, struct oci_descriptor *manifest,
				      struct error *err),
			  struct oci_descriptor *manifest, struct error *err)
{
	int r;

	if (archive_open(job->store, file, job->arena, &job->files, err) < 0)
		return -1;
	r = kind(job, manifest, err);
	archive_close(job->files);
	return r;
}

static int import_file(struct import_job *job, const struct import_file *file,
		       struct oci_descriptor *manifest, struct error *err)
{
	enum import_kind kind;

	if (archive_kind(file, &kind, err) < 0)
		return -1;
	switch (kind) {
	case IMPORT_OCI_ARCHIVE:
		return import_archive(job, file, import_layout, manifest, err);
	case IMPORT_DOCKER_ARCHIVE:
		return import_archive(job, file, import_docker, manifest, err);
	case IMPORT_ROOTFS:
		if (!job->name)
			return error_set(err,
					 "the tar of a root file system has no name; give one with --name");
		return import_rootfs(job, file, manifest, err);
	case IMPORT_UNKNOWN:
		break;
	}
	return error_set(err,
			 "not an image: expected the directory of an OCI layout, or a tar (gzip, zstd, xz or "
			 "no compression) of an OCI layout, of a docker-archive or of a root file system");
}

static int import_path(struct import_job *job, struct oci_descriptor *manifest, struct error *err)
{
	const char *path = job->options->path;
	struct import_file file;
	struct stat st;
	int r = -1;

	if (strcmp(path, "-") != 0 && stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
		if (directory_open(path, job->arena, &job->files, err) < 0)
			return -1;
		r = import_layout(job, manifest, err);
		directory_close(job->files);
		return r;
	}
	if (open_input(job->store, path, &file, err) == 0)
		r = import_file(job, &file, manifest, err);
	import_file_close(&file);
	return r;
}

/*
 * A single word may be no more than a tag ("latest", "v1"), which would make a
 * wrong name of it.
 */
int import_take_name(struct import_job *job, const char *source_name, struct error *err)
{
	struct reference reference;

	if (job->name)
		return 0;
	if (!source_name || !*source_name)
		return error_set(err, "the image has no name in the source; give one with --name");
	if (!strpbrk(source_name, "/:"))
		return error_set(err,
				 "the image is only called '%.100s' in the source, which may be a tag; "
				 "give a name with --name",
				 source_name);
	if (reference_parse(source_name, job->arena, &reference, err) < 0)
		return error_context(err, "the image's name in the source");
	job->name = reference.name;
	return 0;
}

int import_image(struct store *store, const struct import_options *options, struct arena *arena,
		 const char **name, struct digest *digest, struct error *err)
{
	struct import_job job = { .store = store, .options = options, .arena = arena };
	const char *shown = strcmp(options->path, "-") == 0 ? "standard input" : options->path;
	struct oci_descriptor manifest;
	struct reference reference;

	if (options->name) {
		if (reference_parse(options->name, arena, &reference, err) < 0)
			return -1;
		job.name = reference.name;
	}
	if (import_path(&job, &manifest, err) < 0)
		return error_context(err, "%s", shown);
	if (store_tag(store, job.name, &manifest, err) < 0)
		return -1;
	*name = job.name;
	*digest = manifest.digest;
	return 0;
}
