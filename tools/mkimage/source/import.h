/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `slipway image import`: images brought in from files.
 *
 * The kind is found from the contents: an OCI image layout (directory, or tar
 * of one, in any compression), a docker-archive (`docker save`), or the tar of a
 * root file system (gzip, zstd, xz or none), which becomes an image of one layer.
 * Every digest named by the source is verified, diff_ids too, and every layer is
 * read as a tar to its end; nothing is tagged unless all of the image arrived.
 * Documents and layers are stored as they are, so that digests stay; only a rootfs
 * tar or a docker-archive's layer in a compression that the image-spec does not
 * have (xz, bzip2) is turned into zstd. Of an index, one platform is taken.
 */
#ifndef MKIMAGE_SOURCE_IMPORT_H
#define MKIMAGE_SOURCE_IMPORT_H

#include "base/arena.h"
#include "base/error.h"
#include "tools/mkimage/source/store.h"

struct import_options {
	const char *path;		/* file, directory, or "-" for standard input */
	const char *name;		/* reference to file it under; NULL: the name in the source, if that has one */
	const char *select;		/* which image of a source with several: its ref name, repo tag or digest */
	const char *platform;		/* "linux/amd64": which of an index, and that of a rootfs tar; NULL is this machine's */
	/* for a rootfs tar: the image config */
	const char **entrypoint, **cmd, **env;	/* ended by NULL; may be NULL */
	const char *working_dir, *user;
};

/* Gives the normalised name and manifest digest of what was filed, in the arena. */
int import_image(struct store *store, const struct import_options *options, struct arena *arena,
		 const char **name, struct digest *digest, struct error *err);

/* What image-spec and Docker call a config, and a tar that can be a layer; foreign ones are refused, too. */
int import_check_config_type(const struct oci_descriptor *config, struct error *err);
int import_check_layer_type(const struct oci_descriptor *layer, struct error *err);

/*
 * Looks through the bytes of a layer as an import does: a tar in a compression that the image-spec has, no entry that
 * leads outside, within the limits, and of that diff_id. Several threads may do so at once.
 */
int import_check_layer(int fd, uint64_t size, const struct digest *diff_id, struct error *err);

#endif
