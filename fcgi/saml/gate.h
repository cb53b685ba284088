/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PACT_SAML_GATE_H
#define PACT_SAML_GATE_H

#include <libxml/tree.h>
#include <stdbool.h>
#include <stddef.h>

#include "shared/base/arena.h"

/*
 * The structural gate: what a message must look like before lasso sees it. It knows no key. It lets through the one shape in
 * which there is one assertion, each signature is of its own parent, and no two readers can read different text; the wrapping,
 * truncation and resource attacks on SAML all need another one.
 *
 * Every function returns NULL for what may pass, else the reason: a slug of its own for each check.
 */
#define GATE_BASE64_MAX 524288U /* a response; people with hundreds of groups need a tenth */
#define GATE_XML_MAX (GATE_BASE64_MAX / 4 * 3)
#define GATE_METADATA_MAX 1048576U
#define GATE_NODES_MAX 20000U
#define GATE_DEPTH_MAX 32U

/*
 * Strict base64 (RFC 4648 §4) to bytes on the arena. Line ends may divide it, as RFC 2045 has it; *plain is the text without
 * them.
 */
const char *gate_base64(struct arena *a, const char *text, size_t len, const char **plain,
    const char **xml, size_t *xmllen);

/*
 * Bytes, with a NUL behind them, to a document on the arena. Text first, so that no document with a DTD, a comment, a CDATA
 * section or a processing instruction reaches a parser at all; then the tree: nodes, depth, ids. comments: metadata may hold
 * some, for it says nothing of people and its texts may hold none.
 */
const char *
gate_read(struct arena *a, const char *xml, size_t len, size_t max, bool comments, xmlDoc **out);

/* A read document as the answer to a login. */
const char *gate_response(struct arena *a, xmlDoc *doc);
/* An assertion that was encrypted: the tree once more, and its shape. */
const char *gate_assertion(struct arena *a, const xmlNode *assertion);
/* A read document as a LogoutRequest; its signature, if any, is in the document (POST). */
const char *gate_logout(struct arena *a, xmlDoc *doc);

/* gate_crypto.c: the signature of an element, the encryption of an assertion. */
const char *
gate_signature(struct arena *a, const xmlNode *signature, const xmlNode *signed_element);
const char *gate_encrypted(struct arena *a, const xmlNode *encrypted_assertion);
/* Is it an algorithm that a signature may be made with? */
bool gate_signature_algorithm(const char *uri);

/* What an element may hold, in any order: nothing that is not listed, and no text between. */
struct gate_child {
	const char *ns, *name;
	size_t min, max;
	const char *reason; /* when there are fewer or more */
};
const char *gate_children(const xmlNode *parent, const struct gate_child *rules, size_t nrules,
    const char *other);

#endif
