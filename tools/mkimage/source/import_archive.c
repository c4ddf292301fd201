/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tars of images, read in any order: the regular files are copied to a spool,
 * a file without a name beside the blobs, and found again by path. Hard links and
 * symlinks inside the archive are followed; older `docker save` links layers.
 */
#include "tools/mkimage/source/import_internal.h"

#include <archive_entry.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/path.h"
#include "tools/mkimage/source/store_internal.h"

static const struct compression compressions[] = {
	{ "gzip", "\x1f\x8b", 2, ARCHIVE_FILTER_GZIP, MEDIA_TYPE_LAYER_GZIP },
	{ "zstd", "\x28\xb5\x2f\xfd", 4, ARCHIVE_FILTER_ZSTD, MEDIA_TYPE_LAYER_ZSTD },
	/* pzstd starts with a skippable frame (RFC 8878, 3.1.2). */
	{ "zstd", "\x50\x2a\x4d\x18", 4, ARCHIVE_FILTER_ZSTD, MEDIA_TYPE_LAYER_ZSTD },
	{ "xz", "\xfd\x37zXZ\0", 6, ARCHIVE_FILTER_XZ, NULL },
	{ "bzip2", "BZh", 3, ARCHIVE_FILTER_BZIP2, NULL },
	{ "none", "", 0, ARCHIVE_FILTER_NONE, MEDIA_TYPE_LAYER },
};

const struct compression *compression_find(const unsigned char *head, size_t length)
{
	const struct compression *c = compressions;

	while (length < c->magic_length || memcmp(head, c->magic, c->magic_length) != 0)
		c++;
	return c;
}

/* --- reading through libarchive ----------------------------------------------------------- */

static la_ssize_t source_read(struct archive *archive, void *context, const void **data)
{
	struct archive_source *source = context;
	long n =
		import_file_read(source->file, source->at, source->chunk, sizeof(source->chunk), source->err);

	(void)archive;
	if (n < 0) {
		source->failed = true;
		return ARCHIVE_FATAL;
	}
	source->at += (uint64_t)n;
	*data = source->chunk;
	return n;
}

static la_int64_t source_skip(struct archive *archive, void *context, la_int64_t request)
{
	struct archive_source *source = context;
	uint64_t left = source->file->size - source->at;

	(void)archive;
	if (request < 0)
		return 0;
	if ((uint64_t)request > left)
		request = (la_int64_t)left;
	source->at += (uint64_t)request;
	return request;
}

struct archive *archive_source_new(struct archive_source *source, const struct import_file *file,
				   struct error *err)
{
	struct archive *archive = archive_read_new();
	long n;

	if (!archive)
		arena_out_of_memory();
	source->file = file;
	source->at = 0;
	source->err = err;
	source->failed = false;
	n = import_file_read(file, 0, source->chunk, sizeof(source->chunk), err);
	if (n < 0) {
		(void)archive_read_free(archive);
		return NULL;
	}
	source->compression = compression_find(source->chunk, (size_t)n);
	/* Appended, not detected: a gzip inside a gzip is not unpacked twice. */
	(void)archive_read_append_filter(archive, source->compression->filter);
	(void)archive_read_set_read_callback(archive, source_read);
	(void)archive_read_set_skip_callback(archive, source_skip);
	(void)archive_read_set_callback_data(archive, source);
	return archive;
}

int archive_failed(struct archive *archive, bool failed, struct error *err, const char *what)
{
	const char *said = archive_error_string(archive);

	if (failed)
		return -1; /* it was ours, and said already */
	return error_set(err, "%s: %s", what, said ? said : "damaged");
}

/* Calls `take` for each header. A header libarchive could read with a warning is fine. */
static int each_entry(struct archive *archive, struct archive_source *source,
		      int (*take)(void *context, struct archive *archive, struct archive_entry *entry,
				  struct error *err),
		      void *context, struct error *err)
{
	struct archive_entry *entry;
	int r;

	if (archive_read_open1(archive) != ARCHIVE_OK)
		return archive_failed(archive, source->failed, err, "cannot read the archive");
	for (uint64_t n = 0; (r = archive_read_next_header(archive, &entry)) != ARCHIVE_EOF; n++) {
		if (r != ARCHIVE_OK && r != ARCHIVE_WARN) /* RETRY, too: a header with a wrong checksum */
			return archive_failed(archive, source->failed, err, "cannot read the archive");
		if (n == IMPORT_LAYER_ENTRIES_MAX)
			return error_set(err, "the archive has more than %u entries",
					 IMPORT_LAYER_ENTRIES_MAX);
		if (take(context, archive, entry, err) < 0)
			return -1;
	}
	return 0;
}

