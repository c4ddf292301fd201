/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Debian packages and what they depend on, through apt with a state of its own: the
 * machine's sources and keys are used, its list of installed packages is not, so
 * that the closure is the same everywhere. Neither root nor dpkg is needed; no
 * maintainer script runs.
 */
#ifndef MKIMAGE_PACKAGE_DEBS_H
#define MKIMAGE_PACKAGE_DEBS_H

#include "base/arena.h"
#include "base/digest.h"
#include "base/error.h"
#include "tools/mkimage/manifest/manifest.h"
#include "tools/mkimage/source/architecture.h"
#include "tools/mkimage/tree/tree.h"

struct deb {
	const char *uri;
	const char *file;		/* name of the file, as apt keeps it */
	struct digest digest;		/* sha256 from the archive's signed index */
};

/* What is asked for. */
struct deb_request {
	const char *cache;
	const struct architecture *architecture;	/* of the packages; NULL: this machine's */
	const struct manifest_strings *names, *exclude;
};

struct deb_list {
	const char *directory;		/* where the files are, once fetched */
	struct deb *items;		/* sorted by file */
	size_t count;
};

/* Finds out what is needed. The lists of apt are refreshed when they are older than a day, or where apt cannot do without. */
int debs_resolve(const struct deb_request *request, struct arena *arena, struct deb_list *list, struct error *err);

/* Downloads what the cache lacks and verifies every file. */
int debs_fetch(const struct deb_request *request, struct arena *arena, struct deb_list *list, struct error *err);

/*
 * Unpacks a package's files into the tree, and its control file to
 * var/lib/dpkg/status.d/NAME, where scanners look for packages of images without dpkg.
 */
int deb_unpack(const struct deb_list *list, const struct deb *deb, struct tree *tree, struct error *err);

#endif
