/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fcgi/crm/import_map_value.h"

#include <string.h>
#include <strings.h>

#include "shared/base/str.h"

/* ── text ────────────────────────────────────────────────────────────────────────────────────────────────────────── */

/* How a character is treated: kept, made another, or left out. */
enum { KEEP, SPACE, NEWLINE, DROP };

static int
treat(const unsigned char *p, size_t n, enum import_text_kind kind)
{
	unsigned cp;

	if (n == 1) {
		if (kind == IMPORT_LINES && *p == '\r')
			return p[1] == '\n' ? DROP : NEWLINE;
		if (kind == IMPORT_LINES && (*p == '\n' || *p == '\t'))
			return KEEP;
		return *p < ' ' || *p == 0x7f ? SPACE : KEEP;
	}
	if (n == 2)
		return p[0] == 0xc2 && p[1] <= 0xa0 ? SPACE
		                                    : KEEP; /* C1 controls, no-break space */
	if (n != 3)
		return KEEP;
	cp = (unsigned)(p[0] & 0x0f) << 12 | (unsigned)(p[1] & 0x3f) << 6 | (p[2] & 0x3f);
	if (cp == 0x200b || cp == 0x200e || cp == 0x200f || (cp >= 0x202a && cp <= 0x202e) ||
	    cp == 0x2060 || (cp >= 0x2066 && cp <= 0x2069) || cp == 0xfeff)
		return DROP;
	return (cp >= 0x2000 && cp <= 0x200a) || cp == 0x2028 || cp == 0x2029 || cp == 0x202f ||
	               cp == 0x3000
	           ? SPACE
	           : KEEP;
}

/* Most cells: letters of ASCII only, nothing to take away. */
static bool
plain(const char *s, size_t len)
{
	if (s[0] == ' ' || s[0] == '\'' || s[len - 1] == ' ')
		return false;
	for (size_t i = 0; i < len; i++)
		if (s[i] < ' ' || s[i] > '~')
			return false;
	return true;
}

const char *
import_clean(struct arena *a, const char *s, size_t len, enum import_text_kind kind)
{
	char *out, *p;

	if (len == 0)
		return NULL;
	if (plain(s, len))
		return arena_strndup(a, s, len);
	out = p = arena_alloc(a, len + 1);
	for (size_t i = 0, n; i < len; i += n) {
		int how;

		n = utf8_sequence(s + i, len - i);
		n = n == 0 ? 1 : n;
		how = treat((const unsigned char *)s + i, n, kind);
		if (how == SPACE || how == NEWLINE)
			*p++ = how == SPACE ? ' ' : '\n';
		else if (how == KEEP) {
			memcpy(p, s + i, n);
			p += n;
		}
	}
	while (p > out && strchr(" \n\t", p[-1]) != NULL)
		p--;
	*p = '\0';
	while (*out == ' ' || *out == '\n' || *out == '\t')
		out++;
	if (*out == '\'' && out[1] != '\0' && strchr("=+-@", out[1]) != NULL)
		out++;
	return *out == '\0' ? NULL : out;
}

const char *
import_first_value(struct arena *a, const char *s, bool *more)
{
	const char *end;

	*more = false;
	while ((end = strstr(s, " ::: ")) != NULL) {
		*more = true;
		if (end > s)
			return arena_strndup(a, s, (size_t)(end - s));
		s = end + 5;
	}
	return s;
}

/* ── addresses and numbers ───────────────────────────────────────────────────────────────────────────────────────── */

