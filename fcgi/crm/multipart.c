/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fcgi/crm/multipart.h"

#include <string.h>
#include <strings.h>

#include "shared/base/str.h"

static bool
fail(struct multipart *m, const char *why)
{
	m->state = MP_FAILED;
	m->error = why;
	return false;
}

/* RFC 2046 §5.1.1, bchars; the last one is no space. */
static bool
boundary_valid(const char *s)
{
	size_t len = s != NULL ? strlen(s) : 0;

	return len > 0 && len <= MULTIPART_BOUNDARY_MAX && s[len - 1] != ' ' &&
	       strspn(s,
	           "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'()+_,-./:=? ") ==
	           len;
}

bool
multipart_init(struct multipart *m, const char *boundary, const struct multipart_events *events,
    void *ctx)
{
	*m = (struct multipart){.state = MP_PREAMBLE, .events = events, .ctx = ctx};
	if (!boundary_valid(boundary))
		return fail(m, "The Content-Type names no usable boundary.");
	memcpy(m->delimiter, "\r\n--", 4);
	memcpy(m->delimiter + 4, boundary, strlen(boundary));
	m->delimiter_len = 4 + strlen(boundary);
	/* the first delimiter may stand at the very beginning: its line end counts as seen */
	m->matched = m->borrowed = 2;
	return true;
}

bool
multipart_finished(const struct multipart *m)
{
	return m->state == MP_EPILOGUE;
}

/* ── headers of a part ───────────────────────────────────────────────────────────────────────────────────────────── */

/*
 * The value at s up to end into out, a quoted-string or a token; returns where it stops. A backslash escapes a quote or
 * itself; before anything else it is a path separator of an old Windows browser.
 */
static const char *
value_copy(const char *s, const char *end, char *out, size_t cap)
{
	bool quoted = s < end && *s == '"';
	size_t n = 0;

	if (quoted)
		s++;
	for (; s < end; s++) {
		if (quoted ? *s == '"' : (*s == ';' || *s == ' ' || *s == '\t'))
			break;
		if (quoted && *s == '\\' && s + 1 < end && (s[1] == '"' || s[1] == '\\'))
			s++;
		if (n + 1 < cap)
			out[n++] = *s;
	}
	out[n] = '\0';
	return quoted && s < end ? s + 1 : s;
}

/* Browsers write a quote and line ends as %22, %0D and %0A (HTML standard); nothing else is escaped. */
static void
unescape(char *s)
{
	char *out = s;

	while (*s != '\0') {
		if (strncmp(s, "%22", 3) == 0) {
			*out++ = '"';
			s += 3;
		} else if (strncasecmp(s, "%0d", 3) == 0 || strncasecmp(s, "%0a", 3) == 0) {
			*out++ = ' ';
			s += 3;
		} else {
			*out++ = *s++;
		}
	}
	*out = '\0';
}

static void
basename_only(char *s)
{
	char *from = s;

	for (char *p = s; *p != '\0'; p++)
		if (*p == '/' || *p == '\\')
			from = p + 1;
	memmove(s, from, strlen(from) + 1);
}

/* form-data; name="…"; filename="…" */
static bool
disposition(struct multipart_part *part, const char *s, const char *end)
{
	bool named = false;

	if (end - s < 9 || strncasecmp(s, "form-data", 9) != 0)
		return false;
	s += 9;
	while (s < end) {
		char skipped[2];
		size_t key;

		s += strspn(s, " \t;"); /* stops at the CR that ends the line */
		key = 0;
		while (s + key < end && s[key] != '=' && s[key] != ';')
			key++;
		if (s + key >= end || s[key] == ';') {
			s += key;
			continue;
		}
		if (key == 4 && strncasecmp(s, "name", 4) == 0) {
			s = value_copy(s + key + 1, end, part->name, sizeof part->name);
			named = true;
		} else if (key == 8 && strncasecmp(s, "filename", 8) == 0) {
			s = value_copy(s + key + 1, end, part->filename, sizeof part->filename);
			part->file = true;
		} else {
			s = value_copy(s + key + 1, end, skipped, sizeof skipped);
		}
	}
	unescape(part->name);
	unescape(part->filename);
	basename_only(part->filename);
	return named;
}

static bool
identity_encoding(const char *s, size_t len)
{
	return (len == 6 && strncasecmp(s, "binary", 6) == 0) ||
	       (len == 4 && (strncasecmp(s, "7bit", 4) == 0 || strncasecmp(s, "8bit", 4) == 0));
}

