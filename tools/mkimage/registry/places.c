/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/registry/places.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/path.h"
#include "tools/mkimage/registry/toml.h"

#define DOCKER_HUB "docker.io"
#define DOCKER_HUB_HOST "registry-1.docker.io"

enum mirrored { MIRRORED_ALL, MIRRORED_DIGESTS, MIRRORED_TAGS };

struct table {
	const char *prefix, *location;
	bool insecure, blocked;
	bool digests_only;		/* mirror-by-digest-only, of a registry */
	enum mirrored mirrored;		/* of a mirror */
	struct table *mirrors;		/* of a registry */
	size_t mirrors_count;
};

struct places {
	struct table *registries;
	size_t count;
	struct arena *arena;
};

/* Keys of [[registry]], and of [[registry.mirror]] where `mirror` says so. */
static const struct key {
	const char *name;
	enum toml_kind kind;
	size_t offset;
	bool mirror;
} keys[] = {
	{ "prefix", TOML_STRING, offsetof(struct table, prefix), false },
	{ "location", TOML_STRING, offsetof(struct table, location), true },
	{ "insecure", TOML_BOOLEAN, offsetof(struct table, insecure), true },
	{ "blocked", TOML_BOOLEAN, offsetof(struct table, blocked), false },
	{ "mirror-by-digest-only", TOML_BOOLEAN, offsetof(struct table, digests_only), false },
};

static const struct {
	const char *name;
	enum mirrored mirrored;
} pulls[] = {
	{ "all", MIRRORED_ALL },
	{ "digest-only", MIRRORED_DIGESTS },
	{ "tag-only", MIRRORED_TAGS },
};

static struct table *last(struct places *places, bool mirror)
{
	struct table *registry = &places->registries[places->count - 1];

	return mirror ? &registry->mirrors[registry->mirrors_count - 1] : registry;
}

static int begin_table(void *context, const char *name, bool item, struct error *err)
{
	struct places *places = context;
	struct table *registry;

	if (!item)
		return 0;
	if (strcmp(name, "registry") == 0) {
		if (places->count == TOML_ITEMS_MAX)
			return error_set(err, "more than %d registries", TOML_ITEMS_MAX);
		(void)arena_push(places->arena, &places->registries, &places->count, sizeof(struct table));
	} else if (strcmp(name, "registry.mirror") == 0) {
		if (places->count == 0)
			return error_set(err, "'[[registry.mirror]]' stands before any '[[registry]]'");
		registry = last(places, false);
		if (registry->mirrors_count == TOML_ITEMS_MAX)
			return error_set(err, "more than %d mirrors", TOML_ITEMS_MAX);
		(void)arena_push(places->arena, &registry->mirrors, &registry->mirrors_count, sizeof(struct table));
	}
	return 0;
}

static int take_mirrored(struct table *table, const struct toml_value *value, struct error *err)
{
	for (size_t i = 0; value->kind == TOML_STRING && i < ARRAY_SIZE(pulls); i++) {
		if (strcmp(pulls[i].name, value->string) == 0) {
			table->mirrored = pulls[i].mirrored;
			return 0;
		}
	}
	return error_set(err, "pull-from-mirror: expected 'all', 'digest-only' or 'tag-only'");
}

static int take_value(void *context, const char *table_name, const char *name, const struct toml_value *value,
		      struct error *err)
{
	bool mirror = strcmp(table_name, "registry.mirror") == 0;
	struct places *places = context;
	void *member;

	/* What else stands in the file is for other programs: search lists, short names, helpers. */
	if (!mirror && strcmp(table_name, "registry") != 0)
		return 0;
	if (places->count == 0 || (mirror && last(places, false)->mirrors_count == 0))
		return error_set(err, "'%.64s' is an array: write '[[%.64s]]'", table_name, table_name);
	if (mirror && strcmp(name, "pull-from-mirror") == 0)
		return take_mirrored(last(places, true), value, err);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (strcmp(keys[i].name, name) != 0 || (mirror && !keys[i].mirror))
			continue;
		if (keys[i].kind != value->kind)
			return error_set(err, "%s: expected %s", name,
					 keys[i].kind == TOML_STRING ? "a string" : "true or false");
		member = (char *)last(places, mirror) + keys[i].offset;
		if (value->kind == TOML_STRING)
			*(const char **)member = value->string;
		else
			*(bool *)member = value->boolean;
		return 0;
	}
	return error_set(err, "unknown key '%.64s' in '[[%s]]'", name, table_name);
}

static int check(struct table *table, bool mirror, struct error *err)
{
	if (!table->prefix)
		table->prefix = table->location;
	if (!table->location && (mirror || !table->prefix))
		return error_set(err, "a %s has no location", mirror ? "mirror" : "registry");
	/* "*.example.com" stands for itself: what is asked for is where it is. */
	if (!table->location && strncmp(table->prefix, "*.", 2) != 0)
		table->location = table->prefix;
	for (size_t i = 0; i < table->mirrors_count; i++)
		if (check(&table->mirrors[i], true, err) < 0)
			return -1;
	return 0;
}

static int parse(const char *text, size_t length, struct places *places, struct error *err)
{
	struct toml_handler handler = { begin_table, take_value, places };
	size_t before = places->count;

	if (toml_read(text, length, &handler, places->arena, err) < 0)
		return -1;
	for (size_t i = before; i < places->count; i++)
		if (check(&places->registries[i], false, err) < 0)
			return -1;
	return 0;
}

int places_parse(const char *text, size_t length, struct arena *arena, const struct places **out, struct error *err)
{
	struct places *places = arena_alloc(arena, sizeof(*places));

	places->arena = arena;
	if (parse(text, length, places, err) < 0)
		return -1;
	*out = places;
	return 0;
}

