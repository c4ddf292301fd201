/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a registry says in JSON (distribution-spec 1.1), what its token server says (distribution's "token
 * authentication"), and the files that hold passwords for both: Docker's config.json, which containers-auth.json(5)
 * follows. Everything read lives in the arena.
 */
#ifndef OCI_DISTRIBUTION_H
#define OCI_DISTRIBUTION_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "oci/image.h"

#define DISTRIBUTION_TOKEN_BYTES_MAX (256u << 10)
#define DISTRIBUTION_AUTH_FILE_BYTES_MAX (1u << 20)
#define DISTRIBUTION_ERROR_BYTES_MAX (64u << 10)

/* Either name of the token is in use; each NULL where absent. `expires_in` is seconds, 0 where absent. */
struct distribution_token {
	const char *token, *access_token;
	uint64_t expires_in;
};

int distribution_token_parse(const char *json, size_t length, struct arena *arena, struct distribution_token *token,
			     struct error *err);

/* The body of a response of 4xx: its first error, "CODE: message". NULL where it is not such a document. */
const char *distribution_error_parse(const char *json, size_t length, struct arena *arena);

struct distribution_tags {
	const char *name;
	struct oci_strings tags;	/* in the registry's order */
};

int distribution_tags_parse(const char *json, size_t length, struct arena *arena, struct distribution_tags *tags,
			    struct error *err);

/* `docker login` and `podman login` write these. A key is a host, with or without scheme and path. */
struct distribution_login {
	const char *key;
	const char *auth;		/* base64 of "user:password" */
	const char *identity_token;	/* instead of a password: an OAuth2 refresh token */
};

struct distribution_auth_file {
	struct distribution_login *logins;
	size_t logins_count;
	struct oci_pairs helpers;	/* host, and what to add to "docker-credential-" */
	const char *store;		/* the helper of all other hosts */
};

int distribution_auth_file_parse(const char *json, size_t length, struct arena *arena,
				 struct distribution_auth_file *file, struct error *err);

/* What `docker-credential-NAME get` prints. */
struct distribution_helper_answer {
	const char *username, *secret;
};

int distribution_helper_parse(const char *json, size_t length, struct arena *arena,
			      struct distribution_helper_answer *answer, struct error *err);

#endif
