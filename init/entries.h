/* SPDX-License-Identifier: Apache-2.0 */
/* The entries of a directory, without allocating: readdir(3) does. */
#ifndef INIT_ENTRIES_H
#define INIT_ENTRIES_H

/*
 * Calls `visit` for each entry whose name does not begin with a dot, until it returns other than -1: the result.
 * -1 also where there is no such directory. `dirfd` is that of the directory, for the time of the call.
 */
int entries_visit(const char *directory, int (*visit)(int dirfd, const char *name, void *context), void *context);

#endif
