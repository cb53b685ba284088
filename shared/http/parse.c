/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>
#include <strings.h>

#include "shared/base/str.h"
#include "shared/http/http.h"

#define PAIRS_MAX 64

const char *
cookie_get(struct arena *a, const char *header, const char *name)
{
	size_t n = strlen(name);

	while (header != NULL && *header != '\0') {
		const char *end;

		header += strspn(header, " \t;");
		end = strchr(header, ';');
		if (strncmp(header, name, n) == 0 && header[n] == '=') {
			const char *value = header + n + 1;
			size_t len = end != NULL ? (size_t)(end - value) : strlen(value);

			while (len > 0 && (value[len - 1] == ' ' || value[len - 1] == '\t'))
				len--;
			return arena_strndup(a, value, len);
		}
		header = end;
	}
	return NULL;
}

/* Percent-decodes in place of a copy; NULL for a bad escape or a NUL byte. */
static const char *
decode(struct arena *a, const char *s, size_t len)
{
	char *out = arena_alloc(a, len + 1);
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		char c = s[i];

		if (c == '+') {
			c = ' ';
		} else if (c == '%') {
			char hex[3] = {0};

			if (len - i < 3)
				return NULL;
			memcpy(hex, s + i + 1, 2);
			if (!hex_decode(&c, hex, 1))
				return NULL;
			i += 2;
		}
		if (c == '\0')
			return NULL;
		out[n++] = c;
	}
	return utf8_valid(out, n) ? out : NULL;
}

bool
form_parse(struct arena *a, const char *s, size_t len, struct pair **out, size_t *n)
{
	struct pair *pairs = arena_array(a, PAIRS_MAX, sizeof *pairs);
	const char *end = s + len;

	*out = pairs;
	*n = 0;
	while (s < end) {
		const char *amp = memchr(s, '&', (size_t)(end - s)), *eq;
		size_t plen = amp != NULL ? (size_t)(amp - s) : (size_t)(end - s);

		if (plen > 0) {
			if (*n == PAIRS_MAX)
				return false;
			eq = memchr(s, '=', plen);
			pairs[*n].name = decode(a, s, eq != NULL ? (size_t)(eq - s) : plen);
			pairs[*n].value = eq != NULL
			                      ? decode(a, eq + 1, plen - (size_t)(eq + 1 - s))
			                      : "";
			if (pairs[*n].name == NULL || pairs[*n].value == NULL)
				return false;
			++*n;
		}
		s += plen + (amp != NULL);
	}
	return true;
}

static bool
only(const char *s, size_t len, const char *chars)
{
	for (size_t i = 0; i < len; i++)
		if (strchr(chars, s[i]) == NULL || s[i] == '\0')
			return false;
	return len > 0;
}

#define ALNUM_LOWER "abcdefghijklmnopqrstuvwxyz0123456789"
#define ALNUM ALNUM_LOWER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

static bool
segment_ok(const char *type, size_t typelen, const char *s, size_t len)
{
	char id[37] = {0};

	if (typelen == 4 && memcmp(type, "uuid", 4) == 0) {
		if (len != 36)
			return false;
		memcpy(id, s, 36);
		return uuid_valid(id);
	}
	if (typelen == 4 && memcmp(type, "slug", 4) == 0)
		return len <= 63 && only(s, len, ALNUM_LOWER "-");
	if (typelen == 5 && memcmp(type, "token", 5) == 0)
		return len <= 1024 && only(s, len, ALNUM "-_");
	return len > 0 && len <= 200 && utf8_valid(s, len);
}

bool
route_match(struct arena *a, const char *pattern, const char *path,
    const char *arg[static ROUTE_ARGS])
{
	size_t n = 0;

	while (*pattern != '\0' && *path != '\0') {
		size_t plen, slen;
		const char *colon;

		if (*pattern != '{') {
			if (*pattern++ != *path++)
				return false;
			continue;
		}
		plen = strcspn(pattern, "}");
		slen = strcspn(path, "/");
		colon = memchr(pattern, ':', plen);
		if (colon == NULL || n == ROUTE_ARGS ||
		    !segment_ok(colon + 1, plen - (size_t)(colon + 1 - pattern), path, slen))
			return false;
		arg[n++] = arena_strndup(a, path, slen);
		pattern += plen + 1;
		path += slen;
	}
	return *pattern == '\0' && *path == '\0';
}

bool
media_type_is(const char *header, const char *type)
{
	size_t n = strlen(type);

	if (header == NULL || strncasecmp(header, type, n) != 0)
		return false;
	header += n;
	header += strspn(header, " \t");
	return *header == '\0' || *header == ';';
}

const char *
header_param(struct arena *a, const char *header, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = header != NULL ? strchr(header, ';') : NULL; p != NULL;
	     p = strchr(p, ';')) {
		p++;
		p += strspn(p, " \t");
		if (strncasecmp(p, name, n) != 0 || p[n] != '=')
			continue;
		p += n + 1;
		if (*p != '"')
			return arena_strndup(a, p, strcspn(p, "; \t"));
		p++;
		return arena_strndup(a, p, strcspn(p, "\""));
	}
	return NULL;
}
