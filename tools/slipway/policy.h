/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of trust, from a manifest or a command line, with their keys read. */
#ifndef SLIPWAY_POLICY_H
#define SLIPWAY_POLICY_H

#include "base/option.h"
#include "tools/mkimage/manifest/manifest.h"
#include "tools/mkimage/trust/trust.h"

/* `trust:` of a manifest; NULL where it has none. All in the arena; names of rules are borrowed. */
int policy_of_manifest(const struct manifest *manifest, struct arena *arena, const struct trust_policy **policy,
		       struct error *err);

/* One rule for all images. */
int policy_of_keys(const struct option_list *files, struct arena *arena, const struct trust_policy **policy, struct error *err);

#endif
