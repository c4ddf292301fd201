/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/manifest/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "tools/mkimage/manifest/network.h"
#include "tools/mkimage/manifest/node.h"

int check_fail(struct checker *checker, const struct place *at, const char *where, const char *key,
	       const char *format, ...)
{
	char message[ERROR_MESSAGE_MAX];
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(message, sizeof(message), format, ap);
	va_end(ap);
	return place_error(at, checker->err, "%s%s%s%s%s", where, *where && *key ? "." : "", key,
			   *where || *key ? ": " : "", message);
}

static bool has_container(const struct manifest_containers *stage, const char *name)
{
	for (size_t i = 0; i < stage->count; i++)
		if (strcmp(stage->items[i].name.value, name) == 0)
			return true;
	return false;
}

int check_id(struct checker *checker, const struct manifest_id *id, const char *where, const char *key)
{
	const struct manifest *manifest = checker->manifest;

	if (!manifest || !id->name || *id->name == '\0' || strcmp(id->name, "root") == 0 ||
	    has_container(&manifest->onboot, id->name) || has_container(&manifest->services, id->name) ||
	    has_container(&manifest->onshutdown, id->name))
		return 0;
	return check_fail(checker, &id->at, where, key,
			  "no container is named '%s'; give its name or a number",
			  text_shown(id->name, checker->arena));
}

/* --- containers ---------------------------------------------------------------------------------- */

static const struct stage {
	const char *key;
	size_t offset;
	enum check_stage stage;
} stages[] = {
	{ "onboot", offsetof(struct manifest, onboot), CHECK_ONBOOT },
	{ "services", offsetof(struct manifest, services), CHECK_SERVICES },
	{ "onshutdown", offsetof(struct manifest, onshutdown), CHECK_ONSHUTDOWN },
	{ "emergency", offsetof(struct manifest, emergency), CHECK_EMERGENCY },
};

static const struct manifest_containers *stage_of(const struct manifest *manifest, const struct stage *stage)
{
	return (const void *)((const char *)manifest + stage->offset);
}

/* A label has neither, so that the schema cannot ask for them. First of all, for names are compared later. */
static int check_named(struct checker *checker, const struct manifest_containers *containers, const char *key)
{
	for (size_t i = 0; i < containers->count; i++) {
		const struct manifest_container *c = &containers->items[i];
		const char *missing = !c->name.value ? "name" : !c->image.value && !c->build.set ? "image" : NULL;
		const char *where = arena_printf(checker->arena, "%s[%zu]", key, i);

		if (missing)
			return check_fail(checker, &c->at, where, "", "'%s' is missing; add '%s:'", missing, missing);
		if (c->build.set && !c->build.context.value)
			return check_fail(checker, &c->build.at, where, "build", "'context' is missing; add 'context:'");
		if (c->build.set && c->image.value)
			return check_fail(checker, &c->image.at, where, "image",
					  "is what 'build' makes; remove one of them");
	}
	return 0;
}

static int check_stages(struct checker *checker, const struct manifest *manifest)
{
	const struct manifest_containers *containers;

	for (size_t s = 0; s < ARRAY_SIZE(stages); s++)
		if (check_named(checker, stage_of(manifest, &stages[s]), stages[s].key) < 0)
			return -1;
	for (size_t s = 0; s < ARRAY_SIZE(stages); s++) {
		containers = stage_of(manifest, &stages[s]);
		for (size_t i = 0; i < containers->count; i++)
			if (check_container(checker, &containers->items[i],
					    arena_printf(checker->arena, "%s[%zu]", stages[s].key, i),
					    stages[s].stage) < 0)
				return -1;
	}
	return 0;
}

