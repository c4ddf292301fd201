/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of TOML 1.0 that registries.conf is written in: tables, arrays of tables, and values that are a string, a
 * boolean, a number or an array of strings. Anything else is an error with its line.
 */
#ifndef MKIMAGE_REGISTRY_TOML_H
#define MKIMAGE_REGISTRY_TOML_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"

#define TOML_BYTES_MAX (1u << 20)
#define TOML_ITEMS_MAX 4096

enum toml_kind { TOML_STRING, TOML_BOOLEAN, TOML_NUMBER, TOML_STRINGS };

struct toml_value {
	enum toml_kind kind;
	const char *string;		/* in the arena; of a number, too */
	bool boolean;
	const char **strings;
	size_t strings_count;
};

struct toml_handler {
	/* `[name]`, or with `item` `[[name]]`; may be NULL. */
	int (*table)(void *context, const char *name, bool item, struct error *err);
	/* `table` is "" at the top; a dotted key is given as it is written. */
	int (*value)(void *context, const char *table, const char *key, const struct toml_value *value,
		     struct error *err);
	void *context;
};

/* Errors begin with "line N: ". */
int toml_read(const char *text, size_t length, const struct toml_handler *handler, struct arena *arena,
	      struct error *err);

#endif
