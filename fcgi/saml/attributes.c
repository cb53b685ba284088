/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Attributes: an address, a name, groups. Their names are the owner's to set; without, those that common providers use, first
 * found first taken. Which provider sends which:
 *
 *     Entra ID, ADFS, Auth0    http://schemas.xmlsoap.org/ws/2005/05/identity/claims/…, http://schemas.microsoft.com/…
 *     Okta, Google, Keycloak, JumpCloud, Ping, Duo   whatever their administrator types; these are what their guides propose
 *     OneLogin    User.…
 *     Shibboleth, simplesamlphp   urn:oid:…, or the short names of LDAP
 */
#include <string.h>

#include "fcgi/saml/accept.h"
#include "fcgi/saml/gate.h"
#include "fcgi/saml/xml.h"
#include "shared/base/str.h"

#define CLAIMS "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
#define MICROSOFT "http://schemas.microsoft.com/"
#define GROUPS_MAX 2000U
#define VALUE_MAX 1024U

static const char *const email_names[] = {"email", "mail", "Email", "emailAddress",
    CLAIMS "emailaddress", "urn:oid:0.9.2342.19200300.100.1.3", "urn:oid:1.2.840.113549.1.9.1",
    "User.email", NULL};
static const char *const name_names[] = {"displayName", "name", "fullName",
    MICROSOFT "identity/claims/displayname", "urn:oid:2.16.840.1.113730.3.1.241", "cn",
    "urn:oid:2.5.4.3", NULL};
static const char *const first_names[] = {"givenName", "firstName", "first_name",
    CLAIMS "givenname", "urn:oid:2.5.4.42", "firstname", "FirstName", "given_name",
    "User.FirstName", NULL};
static const char *const last_names[] = {"sn", "surname", "lastName", "last_name", CLAIMS "surname",
    "urn:oid:2.5.4.4", "lastname", "LastName", "family_name", "User.LastName", NULL};
/* the name of a person in ADFS and Auth0, but in Entra ID that of the account */
static const char *const other_names[] = {CLAIMS "name", NULL};
static const char *const group_names[] = {"groups", "group", "memberOf", "Group",
    MICROSOFT "ws/2008/06/identity/claims/groups", "http://schemas.xmlsoap.org/claims/Group",
    MICROSOFT "ws/2008/06/identity/claims/role", "Role", "urn:oid:1.3.6.1.4.1.5923.1.5.1.1", NULL};

/* The values of all attributes of a name, in order. */
struct values {
	const char **value;
	size_t n;
	bool found;
};

/* A text node is what one reads; an element in its place, or more text than anybody needs, is refused. */
static const char *
add_values(struct arena *a, const xmlNode *attribute, struct values *v)
{
	for (const xmlNode *n = xml_child(attribute, NS_SAML, "AttributeValue"); n != NULL;
	     n = xml_next(n, NS_SAML, "AttributeValue")) {
		const char *text = xml_text(a, n);

		if (text == NULL || strlen(text) > VALUE_MAX || v->n == GROUPS_MAX)
			return "attribute-value";
		if (*text != '\0')
			v->value[v->n++] = text;
	}
	return NULL;
}

static const char *
values_of(struct arena *a, const xmlNode *assertion, const char *name, struct values *v)
{
	const char *why;

	v->n = 0;
	v->found = false;
	for (const xmlNode *s = xml_child(assertion, NS_SAML, "AttributeStatement"); s != NULL;
	     s = xml_next(s, NS_SAML, "AttributeStatement"))
		for (const xmlNode *n = xml_child(s, NS_SAML, "Attribute"); n != NULL;
		     n = xml_next(n, NS_SAML, "Attribute")) {
			if (!xml_attribute_is(a, n, "Name", name))
				continue;
			v->found = true;
			if ((why = add_values(a, n, v)) != NULL)
				return why;
		}
	return NULL;
}

/* Of the first of these names that the assertion has: its values. configured: this name and no other. */
static const char *
first_of(struct arena *a, const xmlNode *assertion, const char *configured,
    const char *const *names, struct values *v)
{
	const char *why;

	v->value = arena_array(a, GROUPS_MAX, sizeof *v->value);
	if (configured != NULL)
		return values_of(a, assertion, configured, v);
	for (; *names != NULL; names++)
		if ((why = values_of(a, assertion, *names, v)) != NULL || v->found)
			return why;
	return NULL;
}

/* *out: the value, or as it was when there is none. More than one is refused: which one is meant? */
static const char *
one_of(struct arena *a, const xmlNode *assertion, const char *configured, const char *const *names,
    const char **out)
{
	struct values v = {0};
	const char *why = first_of(a, assertion, configured, names, &v);

	if (why != NULL)
		return why;
	if (v.n > 1)
		return "attribute-count";
	if (v.n == 1)
		*out = v.value[0];
	return NULL;
}

/* A directory may know somebody by several names: nobody is let in by one, so the first will do. */
static const char *
usual_name(struct arena *a, const xmlNode *assertion, const char *const *names, const char **out)
{
	struct values v = {0};
	const char *why = first_of(a, assertion, NULL, names, &v);

	if (why == NULL && v.n > 0)
		*out = v.value[0];
	return why;
}

static const char *
name_of(struct arena *a, const xmlNode *assertion, const struct saml_expect *e, const char **out)
{
	const char *first = NULL, *last = NULL, *other = NULL, *why;

	if (e->attribute_name != NULL)
		return one_of(a, assertion, e->attribute_name, NULL, out);
	if ((why = usual_name(a, assertion, name_names, out)) != NULL || *out != NULL)
		return why;
	if ((why = usual_name(a, assertion, first_names, &first)) != NULL ||
	    (why = usual_name(a, assertion, last_names, &last)) != NULL ||
	    (why = usual_name(a, assertion, other_names, &other)) != NULL)
		return why;
	if (first != NULL && last != NULL)
		*out = arena_printf(a, "%s %s", first, last);
	else if (first != NULL || last != NULL)
		*out = first != NULL ? first : last;
	else if (other != NULL && !email_plausible(other, strlen(other)))
		*out = other;
	return NULL;
}

const char *
saml_attributes(struct arena *a, const xmlNode *assertion, const struct saml_expect *e,
    struct saml_claims *out)
{
	struct values groups = {0},
	              elsewhere = {.value = arena_array(a, GROUPS_MAX, sizeof(char *))};
	const char *email = NULL, *why;

	if ((why = one_of(a, assertion, e->attribute_email, email_names, &email)) != NULL ||
	    (why = name_of(a, assertion, e, &out->name)) != NULL ||
	    (why = first_of(a, assertion, e->attribute_groups, group_names, &groups)) != NULL)
		return why;
	/* an attribute says more than a NameID that looks like an address; one that was named and is not there says: none */
	if (email != NULL || e->attribute_email != NULL)
		out->email = email != NULL && email_plausible(email, strlen(email)) ? email : NULL;
	out->groups = groups.value;
	out->ngroups = groups.n;
	/*
	 * So with groups: of somebody who has left the last one most providers send no attribute at all, and what it gave must
	 * not stay. Entra ID, where there are too many, says that they are elsewhere.
	 */
	if ((why = values_of(a, assertion, MICROSOFT "claims/groups.link", &elsewhere)) != NULL)
		return why;
	out->has_groups = groups.found || (e->attribute_groups != NULL && !elsewhere.found);
	return NULL;
}