/* --- names --------------------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
	const struct manifest_string *x = *(const struct manifest_string *const *)a;
	const struct manifest_string *y = *(const struct manifest_string *const *)b;
	int r = strcmp(x->value, y->value);

	if (r)
		return r;
	if (x->at.line != y->at.line)
		return x->at.line < y->at.line ? -1 : 1;
	return (x->at.column > y->at.column) - (x->at.column < y->at.column);
}

static int check_unique(struct checker *checker, const struct manifest_string **names, size_t count,
			const char *what)
{
	qsort(names, count, sizeof(*names), by_name);
	for (size_t i = 1; i < count; i++)
		if (strcmp(names[i - 1]->value, names[i]->value) == 0)
			return check_fail(
				checker, &names[i]->at, "", "",
				"duplicate %s '%s', first on line %u; give one of them another name", what,
				text_shown(names[i]->value, checker->arena), names[i - 1]->at.line);
	return 0;
}

/* Services run at the same time, so that their names are ids; onboot containers may share one. */
static int check_service_names(struct checker *checker, const struct manifest_containers *services)
{
	const struct manifest_string **names = arena_array(checker->arena, services->count, sizeof(*names));

	for (size_t i = 0; i < services->count; i++)
		names[i] = &services->items[i].name;
	return check_unique(checker, names, services->count, "service name");
}

static int check_volume_names(struct checker *checker, const struct manifest *manifest)
{
	const struct manifest_string **names =
		arena_array(checker->arena, manifest->volumes_count, sizeof(*names));

	for (size_t i = 0; i < manifest->volumes_count; i++)
		names[i] = &manifest->volumes[i].name;
	return check_unique(checker, names, manifest->volumes_count, "volume name");
}

/* What a volume is filled with at first. */
static int check_filling(struct checker *checker, const struct manifest_volume *volume, const char *where)
{
	const struct manifest *manifest = checker->manifest;

	if (volume->from.value && volume->image.value)
		return check_fail(checker, &volume->from.at, where, "from", "the volume has an 'image' already; remove one of them");
	if (volume->path.value && !volume->from.value && !volume->image.value)
		return check_fail(checker, &volume->path.at, where, "path", "of which image? add 'image:' or 'from:'");
	if (!volume->from.value || has_container(&manifest->onboot, volume->from.value) ||
	    has_container(&manifest->services, volume->from.value) || has_container(&manifest->onshutdown, volume->from.value))
		return 0;
	return check_fail(checker, &volume->from.at, where, "from", "no container is named '%s'",
			  text_shown(volume->from.value, checker->arena));
}

static int check_fillings(struct checker *checker, const struct manifest *manifest)
{
	for (size_t i = 0; i < manifest->volumes_count; i++)
		if (check_filling(checker, &manifest->volumes[i], arena_printf(checker->arena, "volumes[%zu]", i)) < 0)
			return -1;
	return 0;
}

/* --- files --------------------------------------------------------------------------------------- */

/* Exactly one key says what the file is. */
static int check_file_kind(struct checker *checker, const struct manifest_file *file, const char *where)
{
	const struct {
		const char *key;
		bool there;
	} kinds[] = {
		{ "directory", file->directory.value }, { "symlink", file->symlink.value },
		{ "contents", file->contents.value },   { "source", file->source.value },
		{ "metadata", file->metadata.value },
	};
	const char *first = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (kinds[i].there && first)
			return check_fail(checker, &file->at, where, "",
					  "has both '%s' and '%s'; keep one of them", first, kinds[i].key);
		if (kinds[i].there)
			first = kinds[i].key;
	}
	if (first)
		return 0;
	return check_fail(checker, &file->at, where, "",
			  "nothing says what it is; add 'contents', 'source', 'directory: true', 'symlink' "
			  "or 'metadata'");
}

static int check_files(struct checker *checker, const struct manifest *manifest)
{
	for (size_t i = 0; i < manifest->files_count; i++) {
		const struct manifest_file *file = &manifest->files[i];
		const char *where = arena_printf(checker->arena, "files[%zu]", i);

		if (check_file_kind(checker, file, where) < 0 ||
		    check_id(checker, &file->uid, where, "uid") < 0 ||
		    check_id(checker, &file->gid, where, "gid") < 0)
			return -1;
	}
	return 0;
}

int check_manifest(struct checker *checker, const struct manifest *manifest)
{
	if (check_volume_names(checker, manifest) < 0 || check_stages(checker, manifest) < 0 ||
	    check_fillings(checker, manifest) < 0 ||
	    check_service_names(checker, &manifest->services) < 0 ||
	    check_network(checker, manifest) < 0 || check_order(checker, &manifest->services) < 0 ||
	    check_storage(checker, manifest) < 0 || check_trust(checker, manifest) < 0 ||
	    check_test(checker, manifest) < 0)
		return -1;
	return check_files(checker, manifest);
}
