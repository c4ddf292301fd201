/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What signatures of images are written in. cosign puts a payload of "simple signing" (containers/image,
 * containers-signature(5)) in a layer and its signature in an annotation; since its version 3, it puts a bundle of sigstore
 * (sigstore/protobuf-specs, sigstore_bundle.proto, v0.3) in a layer, with a DSSE envelope around a statement of in-toto
 * (in-toto/attestation, v1). Everything read lives in the arena. Nothing here is verified: that is mkimage/trust.
 */
#ifndef OCI_SIGNATURE_H
#define OCI_SIGNATURE_H

#include <stddef.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/error.h"
#include "oci/config.h"

#define SIGNATURE_PAYLOAD_BYTES_MAX (64u << 10)
#define SIGNATURE_BUNDLE_BYTES_MAX (1u << 20)

#define MEDIA_TYPE_SIMPLE_SIGNING "application/vnd.dev.cosign.simplesigning.v1+json"
#define MEDIA_TYPE_COSIGN_SIGNATURE "application/vnd.dev.cosign.artifact.sig.v1+json"
#define MEDIA_TYPE_BUNDLE "application/vnd.dev.sigstore.bundle.v0.3+json"
#define MEDIA_TYPE_EMPTY "application/vnd.oci.empty.v1+json"
#define MEDIA_TYPE_STATEMENT "application/vnd.in-toto+json"

/* The signature of a payload in base64, beside the descriptor of the layer; and what a bundle says of its insides, beside its manifest. */
#define ANNOTATION_SIGNATURE "dev.cosignproject.cosign/signature"
#define ANNOTATION_PREDICATE "dev.sigstore.bundle.predicateType"

#define STATEMENT_TYPE "https://in-toto.io/Statement/v1"
#define STATEMENT_PREDICATE_SIGNED "https://sigstore.dev/cosign/sign/v1"

struct signature_payload {
	const char *type;		/* must be "cosign container image signature" */
	struct digest digest;		/* of what was signed */
	const char *reference;		/* the name it was signed under, NULL where none is told */
};

struct signature_bundle {
	const char *payload, *payload_type;	/* base64; "application/vnd.in-toto+json" */
	const char *signature;			/* base64, over the pre-authentication encoding of both */
};

struct signature_subject {
	struct oci_pairs digests;	/* algorithm, hex */
};

struct signature_statement {
	const char *type, *predicate_type;
	struct signature_subject *subjects;
	size_t subjects_count;
};

/* Duplicate keys, wrong types, other kinds of documents and what is missing are refused, with the place. */
int signature_payload_parse(const char *json, size_t length, struct arena *arena, struct signature_payload *payload,
			    struct error *err);
int signature_bundle_parse(const char *json, size_t length, struct arena *arena, struct signature_bundle *bundle,
			   struct error *err);
int signature_statement_parse(const char *json, size_t length, struct arena *arena, struct signature_statement *statement,
			      struct error *err);

#endif
