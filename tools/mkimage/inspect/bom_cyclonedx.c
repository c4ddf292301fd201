/* SPDX-License-Identifier: Apache-2.0 */
/* CycloneDX 1.6 in JSON (ECMA-424). What is in what is told by "dependencies": a component depends on all that it contains. */
#include <string.h>

#include "base/cleanup.h"
#include "oci/json.h"
#include "tools/mkimage/inspect/bom.h"

struct sum {
	const char *algorithm, *content;
};

struct property {
	const char *name, *value;
};

struct organization {
	const char *name;
};

struct component {
	struct organization *supplier;
	const char *type, *id, *name, *version, *description, *purl;
	struct sum *hashes;
	size_t hashes_count;
	struct property *properties;
	size_t properties_count;
};

struct dependency {
	const char *id;
	struct oci_strings on;
};

struct document {
	const char *serial, *created;
	struct component *tools;
	size_t tools_count;
	struct component *machine, *components;
	size_t components_count;
	struct dependency *dependencies;
	size_t dependencies_count;
};

static const char *const bom_format[] = { "CycloneDX", NULL };
static const char *const spec_version[] = { "1.6", NULL };

static const struct json_field sum_fields[] = {
	JSON_ROW("alg", struct sum, algorithm, JSON_ALWAYS),
	JSON_ROW("content", struct sum, content, JSON_ALWAYS),
};
static const struct json_type sum_type = JSON_TYPE(struct sum, sum_fields);

static const struct json_field property_fields[] = {
	JSON_ROW("name", struct property, name, JSON_ALWAYS),
	JSON_ROW("value", struct property, value, JSON_ALWAYS),
};
static const struct json_type property_type = JSON_TYPE(struct property, property_fields);

static const struct json_field organization_fields[] = {
	JSON_ROW("name", struct organization, name, JSON_ALWAYS),
};
static const struct json_type organization_type = JSON_TYPE(struct organization, organization_fields);

static const struct json_field component_fields[] = {
	JSON_ROW("type", struct component, type, JSON_ALWAYS),
	JSON_ROW("bom-ref", struct component, id, 0),
	JSON_ROW_POINTER("supplier", struct component, supplier, &organization_type),
	JSON_ROW("name", struct component, name, JSON_ALWAYS),
	JSON_ROW("version", struct component, version, 0),
	JSON_ROW("description", struct component, description, 0),
	JSON_ROW_ARRAY("hashes", struct component, hashes, hashes_count, &sum_type, 0),
	JSON_ROW("purl", struct component, purl, 0),
	JSON_ROW_ARRAY("properties", struct component, properties, properties_count, &property_type, 0),
};
static const struct json_type component_type = JSON_TYPE(struct component, component_fields);

static const struct json_field dependency_fields[] = {
	JSON_ROW("ref", struct dependency, id, JSON_ALWAYS),
	JSON_ROW("dependsOn", struct dependency, on, 0),
};
static const struct json_type dependency_type = JSON_TYPE(struct dependency, dependency_fields);

static const struct json_field tools_fields[] = {
	JSON_ROW_ARRAY("components", struct document, tools, tools_count, &component_type, JSON_ALWAYS),
};
static const struct json_type tools_type = JSON_TYPE(struct document, tools_fields);

static const struct json_field metadata_fields[] = {
	JSON_ROW("timestamp", struct document, created, JSON_ALWAYS),
	JSON_ROW_INLINE("tools", &tools_type, JSON_ALWAYS),
	JSON_ROW_POINTER("component", struct document, machine, &component_type),
};
static const struct json_type metadata_type = JSON_TYPE(struct document, metadata_fields);

static const struct json_field document_fields[] = {
	JSON_ROW_CONSTANT("bomFormat", .words = bom_format),
	JSON_ROW_CONSTANT("specVersion", .words = spec_version),
	JSON_ROW("serialNumber", struct document, serial, JSON_ALWAYS),
	JSON_ROW_CONSTANT("version", .limit = 1),
	JSON_ROW_INLINE("metadata", &metadata_type, JSON_ALWAYS),
	JSON_ROW_ARRAY("components", struct document, components, components_count, &component_type, JSON_ALWAYS),
	JSON_ROW_ARRAY("dependencies", struct document, dependencies, dependencies_count, &dependency_type, JSON_ALWAYS),
};
static const struct json_type document_type = JSON_TYPE(struct document, document_fields);
static const struct json_field document = { .kind = JSON_KIND_OBJECT, .type = &document_type };

/* A UUID of the digest: version 8, variant 1 (RFC 9562, 5.8). */
static const char *serial_of(const struct digest *digest, struct arena *arena)
{
	const char *hex = digest_hex(digest);

	return arena_printf(arena, "urn:uuid:%.8s-%.4s-8%.3s-8%.3s-%.12s", hex, hex + 8, hex + 13, hex + 17, hex + 20);
}

static void add_component(struct component *to, const struct bom_component *c, struct arena *arena)
{
	static const char *const types[] = {
		[BOM_MACHINE] = "operating-system", [BOM_SLIPWAY] = "application", [BOM_KERNEL] = "operating-system",
		[BOM_IMAGE] = "container", [BOM_PACKAGE] = "library",
	};

	*to = (struct component){
		.type = types[c->kind], .id = c->id, .name = c->name, .version = c->version, .description = c->comment,
		.purl = c->purl,
	};
	if (c->supplier) {
		to->supplier = arena_alloc(arena, sizeof(*to->supplier));
		to->supplier->name = c->supplier;
	}
	if (c->digest.text[0])
		*(struct sum *)arena_push(arena, &to->hashes, &to->hashes_count, sizeof(struct sum)) = (struct sum){
			strcmp(digest_algorithm(&c->digest), "sha512") == 0 ? "SHA-512" : "SHA-256", digest_hex(&c->digest),
		};
	/* As the package has it: "licenses" would want SPDX's names, which nobody promised. */
	if (c->license)
		*(struct property *)arena_push(arena, &to->properties, &to->properties_count, sizeof(struct property)) =
			(struct property){ "slipway:license", c->license };
}

static void add_dependency(struct document *d, const struct bom *bom, size_t index, struct arena *arena)
{
	const char *id = bom->components[index].id;
	struct oci_strings *on;

	d->dependencies[index].id = id;
	if (index == 0)
		return;
	on = &d->dependencies[bom->components[index].parent].on;
	*(const char **)arena_push(arena, &on->items, &on->count, sizeof(*on->items)) = id;
}

int bom_cyclonedx(const struct bom *bom, struct buffer *out, struct error *err)
{
	struct arena arena = { 0 };
	struct component tool = { .type = "application", .name = "slipway", .version = SLIPWAY_VERSION };
	struct component *components = arena_array(&arena, bom->count, sizeof(*components));
	struct document d = {
		.serial = serial_of(&bom->digest, &arena), .created = bom->created, .tools = &tool, .tools_count = 1,
		.machine = components, .components = components + 1, .components_count = bom->count - 1,
		.dependencies = arena_array(&arena, bom->count, sizeof(struct dependency)), .dependencies_count = bom->count,
	};
	int r;

	for (size_t i = 0; i < bom->count; i++) {
		add_component(&components[i], &bom->components[i], &arena);
		add_dependency(&d, bom, i, &arena);
	}
	r = json_write(&document, &d, true, out, err);
	buffer_add(out, "\n", 1);
	arena_release(&arena);
	return r;
}
