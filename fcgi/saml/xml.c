/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fcgi/saml/xml.h"

#include <libxml/parser.h>
#include <libxml/xmlerror.h>
#include <string.h>
#include <time.h>

#include "shared/base/buf.h"
#include "shared/base/str.h"

#define ESCAPED_MAX (4U * 1024U * 1024U)

const char *const xml_name_id[] = {"Format", "NameQualifier", "SPNameQualifier", "SPProvidedID",
    NULL};

static void
silent(void *ctx, const char *msg, ...)
{
	/* what a parser complains of quotes the message, which is about people */
	(void)ctx;
	(void)msg;
}

static xmlParserInput *
no_entity(const char *url, const char *id, xmlParserCtxt *ctx)
{
	(void)url;
	(void)id;
	(void)ctx;
	return NULL;
}

void
xml_setup(void)
{
	xmlInitParser();
	xmlSetGenericErrorFunc(NULL, silent);
	xmlSetExternalEntityLoader(no_entity);
}

static const char *
chars(const xmlChar *s)
{
	return (const char *)s;
}

bool
xml_is(const xmlNode *n, const char *ns, const char *name)
{
	return n != NULL && n->type == XML_ELEMENT_NODE && n->ns != NULL &&
	       str_eq(chars(n->name), name) && str_eq(chars(n->ns->href), ns);
}

static xmlNode *
from(xmlNode *n, const char *ns, const char *name)
{
	while (n != NULL && !xml_is(n, ns, name))
		n = n->next;
	return n;
}

xmlNode *
xml_child(const xmlNode *parent, const char *ns, const char *name)
{
	return parent != NULL ? from(parent->children, ns, name) : NULL;
}

xmlNode *
xml_next(const xmlNode *n, const char *ns, const char *name)
{
	return n != NULL ? from(n->next, ns, name) : NULL;
}

size_t
xml_count(const xmlNode *parent, const char *ns, const char *name)
{
	size_t n = 0;

	for (const xmlNode *c = xml_child(parent, ns, name); c != NULL; c = xml_next(c, ns, name))
		n++;
	return n;
}

xmlNode *
xml_only(const xmlNode *parent, const char *ns, const char *name)
{
	xmlNode *n = xml_child(parent, ns, name);

	return xml_next(n, ns, name) == NULL ? n : NULL;
}

const xmlNode *
xml_walk(const xmlNode *root, const xmlNode *n, size_t *depth)
{
	size_t unused, *d = depth != NULL ? depth : &unused;

	if (n->type == XML_ELEMENT_NODE && n->children != NULL) {
		*d = depth != NULL ? *d + 1 : 0;
		return n->children;
	}
	while (n != root && n->next == NULL) {
		n = n->parent;
		*d = depth != NULL ? *d - 1 : 0;
	}
	return n != root ? n->next : NULL;
}

/* The text of a list of nodes when that is all there is. */
static const char *
joined(struct arena *a, const xmlNode *list)
{
	size_t len = 0, at = 0;
	char *out;

	for (const xmlNode *n = list; n != NULL; n = n->next) {
		if (n->type != XML_TEXT_NODE)
			return NULL;
		len += n->content != NULL ? strlen(chars(n->content)) : 0;
	}
	out = arena_alloc(a, len + 1);
	for (const xmlNode *n = list; n != NULL; n = n->next)
		if (n->content != NULL) {
			size_t part = strlen(chars(n->content));

			memcpy(out + at, n->content, part);
			at += part;
		}
	return out;
}

const char *
xml_attribute(struct arena *a, const xmlNode *n, const char *name)
{
	if (n == NULL)
		return NULL;
	for (const xmlAttr *p = n->properties; p != NULL; p = p->next)
		if (p->ns == NULL && str_eq(chars(p->name), name))
			return joined(a, p->children);
	return NULL;
}

bool
xml_attribute_is(struct arena *a, const xmlNode *n, const char *name, const char *value)
{
	return str_eq(xml_attribute(a, n, name), value);
}

const char *
xml_text(struct arena *a, const xmlNode *n)
{
	const char *s = n != NULL ? joined(a, n->children) : NULL;
	size_t len;

	if (s == NULL)
		return NULL;
	s += strspn(s, " \t\r\n");
	len = strlen(s);
	while (len > 0 && strchr(" \t\r\n", s[len - 1]) != NULL)
		len--;
	return arena_strndup(a, s, len);
}

/* ── time ────────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bool
digits(const char **s, size_t n, int *out)
{
	*out = 0;
	for (size_t i = 0; i < n; i++, (*s)++) {
		if (**s < '0' || **s > '9')
			return false;
		*out = *out * 10 + (**s - '0');
	}
	return true;
}

static bool
literal(const char **s, char c)
{
	if (**s != c)
		return false;
	(*s)++;
	return true;
}

static int
days_in(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return days[month - 1] +
	       (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0));
}

bool
xml_time(const char *s, int64_t *out)
{
	struct tm t = {0};
	int year, month;

	if (s == NULL)
		return false;
	if (!digits(&s, 4, &year) || !literal(&s, '-') || !digits(&s, 2, &month) ||
	    !literal(&s, '-') || !digits(&s, 2, &t.tm_mday) || !literal(&s, 'T') ||
	    !digits(&s, 2, &t.tm_hour) || !literal(&s, ':') || !digits(&s, 2, &t.tm_min) ||
	    !literal(&s, ':') || !digits(&s, 2, &t.tm_sec))
		return false;
	if (*s == '.') {
		size_t n = strspn(s + 1, "0123456789");

		if (n == 0 || n > 12)
			return false;
		s += 1 + n;
	}
	if (strcmp(s, "Z") != 0 || year < 1970 || month < 1 || month > 12 || t.tm_mday < 1 ||
	    t.tm_mday > days_in(year, month) || t.tm_hour > 23 || t.tm_min > 59 || t.tm_sec > 59)
		return false;
	t.tm_year = year - 1900;
	t.tm_mon = month - 1;
	*out = timegm(&t);
	return true;
}

void
xml_time_text(char out[static 21], int64_t t)
{
	struct tm tm;
	time_t at = (time_t)t;

	memset(out, 0, 21);
	if (gmtime_r(&at, &tm) != NULL)
		(void)strftime(out, 21, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

/* ── writing ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

const char *
xml_escape(struct arena *a, const char *s)
{
	struct buf b;
	const char *out;

	buf_init(&b, ESCAPED_MAX);
	for (; *s != '\0'; s++)
		switch (*s) {
		case '&':
			buf_str(&b, "&amp;");
			break;
		case '<':
			buf_str(&b, "&lt;");
			break;
		case '>':
			buf_str(&b, "&gt;");
			break;
		case '"':
			buf_str(&b, "&quot;");
			break;
		case '\'':
			buf_str(&b, "&#39;");
			break;
		default:
			buf_ch(&b, *s);
		}
	out = arena_strndup(a, b.data, b.len);
	buf_free(&b);
	return out;
}

static void
free_doc(void *doc)
{
	xmlFreeDoc(doc);
}

xmlDoc *
xml_keep(struct arena *a, xmlDoc *doc)
{
	if (doc != NULL)
		arena_defer(a, free_doc, doc);
	return doc;
}
