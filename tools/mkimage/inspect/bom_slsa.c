/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An in-toto statement v1 with SLSA provenance v1. Subjects are the files of the output, dependencies the manifest and the
 * images. What the image cannot tell (who built it, when, where) is not made up: "runDetails" has the builder's version alone.
 */
#include "base/cleanup.h"
#include "oci/json.h"
#include "tools/mkimage/inspect/bom.h"

#define BUILD_TYPE "urn:slipway:build:1"

struct sums {
	const char *sha256, *sha512;
};

struct resource {
	const char *name, *uri;
	struct sums digest;
};

struct document {
	struct resource *subjects;
	size_t subjects_count;
	const char *format, *builder, *version;
	struct sums manifest;
	struct resource *dependencies;
	size_t dependencies_count;
};

static const char *const statement_type[] = { "https://in-toto.io/Statement/v1", NULL };
static const char *const predicate_type_name[] = { "https://slsa.dev/provenance/v1", NULL };
static const char *const build_type[] = { BUILD_TYPE, NULL };

static const struct json_field sums_fields[] = {
	JSON_ROW("sha256", struct sums, sha256, 0),
	JSON_ROW("sha512", struct sums, sha512, 0),
};
static const struct json_type sums_type = JSON_TYPE(struct sums, sums_fields);

static const struct json_field resource_fields[] = {
	JSON_ROW("name", struct resource, name, 0),
	JSON_ROW("uri", struct resource, uri, 0),
	JSON_ROW_OBJECT("digest", struct resource, digest, &sums_type, JSON_ALWAYS),
};
static const struct json_type resource_type = JSON_TYPE(struct resource, resource_fields);

static const struct json_field parameter_fields[] = {
	JSON_ROW("format", struct document, format, JSON_ALWAYS),
	JSON_ROW_OBJECT("manifest", struct document, manifest, &sums_type, 0),
};
static const struct json_type parameter_type = JSON_TYPE(struct document, parameter_fields);

static const struct json_field definition_fields[] = {
	JSON_ROW_CONSTANT("buildType", .words = build_type),
	JSON_ROW_INLINE("externalParameters", &parameter_type, JSON_ALWAYS),
	JSON_ROW_ARRAY("resolvedDependencies", struct document, dependencies, dependencies_count, &resource_type, JSON_ALWAYS),
};
static const struct json_type definition_type = JSON_TYPE(struct document, definition_fields);

static const struct json_field version_fields[] = {
	JSON_ROW("slipway", struct document, version, JSON_ALWAYS),
};
static const struct json_type version_type = JSON_TYPE(struct document, version_fields);

static const struct json_field builder_fields[] = {
	JSON_ROW("id", struct document, builder, JSON_ALWAYS),
	JSON_ROW_INLINE("version", &version_type, JSON_ALWAYS),
};
static const struct json_type builder_type = JSON_TYPE(struct document, builder_fields);

static const struct json_field run_fields[] = { JSON_ROW_INLINE("builder", &builder_type, JSON_ALWAYS) };
static const struct json_type run_type = JSON_TYPE(struct document, run_fields);

static const struct json_field predicate_fields[] = {
	JSON_ROW_INLINE("buildDefinition", &definition_type, JSON_ALWAYS),
	JSON_ROW_INLINE("runDetails", &run_type, JSON_ALWAYS),
};
static const struct json_type predicate_type = JSON_TYPE(struct document, predicate_fields);

static const struct json_field document_fields[] = {
	JSON_ROW_CONSTANT("_type", .words = statement_type),
	JSON_ROW_ARRAY("subject", struct document, subjects, subjects_count, &resource_type, JSON_ALWAYS),
	JSON_ROW_CONSTANT("predicateType", .words = predicate_type_name),
	JSON_ROW_INLINE("predicate", &predicate_type, JSON_ALWAYS),
};
static const struct json_type document_type = JSON_TYPE(struct document, document_fields);
static const struct json_field document = { .kind = JSON_KIND_OBJECT, .type = &document_type };

static struct sums sums_of(const struct digest *digest)
{
	bool is_512 = digest_algorithm(digest)[3] == '5';

	return is_512 ? (struct sums){ .sha512 = digest_hex(digest) } : (struct sums){ .sha256 = digest_hex(digest) };
}

int bom_slsa(const struct bom *bom, struct buffer *out, struct error *err)
{
	const struct contents *c = bom->contents;
	const struct provenance *p = &c->provenance;
	struct arena arena = { 0 };
	struct document d = { .format = c->format, .version = p->slipway };
	int r;

	if (!c->has_provenance)
		return error_set(err, "'%s' does not say what it was made of; build it again", c->name);
	d.builder = arena_printf(&arena, "urn:slipway:%s", p->slipway);
	for (size_t i = 0; i < c->files_count; i++)
		*(struct resource *)arena_push(&arena, &d.subjects, &d.subjects_count, sizeof(struct resource)) =
			(struct resource){ .name = c->files[i].name, .digest = sums_of(&c->files[i].digest) };
	if (p->manifest.text[0])
		d.manifest = sums_of(&p->manifest);
	for (size_t i = 0; i < bom->count; i++)
		if (bom->components[i].kind == BOM_IMAGE)
			*(struct resource *)arena_push(&arena, &d.dependencies, &d.dependencies_count, sizeof(struct resource)) =
				(struct resource){
					.name = bom->components[i].name, .uri = bom->components[i].purl,
					.digest = sums_of(&bom->components[i].digest),
				};
	r = json_write(&document, &d, true, out, err);
	buffer_add(out, "\n", 1);
	arena_release(&arena);
	return r;
}
