/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The databases of rpm: a header for each package that is installed, in a file of sqlite or in rpm's own ndb. All of it is hostile:
 * a header lies within its bytes, and the work is bounded whatever a database says.
 */
#ifndef MKIMAGE_INSPECT_RPM_H
#define MKIMAGE_INSPECT_RPM_H

#include "tools/mkimage/inspect/packages.h"

#define RPM_BYTES_MAX (256u << 20)	/* of one database */
#define RPM_HEADER_BYTES_MAX (64u << 20)
#define RPM_HEADER_TAGS_MAX 65535	/* as in rpm's lib/header.c */

/* rpmdb.sqlite. The bytes are changed: its journal mode, which memory has not. An error names the package by its number. */
int rpm_parse_sqlite(void *data, size_t length, struct arena *arena, struct package_list *list, struct error *err);

/* Packages.db. */
int rpm_parse_ndb(const void *data, size_t length, struct arena *arena, struct package_list *list, struct error *err);

/*
 * One header, as both have it: numbers of entries and bytes, the entries, their data (rpm's docs/manual/format.md, "Header
 * structure", without its magic). Keys of signers, which rpm keeps as packages, too, are left out.
 */
int rpm_add_header(const void *data, size_t length, struct arena *arena, struct package_list *list, struct error *err);

#endif
