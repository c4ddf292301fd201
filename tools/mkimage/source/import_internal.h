/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kinds of import share. Each kind gets an `import_job` and brings one
 * image into the store: layers first, then config and manifest. Only import.c tags.
 */
#ifndef MKIMAGE_SOURCE_IMPORT_INTERNAL_H
#define MKIMAGE_SOURCE_IMPORT_INTERNAL_H

#include <archive.h>
#include <stdbool.h>
#include <stdint.h>

#include "oci/reference.h"
#include "tools/mkimage/source/import.h"

#define IMPORT_INPUT_BYTES_MAX (64ull << 30)	/* a file as it comes, and what it unpacks to */
#define IMPORT_ARCHIVE_ENTRIES_MAX 100000u	/* in an OCI archive or docker-archive */
#define IMPORT_LAYER_ENTRIES_MAX 2000000u
#define IMPORT_INDEX_DEPTH_MAX 8
#define IMPORT_SYMLINKS_MAX 16

/* A run of bytes: a file of a layout, or an entry of an archive in the spool. */
struct import_file {
	int fd;				/* its offset is not used */
	bool owned;			/* close it through import_file_close() */
	uint64_t offset, size;
};

void import_file_close(struct import_file *file);
/* Up to `length` bytes at `at`; 0 at the end; -1 with the error, also where the file became shorter. */
long import_file_read(const struct import_file *file, uint64_t at, void *data, size_t length, struct error *err);

/* The files of a source by path, whatever holds them. */
struct import_files {
	/* Returns 0, 1 where there is no such file, -1 with the error. */
	int (*open)(struct import_files *files, const char *path, struct import_file *file, struct error *err);
};

struct import_job {
	struct store *store;
	const struct import_options *options;
	struct arena *arena;
	struct import_files *files;
	const char *name;		/* normalised; NULL until it is known */
};

/*
 * The image's name in the source (NULL where it has none) becomes the job's,
 * unless the options gave one. Called before any layer is read.
 */
int import_take_name(struct import_job *job, const char *source_name, struct error *err);

/* A small file of the source, whole. A missing one is an error that says so. */
int import_document(struct import_job *job, const char *path, size_t max, struct buffer *out, struct error *err);

/* The kinds. Each gives the descriptor of the manifest that it put into the store. */
int import_layout(struct import_job *job, struct oci_descriptor *manifest, struct error *err);
int import_docker(struct import_job *job, struct oci_descriptor *manifest, struct error *err);
int import_rootfs(struct import_job *job, const struct import_file *file, struct oci_descriptor *manifest,
		  struct error *err);

/* --- compression --- */

struct compression {
	const char *name;		/* "gzip" */
	const char *magic;
	size_t magic_length;
	int filter;			/* libarchive's ARCHIVE_FILTER_... */
	const char *layer_type;		/* media type of such a layer; NULL where the image-spec has none */
};

/* What the first bytes say; never NULL: the last row is "none". */
const struct compression *compression_find(const unsigned char *head, size_t length);

/* --- layers --- */

/* What the source says about a layer; NULL where it says nothing. */
struct import_expected {
	const struct digest *digest;	/* of the bytes of the file */
	const struct digest *diff_id;	/* of the uncompressed bytes */
};

struct import_layer {
	struct oci_descriptor descriptor;	/* its media type is what the bytes are */
	struct digest diff_id;
	uint64_t entries;
};

/*
 * Brings a layer into the store: read as a tar to its end, so that a damaged one
 * is found now. Where its digest is known, exactly the bytes of the file are stored.
 * Otherwise a compression that the image-spec does not know is turned into zstd.
 * A tar for which no digest vouches must have its closing blocks. With `store` NULL it is only looked through.
 */
int import_layer(struct store *store, const struct import_file *file, const struct import_expected *expected,
		 struct import_layer *layer, struct error *err);

/* --- archives --- */

enum import_kind { IMPORT_UNKNOWN, IMPORT_OCI_ARCHIVE, IMPORT_DOCKER_ARCHIVE, IMPORT_ROOTFS };

/* Looks through the headers of a tar, in any compression. */
int archive_kind(const struct import_file *file, enum import_kind *kind, struct error *err);

/* Spools the regular files of an archive to a file without a name in the store. */
int archive_open(struct store *store, const struct import_file *file, struct arena *arena,
		 struct import_files **files, struct error *err);
void archive_close(struct import_files *files);

/* The files of a directory; nothing leads outside. */
int directory_open(const char *path, struct arena *arena, struct import_files **files, struct error *err);
void directory_close(struct import_files *files);

/* An archive_read over the file with one decompression at most; the caller adds formats before archive_read_open1(). */
struct archive_source {
	const struct import_file *file;
	const struct compression *compression;
	uint64_t at;
	unsigned char chunk[65536];
	struct error *err;
	bool failed;			/* `err` holds what stopped the reading */
};

struct archive *archive_source_new(struct archive_source *source, const struct import_file *file,
				   struct error *err);

/* What libarchive says, in our words. Returns -1. */
int archive_failed(struct archive *archive, bool failed, struct error *err, const char *what);

#endif
