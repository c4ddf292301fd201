/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An initramfs read as the kernel unpacks it. Not by libarchive: it does not tell where an archive ends, which is where the
 * next one begins (the compressed one behind microcode), and a message should say at which byte something is wrong.
 */
#include "tools/mkimage/inspect/read.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "tools/mkimage/tree/layer_stream.h"

#define HEADER_BYTES 110
#define FIELDS 13
#define TRAILER "TRAILER!!!"
#define LINK_PATHS_MAX (64u << 20) /* bytes of the paths of files with several names */
#define CHUNK 65536

const struct read_limits read_limits = { READ_ENTRIES_MAX, READ_BYTES_MAX };

/* In the order of the header. */
enum { INO, MODE, UID, GID, NLINK, MTIME, FILESIZE, DEV_MAJOR, DEV_MINOR, RDEV_MAJOR, RDEV_MINOR, NAMESIZE, CHECK };

/* The first name of a file that has several. */
struct link {
	uint32_t ino, major, minor;
	const char *path;
};

/* Bytes from a function, looked at and taken. */
struct source {
	layer_read *read;
	void *context;
	uint64_t at;			/* bytes taken */
	size_t begin, end;		/* of what is in `bytes` */
	char bytes[CHUNK];
};

struct cpio {
	struct tree *tree;
	struct source *source;
	const struct read_limits *limits;
	uint32_t entries;
	uint64_t bytes;
	struct arena arena;		/* of one entry */
	struct arena links_arena;
	size_t links_bytes;
	void *links;			/* tsearch(3) of struct link */
};

/* --- bytes ------------------------------------------------------------------------------------- */

/* Fills up until `length` bytes can be looked at, or the source ends: how many there are, -1 with the error. */
static long look(struct source *s, size_t length, struct error *err)
{
	if (s->end - s->begin < length) {
		memmove(s->bytes, s->bytes + s->begin, s->end - s->begin);
		s->end -= s->begin;
		s->begin = 0;
	}
	while (s->end - s->begin < length) {
		long n = s->read(s->context, s->bytes + s->end, sizeof(s->bytes) - s->end, err);

		if (n < 0)
			return -1;
		if (n == 0)
			break;
		s->end += (size_t)n;
	}
	return (long)(s->end - s->begin);
}

static int cut_off(const struct source *s, struct error *err)
{
	return error_set(err, "cut off at byte %llu", (unsigned long long)(s->at + s->end - s->begin));
}

static void take(struct source *s, size_t length)
{
	s->begin += length;
	s->at += length;
}

static int get(struct source *s, void *to, size_t length, struct error *err)
{
	char *p = to;

	while (length > 0) {
		long n = look(s, 1, err);

		if (n <= 0)
			return n < 0 ? -1 : cut_off(s, err);
		if ((size_t)n > length)
			n = (long)length;
		memcpy(p, s->bytes + s->begin, (size_t)n);
		take(s, (size_t)n);
		p += n;
		length -= (size_t)n;
	}
	return 0;
}

static int skip_padding(struct source *s, uint64_t start, struct error *err)
{
	char padding[4];

	return get(s, padding, (size_t)(start - s->at) % 4, err);
}

/* --- entries ----------------------------------------------------------------------------------- */

static int parse_header(const char header[HEADER_BYTES], uint32_t fields[FIELDS], struct error *err)
{
	for (size_t i = 0; i < FIELDS; i++) {
		fields[i] = 0;
		for (size_t k = 0; k < 8; k++) {
			static const char digits[] = "0123456789abcdefABCDEF";
			const char *digit = memchr(digits, header[6 + i * 8 + k], sizeof(digits) - 1);
			size_t value = digit ? (size_t)(digit - digits) : 0;

			if (!digit)
				return error_set(err, "corrupt cpio: the header has something else than hexadecimal digits");
			fields[i] = fields[i] << 4 | (uint32_t)(value < 16 ? value : value - 6);
		}
	}
	return 0;
}

static int compare_links(const void *a, const void *b)
{
	const struct link *x = a, *y = b;

	if (x->ino != y->ino)
		return x->ino < y->ino ? -1 : 1;
	if (x->major != y->major)
		return x->major < y->major ? -1 : 1;
	return x->minor == y->minor ? 0 : x->minor < y->minor ? -1 : 1;
}

/* The first name of this file; NULL where it is this one, which is remembered. */
static int find_first(struct cpio *c, const uint32_t fields[FIELDS], const char *path, const char **first, struct error *err)
{
	struct link key = { fields[INO], fields[DEV_MAJOR], fields[DEV_MINOR], path }, **found, *link;

	*first = NULL;
	if (fields[NLINK] < 2)
		return 0;
	found = tfind(&key, &c->links, compare_links);
	if (found) {
		*first = (*found)->path;
		return 0;
	}
	c->links_bytes += strlen(path) + sizeof(key);
	if (c->links_bytes > LINK_PATHS_MAX)
		return error_set(err, "too many files with several names");
	link = arena_alloc(&c->links_arena, sizeof(*link));
	*link = key;
	link->path = arena_strdup(&c->links_arena, path);
	if (!tsearch(link, &c->links, compare_links))
		arena_out_of_memory();
	return 0;
}

