/* SPDX-License-Identifier: Apache-2.0 */
/* A machine of one service, from a Dockerfile alone. */
#ifndef MKIMAGE_COMPOSE_DOCKERFILE_H
#define MKIMAGE_COMPOSE_DOCKERFILE_H

#include "base/arena.h"
#include "base/buffer.h"
#include "oci/image.h"

struct dockerfile_machine {
	const char *name;		/* of the service and the machine */
	const char *comment;		/* the first line */
	const char *image;		/* what was built; or NULL, and then */
	const char *context, *dockerfile;	/* of `build:`; dockerfile may be NULL */
	const struct oci_image_config *config;	/* of what was built */
};

/*
 * Appends the manifest. EXPOSE becomes `ports`, VOLUME volumes that hold what the image has there and are kept
 * where the machine has a disk, HEALTHCHECK `health` and
 * `ready`. The machine ends with the program. The rest (USER, ENTRYPOINT, CMD, ENV, WORKDIR, STOPSIGNAL) is read from the image
 * when the manifest is compiled.
 */
void dockerfile_manifest(const struct dockerfile_machine *machine, struct arena *arena, struct buffer *out);

#endif
