/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/slipway/sbom_formats.h"

#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

static const struct sbom_format formats[] = {
	{ "spdx", "-sbom.spdx.json", bom_spdx },
	{ "cyclonedx", "-sbom.cdx.json", bom_cyclonedx },
	{ "slsa", "-sbom.slsa.json", bom_slsa },
};
_Static_assert(ARRAY_SIZE(formats) <= IMAGE_DOCUMENTS_MAX, "each may be asked for");

const struct sbom_format *sbom_format_find(const char *name, struct error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		if (strcmp(formats[i].name, name ? name : formats[0].name) == 0)
			return &formats[i];
	(void)error_set(err, "unknown format '%s'; the formats are 'spdx', 'cyclonedx', 'slsa'", name);
	return NULL;
}

const struct sbom_format *sbom_format_at(size_t index)
{
	return index < ARRAY_SIZE(formats) ? &formats[index] : NULL;
}

static bool has(const struct sbom_request *request, const struct sbom_format *format)
{
	for (size_t i = 0; i < request->count; i++)
		if (request->formats[i] == format)
			return true;
	return false;
}

int sbom_request_parse(const struct option_list *names, struct sbom_request *request, struct error *err)
{
	for (size_t i = 0; i < names->count; i++) {
		const struct sbom_format *format = sbom_format_find(names->items[i], err);

		if (!format)
			return error_context(err, "--sbom");
		if (has(request, format))
			continue;
		request->documents[request->count].suffix = format->suffix;
		request->formats[request->count++] = format;
	}
	return 0;
}

/* The image is read back: what is said of it is what is in it, and the same as `slipway sbom` says later. */
int sbom_describe(void *context, const struct image_written *files, size_t count, struct error *err)
{
	struct sbom_request *request = context;
	struct arena arena = { 0 };
	struct contents_source *sources = arena_array(&arena, count, sizeof(*sources));
	struct contents contents;
	struct bom bom;
	int r;

	for (size_t i = 0; i < count; i++)
		sources[i] = (struct contents_source){ files[i].suffix, files[i].fd };
	r = contents_open_files(request->prefix, sources, count, &arena, &contents, err);
	if (r == 0)
		r = bom_make(&contents, &arena, &bom, err);
	for (size_t i = 0; r == 0 && i < request->count; i++)
		r = request->formats[i]->write(&bom, &request->documents[i].text, err);
	contents_close(&contents);
	arena_release(&arena);
	return r < 0 ? error_context(err, "--sbom") : 0;
}

void sbom_remove_others(const struct sbom_request *request, const char *prefix)
{
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		autobuffer struct buffer path = { 0 };

		if (has(request, &formats[i]))
			continue;
		buffer_printf(&path, "%s%s", prefix, formats[i].suffix);
		(void)unlink(buffer_string(&path)); /* most often it is not there */
	}
}

void sbom_request_release(struct sbom_request *request)
{
	for (size_t i = 0; i < request->count; i++)
		buffer_release(&request->documents[i].text);
	*request = (struct sbom_request){ 0 };
}
