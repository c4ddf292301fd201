/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_LINUX_OOM_H
#define RUNTIME_LINUX_OOM_H

#include "base/error.h"

/* process.oomScoreAdj, for this process and what it executes. */
int oom_score_adjust(int value, struct error *err);

#endif
