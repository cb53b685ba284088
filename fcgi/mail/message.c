/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages: RFC 5322 fields, RFC 2047 encoded words, RFC 2045 quoted-printable. Nothing here can be talked into a line. */
#include "fcgi/mail/mail.h"

#include <string.h>

#define LINE_CHARS 76 /* RFC 2045 §6.7, RFC 2047 §2 */

static bool
ascii(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s >= 0x80)
			return false;
	return true;
}

static bool
alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Bytes of the next character; one that is no UTF-8 counts as one byte. */
static size_t
character(const char *s)
{
	size_t n = utf8_sequence(s, strnlen(s, 4));

	return n > 0 ? n : 1;
}

/* A control character is a space in a header: that is all there is to header injection. */
static char
harmless(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f ? ' ' : c;
}

/*
 * Encoded words in Q (RFC 2047 §4.2), folded; letters and digits alone stay as they are, which is right in a phrase too.
 * column: characters already on the line.
 */
static void
encoded_words(struct buf *out, const char *s, size_t column)
{
	bool open = false;

	while (*s != '\0') {
		size_t n = character(s), need = 0;

		for (size_t i = 0; i < n; i++)
			need += alnum(s[i]) || harmless(s[i]) == ' ' ? 1 : 3;
		if (open && column + need + 2 > LINE_CHARS) {
			buf_str(out, "?=\r\n ");
			column = 1;
			open = false;
		}
		if (!open) {
			/* an encoded word that holds nothing but its frame would be no good: begin on a new line then */
			if (column + 10 + need + 2 > LINE_CHARS) {
				buf_str(out, "\r\n ");
				column = 1;
			}
			buf_str(out, "=?UTF-8?Q?");
			column += 10;
			open = true;
		}
		for (; n > 0; n--, s++) {
			if (alnum(*s))
				buf_ch(out, *s);
			else if (harmless(*s) == ' ')
				buf_ch(out, '_');
			else
				buf_printf(out, "=%02X", (unsigned char)*s);
		}
		column += need;
	}
	if (open)
		buf_str(out, "?=");
}

/* Text that may stand as it is: short, ASCII, and nobody could take it for an encoded word. */
static bool
plain(const char *s, size_t column)
{
	return ascii(s) && strstr(s, "=?") == NULL && column + strlen(s) <= LINE_CHARS;
}

static void
unstructured(struct buf *out, const char *name, const char *value)
{
	buf_printf(out, "%s: ", name);
	if (plain(value, strlen(name) + 2))
		for (; *value != '\0'; value++)
			buf_ch(out, harmless(*value));
	else
		encoded_words(out, value, strlen(name) + 2);
	buf_str(out, "\r\n");
}

/* A name as a quoted string, or bare where it is only words (RFC 5322 §3.2.5). */
static void
phrase(struct buf *out, const char *s)
{
	bool words = true;

	for (const char *p = s; *p != '\0'; p++)
		words = words && (alnum(*p) || *p == ' ');
	if (words) {
		buf_str(out, s);
		return;
	}
	buf_ch(out, '"');
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			buf_ch(out, '\\');
		buf_ch(out, harmless(*s));
	}
	buf_ch(out, '"');
}

static void
mailbox_field(struct buf *out, const char *name, const struct mailbox *m)
{
	size_t column = strlen(name) + 2;

	buf_printf(out, "%s: ", name);
	if (*m->name != '\0') {
		bool bare = plain(m->name, column + 2);

		if (bare)
			phrase(out, m->name);
		else
			encoded_words(out, m->name, column);
		if (bare && column + strlen(m->name) + strlen(m->address) + 5 <= LINE_CHARS)
			buf_ch(out, ' ');
		else
			buf_str(out, "\r\n ");
	}
	buf_printf(out, "<%s>\r\n", m->address);
}

/* Does the byte at s need its =XX? Space and tab only where the line ends with them. */
static bool
quoted(const char *s, size_t column)
{
	char end = s[1];

	if (*s == ' ' || *s == '\t')
		return end == '\n' || end == '\r' || end == '\0';
	/* a line that begins with a dot or "From " has been changed on the way by more than one program */
	if (column == 0 && (*s == '.' || strncmp(s, "From ", 5) == 0))
		return true;
	return (unsigned char)*s < 0x20 || (unsigned char)*s >= 0x7f || *s == '=';
}

static void
quoted_printable(struct buf *out, const char *s)
{
	size_t column = 0;

	for (; *s != '\0'; s++) {
		bool q;

		if (*s == '\n') {
			buf_str(out, "\r\n");
			column = 0;
			continue;
		}
		if (*s == '\r' && s[1] == '\n')
			continue;
		q = quoted(s, column);
		if (column + (q ? 3 : 1) > LINE_CHARS - 1) {
			buf_str(out, "=\r\n");
			column = 0;
			q = quoted(s, column);
		}
		if (q)
			buf_printf(out, "=%02X", (unsigned char)*s);
		else
			buf_ch(out, *s);
		column += q ? 3 : 1;
	}
	if (column > 0)
		buf_str(out, "\r\n");
}

bool
mailbox_parse(struct arena *a, const char *text, struct mailbox *out)
{
	const char *open = strrchr(text, '<'), *close = strrchr(text, '>');

	out->name = "";
	out->address = text;
	if (open != NULL && close != NULL && close > open && close[1] == '\0') {
		size_t start = strspn(text, " \""), end = (size_t)(open - text);

		while (end > start && (text[end - 1] == ' ' || text[end - 1] == '"'))
			end--;
		out->name = arena_strndup(a, text + start, end - start);
		out->address = arena_strndup(a, open + 1, (size_t)(close - open) - 1);
	}
	return ascii(out->address) && email_plausible(out->address, strlen(out->address));
}

bool
message_build(struct buf *out, const struct message *m)
{
	char date[64];
	struct tm tm;

	if (!email_plausible(m->from.address, strlen(m->from.address)) ||
	    !email_plausible(m->to.address, strlen(m->to.address)) || !ascii(m->id) ||
	    !email_plausible(m->id, strlen(m->id)))
		return false;
	(void)gmtime_r(&m->date, &tm);
	(void)strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S +0000", &tm);
	unstructured(out, "Date", date);
	mailbox_field(out, "From", &m->from);
	mailbox_field(out, "To", &m->to);
	unstructured(out, "Subject", m->subject);
	buf_printf(out, "Message-ID: <%s>\r\n", m->id);
	/* RFC 3834: nobody's holiday notice should answer it */
	buf_str(out, "Auto-Submitted: auto-generated\r\n"
	             "MIME-Version: 1.0\r\n"
	             "Content-Type: text/plain; charset=UTF-8\r\n"
	             "Content-Transfer-Encoding: quoted-printable\r\n\r\n");
	quoted_printable(out, m->body);
	return !out->overflow;
}
