/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/source/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/file.h"

const char *lock_path(const char *manifest_path, struct arena *arena)
{
	static const char *const suffixes[] = { ".yml", ".yaml" };
	size_t length = strlen(manifest_path);

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		size_t n = strlen(suffixes[i]);

		if (length > n && strcmp(manifest_path + length - n, suffixes[i]) == 0)
			length -= n;
	}
	return arena_printf(arena, "%.*s.lock", (int)length, manifest_path);
}

static int read_line(const char *path, unsigned int number, char *line, struct arena *arena,
		     struct lock *lock, struct error *err)
{
	struct lock_entry *entry;
	char *space, *second;

	if (*line == '\0' || *line == '#')
		return 0;
	space = strchr(line, ' ');
	if (!space)
		return error_set(
			err, "%s:%u: expected 'REFERENCE DIGEST'; make it again with 'slipway lock --update'",
			path, number);
	*space = '\0';
	second = strchr(space + 1, ' ');
	if (second)
		*second = '\0';
	entry = arena_push(arena, &lock->entries, &lock->count, sizeof(*entry));
	entry->name = arena_strdup(arena, line);
	if (digest_parse(space + 1, &entry->digest, err) < 0 ||
	    (second && digest_parse(second + 1, &entry->index, err) < 0))
		return error_context(err, "%s:%u", path, number);
	return 0;
}

int lock_read(const char *path, struct arena *arena, struct lock *lock, struct error *err)
{
	autobuffer struct buffer text = { 0 };
	unsigned int number = 0;
	char *line, *next;

	*lock = (struct lock){ 0 };
	if (file_read(AT_FDCWD, path, LOCK_BYTES_MAX, &text, err) < 0)
		return err->number == ENOENT ? 0 : -1;
	lock->present = true;
	for (line = text.data; line && *line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (read_line(path, ++number, line, arena, lock, err) < 0)
			return -1;
	}
	return 0;
}

const struct lock_entry *lock_find(const struct lock *lock, const char *name)
{
	for (size_t i = 0; i < lock->count; i++)
		if (strcmp(lock->entries[i].name, name) == 0)
			return &lock->entries[i];
	return NULL;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct lock_entry *)a)->name, ((const struct lock_entry *)b)->name);
}

int lock_write(const char *path, struct lock *lock, struct error *err)
{
	autobuffer struct buffer text = { 0 };

	if (lock->count)
		qsort(lock->entries, lock->count, sizeof(*lock->entries), by_name);
	for (size_t i = 0; i < lock->count; i++)
		if (i == 0 || strcmp(lock->entries[i].name, lock->entries[i - 1].name) != 0)
			buffer_printf(&text, "%s %s%s%s\n", lock->entries[i].name, lock->entries[i].digest.text,
				      lock->entries[i].index.text[0] ? " " : "", lock->entries[i].index.text);
	return file_output_write(path, buffer_string(&text), text.length, 0644, err);
}
