/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/signature.h"

#include "oci/json.h"

#define SUBJECTS_MAX 64

/* --- simple signing -------------------------------------------------------------------------- */

/* atomic's signatures have the same shape, and another way to be signed. */
static const char *const payload_types[] = { "cosign container image signature", NULL };

static const struct json_field identity_fields[] = {
	JSON_ROW("docker-reference", struct signature_payload, reference, 0),
};
static const struct json_type identity_type = JSON_TYPE(struct signature_payload, identity_fields);
static const struct json_field image_fields[] = {
	JSON_ROW("docker-manifest-digest", struct signature_payload, digest, JSON_REQUIRED),
};
static const struct json_type image_type = JSON_TYPE(struct signature_payload, image_fields);
static const struct json_field critical_fields[] = {
	JSON_ROW("type", struct signature_payload, type, JSON_REQUIRED, .words = payload_types),
	JSON_ROW_INLINE("image", &image_type, JSON_REQUIRED),
	JSON_ROW_INLINE("identity", &identity_type, JSON_REQUIRED),
};
static const struct json_type critical_type = JSON_TYPE(struct signature_payload, critical_fields);
static const struct json_field payload_fields[] = { JSON_ROW_INLINE("critical", &critical_type, JSON_REQUIRED) };
static const struct json_type payload_type = JSON_TYPE(struct signature_payload, payload_fields);
static const struct json_field payload_document = { .kind = JSON_KIND_OBJECT, .type = &payload_type };

int signature_payload_parse(const char *json, size_t length, struct arena *arena, struct signature_payload *payload,
			    struct error *err)
{
	*payload = (struct signature_payload){ 0 };
	return json_read(json, length, SIGNATURE_PAYLOAD_BYTES_MAX, &payload_document, arena, payload, err);
}

/* --- bundles --------------------------------------------------------------------------------- */

static const char *const bundle_types[] = { MEDIA_TYPE_BUNDLE, NULL };
static const char *const dsse_payload_types[] = { MEDIA_TYPE_STATEMENT, NULL };
static const char *const is_keyless[] = { "the signature is by a certificate; only those by a key are supported", NULL };
static const char *const is_of_bytes[] = { "signs bytes, not a statement about an image", NULL };

struct bundle_signature {
	const char *signature;
};

struct bundle {
	const char *media_type;
	struct signature_bundle is;
	struct bundle_signature *signatures;
	size_t signatures_count;
};

/* What there is to say of a key is a hint, which is not believed. */
static const struct json_field material_fields[] = {
	JSON_ROW_REFUSED("certificate", is_keyless),
	JSON_ROW_REFUSED("x509CertificateChain", is_keyless),
};
static const struct json_type material_type = JSON_TYPE(struct bundle, material_fields);
static const struct json_field bundle_signature_fields[] = {
	JSON_ROW("sig", struct bundle_signature, signature, JSON_REQUIRED),
};
static const struct json_type bundle_signature_type = JSON_TYPE(struct bundle_signature, bundle_signature_fields);
static const struct json_field envelope_fields[] = {
	JSON_ROW("payload", struct bundle, is.payload, JSON_REQUIRED),
	JSON_ROW("payloadType", struct bundle, is.payload_type, JSON_REQUIRED, .words = dsse_payload_types),
	JSON_ROW_ARRAY("signatures", struct bundle, signatures, signatures_count, &bundle_signature_type, JSON_REQUIRED,
		       .limit = 1),
};
static const struct json_type envelope_type = JSON_TYPE(struct bundle, envelope_fields);
static const struct json_field bundle_fields[] = {
	JSON_ROW("mediaType", struct bundle, media_type, JSON_REQUIRED, .words = bundle_types),
	JSON_ROW_INLINE("verificationMaterial", &material_type, JSON_REQUIRED),
	JSON_ROW_REFUSED("messageSignature", is_of_bytes),
	JSON_ROW_INLINE("dsseEnvelope", &envelope_type, JSON_REQUIRED),
};

/* sigstore_bundle.proto: "DSSE envelopes MUST contain only one signature". */
static int check_bundle(const void *value, const struct json_place *place, struct error *err)
{
	const struct bundle *bundle = value;

	if (bundle->signatures_count != 1)
		return json_error(place, "dsseEnvelope.signatures", err, "expected one signature, got none");
	return 0;
}

static const struct json_type bundle_type = JSON_TYPE(struct bundle, bundle_fields, .check = check_bundle);
static const struct json_field bundle_document = { .kind = JSON_KIND_OBJECT, .type = &bundle_type };

int signature_bundle_parse(const char *json, size_t length, struct arena *arena, struct signature_bundle *out,
			   struct error *err)
{
	struct bundle bundle = { 0 };

	if (json_read(json, length, SIGNATURE_BUNDLE_BYTES_MAX, &bundle_document, arena, &bundle, err) < 0)
		return -1;
	*out = bundle.is;
	out->signature = bundle.signatures[0].signature;
	return 0;
}

/* --- statements ------------------------------------------------------------------------------ */

static const char *const statement_types[] = { STATEMENT_TYPE, NULL };
/* The same key signs SBOMs and scans of an image; none of them says that the image is good. */
static const char *const predicate_types[] = { STATEMENT_PREDICATE_SIGNED, NULL };

static const struct json_field subject_fields[] = {
	JSON_ROW("digest", struct signature_subject, digests, JSON_REQUIRED),
};
static const struct json_type subject_type = JSON_TYPE(struct signature_subject, subject_fields);
static const struct json_field statement_fields[] = {
	JSON_ROW("_type", struct signature_statement, type, JSON_REQUIRED, .words = statement_types),
	JSON_ROW_ARRAY("subject", struct signature_statement, subjects, subjects_count, &subject_type, JSON_REQUIRED,
		       .limit = SUBJECTS_MAX),
	JSON_ROW("predicateType", struct signature_statement, predicate_type, JSON_REQUIRED, .words = predicate_types),
};
static const struct json_type statement_type = JSON_TYPE(struct signature_statement, statement_fields);
static const struct json_field statement_document = { .kind = JSON_KIND_OBJECT, .type = &statement_type };

int signature_statement_parse(const char *json, size_t length, struct arena *arena, struct signature_statement *statement,
			      struct error *err)
{
	*statement = (struct signature_statement){ 0 };
	return json_read(json, length, SIGNATURE_BUNDLE_BYTES_MAX, &statement_document, arena, statement, err);
}
