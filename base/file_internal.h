/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that write files share. */
#ifndef BASE_FILE_INTERNAL_H
#define BASE_FILE_INTERNAL_H

#include <sys/types.h>

/* A fresh file "PATH.PID.N.tmp"; its name is for the caller to free. -1 with errno. */
int file_temporary_beside(int dirfd, const char *path, mode_t mode, char **name);

/* The directory that `path` is in, to free. */
char *file_directory_of(const char *path);

int file_sync_directory_of(int dirfd, const char *path);

#endif
