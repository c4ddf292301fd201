/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates of a registry: containers-certs.d(5), HOST/{*.crt,*.cert,*.key}, and $SSL_CERT_FILE. */
#ifndef MKIMAGE_REGISTRY_CERTIFICATES_H
#define MKIMAGE_REGISTRY_CERTIFICATES_H

#include "base/arena.h"
#include "base/error.h"
#include "tools/mkimage/registry/http.h"

#define CERTIFICATES_BYTES_MAX (4u << 20)

/*
 * The first of `directory`/HOST (where that is not NULL), the user's containers/certs.d, /etc/containers/certs.d and
 * /etc/docker/certs.d that is there. Its CAs are trusted besides the system's.
 */
int certificates_find(const char *host, const char *directory, struct arena *arena, struct http_trust *trust,
		      struct error *err);

#endif
