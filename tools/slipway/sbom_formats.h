/* SPDX-License-Identifier: Apache-2.0 */
/* Bills of materials: their formats, for `slipway sbom`, and beside an image that is being built. */
#ifndef SLIPWAY_SBOM_FORMATS_H
#define SLIPWAY_SBOM_FORMATS_H

#include "base/option.h"
#include "tools/mkimage/image/image.h"
#include "tools/mkimage/inspect/bom.h"

struct sbom_format {
	const char *name;
	const char *suffix;		/* of the file beside an image */
	int (*write)(const struct bom *bom, struct buffer *out, struct error *err);
};

/* NULL with an error that lists the names; the name NULL is the default. */
const struct sbom_format *sbom_format_find(const char *name, struct error *err);

/* All of them, one after the other; NULL behind the last. */
const struct sbom_format *sbom_format_at(size_t index);

/* What `--sbom` asked for, each format once: documents for image_input. */
struct sbom_request {
	const struct sbom_format *formats[IMAGE_DOCUMENTS_MAX];
	struct image_document documents[IMAGE_DOCUMENTS_MAX];
	size_t count;
	const char *prefix;
};

int sbom_request_parse(const struct option_list *names, struct sbom_request *request, struct error *err);

/* image_input.describe, with the request as its context. */
int sbom_describe(void *request, const struct image_written *files, size_t count, struct error *err);

/* Those that an older build left, and that say nothing true of the image any more. */
void sbom_remove_others(const struct sbom_request *request, const char *prefix);

void sbom_request_release(struct sbom_request *request);

#endif
