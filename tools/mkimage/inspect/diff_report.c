/* SPDX-License-Identifier: Apache-2.0 */
/* A comparison as text and as JSON. */
#include <string.h>

#include "base/cleanup.h"
#include "oci/json.h"
#include "tools/mkimage/inspect/diff.h"
#include "tools/mkimage/inspect/shown.h"

/* --- text -------------------------------------------------------------------------------------- */

static const char *sign_of(const char *change)
{
	return strcmp(change, "added") == 0 ? "+" : strcmp(change, "removed") == 0 ? "-" : "~";
}

static void add_side(struct buffer *out, const char *field, const struct diff_side *side)
{
	if (strcmp(field, "type") == 0)
		buffer_add_string(out, side->type);
	else if (strcmp(field, "mode") == 0)
		buffer_add_string(out, side->mode);
	else if (strcmp(field, "owner") == 0)
		buffer_printf(out, "%u:%u", side->uid, side->gid);
	else if (strcmp(field, "size") == 0)
		buffer_printf(out, "%llu", (unsigned long long)side->size);
	else if (strcmp(field, "content") == 0)
		buffer_add_string(out, side->digest.text);
	else if (strcmp(field, "target") == 0)
		shown_add(out, side->target);
	else
		buffer_printf(out, "%lld", (long long)side->mtime);
}

/* What has no short form is only named. */
static bool has_values(const char *field)
{
	return strcmp(field, "xattrs") != 0 && strcmp(field, "device") != 0;
}

static void add_file(struct buffer *out, const struct diff_file *file)
{
	buffer_printf(out, "%s ", sign_of(file->change));
	shown_add(out, file->path);
	if (file->fields.count == 0)
		buffer_printf(out, "  %s", file->a.type ? file->a.type : file->b.type);
	for (size_t i = 0; i < file->fields.count; i++) {
		buffer_printf(out, "%s%s", i ? ", " : "  ", file->fields.items[i]);
		if (!has_values(file->fields.items[i]))
			continue;
		buffer_add_string(out, " ");
		add_side(out, file->fields.items[i], &file->a);
		buffer_add_string(out, " -> ");
		add_side(out, file->fields.items[i], &file->b);
	}
	buffer_add_string(out, "\n");
}

static void add_container(struct buffer *out, const struct diff_container *container)
{
	buffer_printf(out, "%s %s ", sign_of(container->change), container->stage);
	shown_add(out, container->name);
	for (size_t i = 0; i < container->fields.count; i++)
		buffer_printf(out, "%s%s", i ? ", " : "  ", container->fields.items[i]);
	buffer_add_string(out, "\n");
}

void diff_text(const struct diff *diff, struct buffer *out)
{
	if (diff_is_empty(diff))
		return;
	for (size_t i = 0; i < diff->values_count; i++) {
		buffer_printf(out, "~ %s ", diff->values[i].name);
		shown_add(out, diff->values[i].a);
		buffer_add_string(out, " -> ");
		shown_add(out, diff->values[i].b);
		buffer_add_string(out, "\n");
	}
	for (size_t i = 0; i < diff->containers_count; i++)
		add_container(out, &diff->containers[i]);
	for (size_t i = 0; i < diff->files_count; i++)
		add_file(out, &diff->files[i]);
	buffer_printf(out, "root %s in %llu files -> %s in %llu files\n", contents_shown_size(diff->a->size.bytes).text,
		      (unsigned long long)diff->a->size.files, contents_shown_size(diff->b->size.bytes).text,
		      (unsigned long long)diff->b->size.files);
}

/* --- JSON -------------------------------------------------------------------------------------- */

struct totals {
	const char *name;
	uint64_t output, root, files;	/* bytes of all files of the output, bytes and files of the root */
};

struct document {
	bool same;
	struct totals a, b;
	const struct diff_value *values;
	size_t values_count;
	const struct diff_container *containers;
	size_t containers_count;
	const struct diff_file *files;
	size_t files_count;
};

