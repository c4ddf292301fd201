/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/linux/mount_options.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "runtime/linux/syscalls.h"

enum kind {
	NOTHING,	/* what the kernel does anyway */
	ATTRIBUTE,	/* MOUNT_ATTR_* of the mount */
	RECURSIVE,	/* the same, of all mounts below too */
	SUPERBLOCK,	/* MS_* of the file system */
	PROPAGATION,
	FLAG,		/* a bool of struct mount_options, at `offset` */
};

struct row {
	const char *word;
	enum kind kind;
	bool clear;			/* takes the bits away */
	uint64_t bits;
	size_t offset;
};

#define SET(word, bits)    { word, ATTRIBUTE, false, bits, 0 }, { "r" word, RECURSIVE, false, bits, 0 }
#define CLEAR(word, bits)  { word, ATTRIBUTE, true, bits, 0 }, { "r" word, RECURSIVE, true, bits, 0 }
#define SUPER(word, bits)  { word, SUPERBLOCK, false, bits, 0 }
#define UNSUPER(word, bits) { word, SUPERBLOCK, true, bits, 0 }
#define SPREAD(word, bits) { word, PROPAGATION, false, bits, 0 }, { "r" word, PROPAGATION, false, (bits) | MS_REC, 0 }
#define WORD(word, field)  { word, FLAG, false, 0, offsetof(struct mount_options, field) }

/* The access time is one field of the mount, not a bit: MOUNT_ATTR__ATIME stands for the field. */
static const struct row rows[] = {
	SET("ro", MOUNT_ATTR_RDONLY),			CLEAR("rw", MOUNT_ATTR_RDONLY),
	SET("nosuid", MOUNT_ATTR_NOSUID),		CLEAR("suid", MOUNT_ATTR_NOSUID),
	SET("nodev", MOUNT_ATTR_NODEV),			CLEAR("dev", MOUNT_ATTR_NODEV),
	SET("noexec", MOUNT_ATTR_NOEXEC),		CLEAR("exec", MOUNT_ATTR_NOEXEC),
	SET("nodiratime", MOUNT_ATTR_NODIRATIME),	CLEAR("diratime", MOUNT_ATTR_NODIRATIME),
	SET("nosymfollow", MOUNT_ATTR_NOSYMFOLLOW),	CLEAR("symfollow", MOUNT_ATTR_NOSYMFOLLOW),
	SET("noatime", MOUNT_ATTR_NOATIME),		SET("relatime", MOUNT_ATTR_RELATIME),
	SET("strictatime", MOUNT_ATTR_STRICTATIME),	CLEAR("norelatime", MOUNT_ATTR__ATIME),
	CLEAR("nostrictatime", MOUNT_ATTR__ATIME),	CLEAR("atime", MOUNT_ATTR__ATIME),

	SUPER("sync", MS_SYNCHRONOUS),			UNSUPER("async", MS_SYNCHRONOUS),
	SUPER("dirsync", MS_DIRSYNC),			SUPER("lazytime", MS_LAZYTIME),
	UNSUPER("nolazytime", MS_LAZYTIME),		SUPER("mand", MS_MANDLOCK),
	UNSUPER("nomand", MS_MANDLOCK),			SUPER("iversion", MS_I_VERSION),
	UNSUPER("noiversion", MS_I_VERSION),		SUPER("silent", MS_SILENT),
	UNSUPER("loud", MS_SILENT),

	SPREAD("shared", MS_SHARED),			SPREAD("slave", MS_SLAVE),
	SPREAD("private", MS_PRIVATE),			SPREAD("unbindable", MS_UNBINDABLE),

	WORD("bind", bind),				WORD("rbind", bind_recursive),
	WORD("remount", remount),			WORD("tmpcopyup", copy_up),
	WORD("copy-symlink", copy_symlink),		WORD("idmap", idmap),
	WORD("ridmap", idmap_recursive),

	{ "defaults", NOTHING, false, 0, 0 },
};

static const struct row *find(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (strcmp(rows[i].word, word) == 0)
			return &rows[i];
	return NULL;
}

/* A later word wins over an earlier one. */
static void change(uint64_t *set, uint64_t *clear, const struct row *row)
{
	uint64_t field = row->bits;

	if ((row->bits & ~(uint64_t)MOUNT_ATTR__ATIME) == 0)
		field = MOUNT_ATTR__ATIME;
	*set &= ~field;
	*clear &= ~field;
	if (!row->clear)
		*set |= row->bits;
	/* The kernel wants the whole field of the access time cleared before it is set. */
	if (row->clear || field == MOUNT_ATTR__ATIME)
		*clear |= field;
}

static void apply(struct mount_options *options, const struct row *row)
{
	switch (row->kind) {
	case NOTHING:
		break;
	case ATTRIBUTE:
		change(&options->set, &options->clear, row);
		if (row->bits == MOUNT_ATTR_RDONLY)
			options->superblock = (options->superblock & ~(unsigned long)MS_RDONLY) |
					      (row->clear ? 0 : MS_RDONLY);
		break;
	case RECURSIVE:
		change(&options->recursive_set, &options->recursive_clear, row);
		break;
	case SUPERBLOCK:
		options->superblock = (options->superblock & ~(unsigned long)row->bits) |
				      (row->clear ? 0 : (unsigned long)row->bits);
		break;
	case PROPAGATION:
		options->propagation = (unsigned long)row->bits & ~(unsigned long)MS_REC;
		options->propagation_recursive = row->bits & MS_REC;
		break;
	case FLAG:
		*(bool *)(void *)((char *)options + row->offset) = true;
		break;
	}
}

void mount_options_parse(const struct oci_strings *words, struct arena *arena, struct mount_options *options)
{
	*options = (struct mount_options){ 0 };
	for (size_t i = 0; i < words->count; i++) {
		const struct row *row = find(words->items[i]);

		if (row)
			apply(options, row);
		else if (*words->items[i])
			*(const char **)arena_push(arena, &options->data.items, &options->data.count,
						   sizeof(*options->data.items)) = words->items[i];
	}
	options->bind |= options->bind_recursive;
}

unsigned long mount_propagation(const char *word)
{
	const struct row *row = word ? find(word) : NULL;

	return row && row->kind == PROPAGATION ? (unsigned long)row->bits : 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char *const *mount_options_known(void)
{
	static const char *words[ARRAY_SIZE(rows) + 1];

	if (!words[0]) {
		for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
			words[i] = rows[i].word;
		qsort(words, ARRAY_SIZE(rows), sizeof(*words), by_name);
	}
	return words;
}
