/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/tree/layer.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "tools/mkimage/tree/layer_limits.h"
#include "tools/mkimage/tree/layer_stream.h"
#include "tools/mkimage/tree/layer_whiteout.h"
#include "tools/mkimage/tree/node.h"

/*
 * What libarchive may read for one header. It takes 1 MiB for a pax header or a long name, and any
 * number of those blocks that say where a sparse file of GNU tar has holes, each into memory.
 */
#define HEADER_BYTES_MAX (64ull << 20)

/* Paths are cleaned in an arena that is emptied after so many entries. */
#define ENTRIES_PER_ARENA 256

struct layer {
	struct tree *tree;
	struct layer_stream *stream;
	struct archive *archive;
	struct arena arena;
	const struct layer_limits *limits;
	uint32_t entries;
	uint64_t bytes;			/* of files unpacked */
	uint64_t header_end;		/* where the header that is being read has to end; 0: none is */
	bool failed;			/* the stream did: `error` says how */
	struct error error;
};

/* --- names ----------------------------------------------------------------------------------- */

/* A name of the archive as a path of the tree; NULL with the error where it leads outside. */
static const char *path_inside(struct layer *l, const char *what, const char *name, struct error *err)
{
	const char *clean = NULL;

	/* Cleaning only makes it shorter; much longer is not worth the memory. */
	if (strlen(name) <= 2ul * TREE_PATH_MAX) {
		clean = path_clean(&l->arena, name);
		if (strlen(clean) > TREE_PATH_MAX)
			clean = NULL;
	}
	if (!clean) {
		error_set(err, "%s is longer than %u bytes", what, TREE_PATH_MAX);
		return NULL;
	}
	if (path_escapes(name)) {
		error_set(err, "%s '%s' leads outside the root", what, tree_shown(name).text);
		return NULL;
	}
	return clean;
}

/* --- entries --------------------------------------------------------------------------------- */

static int attributes_of(struct archive_entry *entry, struct tree_attributes *attributes, struct error *err)
{
	la_int64_t uid = archive_entry_uid(entry), gid = archive_entry_gid(entry);

	/* The last id is chown(2)'s "leave it". */
	if (uid < 0 || uid >= UINT32_MAX || gid < 0 || gid >= UINT32_MAX)
		return error_set(err, "the owner %lld:%lld is not one that Linux knows", (long long)uid,
				 (long long)gid);
	*attributes = (struct tree_attributes){
		.mode = archive_entry_perm(entry) & 07777,
		.uid = (uint32_t)uid,
		.gid = (uint32_t)gid,
		.mtime = archive_entry_mtime_is_set(entry) ? archive_entry_mtime(entry) : 0,
	};
	return 0;
}

static int archive_error(struct layer *l, struct error *err)
{
	const char *why = archive_error_string(l->archive);

	if (l->failed) {
		if (err)
			*err = l->error;
		return -1;
	}
	return error_set(err, "corrupt tar: %s", why ? why : "unknown error");
}

/* Contents come in pieces with offsets: between them, and up to the size, a sparse file has holes. */
static int spool_data(struct layer *l, struct tree_spool *spool, uint64_t size, struct error *err)
{
	uint64_t at = 0;

	for (;;) {
		const void *data;
		size_t length;
		la_int64_t offset;
		int r = archive_read_data_block(l->archive, &data, &length, &offset);

		if (r == ARCHIVE_EOF)
			return tree_spool_zeros(spool, size - at, err);
		/* Warnings too: there is none after which the contents would be whole. */
		if (r != ARCHIVE_OK)
			return archive_error(l, err);
		if (length == 0)
			continue;
		if (offset < 0 || (uint64_t)offset < at || (uint64_t)offset > size ||
		    length > size - (uint64_t)offset)
			return error_set(err, "corrupt tar: the pieces of a sparse file do not fit");
		if (tree_spool_zeros(spool, (uint64_t)offset - at, err) < 0 ||
		    tree_spool_add(spool, data, length, err) < 0)
			return -1;
		at = (uint64_t)offset + length;
	}
}

static int add_file(struct layer *l, struct archive_entry *entry, const char *path,
		    const struct tree_attributes *attributes, struct tree_node **node, struct error *err)
{
	la_int64_t size = archive_entry_size(entry);
	struct tree_spool *spool;

	if (size < 0 || (uint64_t)size > l->limits->bytes - l->bytes)
		return error_set(err, "unpacks to more than the %llu bytes allowed",
				 (unsigned long long)l->limits->bytes);
	l->bytes += (uint64_t)size;
	if (tree_spool_begin(l->tree, &spool, err) < 0)
		return -1;
	if (spool_data(l, spool, (uint64_t)size, err) == 0)
		return tree_spool_end(spool, path, attributes, node, err);
	tree_spool_discard(spool);
	return -1;
}

