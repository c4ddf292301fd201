/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tests: tars made byte by byte, so that they can hold what no program would write.
 */
#ifndef TESTS_UNIT_TAR_MAKER_H
#define TESTS_UNIT_TAR_MAKER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "tools/mkimage/tree/layer.h"
#include "tools/mkimage/tree/layer_limits.h"
#include "tools/mkimage/tree/tree.h"

struct tar_header {			/* POSIX.1-1988 ustar */
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type, linkname[100];
	char magic[8], uname[32], gname[32], devmajor[8], devminor[8], prefix[155], padding[12];
};
_Static_assert(sizeof(struct tar_header) == 512, "a block");

struct tar_entry {
	char type;			/* '0' file, '1' hard link, '2' symlink, '3' char, '4' block, '5' directory, '6' fifo */
	const char *name, *link;
	const char *data;		/* a string, unless length is set */
	size_t length;
	unsigned int mode, uid, gid, mtime, major, minor;
	bool gnu;			/* magic of GNU tar */
};

static inline void tar_pad(struct buffer *tar)
{
	static const char zeros[512];

	buffer_add(tar, zeros, (512 - tar->length % 512) % 512);
}

/* Octal digits and a NUL, all of the field. */
static inline void tar_octal(char *field, size_t size, uint64_t value)
{
	field[--size] = '\0';
	while (size-- > 0) {
		field[size] = (char)('0' + value % 8);
		value /= 8;
	}
}

static inline void tar_checksum(struct tar_header *h)
{
	const unsigned char *p = (const unsigned char *)h;
	unsigned int sum = 0;

	memset(h->checksum, ' ', sizeof(h->checksum));
	for (size_t i = 0; i < sizeof(*h); i++)
		sum += p[i];
	tar_octal(h->checksum, 7, sum);
}

static inline struct tar_header tar_header(const struct tar_entry *e)
{
	struct tar_header h = { .type = e->type ? e->type : '0' };

	memcpy(h.name, e->name, strnlen(e->name, sizeof(h.name)));
	if (e->link)
		memcpy(h.linkname, e->link, strnlen(e->link, sizeof(h.linkname)));
	tar_octal(h.mode, sizeof(h.mode), e->mode ? e->mode : 0644);
	tar_octal(h.uid, sizeof(h.uid), e->uid);
	tar_octal(h.gid, sizeof(h.gid), e->gid);
	tar_octal(h.size, sizeof(h.size), e->length);
	tar_octal(h.mtime, sizeof(h.mtime), e->mtime);
	tar_octal(h.devmajor, sizeof(h.devmajor), e->major);
	tar_octal(h.devminor, sizeof(h.devminor), e->minor);
	memcpy(h.magic, e->gnu ? "ustar  " : "ustar\00000", 8);
	tar_checksum(&h);
	return h;
}

static inline void tar_add_entry(struct buffer *tar, struct tar_entry e)
{
	struct tar_header h;

	if (e.data && !e.length)
		e.length = strlen(e.data);
	h = tar_header(&e);
	buffer_add(tar, &h, sizeof(h));
	if (e.data)
		buffer_add(tar, e.data, e.length);
	tar_pad(tar);
}

/* tar_add(&tar, .name = "etc/passwd", .data = "root\n") */
#define tar_add(tar, ...) tar_add_entry(tar, (struct tar_entry){ __VA_ARGS__ })

/* A record of a pax header: "LENGTH KEY=VALUE\n", LENGTH counting itself. */
static inline void tar_pax_record(struct buffer *records, const char *key, const void *value, size_t length)
{
	size_t bare = strlen(key) + length + 3, total = bare + 1;
	char digits[24];

	while (bare + (size_t)snprintf(digits, sizeof(digits), "%zu", total) != total)
		total = bare + strlen(digits);
	buffer_printf(records, "%s %s=", digits, key);
	buffer_add(records, value, length);
	buffer_add(records, "\n", 1);
}

/* The pax header in front of an entry; the records are used up. */
static inline void tar_add_pax(struct buffer *tar, struct buffer *records)
{
	tar_add(tar, .type = 'x', .name = "PaxHeaders/x", .data = records->data, .length = records->length);
	buffer_release(records);
}

static inline void tar_add_pax_string(struct buffer *tar, const char *key, const char *value)
{
	struct buffer records = { 0 };

	tar_pax_record(&records, key, value, strlen(value));
	tar_add_pax(tar, &records);
}

static inline void tar_end(struct buffer *tar)
{
	static const char zeros[1024];

	buffer_add(tar, zeros, sizeof(zeros));
}

/* --- reading them ---------------------------------------------------------------------------- */

struct tar_source {
	const char *data;
	size_t length, at, step;	/* at most `step` bytes a read; 0: all that fits */
};

static inline long tar_source_read(void *context, void *data, size_t length, struct error *err)
{
	struct tar_source *s = context;
	size_t n = s->length - s->at;

	(void)err;
	if (n > length)
		n = length;
	if (s->step && n > s->step)
		n = s->step;
	memcpy(data, s->data + s->at, n);
	s->at += n;
	return (long)n;
}

static inline int tar_apply_bytes(struct tree *tree, const void *data, size_t length, struct error *err)
{
	struct tar_source source = { .data = data, .length = length };

	return layer_apply(tree, tar_source_read, &source, NULL, "layer", err);
}

/* Applies a tar whose end is still missing, and frees it. */
static inline void tar_apply(struct tree *tree, struct buffer *tar)
{
	struct error err = { 0 };

	tar_end(tar);
	if (tar_apply_bytes(tree, tar->data, tar->length, &err) < 0)
		fail_msg("%s", err.message);
	buffer_release(tar);
}

/* The same where it has to fail, with `message` somewhere in the error. */
static inline void tar_refused(struct tree *tree, struct buffer *tar, const char *message)
{
	struct error err = { 0 };

	tar_end(tar);
	assert_int_equal(tar_apply_bytes(tree, tar->data, tar->length, &err), -1);
	if (!strstr(err.message, message))
		fail_msg("expected '%s' in '%s'", message, err.message);
	buffer_release(tar);
}

/* --- looking at trees ------------------------------------------------------------------------ */

static inline struct tree *tree_fresh(void)
{
	struct error err = { 0 };
	struct tree *tree;

	if (tree_open(NULL, &tree, &err) < 0)
		fail_msg("%s", err.message);
	return tree;
}

static inline int list_node(struct tree_node *node, const char *path, void *context, struct error *err)
{
	(void)err;
	(void)node;
	buffer_printf(context, "%s%s", ((struct buffer *)context)->length ? " " : "", path);
	return 0;
}

/* All paths but the root's, in order, with a blank between. */
static inline void assert_paths(struct tree *tree, const char *expected)
{
	autobuffer struct buffer list = { 0 };
	struct error err = { 0 };

	assert_int_equal(tree_walk(tree, list_node, &list, &err), 0);
	assert_string_equal(buffer_string(&list), expected);
}

static inline void assert_contents(struct tree *tree, const char *path, const char *expected)
{
	struct tree_node *node = tree_find(tree, path);
	struct arena arena = { 0 };
	struct error err = { 0 };
	size_t length;
	char *data;

	if (!node)
		fail_msg("'%s' is not there", path);
	if (tree_read_whole(tree, node->inode, 1 << 20, &arena, &data, &length, &err) < 0)
		fail_msg("'%s': %s", path, err.message);
	assert_int_equal(length, strlen(expected));
	assert_string_equal(data, expected);
	arena_release(&arena);
}

#endif