static int read_entries(const struct import_file *file,
			int (*take)(void *context, struct archive *archive, struct archive_entry *entry,
				    struct error *err),
			void *context, struct error *err)
{
	struct archive_source *source = malloc(sizeof(*source));
	struct archive *archive;
	int r = -1;

	if (!source)
		arena_out_of_memory();
	archive = archive_source_new(source, file, err);
	if (archive) {
		(void)archive_read_support_format_tar(archive);
		r = each_entry(archive, source, take, context, err);
		(void)archive_read_free(archive);
	}
	free(source);
	return r;
}

/* --- the kind ----------------------------------------------------------------------------- */

struct top_files {
	bool layout, index, docker;
	uint64_t entries;
};

static int look_at(void *context, struct archive *archive, struct archive_entry *entry, struct error *err)
{
	struct top_files *top = context;
	const char *name = archive_entry_pathname(entry);

	(void)archive;
	(void)err;
	top->entries++;
	if (!name)
		return 0;
	while (strncmp(name, "./", 2) == 0 || *name == '/')
		name += *name == '/' ? 1 : 2;
	top->layout |= strcmp(name, "oci-layout") == 0;
	top->index |= strcmp(name, "index.json") == 0;
	top->docker |= strcmp(name, "manifest.json") == 0;
	return 0;
}

/*
 * libarchive finds no format where the first block cannot be decompressed, and
 * does not tell the two apart.
 */
static int check_decompresses(const struct import_file *file, struct error *err)
{
	struct archive_source *source = malloc(sizeof(*source));
	struct archive_entry *entry;
	struct archive *archive;
	int r = -1;

	if (!source)
		arena_out_of_memory();
	archive = archive_source_new(source, file, err);
	if (archive) {
		(void)archive_read_support_format_raw(archive);
		if (archive_read_open1(archive) == ARCHIVE_OK &&
		    archive_read_next_header(archive, &entry) == ARCHIVE_OK)
			r = 0;
		else if (!source->failed)
			(void)error_set(err, "cannot decompress: damaged or truncated %s",
					source->compression->name);
		(void)archive_read_free(archive);
	}
	free(source);
	return r;
}

int archive_kind(const struct import_file *file, enum import_kind *kind, struct error *err)
{
	struct top_files top = { 0 };
	struct error failure = { 0 };

	if (read_entries(file, look_at, &top, &failure) < 0) {
		*kind = IMPORT_UNKNOWN;
		/* Nothing came out of it, and not because the disk failed: it is something else. */
		if (top.entries == 0 && failure.number == 0)
			return check_decompresses(file, err);
		return error_number(err, 0, "%s", failure.message);
	}
	/* `docker save` since 25 writes both; the OCI layout names every digest. */
	*kind = top.layout ? IMPORT_OCI_ARCHIVE : top.docker ? IMPORT_DOCKER_ARCHIVE : IMPORT_ROOTFS;
	if (top.index && !top.layout && !top.docker)
		return error_set(err, "'oci-layout' is missing");
	return 0;
}

/* --- the spool ---------------------------------------------------------------------------- */

struct member {
	const char *path;
	const char *target; /* of a symlink or a hard link; NULL for a file */
	bool symlink;
	uint64_t offset, size;
	size_t order; /* a later entry replaces an earlier one of the same path */
};

struct spool {
	struct import_files files; /* first: the two are one pointer */
	struct arena *arena;
	struct store *store;
	int fd;
	uint64_t end;
	struct member *members; /* sorted by path, then order, when filled */
	size_t count;
};

static int spool_data(struct spool *spool, struct archive *archive, struct member *member, struct error *err)
{
	char chunk[65536];
	la_ssize_t n;

	while ((n = archive_read_data(archive, chunk, sizeof(chunk))) > 0) {
		if (spool->end + (uint64_t)n > IMPORT_INPUT_BYTES_MAX)
			return error_set(err, "the archive unpacks to more than %llu bytes",
					 IMPORT_INPUT_BYTES_MAX);
		if (file_write_all(spool->fd, chunk, (size_t)n, member->path, err) < 0)
			return error_number(err, err ? err->number : 0, "cannot write to the store '%s'",
					    store_path(spool->store));
		spool->end += (uint64_t)n;
		member->size += (uint64_t)n;
	}
	return n < 0 ? archive_failed(archive, false, err, "cannot read the archive") : 0;
}