static int add_link(struct layer *l, const char *path, const char *target, struct error *err)
{
	const char *existing = path_inside(l, "the hard link's target", target, err);

	return existing ? tree_add_link(l->tree, path, existing, NULL, err) : -1;
}

static int add_special(struct layer *l, struct archive_entry *entry, const char *path,
		       const struct tree_attributes *attributes, struct tree_node **node, struct error *err)
{
	dev_t device_major = archive_entry_rdevmajor(entry), device_minor = archive_entry_rdevminor(entry);
	mode_t type = archive_entry_filetype(entry);

	if (type == S_IFIFO)
		device_major = device_minor = 0;
	if (device_major > UINT32_MAX || device_minor > UINT32_MAX)
		return error_set(err, "the device number is too large for Linux");
	return tree_add_special(l->tree, path, type, (uint32_t)device_major, (uint32_t)device_minor,
				attributes, node, err);
}

static int add_xattrs(struct layer *l, struct archive_entry *entry, struct tree_node *node, struct error *err)
{
	const char *name;
	const void *value;
	size_t length;

	(void)archive_entry_xattr_reset(entry);
	while (archive_entry_xattr_next(entry, &name, &value, &length) == ARCHIVE_OK) {
		if (!name)
			return error_set(err, "corrupt tar: an xattr without a name");
		if (tree_set_xattr(l->tree, node, name, value, length, err) < 0)
			return -1;
	}
	return 0;
}

/* Before there was a type for directories, a slash at the end of the name was it. */
static mode_t type_of(struct archive_entry *entry)
{
	const char *name = archive_entry_pathname(entry);
	mode_t type = archive_entry_filetype(entry);

	return type == AE_IFREG && *name && name[strlen(name) - 1] == '/' ? AE_IFDIR : type;
}

static int add_plain(struct layer *l, struct archive_entry *entry, const char *path, struct error *err)
{
	const char *link = archive_entry_hardlink(entry), *target;
	struct tree_attributes attributes;
	struct tree_node *node;
	int r;

	/* The inode keeps what its first name said: a link in a tar repeats it. */
	if (link)
		return add_link(l, path, link, err);
	if (attributes_of(entry, &attributes, err) < 0)
		return -1;
	switch (type_of(entry)) {
	case AE_IFREG:
		r = add_file(l, entry, path, &attributes, &node, err);
		break;
	case AE_IFDIR:
		r = tree_add_directory(l->tree, path, &attributes, &node, err);
		break;
	case AE_IFLNK:
		target = archive_entry_symlink(entry);
		r = tree_add_symlink(l->tree, path, target ? target : "", &attributes, &node, err);
		break;
	case AE_IFCHR:
	case AE_IFBLK:
	case AE_IFIFO:
		r = add_special(l, entry, path, &attributes, &node, err);
		break;
	default:
		return error_set(err, "an entry of unknown type");
	}
	return r < 0 ? -1 : add_xattrs(l, entry, node, err);
}

static int add_by_name(struct layer *l, struct archive_entry *entry, const char *path, struct error *err)
{
	switch (layer_name_of(path)) {
	case LAYER_NAME_WHITEOUT:
		return layer_whiteout(l->tree, path, err);
	case LAYER_NAME_OPAQUE:
		return layer_opaque(l->tree, path, err);
	case LAYER_NAME_AUFS_LINK:
		if (archive_entry_hardlink(entry) || archive_entry_filetype(entry) != AE_IFREG)
			return 0;
		return add_plain(l, entry, path, err);
	case LAYER_NAME_AUFS:
		return 0;
	case LAYER_NAME_REFUSED:
		return error_set(err, "names that begin with '.wh.' are kept for whiteouts");
	case LAYER_NAME_PLAIN:
		break;
	}
	return add_plain(l, entry, path, err);
}

static int add_entry(struct layer *l, struct archive_entry *entry, struct error *err)
{
	const char *name = archive_entry_pathname(entry), *path;

	if (l->entries++ == l->limits->entries)
		return error_set(err, "more than the %u entries allowed", l->limits->entries);
	if (l->entries % ENTRIES_PER_ARENA == 0)
		arena_release(&l->arena);
	if (!name)
		return error_set(err, "corrupt tar: an entry without a name");
	path = path_inside(l, "the path", name, err);
	if (!path)
		return -1;
	if (add_by_name(l, entry, path, err) < 0)
		return error_context(err, "'%s'", tree_shown(name).text);
	return 0;
}