/* What a spreadsheet may run when the address is exported again and opened there. */
static bool
formula(const char *s)
{
	size_t n;

	if (*s == '=' || *s == '@')
		return true;
	if (*s != '+' && *s != '-')
		return false;
	n = 1 + strspn(s + 1, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");
	return s[n] != '@';
}

static const char *
trim(struct arena *a, const char *s, size_t len, const char *set)
{
	while (len > 0 && strchr(set, *s) != NULL) {
		s++;
		len--;
	}
	while (len > 0 && strchr(set, s[len - 1]) != NULL)
		len--;
	return arena_strndup(a, s, len);
}

enum import_address
import_address(struct arena *a, const char *s, const char **address, const char **display)
{
	const char *open = strrchr(s, '<'), *close = open == NULL ? NULL : strchr(open, '>'), *one;
	bool first = false;
	size_t n;

	*address = *display = NULL;
	if (close != NULL && strspn(close + 1, " ;,") == strlen(close + 1) &&
	    strchr(s, '<') == open) {
		one = trim(a, s, (size_t)(open - s), " \"'");
		*display = *one == '\0' ? NULL : one;
		s = arena_strndup(a, open + 1, (size_t)(close - open) - 1);
	}
	s = import_first_value(a, s, &first);
	s = trim(a, s, strlen(s), " ");
	if (strncasecmp(s, "mailto:", 7) == 0)
		s += 7;
	if (*s == '\0')
		return IMPORT_ADDRESS_NONE;
	if (formula(s))
		return IMPORT_ADDRESS_FORMULA;
	n = strcspn(s, ";, ");
	if (s[n] != '\0') {
		first = first || strchr(s + n, '@') != NULL;
		if (s[n + strspn(s + n, ";, ")] != '\0' && !first)
			return IMPORT_ADDRESS_BAD;
	}
	one = trim(a, s, n, "'\"");
	if (!email_plausible(one, strlen(one)))
		return IMPORT_ADDRESS_BAD;
	*address = one;
	return first ? IMPORT_ADDRESS_FIRST : IMPORT_ADDRESS_OK;
}

bool
import_phone(struct arena *a, const char *s, const char **phone)
{
	bool more;
	size_t n;

	*phone = NULL;
	s = import_first_value(a, s, &more);
	s += *s == '\'';
	n = strspn(s, "0123456789.,");
	if (n > 1 && (s[n] == 'E' || s[n] == 'e') && s[n + 1] == '+' &&
	    strspn(s + n + 2, "0123456789") == strlen(s + n + 2))
		return false;
	*phone = *s == '\0' ? NULL : s;
	return true;
}

/* ── names ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bool
word_in(const char *s, size_t len, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strlen(words[i]) == len && strncasecmp(s, words[i], len) == 0)
			return true;
	return false;
}

static bool
is_particle(const char *s, size_t len)
{
	static const char *const words[] = {"af", "al", "am", "auf", "av", "ben", "bin", "bint",
	    "da", "dal", "das", "de", "del", "della", "den", "der", "des", "di", "do", "dos", "du",
	    "el", "het", "ibn", "im", "la", "las", "le", "los", "mac", "op", "san", "st", "st.",
	    "'t", "te", "ten", "ter", "und", "van", "vom", "von", "zu", "zum", "zur"};

	return word_in(s, len, words, NELEMS(words));
}

static bool
is_suffix(const char *s, size_t len)
{
	static const char *const words[] = {"jr", "jr.", "sr", "sr.", "ii", "iii", "iv", "phd",
	    "ph.d.", "md", "m.d.", "esq.", "mba"};

	return word_in(s, len, words, NELEMS(words));
}

/* Start of the word that ends at `end`. */
static const char *
word_start(const char *s, const char *end)
{
	while (end > s && end[-1] != ' ')
		end--;
	return end;
}

static const char *
spaces_back(const char *s, const char *end)
{
	while (end > s && end[-1] == ' ')
		end--;
	return end;
}

void
import_split_name(struct arena *a, const char *full, const char **first, const char **last)
{
	const char *comma = strchr(full, ','), *end = full + strlen(full), *at, *next;

	*first = *last = NULL;
	if (comma != NULL && comma > full && strchr(comma + 1, ',') == NULL) {
		const char *given = trim(a, comma + 1, strlen(comma + 1), " ");

		/* "Smith, Jr." has no given name behind the comma */
		if (*given != '\0' && !is_suffix(given, strlen(given))) {
			*first = given;
			*last = trim(a, full, (size_t)(comma - full), " ");
			return;
		}
	}
	at = word_start(full, spaces_back(full, end));
	while (at > full && is_suffix(at, strcspn(at, " ,")))
		at = word_start(full, spaces_back(full, at));
	for (; at > full; at = next) {
		const char *before = spaces_back(full, at);

		next = word_start(full, before);
		/* somebody called "Van Morrison" has a first name all the same */
		if (next == full || !is_particle(next, (size_t)(before - next)))
			break;
	}
	if (at == full) {
		*first = full;
		return;
	}
	*first = trim(a, full, (size_t)(at - full), " ");
	*last = trim(a, at, strlen(at), " ");
}

/* ── tags ────────────────────────────────────────────────────────────────────────────────────────────────────────── */

struct tags {
	struct arena *a;
	const char **tag;
	size_t n;
};

static void
tag_add(struct tags *t, const char *s, size_t len)
{
	const char *tag;

	/* Google marks its own groups with a star */
	if (len > 2 && s[0] == '*' && s[1] == ' ') {
		s += 2;
		len -= 2;
		if (word_in(s, len, (const char *const[]){"myContacts", "starred", "My Contacts"},
		        3))
			return;
	}
	tag = trim(t->a, s, len, " \t\n");
	if (*tag == '\0' || t->n > IMPORT_TAGS_MAX)
		return;
	for (size_t i = 0; i < t->n; i++)
		if (strcasecmp(t->tag[i], tag) == 0)
			return;
	t->tag[t->n++] = tag;
}

/* "a","b ""c""" with anything but quotes between them; bare words between commas are tags too. */
static void
tags_quoted(struct tags *t, const char *s)
{
	while (*s != '\0') {
		char *out, *p;

		s += strspn(s, " ,;\t\n");
		if (*s != '"') {
			size_t n = strcspn(s, ",;");

			tag_add(t, s, n);
			s += n;
			continue;
		}
		s++;
		out = p = arena_alloc(t->a, strlen(s) + 1);
		while (*s != '\0' && (*s != '"' || s[1] == '"')) {
			s += *s == '"';
			*p++ = *s++;
		}
		s += *s == '"';
		tag_add(t, out, (size_t)(p - out));
	}
}

/* Whether the cell or one of its parts begins with a quote. */
static bool
has_quoted(const char *s)
{
	for (const char *p = strchr(s, '"'); p != NULL; p = strchr(p + 1, '"')) {
		const char *before = p;

		while (before > s && before[-1] == ' ')
			before--;
		if (before == s || before[-1] == ',' || before[-1] == ';')
			return true;
	}
	return false;
}

size_t
import_tags(struct arena *a, const char *s, const char ***tags)
{
	struct tags t = {.a = a};
	const char *separator = strstr(s, " ::: ") != NULL ? " ::: "
	                        : strchr(s, ';') != NULL   ? ";"
	                                                   : ",",
	           *end;
	size_t most = 1;

	for (const char *p = s; *p != '\0'; p++)
		most += *p == ',' || *p == ';' || *p == '"' || *p == ':';
	t.tag = arena_array(a, most, sizeof *t.tag);
	*tags = t.tag;
	if (has_quoted(s)) {
		tags_quoted(&t, s);
		return t.n;
	}
	while ((end = strstr(s, separator)) != NULL) {
		tag_add(&t, s, (size_t)(end - s));
		s = end + strlen(separator);
	}
	tag_add(&t, s, strlen(s));
	return t.n;
}

/* ── words ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bool
among(const char *key, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (key[0] == words[i][0] && strcmp(key, words[i]) == 0)
			return true;
	return false;
}

/* "-" and "n/a" say nothing, "?" says that somebody did not know: not the same. */
static bool
says_nothing(const char *s)
{
	return strpbrk(s, "+?!") == NULL;
}

bool
import_status_word(struct arena *a, const char *s, enum import_status *out)
{
	static const char *const confirmed[] = {"confirmed", "subscribed", "subscribe", "optedin",
	    "optin", "yes", "y", "true", "1", "active", "enabled", "granted", "given", "accepted",
	    "consented", "doubleoptin", "ja", "j", "oui", "si", "sí", "abonniert", "angemeldet",
	    "bestätigt", "påmeldt", "bekreftet", "bekräftad", "bekræftet", "abonné"};
	static const char *const pending[] = {"pending", "unconfirmed", "notconfirmed", "unknown",
	    "inactive", "nonsubscribed", "neversubscribed", "transactional", "archived",
	    "ausstehend", "unbestätigt", "venter", "ubekreftet"};
	static const char *const declined[] = {"declined", "unsubscribed", "unsubscribe",
	    "notsubscribed", "optedout", "optout", "cleaned", "bounced", "hardbounced",
	    "complained", "complaint", "spam", "no", "n", "false", "0", "blacklisted",
	    "blocklisted", "blocked", "suppressed", "cancelled", "canceled", "removed", "revoked",
	    "withdrawn", "denied", "refused", "rejected", "disabled", "deleted", "donotcontact",
	    "donotemail", "donotmail", "nein", "nei", "non", "abgemeldet", "widerrufen", "avmeldt",
	    "avslått", "avregistrerad"};
	static const char *const nothing[] = {"", "none", "null", "na", "nan"};
	const char *key = import_squash(a, s);

	if (among(key, confirmed, NELEMS(confirmed)))
		*out = IMPORT_CONFIRMED;
	else if (among(key, declined, NELEMS(declined)))
		*out = IMPORT_DECLINED;
	else if (among(key, pending, NELEMS(pending)))
		*out = IMPORT_PENDING;
	else if (among(key, nothing, NELEMS(nothing)) && says_nothing(s))
		*out = IMPORT_NONE;
	else
		return false;
	return true;
}

bool
import_bool_word(struct arena *a, const char *s, bool *out)
{
	static const char *const yes[] = {"yes", "y", "true", "t", "1", "x", "on", "ja", "j", "oui",
	    "si", "sí", "sann", "wahr", "vrai", "checked", "optedout", "optout", "unsubscribed",
	    "blacklisted", "blocklisted", "blocked", "suppressed"};
	static const char *const no[] = {"", "no", "n", "false", "f", "0", "off", "nei", "nein",
	    "non", "usann", "falsch", "faux", "unchecked", "subscribed", "optedin", "active",
	    "none", "null", "na"};
	const char *key = import_squash(a, s);

	if (among(key, yes, NELEMS(yes)))
		*out = true;
	else if (among(key, no, NELEMS(no)) && says_nothing(s))
		*out = false;
	else
		return false;
	return true;
}
