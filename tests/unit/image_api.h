/* SPDX-License-Identifier: Apache-2.0 */
/* Configurations of machines against the API that they are for: tables of its objects, their properties and types. */
#ifndef TESTS_UNIT_IMAGE_API_H
#define TESTS_UNIT_IMAGE_API_H

#include <jansson.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "tools/mkimage/image/image.h"

/* `object` is the name of the property that holds it, "" for the whole. */
struct api_field {
	const char *object, *name;
	json_type type;
	bool required;
};

struct api {
	const struct api_field *fields;
	size_t count;
};

#define API(f) { (f), sizeof(f) / sizeof(*(f)) }

static inline const struct api_field *api_find(const struct api *api, const char *object, const char *name)
{
	for (size_t i = 0; i < api->count; i++)
		if (strcmp(api->fields[i].object, object) == 0 && strcmp(api->fields[i].name, name) == 0)
			return &api->fields[i];
	fail_msg("the API has no '%s' in '%s'", name, object);
	return NULL;
}

static inline void api_check_object(const struct api *api, const char *object, json_t *value)
{
	const char *name;
	json_t *member, *item;
	size_t n;

	json_object_foreach(value, name, member) {
		const struct api_field *field = api_find(api, object, name);
		json_type type = json_is_false(member) ? JSON_TRUE : json_typeof(member);

		if (type != field->type)
			fail_msg("'%s' of '%s' has another type than in the API", name, object);
		if (json_is_object(member))
			api_check_object(api, name, member);
		json_array_foreach(member, n, item)
			api_check_object(api, name, item);
	}
	for (size_t i = 0; i < api->count; i++)
		if (api->fields[i].required && strcmp(api->fields[i].object, object) == 0 && !json_object_get(value, api->fields[i].name))
			fail_msg("'%s' has no '%s', which the API requires", object, api->fields[i].name);
}

static inline void api_check(const struct api *api, json_t *document)
{
	api_check_object(api, "", document);
}

static inline json_t *api_written(int (*write_json)(const struct image_input *input, int fd, struct error *err),
				  const struct image_input *input)
{
	autoclose int fd = memfd_create("configuration", MFD_CLOEXEC);
	struct error err = { 0 };
	json_error_t at;
	json_t *document;

	assert_true(fd >= 0);
	if (write_json(input, fd, &err) < 0)
		fail_msg("%s", err.message);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	document = json_loadfd(fd, JSON_REJECT_DUPLICATES, &at);
	if (!document)
		fail_msg("line %d: %s", at.line, at.text);
	return document;
}

static inline const char *api_text(json_t *document, const char *object, const char *name)
{
	json_t *value = json_object_get(document, object);

	return json_string_value(json_object_get(json_is_array(value) ? json_array_get(value, 0) : value, name));
}

#endif