static int add_contents(struct cpio *c, const char *path, uint64_t size, const struct tree_attributes *attributes,
			struct tree_node **node, struct error *err)
{
	struct tree_spool *spool;

	if (tree_spool_begin(c->tree, &spool, err) < 0)
		return -1;
	while (size > 0) {
		long n = look(c->source, 1, err);

		if (n == 0)
			(void)cut_off(c->source, err);
		if (n > 0 && (uint64_t)n > size)
			n = (long)size;
		if (n <= 0 || tree_spool_add(spool, c->source->bytes + c->source->begin, (size_t)n, err) < 0) {
			tree_spool_discard(spool);
			return -1;
		}
		take(c->source, (size_t)n);
		size -= (uint64_t)n;
	}
	return tree_spool_end(spool, path, attributes, node, err);
}

/*
 * The contents of a file with several names come with whichever entry has them, most times the last, and are
 * those of all (init/initramfs.c, maybe_link()).
 */
static int add_file(struct cpio *c, const uint32_t fields[FIELDS], const char *path, const struct tree_attributes *attributes,
		    struct error *err)
{
	struct tree_node *node, *there;
	const char *first;

	if (fields[FILESIZE] > c->limits->bytes - c->bytes)
		return error_set(err, "unpacks to more than the %llu bytes allowed", (unsigned long long)c->limits->bytes);
	c->bytes += fields[FILESIZE];
	if (find_first(c, fields, path, &first, err) < 0)
		return -1;
	there = first ? tree_find(c->tree, first) : NULL;
	if (first && (!there || !S_ISREG(there->inode->mode)))
		return error_set(err, "corrupt cpio: a link to '%s', which is no file any more", first);
	if (there && fields[FILESIZE] == 0)
		return tree_add_link(c->tree, path, first, NULL, err);
	if (add_contents(c, path, fields[FILESIZE], attributes, &node, err) < 0)
		return -1;
	there = first ? tree_find(c->tree, first) : NULL;
	if (!there || there == node)
		return 0;
	there->inode->size = node->inode->size;
	there->inode->spool_offset = node->inode->spool_offset;
	return tree_add_link(c->tree, path, first, NULL, err);
}

static int add_symlink(struct cpio *c, uint32_t size, const char *path, const struct tree_attributes *attributes,
		       struct error *err)
{
	char target[TREE_TARGET_MAX + 1];

	if (size > TREE_TARGET_MAX)
		return error_set(err, "corrupt cpio: the symlink is longer than %u bytes", TREE_TARGET_MAX);
	if (get(c->source, target, size, err) < 0)
		return -1;
	target[size] = '\0';
	return tree_add_symlink(c->tree, path, target, attributes, NULL, err);
}

static int add_entry(struct cpio *c, const uint32_t fields[FIELDS], const char *path, struct error *err)
{
	const struct tree_attributes attributes = {
		.mode = fields[MODE] & 07777, .uid = fields[UID], .gid = fields[GID], .mtime = fields[MTIME],
	};
	mode_t type = fields[MODE] & S_IFMT;

	if (type == S_IFREG)
		return add_file(c, fields, path, &attributes, err);
	if (type == S_IFLNK)
		return add_symlink(c, fields[FILESIZE], path, &attributes, err);
	if (fields[FILESIZE] > 0)
		return error_set(err, "corrupt cpio: contents of something that is no file");
	if (type == S_IFDIR)
		return tree_add_directory(c->tree, path, &attributes, NULL, err);
	if (type == S_IFCHR || type == S_IFBLK || type == S_IFIFO || type == S_IFSOCK)
		return tree_add_special(c->tree, path, type, fields[RDEV_MAJOR], fields[RDEV_MINOR], &attributes, NULL, err);
	return error_set(err, "corrupt cpio: the mode %o is that of no kind of file", fields[MODE]);
}