static const struct json_field totals_fields[] = {
	JSON_ROW("name", struct totals, name, JSON_ALWAYS),
	JSON_ROW("outputBytes", struct totals, output, JSON_ALWAYS),
	JSON_ROW("rootBytes", struct totals, root, JSON_ALWAYS),
	JSON_ROW("rootFiles", struct totals, files, JSON_ALWAYS),
};
static const struct json_type totals_type = JSON_TYPE(struct totals, totals_fields);

static const struct json_field value_fields[] = {
	JSON_ROW("name", struct diff_value, name, JSON_ALWAYS),
	JSON_ROW("a", struct diff_value, a, JSON_ALWAYS),
	JSON_ROW("b", struct diff_value, b, JSON_ALWAYS),
};
static const struct json_type value_type = JSON_TYPE(struct diff_value, value_fields);

static const struct json_field container_fields[] = {
	JSON_ROW("stage", struct diff_container, stage, JSON_ALWAYS),
	JSON_ROW("name", struct diff_container, name, JSON_ALWAYS),
	JSON_ROW("change", struct diff_container, change, JSON_ALWAYS),
	JSON_ROW("fields", struct diff_container, fields, 0),
};
static const struct json_type container_type = JSON_TYPE(struct diff_container, container_fields);

static const struct json_field side_fields[] = {
	JSON_ROW("type", struct diff_side, type, 0),
	JSON_ROW("mode", struct diff_side, mode, 0),
	JSON_ROW("uid", struct diff_side, uid, JSON_ALWAYS),
	JSON_ROW("gid", struct diff_side, gid, JSON_ALWAYS),
	JSON_ROW("mtime", struct diff_side, mtime, JSON_ALWAYS),
	JSON_ROW("size", struct diff_side, size, JSON_ALWAYS),
	JSON_ROW("digest", struct diff_side, digest, 0),
	JSON_ROW("target", struct diff_side, target, 0),
};
static const struct json_type side_type = JSON_TYPE(struct diff_side, side_fields);

static const struct json_field file_fields[] = {
	JSON_ROW("path", struct diff_file, path, JSON_ALWAYS),
	JSON_ROW("change", struct diff_file, change, JSON_ALWAYS),
	JSON_ROW("fields", struct diff_file, fields, 0),
	JSON_ROW_OBJECT("a", struct diff_file, a, &side_type, 0),
	JSON_ROW_OBJECT("b", struct diff_file, b, &side_type, 0),
};
static const struct json_type file_type = JSON_TYPE(struct diff_file, file_fields);

static const struct json_field document_fields[] = {
	JSON_ROW_CONSTANT("version", .limit = 1),
	JSON_ROW("same", struct document, same, JSON_ALWAYS),
	JSON_ROW_OBJECT("a", struct document, a, &totals_type, JSON_ALWAYS),
	JSON_ROW_OBJECT("b", struct document, b, &totals_type, JSON_ALWAYS),
	JSON_ROW_ARRAY("machine", struct document, values, values_count, &value_type, JSON_ALWAYS),
	JSON_ROW_ARRAY("containers", struct document, containers, containers_count, &container_type, JSON_ALWAYS),
	JSON_ROW_ARRAY("files", struct document, files, files_count, &file_type, JSON_ALWAYS),
};
static const struct json_type document_type = JSON_TYPE(struct document, document_fields);
static const struct json_field document = { .kind = JSON_KIND_OBJECT, .type = &document_type };

static struct totals totals_of(const struct contents *c)
{
	struct totals totals = { .name = c->name, .root = c->size.bytes, .files = c->size.files };

	for (size_t i = 0; i < c->files_count; i++)
		totals.output += c->files[i].size;
	return totals;
}

int diff_json(const struct diff *diff, struct buffer *out, struct error *err)
{
	const struct document d = {
		.same = diff_is_empty(diff), .a = totals_of(diff->a), .b = totals_of(diff->b),
		.values = diff->values, .values_count = diff->values_count,
		.containers = diff->containers, .containers_count = diff->containers_count,
		.files = diff->files, .files_count = diff->files_count,
	};
	int r = json_write(&document, &d, true, out, err);

	buffer_add(out, "\n", 1);
	return r;
}
