/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/manifest/machines.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/option.h"
#include "base/path.h"
#include "tools/mkimage/manifest/document.h"
#include "tools/mkimage/manifest/lan.h"
#include "tools/mkimage/manifest/rows.h"

#define MACHINES     "machines"
#define KEYS_MAX     64
#define NAME_MAX_MACHINE 60		/* RFC 1035, 2.3.4: 63, of which the number of a replica has some */
#define MEMORY_LEAST 16			/* MiB; below that no kernel boots */
#define MEMORY_MOST  (1u << 20)
#define CPUS_MAX     255		/* of QEMU's q35 */
#define NODES_MAX    (4 * MANIFEST_NODES_MAX)	/* of all machines: each is a manifest in memory */

/* What an element of the list says besides what a manifest can. */
struct manifest_entry {
	struct place at;
	struct manifest_string name, manifest, memory;
	struct manifest_int replicas, cpus;
	struct manifest_bool critical;
};

/* It is a host's name, and a part of files' names. */
static const char *value_machine(const char *value, struct arena *arena)
{
	size_t length = strlen(value);

	if (length == 0)
		return "is empty; give it a value";
	if (value[strspn(value, "abcdefghijklmnopqrstuvwxyz0123456789-")] || *value == '-' || value[length - 1] == '-')
		return arena_printf(arena, "'%s' may only have lower-case letters, digits, and '-' between them", text_shown(value, arena));
	if (length > NAME_MAX_MACHINE)
		return arena_printf(arena, "'%s' has %zu characters; at most %d are allowed", text_shown(value, arena), length,
				    NAME_MAX_MACHINE);
	return strcmp(value, "localhost") == 0 ? "'localhost' is each machine for itself; give it another name" : NULL;
}

static const char *value_manifest(const char *value, struct arena *arena)
{
	return *value == '\0' ? "is empty; give the path of a manifest" : value_line(value, arena);
}

static const struct field entry_fields[] = {
	KEY(_entry, "name", STRING, name, REQUIRED, CHECK(machine)),
	KEY(_entry, "manifest", STRING, manifest, CHECK(manifest)),
	KEY(_entry, "replicas", INT, replicas, RANGE(1, MANIFEST_MACHINES_MAX)),
	KEY(_entry, "memory", STRING, memory, CHECK(size)),
	KEY(_entry, "cpus", INT, cpus, RANGE(1, CPUS_MAX)),
	KEY(_entry, "critical", BOOL, critical),
};
static const struct schema schema_entry = PLACED(_entry, entry_fields);

/* One machine cannot share them with another. */
static const char *const never_common[] = { "hostname", "machine_id", "test" };

struct reading {
	const struct manifest_document *document;
	const struct node *common;	/* what stands beside the list */
	struct arena *arena;
	struct error *err;
	bool common_taken;		/* by a machine that is described here */
	size_t nodes;
	struct manifest_machines machines;
	/* Of each machine: */
	const char *names[MANIFEST_MACHINES_MAX];
	struct part {			/* where it is described */
		const struct manifest_document *document;
		const struct node *root;
	} parts[MANIFEST_MACHINES_MAX];
};

/* --- keys ---------------------------------------------------------------------------------------- */

static bool has_key(const struct schema *schema, const char *key)
{
	for (size_t i = 0; i < schema->count; i++)
		if (strcmp(schema->fields[i].name, key) == 0)
			return true;
	return false;
}

static struct node *new_map(struct reading *r, const struct place *at, size_t most)
{
	struct node *map = arena_alloc(r->arena, sizeof(*map));

	*map = (struct node){ .kind = NODE_MAP, .at = *at, .complete = true,
			      .pairs = arena_array(r->arena, most, sizeof(*map->pairs)) };
	return map;
}

/* Takes over what is not there yet, of keys that are all known: there are few. */
static void add_missing(struct node *map, const struct node *from)
{
	for (size_t i = 0; i < from->count; i++)
		if (!node_find(map, from->pairs[i].key->value))
			map->pairs[map->count++] = from->pairs[i];
}

/* `where` is "" beside the list, where there are no keys about a machine. */
static int unknown_key(struct reading *r, const struct node *key, const char *where)
{
	const char *known[KEYS_MAX + 1] = { MACHINES }, *shown = text_shown(key->value, r->arena), *nearest;
	const char *mark = *where ? ": " : "";
	size_t count = *where ? 0 : 1;

	for (size_t i = 0; *where && i < schema_entry.count; i++)
		known[count++] = schema_entry.fields[i].name;
	for (size_t i = 0; i < schema_manifest.count && count < KEYS_MAX; i++)
		known[count++] = schema_manifest.fields[i].name;
	nearest = option_nearest(key->value, known);
	if (nearest)
		return place_error(&key->at, r->err, "%s%sunknown key '%s'; did you mean '%s'?", where, mark, shown, nearest);
	return place_error(&key->at, r->err, "%s%sunknown key '%s'; see slipway-manifest(5) for those that are known", where, mark, shown);
}

