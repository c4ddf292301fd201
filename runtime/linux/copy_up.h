/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_LINUX_COPY_UP_H
#define RUNTIME_LINUX_COPY_UP_H

#include "base/error.h"

/* Copies what the directory `from` holds into the directory `to`: the mount option tmpcopyup. Symlinks stay symlinks. */
int copy_up(int from, int to, struct error *err);

#endif
