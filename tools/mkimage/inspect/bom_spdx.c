/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX 2.3, annex JSON: packages and what contains what. Files are not listed: the image is at hand. */
#include "base/cleanup.h"
#include "oci/json.h"
#include "tools/mkimage/inspect/bom.h"

#define NO_ASSERTION "NOASSERTION"

struct checksum {
	const char *algorithm, *value;
};

struct reference {
	const char *category, *type, *locator;
};

struct spdx_package {
	const char *id, *name, *version, *supplier, *purpose, *comment, *license_comments;
	bool files_analyzed;		/* false, and written so */
	struct checksum *checksums;
	size_t checksums_count;
	struct reference *references;
	size_t references_count;
};

struct relationship {
	const char *from, *type, *to;
};

struct document {
	const char *name, *space, *created;
	struct oci_strings creators;
	struct spdx_package *packages;
	size_t packages_count;
	struct relationship *relationships;
	size_t relationships_count;
};

static const char *const no_assertion[] = { NO_ASSERTION, NULL };
static const char *const spdx_version[] = { "SPDX-2.3", NULL };
static const char *const data_license[] = { "CC0-1.0", NULL };
static const char *const document_id[] = { "SPDXRef-DOCUMENT", NULL };

static const struct json_field checksum_fields[] = {
	JSON_ROW("algorithm", struct checksum, algorithm, JSON_ALWAYS),
	JSON_ROW("checksumValue", struct checksum, value, JSON_ALWAYS),
};
static const struct json_type checksum_type = JSON_TYPE(struct checksum, checksum_fields);

static const struct json_field reference_fields[] = {
	JSON_ROW("referenceCategory", struct reference, category, JSON_ALWAYS),
	JSON_ROW("referenceType", struct reference, type, JSON_ALWAYS),
	JSON_ROW("referenceLocator", struct reference, locator, JSON_ALWAYS),
};
static const struct json_type reference_type = JSON_TYPE(struct reference, reference_fields);

static const struct json_field package_fields[] = {
	JSON_ROW("SPDXID", struct spdx_package, id, JSON_ALWAYS),
	JSON_ROW("name", struct spdx_package, name, JSON_ALWAYS),
	JSON_ROW("versionInfo", struct spdx_package, version, 0),
	JSON_ROW("supplier", struct spdx_package, supplier, 0),
	JSON_ROW_CONSTANT("downloadLocation", .words = no_assertion),
	JSON_ROW("filesAnalyzed", struct spdx_package, files_analyzed, JSON_ALWAYS),
	JSON_ROW_ARRAY("checksums", struct spdx_package, checksums, checksums_count, &checksum_type, 0),
	JSON_ROW_CONSTANT("licenseConcluded", .words = no_assertion),
	JSON_ROW_CONSTANT("licenseDeclared", .words = no_assertion),
	JSON_ROW("licenseComments", struct spdx_package, license_comments, 0),
	JSON_ROW_CONSTANT("copyrightText", .words = no_assertion),
	JSON_ROW("comment", struct spdx_package, comment, 0),
	JSON_ROW_ARRAY("externalRefs", struct spdx_package, references, references_count, &reference_type, 0),
	JSON_ROW("primaryPackagePurpose", struct spdx_package, purpose, JSON_ALWAYS),
};
static const struct json_type package_type = JSON_TYPE(struct spdx_package, package_fields);

static const struct json_field relationship_fields[] = {
	JSON_ROW("spdxElementId", struct relationship, from, JSON_ALWAYS),
	JSON_ROW("relationshipType", struct relationship, type, JSON_ALWAYS),
	JSON_ROW("relatedSpdxElement", struct relationship, to, JSON_ALWAYS),
};
static const struct json_type relationship_type = JSON_TYPE(struct relationship, relationship_fields);

