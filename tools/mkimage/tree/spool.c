/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/tree/spool.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "tools/mkimage/source/hash.h"
#include "tools/mkimage/tree/node.h"

#define CHUNK 65536

/* A content on its way in: it is written at the end of the spool, and taken back if it is there already. */
struct tree_spool {
	struct tree *tree;
	struct hash *hash;		/* NULL before begin and after place */
	bool open;			/* between begin and end or discard */
	uint64_t length;		/* bytes so far, those in `pending` included */
	bool hole;			/* the last of them were not written */
	size_t pending_length;
	unsigned char pending[CHUNK];
};

/* A range of the spool that is in a file of its own. */
struct part {
	uint64_t begin, end;
	int fd;
	char *path;			/* for messages; of a file to be removed where it is damaged, or a directory */
	/* Of a file that was there before: what is to be checked, by offset, and what has been. */
	struct spool_content *contents;
	bool *checked;
	size_t count;
};

struct spool {
	unsigned int holders;
	int fd;
	char *directory;		/* for messages */
	uint64_t end;
	struct part *parts;		/* by offset; all else is in `fd` */
	size_t parts_count;
	bool diverted;			/* to the last part */
	uint64_t diverted_max;		/* bytes */
	struct spool_content *contents;
	size_t count, capacity;
	uint32_t *table;		/* open addressing by the sum: 1 + index in `contents`, 0 is free */
	size_t table_size;		/* a power of two */
	struct tree_spool writer;
};

/* --- the file -------------------------------------------------------------------------------- */

static const char *spool_directory(const char *directory)
{
	const char *tmpdir = getenv("TMPDIR");

	if (directory)
		return directory;
	if (tmpdir && *tmpdir)
		return tmpdir;
	return access("/var/tmp", W_OK) == 0 ? "/var/tmp" : "/tmp";
}

static int open_unlinked(const char *directory)
{
	int fd = open(directory, O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
	autofree char *path = NULL;

	/* Overlays of old kernels and some network file systems have no O_TMPFILE. */
	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL))
		return fd;
	if (asprintf(&path, "%s/slipway-spool.XXXXXX", directory) < 0)
		arena_out_of_memory();
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		(void)unlink(path);
	return fd;
}

int tree_temporary(const char *directory, struct error *err)
{
	int fd = open_unlinked(directory = spool_directory(directory));

	return fd >= 0 ? fd : error_errno(err, "cannot make a temporary file in '%s' (TMPDIR says where)", directory);
}

int spool_open(const char *directory, struct spool **spool, struct error *err)
{
	struct spool *s;
	int fd = tree_temporary(directory, err);

	if (fd < 0)
		return -1;
	directory = spool_directory(directory);
	s = calloc(1, sizeof(*s));
	if (!s || !(s->directory = strdup(directory)))
		arena_out_of_memory();
	s->fd = fd;
	s->holders = 1;
	*spool = s;
	return 0;
}

struct spool *spool_share(struct spool *spool)
{
	spool->holders++;
	return spool;
}

void spool_close(struct spool *spool)
{
	if (!spool || --spool->holders > 0)
		return;
	hash_free(spool->writer.hash);
	(void)close(spool->fd);
	for (size_t i = 0; i < spool->parts_count; i++) {
		(void)close(spool->parts[i].fd);
		free(spool->parts[i].path);
		free(spool->parts[i].contents);
		free(spool->parts[i].checked);
	}
	free(spool->parts);
	free(spool->directory);
	free(spool->contents);
	free(spool->table);
	free(spool);
}

static int read_at(int fd, const char *path, uint64_t offset, void *data, size_t length, struct error *err)
{
	if (file_read_at(fd, (off_t)offset, data, length) == 0)
		return 0;
	return errno ? error_errno(err, "cannot read the temporary file in '%s'", path) :
	       error_set(err, "the temporary file in '%s' was cut short", path);
}

static int check_content(struct part *part, const struct spool_content *content, struct error *err)
{
	struct hash *hash = hash_new("sha256");
	unsigned char chunk[CHUNK], sum[SPOOL_SUM_BYTES];
	uint64_t at = 0;
	int r = 0;

	while (r == 0 && at < content->size) {
		size_t n = content->size - at < sizeof(chunk) ? (size_t)(content->size - at) : sizeof(chunk);

		r = read_at(part->fd, part->path, content->offset - part->begin + at, chunk, n, err);
		if (r == 0)
			hash_add(hash, chunk, n);
		at += n;
	}
	hash_finish_sum(hash, sum);
	if (r == 0 && memcmp(sum, content->sum, sizeof(sum)) == 0)
		return 0;
	(void)unlink(part->path);
	return error_set(err, "'%s', kept from an earlier build, was damaged and is removed; run the command again", part->path);
}

