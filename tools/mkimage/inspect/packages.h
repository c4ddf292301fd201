/* SPDX-License-Identifier: Apache-2.0 */
/* What package managers wrote down of what they installed. */
#ifndef MKIMAGE_INSPECT_PACKAGES_H
#define MKIMAGE_INSPECT_PACKAGES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"

#define PACKAGES_MAX 100000		/* of one image */
#define PACKAGES_BYTES_MAX (64u << 20)	/* of one database */

struct package {
	const char *name, *version;
	const char *architecture;	/* NULL where it says none; likewise all below */
	const char *source;		/* what it was built from */
	const char *license;		/* as the database has it */
	const char *vendor;		/* who made it */
	const char *epoch;		/* rpm's, which is no part of its version; a number */
};

struct package_list {
	struct package *items;
	size_t count;
};

/*
 * dpkg's status (deb-control(5)), or one file of status.d, where everything is installed without saying so. Text is copied to the
 * arena. An error names the line.
 */
int packages_parse_dpkg(const char *text, size_t length, bool all_installed, struct arena *arena, struct package_list *list,
			struct error *err);

/* apk's lib/apk/db/installed. */
int packages_parse_apk(const char *text, size_t length, struct arena *arena, struct package_list *list, struct error *err);

#endif
