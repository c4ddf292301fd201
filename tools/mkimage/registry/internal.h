/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the registry client share: hosts that are known, and what was granted there. */
#ifndef MKIMAGE_REGISTRY_INTERNAL_H
#define MKIMAGE_REGISTRY_INTERNAL_H

#include "oci/reference.h"
#include "tools/mkimage/registry/challenge.h"
#include "tools/mkimage/registry/http.h"
#include "tools/mkimage/registry/places.h"
#include "tools/mkimage/registry/registry.h"

struct host {
	const char *name;		/* with the port */
	struct http_trust trust;
	bool plain;			/* no TLS: it was tried, and the host is insecure */
};

struct grant {
	const struct host *host;
	const char *scope;		/* "repository:library/redis:pull" */
	const char *authorization;	/* the value of the header */
	int64_t expires;		/* http_now(); INT64_MAX: never */
};

struct registry {
	struct registry_options options;
	struct arena arena;		/* of all below */
	struct http *http;
	const struct places *places;
	struct host **hosts;
	size_t hosts_count;
	struct grant *grants;
	size_t grants_count;
};

void registry_report(struct registry *registry, const struct registry_event *event);

/* The host of a place, with its certificates; kept until the close. */
int registry_host(struct registry *registry, const char *name, bool insecure, struct host **host, struct error *err);

/* "https://host". */
const char *registry_origin(const struct host *host, struct arena *arena);

/* What to send as Authorization, or NULL; what has run out is not given. */
const char *registry_granted(const struct registry *registry, const struct host *host, const char *scope);

/*
 * Does as a 401 says: asks the token server, or takes name and password. Other requests go on meanwhile. An error says
 * how to log in where that is what is missing.
 */
int registry_authenticate(struct registry *registry, const struct host *host, const char *repository, const char *scope,
			  const char *authenticate, struct error *err);

#endif