/* --- files ------------------------------------------------------------------------------------ */

/* Returns 1 where there is no such file. */
static int read_file(const char *path, struct places *places, struct error *err)
{
	autobuffer struct buffer text = { 0 };
	struct error reason = { 0 };

	if (file_read(AT_FDCWD, path, TOML_BYTES_MAX, &text, &reason) < 0) {
		if (reason.number == ENOENT || reason.number == ENOTDIR)
			return 1;
		return error_set(err, "%s", reason.message);
	}
	if (parse(buffer_string(&text), text.length, places, err) < 0)
		return error_context(err, "%s", path);
	return 0;
}

static int is_conf(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return length > 5 && strcmp(entry->d_name + length - 5, ".conf") == 0;
}

static int read_directory(const char *path, struct places *places, struct error *err)
{
	struct dirent **entries = NULL;
	int count = scandir(path, &entries, is_conf, alphasort), r = 0;

	for (int i = 0; i < count; i++) {
		if (r == 0 && read_file(path_join(places->arena, path, entries[i]->d_name), places, err) < 0)
			r = -1;
		free(entries[i]);
	}
	free(entries);
	return r;
}

static int read_standard(struct places *places, struct error *err)
{
	const char *user = path_of_user(places->arena, "XDG_CONFIG_HOME", ".config", "containers");
	int r = 1;

	/* The user's file stands in place of the system's; the directories are read in any case. */
	if (user)
		r = read_file(path_join(places->arena, user, "registries.conf"), places, err);
	if (r > 0)
		r = read_file("/etc/containers/registries.conf", places, err);
	if (r < 0 || read_directory("/etc/containers/registries.conf.d", places, err) < 0)
		return -1;
	return user ? read_directory(path_join(places->arena, user, "registries.conf.d"), places, err) : 0;
}

int places_read(struct arena *arena, const struct places **out, struct error *err)
{
	const char *only = getenv("CONTAINERS_REGISTRIES_CONF");
	struct places *places = arena_alloc(arena, sizeof(*places));
	int r;

	places->arena = arena;
	r = only && *only ? read_file(only, places, err) : read_standard(places, err);
	if (r > 0)
		return error_set(err, "CONTAINERS_REGISTRIES_CONF names '%.200s', which is not there", only);
	if (r == 0)
		*out = places;
	return r;
}

/* --- finding ------------------------------------------------------------------------------------ */

/* How much of "host/repository" the prefix covers; 0 for none. It ends where a part of the name ends. */
static size_t covers(const char *prefix, const char *name)
{
	size_t length = strlen(prefix), host = strcspn(name, "/");

	if (strncmp(prefix, "*.", 2) == 0) {
		length--;
		return host > length && strncmp(name + host - length, prefix + 1, length) == 0 ? host : 0;
	}
	if (strncmp(prefix, name, length) != 0 || !strchr("/:@", name[length]))
		return 0;
	/* "localhost" is not "localhost:5000". */
	return length < host ? 0 : length;
}

static const struct table *find(const struct places *places, const char *name, size_t *covered)
{
	const struct table *best = NULL;
	size_t best_length = 0;

	for (size_t i = 0; i < places->count; i++) {
		const struct table *table = &places->registries[i];
		size_t n = covers(table->prefix, name), length = n ? strlen(table->prefix) : 0;

		/* The later one of two files counts. */
		if (length && length >= best_length) {
			best = table;
			best_length = length;
			*covered = n;
		}
	}
	return best;
}

bool places_is_named(const char *host, const char *const *hosts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(hosts[i], host) == 0)
			return true;
	return false;
}

static int add(const char *whole, bool insecure, bool mirror, struct arena *arena, struct place **found, size_t *count,
	       struct error *err)
{
	const char *slash = strchr(whole, '/');
	struct place *place;
	const char *host;

	if (!slash || slash == whole || !slash[1])
		return error_set(err, "registries.conf: '%.200s' is no place for an image", whole);
	host = arena_strndup(arena, whole, (size_t)(slash - whole));
	if (strpbrk(host, "?#@\\ \t\r\n"))
		return error_set(err, "registries.conf: '%.200s' is no host", host);
	place = arena_push(arena, found, count, sizeof(*place));
	*place = (struct place){
		.host = strcmp(host, DOCKER_HUB) == 0 ? DOCKER_HUB_HOST : host,
		.repository = slash + 1, .insecure = insecure, .mirror = mirror,
	};
	return 0;
}

static bool serves(const struct table *registry, const struct table *mirror, bool by_digest)
{
	if (registry->digests_only || mirror->mirrored == MIRRORED_DIGESTS)
		return by_digest;
	return mirror->mirrored != MIRRORED_TAGS || !by_digest;
}

int places_find(const struct places *places, const struct reference *reference, const char *const *insecure,
		size_t insecure_count, struct arena *arena, struct place **found, size_t *count, struct error *err)
{
	const char *name = arena_printf(arena, "%s/%s", reference->registry, reference->repository), *location;
	size_t covered = 0;
	const struct table *table = find(places, arena_printf(arena, "%s:", name), &covered);

	*found = NULL;
	*count = 0;
	if (table && table->blocked)
		return error_set(err, "registries.conf blocks '%s'", table->prefix);
	for (size_t i = 0; table && i < table->mirrors_count; i++)
		if (serves(table, &table->mirrors[i], reference->digest.text[0] != '\0') &&
		    add(arena_printf(arena, "%s%s", table->mirrors[i].location, name + covered),
			table->mirrors[i].insecure, true, arena, found, count, err) < 0)
			return -1;
	location = table && table->location ? arena_printf(arena, "%s%s", table->location, name + covered) : name;
	return add(location,
		   (table && table->insecure) || places_is_named(reference->registry, insecure, insecure_count), false, arena,
		   found, count, err);
}