/* All header lines of a part; each ends with CR LF, and NUL bytes have been refused before. */
static bool
headers_read(struct multipart *m)
{
	struct multipart_part part = {0};
	const char *line = m->header, *last = m->header + m->nheader;
	bool named = false;

	while (line < last) {
		const char *end = strstr(line, "\r\n"), *colon, *value;

		if (end == NULL || end == line)
			break;
		colon = memchr(line, ':', (size_t)(end - line));
		if (colon == NULL)
			return fail(m, "A part of the body has a malformed header.");
		value = colon + 1 + strspn(colon + 1, " \t");
		if (value > end)
			value = end;
		if (colon - line == 19 && strncasecmp(line, "Content-Disposition", 19) == 0)
			named = disposition(&part, value, end);
		else if (colon - line == 25 &&
		         strncasecmp(line, "Content-Transfer-Encoding", 25) == 0 &&
		         !identity_encoding(value, (size_t)(end - value)))
			return fail(m,
			    "A part of the body has a Content-Transfer-Encoding; send it as it is.");
		line = end + 2;
	}
	if (!named || *part.name == '\0')
		return fail(m, "A part of the body has no name.");
	if (++m->parts > MULTIPART_PARTS_MAX)
		return fail(m, "The body has too many parts.");
	return m->events->begin(m->ctx, &part) || fail(m, NULL);
}

/* ── bytes ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bool
emit(struct multipart *m, const char *data, size_t len)
{
	if (m->state != MP_DATA || len == 0)
		return true;
	return m->events->data(m->ctx, data, len) || fail(m, NULL);
}

/* A whole delimiter has been seen: a part ends, if one was open. */
static bool
delimiter_seen(struct multipart *m)
{
	bool open = m->state == MP_DATA;

	m->matched = m->borrowed = m->ntail = 0;
	m->state = MP_DELIMITER;
	return !open || m->events->end(m->ctx) || fail(m, NULL);
}

/*
 * Contents and preamble: everything up to the next delimiter. CR stands in it only first, so a match that breaks off
 * can begin again only at the byte that broke it.
 */
static bool
feed_data(struct multipart *m, const char **p, const char *end)
{
	while (*p < end) {
		if (m->matched == 0) {
			const char *cr = memchr(*p, '\r', (size_t)(end - *p)),
			           *stop = cr != NULL ? cr : end;

			if (!emit(m, *p, (size_t)(stop - *p)))
				return false;
			*p = stop;
			if (cr == NULL)
				return true;
			m->matched = 1;
			(*p)++;
			continue;
		}
		if (**p == m->delimiter[m->matched]) {
			(*p)++;
			if (++m->matched == m->delimiter_len)
				return delimiter_seen(m);
			continue;
		}
		/* what looked like one was content, but for a line end that was not the content's */
		if (!emit(m, m->delimiter + m->borrowed, m->matched - m->borrowed))
			return false;
		m->matched = m->borrowed = 0;
	}
	return true;
}

/* After a delimiter: "--" ends everything, spaces and CR LF begin a part. */
static bool
feed_delimiter(struct multipart *m, const char **p, const char *end)
{
	while (*p < end) {
		char c = *(*p)++;

		if (m->ntail == 0 && (c == ' ' || c == '\t'))
			continue;
		m->tail[m->ntail++] = c;
		if (m->ntail < 2)
			continue;
		if (memcmp(m->tail, "--", 2) == 0) {
			m->state = MP_EPILOGUE;
			return true;
		}
		if (memcmp(m->tail, "\r\n", 2) != 0)
			return fail(m, "The body does not follow its boundary.");
		m->state = MP_HEADERS;
		m->nheader = 0;
		return true;
	}
	return true;
}

static bool
feed_headers(struct multipart *m, const char **p, const char *end)
{
	while (*p < end) {
		char c = *(*p)++;

		if (c == '\0' || m->nheader + 1 >= sizeof m->header)
			return fail(m, "A part of the body has a malformed header.");
		m->header[m->nheader++] = c;
		m->header[m->nheader] = '\0';
		if ((m->nheader == 2 && memcmp(m->header, "\r\n", 2) == 0) ||
		    (m->nheader >= 4 && memcmp(m->header + m->nheader - 4, "\r\n\r\n", 4) == 0)) {
			if (!headers_read(m))
				return false;
			m->state = MP_DATA;
			/* in a part without contents the line end before the delimiter may be the one that ended the headers */
			m->matched = m->borrowed = 2;
			return true;
		}
	}
	return true;
}

bool
multipart_feed(struct multipart *m, const char *data, size_t len)
{
	const char *p = data, *end = data + len;
	bool ok = m->state != MP_FAILED;

	while (ok && p < end) {
		switch (m->state) {
		case MP_PREAMBLE:
		case MP_DATA:
			ok = feed_data(m, &p, end);
			break;
		case MP_DELIMITER:
			ok = feed_delimiter(m, &p, end);
			break;
		case MP_HEADERS:
			ok = feed_headers(m, &p, end);
			break;
		case MP_EPILOGUE:
			return true; /* to be ignored, says RFC 2046 */
		case MP_FAILED:
			return false;
		}
	}
	return ok;
}