/* What was kept from before is checked once, whole, by whoever reads it first. */
static int read_part(struct part *part, uint64_t offset, void *data, size_t length, struct error *err)
{
	size_t low = 0, high = part->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (part->contents[middle].offset <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	if (low > 0 && !part->checked[low - 1]) {
		if (check_content(part, &part->contents[low - 1], err) < 0)
			return -1;
		part->checked[low - 1] = true;
	}
	return read_at(part->fd, part->path, offset - part->begin, data, length, err);
}

int spool_read(const struct spool *spool, uint64_t offset, void *data, size_t length, struct error *err)
{
	for (size_t i = 0; i < spool->parts_count; i++)
		if (offset >= spool->parts[i].begin && offset < spool->parts[i].end)
			return read_part(&spool->parts[i], offset, data, length, err);
	return read_at(spool->fd, spool->directory, offset, data, length, err);
}

/* --- where new contents go ------------------------------------------------------------------- */

static int target(const struct spool *spool)
{
	return spool->diverted ? spool->parts[spool->parts_count - 1].fd : spool->fd;
}

/* The offset in that file of an offset of the spool. */
static off_t offset_there(const struct spool *spool, uint64_t offset)
{
	return (off_t)(offset - (spool->diverted ? spool->parts[spool->parts_count - 1].begin : 0));
}

static int write_error(const struct spool *spool, struct error *err)
{
	if (spool->diverted)
		return error_errno(err, "cannot write to '%s'", spool->parts[spool->parts_count - 1].path);
	return error_errno(err, "cannot write a temporary file in '%s' (set TMPDIR to a directory with room)",
			   spool->directory);
}

static int write_at(struct spool *spool, uint64_t offset, const void *data, size_t length, struct error *err)
{
	const char *p = data;

	while (length > 0) {
		ssize_t n = pwrite(target(spool), p, length, offset_there(spool, offset));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return write_error(spool, err);
		p += n;
		offset += (uint64_t)n;
		length -= (size_t)n;
	}
	return 0;
}

static struct part *add_part(struct spool *spool, int fd, const char *path)
{
	struct part *part;

	spool->parts = reallocarray(spool->parts, spool->parts_count + 1, sizeof(*spool->parts));
	if (!spool->parts)
		arena_out_of_memory();
	part = &spool->parts[spool->parts_count++];
	*part = (struct part){ .begin = spool->end, .end = UINT64_MAX, .fd = fd, .path = strdup(path) };
	if (!part->path)
		arena_out_of_memory();
	return part;
}

uint64_t spool_divert(struct spool *spool, int fd, const char *directory, uint64_t max)
{
	assert(!spool->diverted && !spool->writer.open);
	add_part(spool, fd, directory);
	spool->diverted = true;
	spool->diverted_max = max;
	return spool->end;
}

uint64_t spool_divert_end(struct spool *spool)
{
	struct part *part = &spool->parts[spool->parts_count - 1];

	if (spool->diverted)
		part->end = spool->end;
	spool->diverted = false;
	return part->end - part->begin;
}

/* --- finding a content again ----------------------------------------------------------------- */

/* The slot of a content, or the free one where it belongs. */
static uint32_t *slot_of(const struct spool *spool, const unsigned char *sum, uint64_t size)
{
	size_t at;

	memcpy(&at, sum, sizeof(at));
	for (;; at++) {
		uint32_t *slot = &spool->table[at & (spool->table_size - 1)];
		const struct spool_content *c = *slot ? &spool->contents[*slot - 1] : NULL;

		if (!c || (c->size == size && memcmp(c->sum, sum, SPOOL_SUM_BYTES) == 0))
			return slot;
	}
}

static void make_room(struct spool *spool)
{
	if (spool->count < spool->capacity)
		return;
	/* The table is twice as large as the array, so that it is never more than half full. */
	spool->capacity = spool->capacity ? spool->capacity * 2 : 64;
	spool->table_size = spool->capacity * 2;
	free(spool->table);
	spool->contents = reallocarray(spool->contents, spool->capacity, sizeof(*spool->contents));
	spool->table = calloc(spool->table_size, sizeof(*spool->table));
	if (!spool->contents || !spool->table || spool->capacity > UINT32_MAX)
		arena_out_of_memory();
	for (size_t i = 0; i < spool->count; i++)
		*slot_of(spool, spool->contents[i].sum, spool->contents[i].size) = (uint32_t)(i + 1);
}

void spool_attach(struct spool *spool, int fd, const char *path, struct spool_content *contents, size_t count)
{
	struct part *part = add_part(spool, fd, path);

	assert(!spool->diverted && !spool->writer.open);
	part->count = count;
	part->contents = calloc(count + 1, sizeof(*part->contents));
	part->checked = calloc(count + 1, sizeof(*part->checked));
	if (!part->contents || !part->checked)
		arena_out_of_memory();
	for (size_t i = 0; i < count; i++) {
		uint32_t *slot;

		contents[i].offset += part->begin;
		part->contents[i] = contents[i];
		spool->end = contents[i].offset + contents[i].size;
		make_room(spool);
		slot = slot_of(spool, contents[i].sum, contents[i].size);
		if (*slot) {
			contents[i].offset = spool->contents[*slot - 1].offset;
		} else {
			spool->contents[spool->count++] = contents[i];
			*slot = (uint32_t)spool->count;
		}
	}
	part->end = spool->end;
}

const struct spool_content *spool_contents(const struct spool *spool, size_t *count)
{
	*count = spool->count;
	return spool->contents;
}

/* --- writing --------------------------------------------------------------------------------- */

int tree_spool_begin(struct tree *tree, struct tree_spool **spool, struct error *err)
{
	struct spool *s = tree->spool;
	struct tree_spool *w = &s->writer;

	(void)err;
	assert(!w->open);
	if (s->diverted && s->end - s->parts[s->parts_count - 1].begin >= s->diverted_max)
		(void)spool_divert_end(s);
	w->open = true;
	w->tree = tree;
	w->hash = hash_new("sha256");
	w->length = 0;
	w->hole = false;
	w->pending_length = 0;
	*spool = w;
	return 0;
}

static int flush(struct tree_spool *w, struct error *err)
{
	struct spool *spool = w->tree->spool;
	uint64_t at = spool->end + w->length - w->pending_length;

	if (write_at(spool, at, w->pending, w->pending_length, err) < 0)
		return -1;
	if (w->pending_length > 0)
		w->hole = false;
	w->pending_length = 0;
	return 0;
}

int tree_spool_add(struct tree_spool *w, const void *data, size_t length, struct error *err)
{
	const unsigned char *p = data;

	hash_add(w->hash, data, length);
	while (length > 0) {
		size_t n = sizeof(w->pending) - w->pending_length;

		if (n > length)
			n = length;
		memcpy(w->pending + w->pending_length, p, n);
		w->pending_length += n;
		w->length += n;
		p += n;
		length -= n;
		if (w->pending_length == sizeof(w->pending) && flush(w, err) < 0)
			return -1;
	}
	return 0;
}

int tree_spool_zeros(struct tree_spool *w, uint64_t length, struct error *err)
{
	static const unsigned char zeros[CHUNK];

	if (length <= sizeof(zeros))
		return tree_spool_add(w, zeros, length, err);
	if (flush(w, err) < 0)
		return -1;
	/* A hole in the spool as well: whatever is behind its end reads as zeros. */
	w->length += length;
	w->hole = true;
	while (length > 0) {
		size_t n = length < sizeof(zeros) ? length : sizeof(zeros);

		hash_add(w->hash, zeros, n);
		length -= n;
	}
	return 0;
}

void tree_spool_discard(struct tree_spool *w)
{
	struct spool *spool;

	if (!w || !w->open)
		return;
	spool = w->tree->spool;
	hash_free(w->hash);
	w->hash = NULL;
	w->open = false;
	/* What is behind the end must read as zeros, for the holes of the next one: leave bytes that cannot be cut. */
	if (w->length > w->pending_length && ftruncate(target(spool), offset_there(spool, spool->end)) < 0)
		spool->end += w->length;
}

/* All of the content is there: gives its place, which is an older one where there is one. */
static int place(struct tree_spool *w, uint64_t *offset, struct error *err)
{
	struct spool *spool = w->tree->spool;
	struct spool_content content = { .size = w->length, .offset = spool->end };
	uint32_t *slot;

	*offset = 0;
	if (w->length == 0)
		return 0;
	hash_finish_sum(w->hash, content.sum);
	w->hash = NULL;
	make_room(spool);
	slot = slot_of(spool, content.sum, content.size);
	if (*slot) {
		*offset = spool->contents[*slot - 1].offset;
		return 0;
	}
	if (flush(w, err) < 0)
		return -1;
	/* A hole at the end has no bytes of its own. */
	if (w->hole && ftruncate(target(spool), offset_there(spool, spool->end + w->length)) < 0)
		return write_error(spool, err);
	spool->contents[spool->count++] = content;
	*slot = (uint32_t)spool->count;
	*offset = spool->end;
	spool->end += w->length;
	w->length = w->pending_length = 0;
	return 0;
}

int spool_finish(struct tree_spool *w, uint64_t *offset, struct error *err)
{
	int r = place(w, offset, err);

	tree_spool_discard(w);
	return r;
}

int tree_spool_end(struct tree_spool *w, const char *path, const struct tree_attributes *attributes,
		   struct tree_node **node, struct error *err)
{
	uint64_t size = w->length, offset;

	if (spool_finish(w, &offset, err) < 0)
		return -1;
	return tree_add_spooled(w->tree, path, offset, size, attributes, node, err);
}
