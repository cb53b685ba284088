/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PACT_SAML_XML_H
#define PACT_SAML_XML_H

#include <libxml/tree.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/base/arena.h"

/* What SAML's XML is read with. "Missing" is NULL or false everywhere here, so that callers refuse it. */
#define NS_SAML "urn:oasis:names:tc:SAML:2.0:assertion"
#define NS_SAMLP "urn:oasis:names:tc:SAML:2.0:protocol"
#define NS_MD "urn:oasis:names:tc:SAML:2.0:metadata"
#define NS_DS "http://www.w3.org/2000/09/xmldsig#"
#define NS_ENC "http://www.w3.org/2001/04/xmlenc#"
#define NS_ENC11 "http://www.w3.org/2009/xmlenc11#"
#define NS_XML "http://www.w3.org/XML/1998/namespace"

#define NAMEID_EMAIL "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
#define NAMEID_UNSPECIFIED "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
#define NAMEID_PERSISTENT "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
#define NAMEID_TRANSIENT "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
#define NAMEID_ENTITY "urn:oasis:names:tc:SAML:2.0:nameid-format:entity"

/* What a NameID may say beside its text (SAML core §2.2.2); up to NULL. */
extern const char *const xml_name_id[];

/* Once per process: libxml2 fetches nothing and prints nothing. */
void xml_setup(void);

bool xml_is(const xmlNode *n, const char *ns, const char *name);
/* The first child element of that name, the next one behind it, how many there are. */
xmlNode *xml_child(const xmlNode *parent, const char *ns, const char *name);
xmlNode *xml_next(const xmlNode *n, const char *ns, const char *name);
size_t xml_count(const xmlNode *parent, const char *ns, const char *name);
/* The only child element of that name: NULL when there is none and when there are more. */
xmlNode *xml_only(const xmlNode *parent, const char *ns, const char *name);

/*
 * The node behind n in document order, within root; NULL behind the last. No recursion, for depth is the sender's to choose:
 * *depth (or NULL) follows it.
 */
const xmlNode *xml_walk(const xmlNode *root, const xmlNode *n, size_t *depth);

/* An attribute without a namespace, on the arena. */
const char *xml_attribute(struct arena *a, const xmlNode *n, const char *name);
bool xml_attribute_is(struct arena *a, const xmlNode *n, const char *name, const char *value);
/* All text of an element that holds nothing but text, without the white space around it; on the arena. */
const char *xml_text(struct arena *a, const xmlNode *n);

/*
 * An xs:dateTime in UTC as SAML has it (core §1.3.3): YYYY-MM-DDThh:mm:ss, a fraction that is cut off, Z. Seconds since
 * 1970. False for anything else: no offsets, no leap second, no 24:00, no day that the month does not have.
 */
bool xml_time(const char *s, int64_t *out);
/* The same the other way, in 21 bytes. */
void xml_time_text(char out[static 21], int64_t t);

/* s with the five characters that mean something in XML escaped, on the arena. */
const char *xml_escape(struct arena *a, const char *s);

/* A reference of libxml2's to be given back when the arena ends. */
xmlDoc *xml_keep(struct arena *a, xmlDoc *doc);

#endif