/* The keys of a machine: those about it, and those of its manifest. */
static int split(struct reading *r, const struct node *node, const char *where, struct node **about, struct node **rest)
{
	*about = new_map(r, &node->at, node->count);
	*rest = new_map(r, &node->at, node->count + r->common->count);
	for (size_t i = 0; i < node->count; i++) {
		const struct node *key = node->pairs[i].key;
		struct node *map = has_key(&schema_entry, key->value) ? *about : *rest;

		if (strcmp(key->value, MACHINES) == 0)
			return place_error(&key->at, r->err, "%s: a machine has no '" MACHINES "' of its own; put them into the one list", where);
		if (map == *rest && !has_key(&schema_manifest, key->value))
			return unknown_key(r, key, where);
		map->pairs[map->count++] = node->pairs[i];
	}
	return 0;
}

static int read_common(struct reading *r)
{
	const struct node *root = r->document->root;
	struct node *common = new_map(r, &root->at, root->count);

	for (size_t i = 0; i < root->count; i++) {
		const struct node *key = root->pairs[i].key;

		if (strcmp(key->value, MACHINES) == 0)
			continue;
		if (!has_key(&schema_manifest, key->value))
			return unknown_key(r, key, "");
		for (size_t k = 0; k < ARRAY_SIZE(never_common); k++)
			if (strcmp(key->value, never_common[k]) == 0)
				return place_error(&key->at, r->err, "'%s' is one machine's; put it below that one in '" MACHINES "'",
						   key->value);
		common->pairs[common->count++] = root->pairs[i];
	}
	r->common = common;
	return 0;
}

/* --- where a machine is described ----------------------------------------------------------------- */

/* `own` is nothing, or the test, which is then that one. */
static struct node *with_test(struct reading *r, const struct node *root, const struct node *own)
{
	struct node *map = new_map(r, &root->at, root->count + own->count);

	for (size_t i = 0; i < root->count; i++)
		if (own->count == 0 || strcmp(root->pairs[i].key->value, "test") != 0)
			map->pairs[map->count++] = root->pairs[i];
	for (size_t i = 0; i < own->count; i++)
		map->pairs[map->count++] = own->pairs[i];
	map->size = root->size;
	return map;
}

/* Another file says all of it; only the test is said here. */
static int read_other(struct reading *r, const struct manifest_entry *entry, struct node *own, struct part *part, const char *where)
{
	const char *path = entry->manifest.value;
	struct manifest_document *other = arena_alloc(r->arena, sizeof(*other));

	for (size_t i = 0; i < own->count; i++)
		if (strcmp(own->pairs[i].key->value, "test") != 0)
			return place_error(&own->pairs[i].key->at, r->err, "%s: '%s' cannot stand beside 'manifest': the machine is what '%s' says",
					   where, own->pairs[i].key->value, text_shown(path, r->arena));
	if (*path != '/' && strchr(r->document->path, '/'))
		path = path_join(r->arena, path_directory(r->arena, r->document->path), path);
	if (access(path, R_OK) < 0)
		return place_error(&entry->manifest.at, r->err, "%s.manifest: cannot read '%s': %s", where, text_shown(path, r->arena),
				   strerror(errno));
	if (manifest_document_read(path, r->arena, other, r->err) < 0)
		return -1;
	if (manifest_document_machines(other))
		return place_error(&entry->manifest.at, r->err, "%s.manifest: '%s' has 'machines' of its own; name the manifest of one machine",
				   where, text_shown(entry->manifest.value, r->arena));
	if (other->root->kind == NODE_MAP)
		other->root = with_test(r, other->root, own);
	*part = (struct part){ other, other->root };
	return 0;
}

static int read_part(struct reading *r, const struct manifest_entry *entry, struct node *own, struct part *part, const char *where)
{
	if (entry->manifest.value)
		return read_other(r, entry, own, part, where);
	add_missing(own, r->common);
	r->common_taken = true;
	*part = (struct part){ r->document, own };
	return 0;
}

/* --- the list -------------------------------------------------------------------------------------- */

static int add_machine(struct reading *r, const struct manifest_entry *entry, const char *name, const struct part *part,
		       const char *where)
{
	struct manifest_machine *machine;
	uint64_t memory = 0;

	for (size_t i = 0; i < r->machines.count; i++)
		if (strcmp(r->names[i], name) == 0)
			return place_error(&entry->name.at, r->err, "%s.name: there is another machine '%s'; give each a name of its own", where,
					   name);
	if (r->machines.count == MANIFEST_MACHINES_MAX)
		return place_error(&entry->at, r->err, "%s: more than %u machines, replicas included; remove some", where,
				   MANIFEST_MACHINES_MAX);
	r->nodes += part->document->root->size;
	if (r->nodes > NODES_MAX)
		return place_error(&entry->at, r->err, "%s: all machines together have more than %u keys and values; remove some", where,
				   NODES_MAX);
	if (entry->memory.value && manifest_size(entry->memory.value, &memory) &&
	    (memory >> 20 < MEMORY_LEAST || memory >> 20 > MEMORY_MOST))
		return place_error(&entry->memory.at, r->err, "%s.memory: expected %uM to 1T, got '%s'", where, MEMORY_LEAST,
				   entry->memory.value);
	r->names[r->machines.count] = name;
	r->parts[r->machines.count] = *part;
	machine = arena_push(r->arena, &r->machines.items, &r->machines.count, sizeof(*machine));
	*machine = (struct manifest_machine){
		.name = name, .path = part->document->path, .memory = (unsigned int)(memory >> 20),
		.cpus = (unsigned int)entry->cpus.value, .critical = !entry->critical.set || entry->critical.value,
	};
	return 0;
}

