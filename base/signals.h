/* SPDX-License-Identifier: Apache-2.0 */
/* Signal names as people, images and manifests write them: "SIGTERM", "term", "15", "SIGRTMIN+3". */
#ifndef BASE_SIGNALS_H
#define BASE_SIGNALS_H

/* The number, or -1 where there is no such signal. "0" is 0: the test whether a process is there. */
int signal_number(const char *name);

#endif
