/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/manifest/manifest.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "tools/mkimage/manifest/check.h"
#include "tools/mkimage/manifest/document.h"
#include "tools/mkimage/manifest/lan.h"
#include "tools/mkimage/manifest/network.h"
#include "tools/mkimage/manifest/schema.h"
#include "tools/mkimage/manifest/values.h"

/* `image: ./web` is short for `build: ./web`. */
static void take_paths(struct manifest_containers *stage)
{
	for (size_t i = 0; i < stage->count; i++) {
		struct manifest_container *c = &stage->items[i];

		if (c->build.set || !c->image.value || !value_is_path(c->image.value))
			continue;
		c->build = (struct manifest_build){ .at = c->image.at, .set = true, .context = c->image };
		c->image = (struct manifest_string){ 0 };
	}
}

int manifest_document_parse(const char *path, const char *shown, const char *text, size_t length, struct arena *arena,
		   struct manifest_document *document, struct error *err)
{
	struct manifest_document result = { .path = arena_strdup(arena, path) };
	char *copy;

	if (length > MANIFEST_BYTES_MAX)
		return error_set(err,
				 "%s: %zu bytes; a manifest has at most %u, large contents go into files "
				 "named by 'source'",
				 shown, length, MANIFEST_BYTES_MAX);
	copy = arena_alloc(arena, length + 1);
	if (length)
		memcpy(copy, text, length);
	result.text = copy;
	if (node_parse(arena_strdup(arena, shown), true, copy, length, arena, &result.root, err) < 0)
		return -1;
	*document = result;
	return 0;
}

int manifest_of_document(const struct manifest_document *document, const struct node *root, const struct manifest_lan *lan,
		      struct arena *arena, struct manifest *manifest, struct error *err)
{
	struct checker checker = { .arena = arena, .err = err };
	struct manifest result = { .path = document->path, .text = document->text };

	if (schema_read(&schema_manifest, root, SCHEMA_REFUSE, arena, &result, err) < 0)
		return -1;
	network_add_dhcp(&result, arena);
	take_paths(&result.onboot);
	take_paths(&result.services);
	take_paths(&result.onshutdown);
	take_paths(&result.emergency);
	checker.manifest = &result;
	if ((lan && lan_add(&checker, &result, lan, &root->at) < 0) || check_manifest(&checker, &result) < 0)
		return -1;
	*manifest = result;
	return 0;
}

static int read_one(const struct manifest_document *document, struct arena *arena, struct manifest *manifest, struct error *err)
{
	const struct node *machines = manifest_document_machines(document);

	if (machines)
		return place_error(&machines->at, err, "machines: these are several; 'slipway build', 'run', 'test' and 'lock' take them, "
				   "and 'plan --machine NAME' one of them");
	return manifest_of_document(document, document->root, NULL, arena, manifest, err);
}

int manifest_parse(const char *path, const char *text, size_t length, struct arena *arena,
		   struct manifest *manifest, struct error *err)
{
	return manifest_parse_made(path, path, text, length, arena, manifest, err);
}

int manifest_parse_made(const char *path, const char *shown, const char *text, size_t length, struct arena *arena,
			struct manifest *manifest, struct error *err)
{
	struct manifest_document document;

	return manifest_document_parse(path, shown, text, length, arena, &document, err) < 0 ? -1 : read_one(&document, arena, manifest, err);
}

/* What to do about the errors that are usual here. */
static int read_error(const char *path, int number, struct error *err)
{
	static const struct {
		int number;
		const char *message;
	} messages[] = {
		{ ENOENT, "there is no such file; check the path" },
		{ ENOTDIR, "there is no such file; check the path" },
		{ EISDIR, "is a directory; give the manifest in it" },
		{ EACCES,
		  "cannot be read, permission is denied; check its mode and those of its directories" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(messages); i++)
		if (messages[i].number == number)
			return error_set(err, "%s: %s", path, messages[i].message);
	return error_context(err, "%s", path);
}

int manifest_document_read(const char *path, struct arena *arena, struct manifest_document *document, struct error *err)
{
	bool standard_input = strcmp(path, "-") == 0;
	const char *shown = standard_input ? "<stdin>" : path;
	autobuffer struct buffer text = { 0 };
	struct error cause = { 0 };
	int r = standard_input ? file_read_fd(STDIN_FILENO, shown, MANIFEST_BYTES_MAX, &text, &cause)
			       : file_read(AT_FDCWD, path, MANIFEST_BYTES_MAX, &text, &cause);

	if (r < 0) {
		if (err)
			*err = cause;
		return read_error(shown, cause.number, err);
	}
	return manifest_document_parse(path, shown, buffer_string(&text), text.length, arena, document, err);
}

int manifest_read(const char *path, struct arena *arena, struct manifest *manifest, struct error *err)
{
	struct manifest_document document;

	return manifest_document_read(path, arena, &document, err) < 0 ? -1 : read_one(&document, arena, manifest, err);
}
