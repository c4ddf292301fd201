/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who we are to a registry: containers-auth.json(5) and Docker's config.json, with `credHelpers` and `credsStore`.
 * Files, the first that knows the host: the one named, else $REGISTRY_AUTH_FILE, else $XDG_RUNTIME_DIR/containers/auth.json,
 * $XDG_CONFIG_HOME/containers/auth.json, $DOCKER_CONFIG/config.json, ~/.docker/config.json.
 */
#ifndef MKIMAGE_REGISTRY_CREDENTIALS_H
#define MKIMAGE_REGISTRY_CREDENTIALS_H

#include "base/arena.h"
#include "base/error.h"

/* All NULL: nobody in particular. */
struct credentials {
	const char *user, *password;
	const char *identity_token;	/* instead of a password */
};

/* `file` NULL: the usual places. */
int credentials_find(const char *file, const char *host, const char *repository, struct arena *arena,
		     struct credentials *credentials, struct error *err);

#endif
