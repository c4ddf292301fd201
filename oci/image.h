/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Documents of the OCI image-spec 1.1 (image-layout.md, image-index.md,
 * manifest.md, config.md) and their Docker schema 2 twins, which have the same
 * shape under other media types. Everything read lives in the arena.
 */
#ifndef OCI_IMAGE_H
#define OCI_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/digest.h"
#include "base/error.h"
#include "oci/config.h"			/* oci_strings, oci_pairs */

#define OCI_DOCUMENT_BYTES_MAX (4u << 20)	/* containerd's limit for a manifest, index or config */
#define OCI_LAYERS_MAX 512

#define MEDIA_TYPE_INDEX        "application/vnd.oci.image.index.v1+json"
#define MEDIA_TYPE_MANIFEST     "application/vnd.oci.image.manifest.v1+json"
#define MEDIA_TYPE_CONFIG       "application/vnd.oci.image.config.v1+json"
#define MEDIA_TYPE_LAYER        "application/vnd.oci.image.layer.v1.tar"
#define MEDIA_TYPE_LAYER_GZIP   "application/vnd.oci.image.layer.v1.tar+gzip"
#define MEDIA_TYPE_LAYER_ZSTD   "application/vnd.oci.image.layer.v1.tar+zstd"
#define MEDIA_TYPE_DOCKER_LIST     "application/vnd.docker.distribution.manifest.list.v2+json"
#define MEDIA_TYPE_DOCKER_MANIFEST "application/vnd.docker.distribution.manifest.v2+json"
#define MEDIA_TYPE_DOCKER_CONFIG   "application/vnd.docker.container.image.v1+json"
#define MEDIA_TYPE_DOCKER_LAYER    "application/vnd.docker.image.rootfs.diff.tar.gzip"

#define ANNOTATION_REF_NAME "org.opencontainers.image.ref.name"

struct oci_platform {
	const char *architecture, *os, *variant;	/* NULL where absent */
};

struct oci_descriptor {
	const char *media_type;
	struct digest digest;
	uint64_t size;			/* bytes */
	const char *artifact_type;	/* of what the manifest is, where that is no image; NULL */
	struct oci_platform platform;
	struct oci_pairs annotations;
};

struct oci_index {
	const char *media_type;		/* as read, MEDIA_TYPE_INDEX where absent; always that when written */
	struct oci_descriptor *manifests;
	size_t count;
};

struct oci_manifest {
	const char *media_type;		/* as read, MEDIA_TYPE_MANIFEST where absent */
	struct oci_descriptor config;
	struct oci_descriptor *layers;
	size_t layers_count;
	struct oci_pairs annotations;
};

/* Docker's HEALTHCHECK; not of the image-spec, and kept by most tools. Times are nanoseconds; 0 is Docker's default. */
struct oci_healthcheck {
	struct oci_strings test;	/* "CMD", ...; "CMD-SHELL", COMMAND; "NONE" */
	int64_t interval, timeout, start_period, start_interval, retries;
};

/* config.md, "Properties". `history` is neither read nor written. */
struct oci_image_config {
	const char *architecture, *os, *variant, *created;
	struct {
		const char *user, *working_dir, *stop_signal;
		struct oci_strings env, entrypoint, cmd;
		struct oci_strings exposed_ports, volumes;	/* the keys of the objects, sorted */
		struct oci_pairs labels;
		struct oci_healthcheck *healthcheck;	/* NULL: it has none */
	} config;
	struct digest *diff_ids;
	size_t diff_ids_count;
};

/*
 * Each parser takes bytes and says the place of what is wrong. Duplicate keys
 * are refused, and so is a manifest that could be taken for an index or the
 * other way round. A string that is empty is read as absent.
 */
int oci_index_parse(const char *json, size_t length, struct arena *arena, struct oci_index *index,
		    struct error *err);
int oci_manifest_parse(const char *json, size_t length, struct arena *arena, struct oci_manifest *manifest,
		       struct error *err);
int oci_image_config_parse(const char *json, size_t length, struct arena *arena,
			   struct oci_image_config *config, struct error *err);

/* Each writer appends the document, compact, keys in the order of the specification. Deterministic. */
int oci_index_write(const struct oci_index *index, struct buffer *out, struct error *err);
int oci_manifest_write(const struct oci_manifest *manifest, struct buffer *out, struct error *err);
int oci_image_config_write(const struct oci_image_config *config, struct buffer *out, struct error *err);

/* manifest.json of a docker-archive (`docker save`): one entry an image. */
struct docker_archive_image {
	const char *config;		/* path in the archive */
	struct oci_strings layers;	/* paths in the archive, base first */
	struct oci_strings repo_tags;
};

struct docker_archive {
	struct docker_archive_image *images;
	size_t count;
};

int docker_archive_parse(const char *json, size_t length, struct arena *arena, struct docker_archive *archive,
			 struct error *err);

#endif
