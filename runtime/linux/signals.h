/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_LINUX_SIGNALS_H
#define RUNTIME_LINUX_SIGNALS_H

/* The number of "TERM", "SIGTERM", "sigterm", "15" or "RTMIN+1"; 0, which is sent to nobody and only asks, for "0"; -1 where it is none. */
int signal_find(const char *text);

#endif