static const struct json_field creation_fields[] = {
	JSON_ROW("created", struct document, created, JSON_ALWAYS),
	JSON_ROW("creators", struct document, creators, JSON_ALWAYS),
};
static const struct json_type creation_type = JSON_TYPE(struct document, creation_fields);

static const struct json_field document_fields[] = {
	JSON_ROW_CONSTANT("spdxVersion", .words = spdx_version),
	JSON_ROW_CONSTANT("dataLicense", .words = data_license),
	JSON_ROW_CONSTANT("SPDXID", .words = document_id),
	JSON_ROW("name", struct document, name, JSON_ALWAYS),
	JSON_ROW("documentNamespace", struct document, space, JSON_ALWAYS),
	JSON_ROW_INLINE("creationInfo", &creation_type, JSON_ALWAYS),
	JSON_ROW_ARRAY("packages", struct document, packages, packages_count, &package_type, JSON_ALWAYS),
	JSON_ROW_ARRAY("relationships", struct document, relationships, relationships_count, &relationship_type, JSON_ALWAYS),
};
static const struct json_type document_type = JSON_TYPE(struct document, document_fields);
static const struct json_field document = { .kind = JSON_KIND_OBJECT, .type = &document_type };

static void relate(struct document *d, const char *from, const char *type, const char *to, struct arena *arena)
{
	*(struct relationship *)arena_push(arena, &d->relationships, &d->relationships_count, sizeof(struct relationship)) =
		(struct relationship){ from, type, to };
}

static void add_package(struct document *d, struct spdx_package *packages, const struct bom *bom, size_t index,
			struct arena *arena)
{
	static const char *const purposes[] = {
		[BOM_MACHINE] = "OPERATING-SYSTEM", [BOM_SLIPWAY] = "APPLICATION", [BOM_KERNEL] = "OPERATING-SYSTEM",
		[BOM_IMAGE] = "CONTAINER", [BOM_PACKAGE] = "APPLICATION",
	};
	const struct bom_component *c = &bom->components[index];
	struct spdx_package *p = &packages[index];

	*p = (struct spdx_package){
		.id = arena_printf(arena, "SPDXRef-%s", c->id), .name = c->name, .version = c->version, .purpose = purposes[c->kind],
		.comment = c->comment, .license_comments = c->license,
		.supplier = c->supplier ? arena_printf(arena, "Organization: %s", c->supplier) : NULL,
	};
	if (c->digest.text[0])
		*(struct checksum *)arena_push(arena, &p->checksums, &p->checksums_count, sizeof(struct checksum)) = (struct checksum){
			digest_algorithm(&c->digest)[3] == '5' ? "SHA512" : "SHA256", digest_hex(&c->digest),
		};
	if (c->purl)
		*(struct reference *)arena_push(arena, &p->references, &p->references_count, sizeof(struct reference)) =
			(struct reference){ "PACKAGE-MANAGER", "purl", c->purl };
	if (index == 0)
		relate(d, document_id[0], "DESCRIBES", p->id, arena);
	else
		relate(d, packages[c->parent].id, "CONTAINS", p->id, arena);
}

int bom_spdx(const struct bom *bom, struct buffer *out, struct error *err)
{
	static const char *creators[] = { "Tool: slipway-" SLIPWAY_VERSION };
	struct arena arena = { 0 };
	struct spdx_package *packages = arena_array(&arena, bom->count, sizeof(*packages));
	struct document d = {
		.name = bom->components[0].name, .created = bom->created, .creators = { creators, 1 },
		.space = arena_printf(&arena, "https://spdx.org/spdxdocs/%s-%s", bom->components[0].id, digest_hex(&bom->digest)),
		.packages = packages, .packages_count = bom->count,
	};
	int r;

	for (size_t i = 0; i < bom->count; i++)
		add_package(&d, packages, bom, i, &arena);
	r = json_write(&document, &d, true, out, err);
	buffer_add(out, "\n", 1);
	arena_release(&arena);
	return r;
}