/* --- the archive ----------------------------------------------------------------------------- */

static la_ssize_t archive_source(struct archive *archive, void *context, const void **data)
{
	struct layer *l = context;
	long n = -1;

	if (l->header_end && layer_stream_bytes(l->stream) > l->header_end)
		error_set(&l->error, "corrupt tar: a header of more than %llu bytes", HEADER_BYTES_MAX);
	else if (!l->failed)
		n = layer_stream_next(l->stream, data, &l->error);
	if (n < 0) {
		l->failed = true;
		archive_set_error(archive, EIO, "the source failed");
	}
	return n;
}

/*
 * Names are bytes to us. libarchive wants to convert those of a pax header from UTF-8 to
 * the locale's characters, and where it cannot it warns and keeps the bytes: in the C locale
 * (see layer_apply_limited) that is what happens to each that is not ASCII. Every other
 * warning means that something of the entry was ignored.
 */
static bool only_kept_bytes(struct archive *archive)
{
	const char *why = archive_error_string(archive);

	return why && strstr(why, "can't be converted from");
}

/* An archive without its end mark may have been cut between two entries; a diff_id would tell. */
static int check_end(struct layer *l, const struct digest *diff_id, struct error *err)
{
	uint64_t end = (uint64_t)archive_read_header_position(l->archive);

	if (diff_id || l->entries == 0 || layer_stream_bytes(l->stream) >= end + 512)
		return 0;
	return error_set(err, "corrupt tar: cut off, its end mark is missing");
}

/* What is left of the entry before is skipped first, so that only the header counts as header. */
static int next_header(struct layer *l, struct archive_entry **entry)
{
	int r = l->entries > 0 ? archive_read_data_skip(l->archive) : ARCHIVE_OK;

	if (r != ARCHIVE_OK && r != ARCHIVE_EOF)
		return ARCHIVE_FATAL;
	l->header_end = layer_stream_bytes(l->stream) + HEADER_BYTES_MAX;
	r = archive_read_next_header(l->archive, entry);
	l->header_end = 0;
	return r;
}

static int read_entries(struct layer *l, struct error *err)
{
	struct archive_entry *entry;
	int r;

	if (archive_read_support_format_tar(l->archive) != ARCHIVE_OK ||
	    archive_read_support_format_empty(l->archive) != ARCHIVE_OK ||
	    archive_read_open(l->archive, l, NULL, archive_source, NULL) != ARCHIVE_OK)
		return archive_error(l, err);
	while ((r = next_header(l, &entry)) != ARCHIVE_EOF) {
		if (r != ARCHIVE_OK && (r != ARCHIVE_WARN || !only_kept_bytes(l->archive)))
			return archive_error(l, err);
		if (add_entry(l, entry, err) < 0)
			return -1;
	}
	return 0;
}

static int apply(struct layer *l, const struct digest *diff_id, struct error *err)
{
	int r;

	l->tree->layer++;
	tree_batch_begin(l->tree);
	r = read_entries(l, err);
	(void)tree_remove(l->tree, LAYER_AUFS_LINKS);
	tree_batch_end(l->tree);
	if (r < 0 || layer_stream_finish(l->stream, err) < 0)
		return -1;
	return check_end(l, diff_id, err);
}

int layer_apply_limited(struct tree *tree, layer_read *read, void *context, const struct digest *diff_id,
			const char *name, const struct layer_limits *limits, struct error *err)
{
	struct layer l = { .tree = tree, .limits = limits };
	locale_t c = newlocale(LC_ALL_MASK, "C", NULL), before;
	int r = -1;

	if (!c)
		arena_out_of_memory();
	before = uselocale(c);
	if (layer_stream_open(read, context, diff_id, limits->bytes, &l.stream, err) == 0) {
		l.archive = archive_read_new();
		if (!l.archive)
			arena_out_of_memory();
		r = apply(&l, diff_id, err);
		(void)archive_read_free(l.archive);
	}
	layer_stream_close(l.stream);
	arena_release(&l.arena);
	(void)uselocale(before);
	freelocale(c);
	return r < 0 ? error_context(err, "%s", name) : 0;
}

int layer_apply(struct tree *tree, layer_read *read, void *context, const struct digest *diff_id,
		const char *name, struct error *err)
{
	static const struct layer_limits limits = { LAYER_ENTRIES_MAX, LAYER_BYTES_MAX };

	return layer_apply_limited(tree, read, context, diff_id, name, &limits, err);
}
