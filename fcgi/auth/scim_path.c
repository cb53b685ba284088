/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Filters and paths of SCIM. Of the grammar of RFC 7644 what providers send: comparisons with `eq`, joined by `and`, with values in
 * brackets. The rest is refused by name and not misread.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "fcgi/auth/scim.h"

#define TEXT_MAX 2000U
#define TERMS_MAX 10

struct reader {
	struct arena *a;
	const char *at;
	int terms;
	const char *problem;
};

static void
spaces(struct reader *p)
{
	while (*p->at == ' ')
		p->at++;
}

/* A word of letters alone, whatever its case, with nothing of a name behind it. */
static bool
word(struct reader *p, const char *w)
{
	size_t len = strlen(w);

	if (strncasecmp(p->at, w, len) != 0 || isalnum((unsigned char)p->at[len]))
		return false;
	p->at += len;
	return true;
}

static bool
failed(struct reader *p, const char *problem)
{
	if (p->problem == NULL)
		p->problem = problem;
	return false;
}

static char *
lowered(struct arena *a, const char *s, size_t len)
{
	char *out = arena_strndup(a, s, len);

	for (char *c = out; *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	return out;
}

const char *
scim_name(struct arena *a, const char *text)
{
	static const char *const ours[] = {"urn:ietf:params:scim:schemas:core:2.0:user:",
	    "urn:ietf:params:scim:schemas:core:2.0:group:"};
	const char *name = lowered(a, text, strlen(text));

	for (size_t i = 0; i < NELEMS(ours); i++)
		if (str_starts(name, ours[i]))
			return name + strlen(ours[i]);
	return name;
}

/* attrPath; NULL when there is none. */
static const char *
name(struct reader *p)
{
	size_t len = strspn(p->at,
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789$_.:-");
	const char *out;

	if (len == 0 || !(isalpha((unsigned char)*p->at) || *p->at == '$') ||
	    p->at[len - 1] == '.' || p->at[len - 1] == ':')
		return NULL;
	out = scim_name(p->a, lowered(p->a, p->at, len));
	p->at += len;
	return out;
}

/* A string as JSON has it. */
static bool
quoted(struct reader *p, struct scim_term *t)
{
	const char *end = p->at + 1;
	json_t *v;

	while (*end != '"' && *end != '\0')
		end += *end == '\\' && end[1] != '\0' ? 2 : 1;
	v = *end == '"' ? json_loadb(p->at, (size_t)(end - p->at) + 1, JSON_DECODE_ANY, NULL)
	                : NULL;
	if (v == NULL)
		return failed(p, "A text in it does not end, or is not as JSON has it.");
	t->type = SCIM_TEXT;
	t->value = json_string_value(json_keep(p->a, v));
	p->at = end + 1;
	return true;
}

static bool
value(struct reader *p, struct scim_term *t)
{
	size_t len = strspn(p->at, "0123456789+-.eE");

	if (*p->at == '"')
		return quoted(p, t);
	t->type = SCIM_BOOL;
	t->value = "true";
	if (word(p, "true"))
		return true;
	t->value = "false";
	if (word(p, "false"))
		return true;
	t->type = SCIM_OTHER;
	t->value = "";
	if (word(p, "null"))
		return true;
	p->at += len;
	return len > 0 || failed(p, "A value is missing behind eq.");
}

static struct scim_term *conjunction(struct reader *p, const char *prefix);

/* attrExp or valuePath, of the attribute before the brackets when there are some. */
static struct scim_term *
term(struct reader *p, const char *prefix)
{
	const char *attr = name(p);
	struct scim_term *t = arena_alloc(p->a, sizeof *t);

	if (attr == NULL) {
		(void)failed(p, "An attribute is missing.");
		return NULL;
	}
	if (*prefix == '\0' && *p->at == '[') {
		p->at++;
		t = conjunction(p, attr);
		if (t != NULL && *p->at++ != ']') {
			(void)failed(p, "A bracket is not closed.");
			return NULL;
		}
		return t;
	}
	if (++p->terms > TERMS_MAX) {
		(void)failed(p, "It compares more than ten times.");
		return NULL;
	}
	t->attr = *prefix != '\0' ? arena_printf(p->a, "%s.%s", prefix, attr) : attr;
	if (*p->at != ' ') {
		(void)failed(p, "A comparison is missing.");
		return NULL;
	}
	spaces(p);
	if (!word(p, "eq") || *p->at != ' ') {
		(void)failed(p, "Only eq is offered, joined by and.");
		return NULL;
	}
	spaces(p);
	return value(p, t) ? t : NULL;
}

static struct scim_term *
conjunction(struct reader *p, const char *prefix)
{
	struct scim_term *first, *last;

	spaces(p);
	first = last = term(p, prefix);
	while (last != NULL) {
		while (last->next != NULL)
			last = last->next;
		spaces(p);
		if (!word(p, "and"))
			return first;
		spaces(p);
		last = last->next = term(p, prefix);
	}
	return NULL;
}

bool
scim_path_parse(struct arena *a, struct scim_path *out, const char *text)
{
	struct reader p = {.a = a, .at = text};

	*out = (struct scim_path){.attr = strlen(text) <= TEXT_MAX ? name(&p) : NULL};
	if (out->attr == NULL)
		return false;
	if (*p.at == '[') {
		p.at++;
		/* the prefix only says that there are no brackets within brackets */
		out->where = conjunction(&p, out->attr);
		if (out->where == NULL || *p.at++ != ']')
			return false;
		if (*p.at == '.') {
			const char *sub;

			p.at++;
			sub = name(&p);
			if (sub == NULL)
				return false;
			out->attr = arena_printf(a, "%s.%s", out->attr, sub);
		}
	}
	return *p.at == '\0';
}

struct scim_term *
scim_filter_parse(struct arena *a, const char *text, const char **problem)
{
	struct reader p = {.a = a, .at = text};
	struct scim_term *t = NULL;

	if (strlen(text) > TEXT_MAX)
		(void)failed(&p, "It is longer than 2000 bytes.");
	else
		t = conjunction(&p, "");
	if (t != NULL && *p.at != '\0') {
		t = NULL;
		(void)failed(&p, "Only eq is offered, joined by and.");
	}
	*problem = p.problem;
	return t;
}
