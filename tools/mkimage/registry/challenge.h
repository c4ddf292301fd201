/* SPDX-License-Identifier: Apache-2.0 */
/* WWW-Authenticate (RFC 9110, 11.6.1), as far as registries use it. Takes text, not a response. */
#ifndef MKIMAGE_REGISTRY_CHALLENGE_H
#define MKIMAGE_REGISTRY_CHALLENGE_H

#include "base/arena.h"
#include "base/error.h"

#define CHALLENGES_MAX 16
#define CHALLENGE_PARAMETERS_MAX 32

enum challenge_kind {
	CHALLENGE_NONE,
	CHALLENGE_BASIC,
	CHALLENGE_BEARER,		/* a token, from the server `realm` */
};

struct challenge {
	enum challenge_kind kind;
	const char *realm, *service, *scope;	/* NULL where absent; in the arena */
};

/*
 * The best challenge of a field's value (several fields are joined by commas): a bearer with a realm, else basic,
 * else none. A value that breaks the grammar is an error.
 */
int challenge_parse(const char *value, struct arena *arena, struct challenge *challenge, struct error *err);

#endif