static int read_entry(struct reading *r, const struct node *node, const char *where)
{
	struct manifest_entry entry = { 0 };
	struct node *about, *own;
	struct part part;

	if (node->kind != NODE_MAP)
		return place_error(&node->at, r->err, "%s: expected a mapping, got %s", where, node_describe(node, r->arena));
	if (split(r, node, where, &about, &own) < 0 ||
	    schema_read(&schema_entry, about, SCHEMA_REFUSE, r->arena, &entry, r->err) < 0 ||
	    read_part(r, &entry, own, &part, where) < 0)
		return -1;
	if (!entry.replicas.set)
		return add_machine(r, &entry, entry.name.value, &part, where);
	for (int64_t i = 1; i <= entry.replicas.value; i++)
		if (add_machine(r, &entry, arena_printf(r->arena, "%s%lld", entry.name.value, (long long)i), &part, where) < 0)
			return -1;
	return 0;
}

static int read_list(struct reading *r, const struct node *list)
{
	if (list->kind != NODE_LIST)
		return place_error(&list->at, r->err, MACHINES ": expected a list of mappings, got %s", node_describe(list, r->arena));
	if (list->count == 0)
		return place_error(&list->at, r->err, MACHINES ": the list is empty; add '- name: NAME', or leave it out");
	for (size_t i = 0; i < list->count; i++)
		if (read_entry(r, list->items[i], arena_printf(r->arena, MACHINES "[%zu]", i)) < 0)
			return -1;
	if (r->common->count && !r->common_taken)
		return place_error(&r->common->pairs[0].key->at, r->err, "'%s' is of no effect: each machine is what its 'manifest' says; remove it",
				   text_shown(r->common->pairs[0].key->value, r->arena));
	return 0;
}

/* Each replica is read anew: what comes later changes manifests in place. */
static int read_manifests(struct reading *r)
{
	for (size_t i = 0; i < r->machines.count; i++) {
		struct manifest_lan lan = lan_place(r->names, r->machines.count, i + 1, r->arena);

		if (manifest_of_document(r->parts[i].document, r->parts[i].root, &lan, r->arena, &r->machines.items[i].manifest, r->err) < 0)
			return -1;
	}
	return 0;
}

/* --- the whole ------------------------------------------------------------------------------------- */

const struct node *manifest_document_machines(const struct manifest_document *document)
{
	return node_find(document->root, MACHINES);
}

static int read_document(const struct manifest_document *document, struct arena *arena, struct manifest_machines *machines,
			 struct error *err)
{
	struct reading r = { .document = document, .arena = arena, .err = err };
	const struct node *list = manifest_document_machines(document);

	if (list && (read_common(&r) < 0 || read_list(&r, list) < 0 || read_manifests(&r) < 0))
		return -1;
	*machines = r.machines;
	return 0;
}

int manifest_machines_parse(const char *path, const char *text, size_t length, struct arena *arena,
			    struct manifest_machines *machines, struct error *err)
{
	struct manifest_document document;

	return manifest_document_parse(path, path, text, length, arena, &document, err) < 0 ?
		       -1 : read_document(&document, arena, machines, err);
}

int manifest_machines_read(const char *path, struct arena *arena, struct manifest_machines *machines, struct error *err)
{
	struct manifest_document document;

	return manifest_document_read(path, arena, &document, err) < 0 ? -1 : read_document(&document, arena, machines, err);
}

int manifest_machine_read(const char *path, const char *name, struct arena *arena, struct manifest *manifest, struct error *err)
{
	autobuffer struct buffer names = { 0 };
	struct manifest_machines machines;

	if (manifest_machines_read(path, arena, &machines, err) < 0)
		return -1;
	for (size_t i = 0; i < machines.count; i++) {
		if (strcmp(machines.items[i].name, name) == 0) {
			*manifest = machines.items[i].manifest;
			return 0;
		}
		buffer_printf(&names, "%s'%s'", i ? ", " : "", machines.items[i].name);
	}
	if (machines.count == 0)
		return error_set(err, "%s: there is no machine '%s': it has no 'machines'", path, text_shown(name, arena));
	return error_set(err, "%s: there is no machine '%s'; there is %s", path, text_shown(name, arena), buffer_string(&names));
}