/* One entry; `*ended` after the trailer. */
static int read_entry(struct cpio *c, bool *ended, struct error *err)
{
	char header[HEADER_BYTES], name[TREE_PATH_MAX + 1];
	uint32_t fields[FIELDS];
	uint64_t start = c->source->at;
	const char *path;

	if (get(c->source, header, sizeof(header), err) < 0)
		return -1;
	if (memcmp(header, "070701", 6) != 0)
		return error_set(err, "corrupt cpio: expected a header");
	if (parse_header(header, fields, err) < 0)
		return -1;
	if (fields[NAMESIZE] == 0 || fields[NAMESIZE] > sizeof(name))
		return error_set(err, "corrupt cpio: a name of %u bytes", fields[NAMESIZE]);
	if (get(c->source, name, fields[NAMESIZE], err) < 0 || skip_padding(c->source, start, err) < 0)
		return -1;
	if (strnlen(name, fields[NAMESIZE]) != fields[NAMESIZE] - 1)
		return error_set(err, "corrupt cpio: a name that does not end where it should");
	*ended = strcmp(name, TRAILER) == 0;
	if (*ended)
		return 0;
	if (c->entries++ == c->limits->entries)
		return error_set(err, "more than the %u entries allowed", c->limits->entries);
	arena_release(&c->arena);
	path = path_clean(&c->arena, name);
	if (path_escapes(name))
		return error_set(err, "the path '%.200s' leads outside the root", name);
	start = c->source->at;
	if (add_entry(c, fields, path, err) < 0)
		return error_context(err, "'%.200s'", name);
	return skip_padding(c->source, start, err);
}

static void forget(void *link)
{
	(void)link;
}

/* One archive, from its first header to behind its trailer. */
static int read_archive(struct cpio *c, struct error *err)
{
	bool ended = false;

	while (!ended) {
		uint64_t at = c->source->at;

		if (read_entry(c, &ended, err) < 0)
			return error_context(err, "byte %llu", (unsigned long long)at);
	}
	/* What numbers mean ends with their archive. */
	tdestroy(c->links, forget);
	c->links = NULL;
	arena_release(&c->links_arena);
	c->links_bytes = 0;
	return 0;
}

/* --- archives, one after the other --------------------------------------------------------------- */

/* Zeros may stand between archives. 1 where something comes, 0 at the end, -1 with the error. */
static int skip_zeros(struct source *s, struct error *err)
{
	long n;

	while ((n = look(s, 1, err)) > 0 && s->bytes[s->begin] == '\0')
		take(s, 1);
	return n > 0 ? 1 : (int)n;
}

static bool is_archive(struct source *s)
{
	return look(s, 6, NULL) >= 6 && memcmp(s->bytes + s->begin, "070701", 6) == 0;
}

static long read_rest(void *context, void *data, size_t length, struct error *err)
{
	struct source *s = context;
	long n = look(s, 1, err);

	if (n <= 0)
		return n;
	if ((size_t)n > length)
		n = (long)length;
	memcpy(data, s->bytes + s->begin, (size_t)n);
	take(s, (size_t)n);
	return n;
}

/* What a compressed stream holds, as a source: its pieces come in sizes of its own. */
struct unpacked {
	struct layer_stream *stream;
	const char *piece;
	size_t left;
};

static long read_unpacked(void *context, void *data, size_t length, struct error *err)
{
	struct unpacked *u = context;
	const void *piece;

	if (u->left == 0) {
		long n = layer_stream_next(u->stream, &piece, err);

		if (n <= 0)
			return n;
		u->piece = piece;
		u->left = (size_t)n;
	}
	if (length > u->left)
		length = u->left;
	memcpy(data, u->piece, length);
	u->piece += length;
	u->left -= length;
	return (long)length;
}

static int read_archives(struct cpio *c, struct error *err)
{
	int r;

	while ((r = skip_zeros(c->source, err)) > 0 && is_archive(c->source))
		if (read_archive(c, err) < 0)
			return -1;
	return r;
}

static int read_compressed(struct cpio *c, struct error *err)
{
	/* Headers, names and padding come on top of what the files hold. */
	uint64_t max = c->limits->bytes + (uint64_t)c->limits->entries * (HEADER_BYTES + TREE_PATH_MAX);
	struct source *outside = c->source, *inside = calloc(1, sizeof(*inside));
	struct unpacked unpacked = { 0 };
	int r = -1;

	if (!inside)
		arena_out_of_memory();
	inside->read = read_unpacked;
	inside->context = &unpacked;
	if (layer_stream_open(read_rest, outside, NULL, max, &unpacked.stream, err) == 0) {
		c->source = inside;
		r = read_archives(c, err);
		if (r > 0)
			r = error_set(err, "byte %llu: expected a cpio archive", (unsigned long long)inside->at);
		if (r == 0)
			r = layer_stream_finish(unpacked.stream, err);
		c->source = outside;
	}
	layer_stream_close(unpacked.stream);
	free(inside);
	return r < 0 ? error_context(err, "unpacked") : 0;
}

int read_cpio(struct tree *tree, layer_read *read, void *context, const struct read_limits *limits, struct error *err)
{
	struct source *source = calloc(1, sizeof(*source));
	struct cpio c = { .tree = tree, .source = source, .limits = limits };
	int r;

	if (!source)
		arena_out_of_memory();
	source->read = read;
	source->context = context;
	r = read_archives(&c, err);
	if (r > 0)
		r = read_compressed(&c, err);
	else if (r == 0 && c.entries == 0)
		r = error_set(err, "no initramfs: nothing is in it");
	tdestroy(c.links, forget);
	arena_release(&c.links_arena);
	arena_release(&c.arena);
	free(source);
	return r;
}