/* Where a symlink of the archive leads, as text: nothing is ever unpacked. */
static const char *symlink_target(struct arena *arena, const char *path, const char *target)
{
	const char *slash = strrchr(path, '/');

	if (*target == '/' || !slash)
		return path_clean(arena, target);
	return path_clean(arena, arena_printf(arena, "%.*s/%s", (int)(slash - path), path, target));
}

static int spool_entry(void *context, struct archive *archive, struct archive_entry *entry, struct error *err)
{
	struct spool *spool = context;
	const char *name = archive_entry_pathname(entry), *hardlink = archive_entry_hardlink(entry);
	const char *symlink = archive_entry_symlink(entry);
	struct member member = { .offset = spool->end, .order = spool->count };

	if (!name)
		return 0; /* no file of an image has a name that is not ASCII */
	if (path_escapes(name))
		return error_set(err, "entry '%.200s' leads outside of the archive", name);
	member.path = path_clean(spool->arena, name);
	if (hardlink) {
		member.target = path_clean(spool->arena, hardlink);
	} else if (archive_entry_filetype(entry) == AE_IFLNK && symlink) {
		member.target = symlink_target(spool->arena, member.path, symlink);
		member.symlink = true;
	} else if (archive_entry_filetype(entry) != AE_IFREG) {
		return 0;
	} else if (archive_entry_sparse_count(entry) > 0) {
		return error_set(err, "entry '%.200s' is sparse, which no image tool writes", name);
	}
	if (spool->count == IMPORT_ARCHIVE_ENTRIES_MAX)
		return error_set(err, "the archive has more than %u files", IMPORT_ARCHIVE_ENTRIES_MAX);
	if (!member.target && spool_data(spool, archive, &member, err) < 0)
		return -1;
	*(struct member *)arena_push(spool->arena, &spool->members, &spool->count, sizeof(member)) = member;
	return 0;
}

static int compare_members(const void *a, const void *b)
{
	const struct member *left = a, *right = b;
	int r = strcmp(left->path, right->path);

	return r ? r : (left->order > right->order) - (left->order < right->order);
}

/* The last member of a path among those before `order`, or NULL. */
static const struct member *find_member(const struct spool *spool, const char *path, size_t order)
{
	size_t low = 0, high = spool->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct member *member = &spool->members[middle];
		int r = strcmp(member->path, path);

		if (r < 0 || (r == 0 && member->order < order))
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 && strcmp(spool->members[low - 1].path, path) == 0 ? &spool->members[low - 1] : NULL;
}

static int spool_file(struct import_files *files, const char *path, struct import_file *file,
		      struct error *err)
{
	struct spool *spool = (struct spool *)files;
	const struct member *member = find_member(spool, path_clean(spool->arena, path), SIZE_MAX);

	for (unsigned int links = 0; member && member->target; links++) {
		if (links == IMPORT_SYMLINKS_MAX)
			return error_set(err, "'%s' is a link that leads in a circle", path);
		/* A hard link is to what was there when it was made; tar writes a file named twice as a link to itself. */
		member = find_member(spool, member->target, member->symlink ? SIZE_MAX : member->order);
	}
	if (!member)
		return 1;
	*file = (struct import_file){ .fd = spool->fd, .offset = member->offset, .size = member->size };
	return 0;
}

int archive_open(struct store *store, const struct import_file *file, struct arena *arena,
		 struct import_files **files, struct error *err)
{
	struct spool *spool = arena_alloc(arena, sizeof(*spool));
	struct temporary temporary;

	if (store_temporary_open(store, &temporary, err) < 0)
		return -1;
	*spool = (struct spool){
		.files.open = spool_file, .arena = arena, .store = store, .fd = fd_take(&temporary.fd)
	};
	store_temporary_discard(store, &temporary);
	if (read_entries(file, spool_entry, spool, err) < 0) {
		cleanup_close(&spool->fd);
		return -1;
	}
	if (spool->count > 1)
		qsort(spool->members, spool->count, sizeof(*spool->members), compare_members);
	*files = &spool->files;
	return 0;
}

void archive_close(struct import_files *files)
{
	struct spool *spool = (struct spool *)files;

	cleanup_close(&spool->fd);
}
