/* SPDX-License-Identifier: Apache-2.0 */
/* Both databases are paragraphs of lines `KEY:VALUE`, with an empty line behind each: tables say which keys matter. */
#include "tools/mkimage/inspect/packages.h"

#include <string.h>

#include "base/cleanup.h"
#include "oci/json.h"

struct format {
	const char *what;		/* for messages */
	bool continued;			/* lines that begin with white space go on with the field above */
	struct {
		const char *key;	/* NULL ends the table */
		size_t offset;		/* of the member in struct paragraph */
	} fields[7];
};

struct paragraph {
	struct package package;
	const char *status;
	bool any;			/* there was a line */
};

#define IN(member) offsetof(struct paragraph, member)

static const struct format dpkg = {
	.what = "dpkg", .continued = true,
	.fields = {
		{ "Package", IN(package.name) }, { "Version", IN(package.version) }, { "Architecture", IN(package.architecture) },
		{ "Source", IN(package.source) }, { "Status", IN(status) }, { NULL, 0 },
	},
};

static const struct format apk = {
	.what = "apk",
	.fields = {
		{ "P", IN(package.name) }, { "V", IN(package.version) }, { "A", IN(package.architecture) },
		{ "o", IN(package.source) }, { "L", IN(package.license) }, { NULL, 0 },
	},
};

struct reader {
	const struct format *format;
	bool all_installed;
	struct arena *arena;
	struct package_list *list;
	struct paragraph paragraph;
	size_t line;
};

static int fail(const struct reader *r, struct error *err, const char *why)
{
	return error_set(err, "%s database: line %zu: %s", r->format->what, r->line, why);
}

/* "install ok installed": want, flag and state (dpkg-query(1)). Of what was removed the configuration may still be there. */
static bool is_installed(const struct reader *r)
{
	const char *state = r->paragraph.status ? strrchr(r->paragraph.status, ' ') : NULL;

	if (r->format != &dpkg || (r->all_installed && !r->paragraph.status))
		return true;
	return state && strcmp(state, " not-installed") != 0 && strcmp(state, " config-files") != 0;
}

static int end_paragraph(struct reader *r, struct error *err)
{
	struct package *package = &r->paragraph.package;
	bool any = r->paragraph.any, installed = is_installed(r);

	if (any && installed) {
		if (!package->name || !package->version)
			return fail(r, err, "a package without name or version ends here");
		if (r->list->count == PACKAGES_MAX)
			return fail(r, err, "too many packages");
		*(struct package *)arena_push(r->arena, &r->list->items, &r->list->count, sizeof(*package)) = *package;
	}
	r->paragraph = (struct paragraph){ 0 };
	return 0;
}

static int set_field(struct reader *r, size_t offset, const char *value, size_t length, struct error *err)
{
	const char **member = (const char **)(void *)((char *)&r->paragraph + offset);
	const char *copy;

	while (length > 0 && (*value == ' ' || *value == '\t'))
		value++, length--;
	while (length > 0 && (value[length - 1] == ' ' || value[length - 1] == '\t' || value[length - 1] == '\r'))
		length--;
	if (*member)
		return fail(r, err, "the field is there twice");
	copy = arena_strndup(r->arena, value, length);
	*member = json_utf8(r->arena, copy);
	return 0;
}

static int read_line(struct reader *r, const char *line, size_t length, struct error *err)
{
	const char *colon = memchr(line, ':', length);
	size_t key = colon ? (size_t)(colon - line) : 0;

	if (length == 0)
		return end_paragraph(r, err);
	if (r->format->continued && (*line == ' ' || *line == '\t'))
		return r->paragraph.any ? 0 : fail(r, err, "it goes on with a field, and there is none");
	if (key == 0)
		return fail(r, err, "expected 'KEY:VALUE'");
	r->paragraph.any = true;
	for (size_t i = 0; r->format->fields[i].key; i++)
		if (strlen(r->format->fields[i].key) == key && memcmp(r->format->fields[i].key, line, key) == 0)
			return set_field(r, r->format->fields[i].offset, colon + 1, length - key - 1, err);
	return 0;
}

static int parse(struct reader *r, const char *text, size_t length, struct error *err)
{
	while (length > 0) {
		const char *end = memchr(text, '\n', length);
		size_t line = end ? (size_t)(end - text) : length, taken = end ? line + 1 : line;

		r->line++;
		if (read_line(r, text, line, err) < 0)
			return -1;
		text += taken;
		length -= taken;
	}
	return end_paragraph(r, err);
}

int packages_parse_dpkg(const char *text, size_t length, bool all_installed, struct arena *arena, struct package_list *list,
			struct error *err)
{
	struct reader r = { .format = &dpkg, .all_installed = all_installed, .arena = arena, .list = list };

	return parse(&r, text, length, err);
}

int packages_parse_apk(const char *text, size_t length, struct arena *arena, struct package_list *list, struct error *err)
{
	struct reader r = { .format = &apk, .arena = arena, .list = list };

	return parse(&r, text, length, err);
}
