/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Image references, with Docker's short forms: "redis" is
 * "docker.io/library/redis:latest", "linuxkit/init:v1" is "docker.io/linuxkit/init:v1".
 * Grammar: distribution's reference package (domain/path:tag@digest).
 */
#ifndef OCI_REFERENCE_H
#define OCI_REFERENCE_H

#include "base/arena.h"
#include "base/digest.h"
#include "base/error.h"

#define REFERENCE_LENGTH_MAX 512

struct reference {
	const char *registry;		/* "docker.io", "localhost:5000" */
	const char *repository;		/* "library/redis" */
	const char *tag;		/* "latest" where neither tag nor digest was given; NULL with a digest only */
	struct digest digest;		/* text "" where none was given */
	const char *name;		/* the whole, normalised: what the store files it under */
};

int reference_parse(const char *text, struct arena *arena, struct reference *reference, struct error *err);

#endif
