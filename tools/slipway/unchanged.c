/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/slipway/unchanged.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/path.h"
#include "tools/mkimage/root/files.h"
#include "tools/mkimage/source/hash.h"
#include "tools/mkimage/tree/layer.h"
#include "tools/slipway/sbom_formats.h"

#define RECORD_BYTES_MAX (1u << 20)

/* --- what goes in ------------------------------------------------------------------------------ */

/* A word and its length, so that no two lists of words look the same. */
static void add_word(struct hash *hash, const char *word)
{
	size_t length = word ? strlen(word) : SIZE_MAX;

	hash_add(hash, &length, sizeof(length));
	if (word)
		hash_add(hash, word, length);
}

static bool add_file(struct hash *hash, const char *path, bool may_be_missing)
{
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;
	uint64_t facts[2];

	add_word(hash, path);
	if (fd < 0) {
		add_word(hash, NULL);
		return may_be_missing;
	}
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return false;
	facts[0] = st.st_mode;
	facts[1] = (uint64_t)st.st_size;
	hash_add(hash, facts, sizeof(facts));
	return hash_add_file(hash, fd) == 0;
}

static bool add_files(struct hash *hash, const struct manifest *manifest, struct arena *arena)
{
	for (size_t i = 0; i < manifest->files_count; i++)
		if (manifest->files[i].source.value &&
		    !add_file(hash, files_source_path(&manifest->files[i], manifest->path, arena), true))
			return false;
	return true;
}

static bool add_credentials(struct hash *hash, const struct manifest *manifest, const struct manifest_containers *stage,
			    struct arena *arena)
{
	for (size_t i = 0; i < stage->count; i++) {
		for (size_t k = 0; k < stage->items[i].credentials_count; k++) {
			const struct manifest_file file = { .source = stage->items[i].credentials[k].source };

			if (file.source.value && !add_file(hash, files_source_path(&file, manifest->path, arena), false))
				return false;
		}
	}
	return true;
}

static bool add_inputs(struct hash *hash, const struct build_options *o, const struct image_format *format,
		       const struct compilation *c, const char *const *programs, struct arena *arena)
{
	const struct manifest *m = &c->manifest;
	const struct manifest_containers *const stages[] = { &m->onboot, &m->services, &m->onshutdown };
	int64_t newest = compilation_newest_time();
	autobuffer struct buffer stamps = { 0 };

	add_word(hash, format->name);
	add_word(hash, o->compression);
	hash_add(hash, &o->level, sizeof(o->level));
	hash_add(hash, &newest, sizeof(newest));
	add_word(hash, o->platform);
	for (size_t i = 0; i < o->sbom.count; i++)
		add_word(hash, o->sbom.items[i]);
	add_word(hash, NULL);
	add_word(hash, m->path);
	add_word(hash, m->text);
	add_word(hash, m->lan.machine);
	add_word(hash, m->lan.address);
	add_word(hash, m->lan.hosts);
	for (size_t i = 0; i < c->images_count; i++) {
		add_word(hash, c->images[i].reference);
		add_word(hash, c->images[i].image.name);
		add_word(hash, c->images[i].image.digest.text);
		add_word(hash, c->images[i].image.top.text);
		/* What was written to is read again, and found to be damaged. */
		layer_stamps(c->store, &c->images[i].image, &stamps);
	}
	add_word(hash, buffer_string(&stamps));
	/* `slipway test` says other things of it than the text. */
	add_word(hash, m->test.set ? m->test.service.value : NULL);
	for (size_t i = 0; i < m->test.artifacts.count; i++)
		add_word(hash, m->test.artifacts.items[i].value);
	for (; *programs; programs++)
		if (!add_file(hash, *programs, true))
			return false;
	for (size_t i = 0; i < ARRAY_SIZE(stages); i++)
		if (!add_credentials(hash, m, stages[i], arena))
			return false;
	return add_files(hash, m, arena);
}

/* --- where it is noted ------------------------------------------------------------------------- */

/* A name for the record that is this prefix's alone. */
static const char *record_path(struct arena *arena, const char *cache, const char *prefix)
{
	char directory[PATH_MAX];
	const char *whole;
	struct digest digest;

	if (!cache || !realpath(path_directory(arena, prefix), directory))
		return NULL;
	whole = path_join(arena, directory, path_base(prefix));
	hash_bytes(whole, strlen(whole), &digest);
	return arena_printf(arena, "%s/builds/%s", cache, digest_hex(&digest));
}

void unchanged_open(struct unchanged *u, const struct build_options *options, const struct image_format *format,
		    const struct compilation *c, const char *const *programs, const char *prefix)
{
	struct hash *hash = hash_new("sha256");
	struct digest digest;

	*u = (struct unchanged){ .prefix = prefix };
	if (add_inputs(hash, options, format, c, programs, &u->arena))
		u->record = record_path(&u->arena, store_cache(c->store), prefix);
	hash_finish(hash, &digest);
	u->inputs = arena_strdup(&u->arena, digest.text);
}

void unchanged_close(struct unchanged *u)
{
	arena_release(&u->arena);
}

/* --- what comes out ---------------------------------------------------------------------------- */

static void add_output(struct buffer *text, const char *prefix, const char *suffix)
{
	autobuffer struct buffer path = { 0 };
	struct stat st;

	buffer_printf(&path, "%s%s", prefix, suffix);
	if (lstat(buffer_string(&path), &st) < 0)
		buffer_printf(text, "-\n");
	else
		buffer_printf(text, "%ju %ju %jo %jd %jd.%09ld %jd.%09ld\n", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino,
			      (uintmax_t)st.st_mode, (intmax_t)st.st_size, (intmax_t)st.st_mtim.tv_sec, st.st_mtim.tv_nsec,
			      (intmax_t)st.st_ctim.tv_sec, st.st_ctim.tv_nsec);
}

/* What a build writes, or removes, beside the files of its format. */
static const char *const others[] = { "-ports" };

static void describe(const struct unchanged *u, struct buffer *text)
{
	buffer_printf(text, "%s\n", u->inputs);
	for (const struct image_format *const *format = image_formats; *format; format++)
		for (const char *const *suffix = (*format)->suffixes; *suffix; suffix++)
			add_output(text, u->prefix, *suffix);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		add_output(text, u->prefix, others[i]);
	for (size_t i = 0; sbom_format_at(i); i++)
		add_output(text, u->prefix, sbom_format_at(i)->suffix);
}

bool unchanged_is(struct unchanged *u)
{
	autobuffer struct buffer noted = { 0 }, now = { 0 };

	if (!u->record || file_read(AT_FDCWD, u->record, RECORD_BYTES_MAX, &noted, NULL) < 0)
		return false;
	describe(u, &now);
	return strcmp(buffer_string(&noted), buffer_string(&now)) == 0;
}

void unchanged_note(struct unchanged *u)
{
	autobuffer struct buffer now = { 0 };

	if (!u->record)
		return;
	describe(u, &now);
	/* Not kept where that fails: the next build is a whole one. */
	if (file_mkdirs(AT_FDCWD, path_directory(&u->arena, u->record), 0755, NULL) == 0)
		(void)file_write_atomic(AT_FDCWD, u->record, now.data, now.length, 0644, NULL);
}
