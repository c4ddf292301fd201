/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where an image may be had: containers-registries.conf(5), version 2. Of several [[registry]] tables, the one
 * with the longest prefix counts; its mirrors come first, in their order.
 */
#ifndef MKIMAGE_REGISTRY_PLACES_H
#define MKIMAGE_REGISTRY_PLACES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "oci/reference.h"

/* The part of a registry that an image is in. */
struct place {
	const char *host;		/* "registry-1.docker.io", "localhost:5000" */
	const char *repository;		/* "library/redis" */
	bool insecure;			/* any certificate will do, and no TLS, too */
	bool mirror;
};

struct places;

/*
 * $CONTAINERS_REGISTRIES_CONF alone, or the user's registries.conf, or /etc/containers/registries.conf, with what
 * is in the directories registries.conf.d beside the last two. Lives in the arena.
 */
int places_read(struct arena *arena, const struct places **places, struct error *err);

/* One text as `places`, for tests. */
int places_parse(const char *text, size_t length, struct arena *arena, const struct places **places, struct error *err);

/* Whether the user named the host. */
bool places_is_named(const char *host, const char *const *hosts, size_t count);

/* `insecure` are hosts the user named. The last place is the registry itself. A blocked one is an error. */
int places_find(const struct places *places, const struct reference *reference, const char *const *insecure,
		size_t insecure_count, struct arena *arena, struct place **found, size_t *count, struct error *err);

#endif
