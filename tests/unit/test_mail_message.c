/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Mail: fields, encoded words, quoted-printable, templates. What goes in is read back by rules of its own here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fcgi/mail/mail.h"

static struct arena *a;
static struct buf out;

static int
setup(void **state)
{
	(void)state;
	a = arena_new();
	buf_init(&out, 1 << 20);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	buf_free(&out);
	arena_free(a);
	return 0;
}

static struct message
message(void)
{
	return (struct message){.from = {"Pact", "pact@example.com"},
	    .to = {"Ada", "ada@example.com"},
	    .subject = "Hello",
	    .body = "One line.\n",
	    .id = "0190@example.com",
	    .date = 1790000000};
}

/* The unfolded value of a field (RFC 5322 §2.2.3), on the arena; NULL when there is none, a failure when there are two. */
static const char *
field(const char *name)
{
	const char *end = strstr(out.data, "\r\n\r\n"), *value = NULL;
	char *head, *line, *next;
	size_t n = 0;

	assert_non_null(end);
	head = arena_strndup(a, out.data, (size_t)(end - out.data));
	for (char *p = head; *p != '\0'; p++) {
		if (strncmp(p, "\r\n ", 3) == 0)
			p += 2;
		head[n++] = *p;
	}
	head[n] = '\0';
	for (line = head; line != NULL; line = next) {
		next = strstr(line, "\r\n");
		if (next != NULL) {
			*next = '\0';
			next += 2;
		}
		if (strncmp(line, name, strlen(name)) != 0 || line[strlen(name)] != ':')
			continue;
		assert_null(value);
		value = line + strlen(name) + 2;
	}
	return value;
}

/* Header lines at most 76 characters where they hold encoded words, 998 everywhere; CR and LF only together. */
static void
check_lines(void)
{
	const char *p = out.data;

	assert_false(out.overflow);
	assert_int_equal(strlen(out.data), out.len);
	while (*p != '\0') {
		const char *eol = strstr(p, "\r\n");

		assert_non_null(eol);
		assert_null(memchr(p, '\n', (size_t)(eol - p)));
		assert_null(memchr(p, '\r', (size_t)(eol - p)));
		assert_true(eol - p <= 998);
		if (memmem(p, (size_t)(eol - p), "=?", 2) != NULL)
			assert_true(eol - p <= 76);
		p = eol + 2;
	}
}

static int
hex(const char *s)
{
	return (int)strtol((char[]){s[0], s[1], '\0'}, NULL, 16);
}

/* RFC 2047: encoded words in Q, the space between two of them is not there. */
static const char *
decode_words(const char *s)
{
	char *text = arena_alloc(a, strlen(s) + 1);
	size_t n = 0;

	while (*s != '\0') {
		if (strncmp(s, "=?UTF-8?Q?", 10) != 0) {
			text[n++] = *s++;
			continue;
		}
		for (s += 10; strncmp(s, "?=", 2) != 0; s++) {
			assert_true(*s != '\0' && *s != ' ');
			text[n++] = *s == '_' ? ' ' : *s == '=' ? (char)hex(s + 1) : *s;
			if (*s == '=')
				s += 2;
		}
		s += 2;
		/* each word alone must be whole characters (RFC 2047 §5) */
		assert_true(utf8_valid(text, n));
		if (strncmp(s, " =?", 3) == 0)
			s++;
	}
	return text;
}

/* RFC 2045 §6.7 */
static const char *
decode_body(void)
{
	const char *s = strstr(out.data, "\r\n\r\n") + 4;
	char *text = arena_alloc(a, strlen(s) + 1);
	size_t n = 0, column = 0;

	for (; *s != '\0'; s++, column++) {
		if (strncmp(s, "\r\n", 2) == 0) {
			assert_true(column == 0 || (s[-1] != ' ' && s[-1] != '\t'));
			assert_true(column <= 76);
			text[n++] = '\n';
			s++;
			column = (size_t)-1;
		} else if (strncmp(s, "=\r\n", 3) == 0) {
			assert_true(column + 1 <= 76);
			s += 2;
			column = (size_t)-1;
		} else if (*s == '=') {
			text[n++] = (char)hex(s + 1);
			s += 2;
			column += 2;
		} else {
			assert_true((*s >= 0x20 && *s < 0x7f) || *s == '\t');
			text[n++] = *s;
		}
	}
	return text;
}

static void
a_message_has_its_fields(void **state)
{
	struct message m = message();

	(void)state;
	assert_true(message_build(&out, &m));
	check_lines();
	assert_string_equal(field("Date"), "Mon, 21 Sep 2026 14:13:20 +0000");
	assert_string_equal(field("From"), "Pact <pact@example.com>");
	assert_string_equal(field("To"), "Ada <ada@example.com>");
	assert_string_equal(field("Subject"), "Hello");
	assert_string_equal(field("Message-ID"), "<0190@example.com>");
	assert_string_equal(field("Auto-Submitted"), "auto-generated");
	assert_string_equal(field("Content-Transfer-Encoding"), "quoted-printable");
	assert_string_equal(decode_body(), "One line.\n");
}

static void
nothing_begins_a_line_of_its_own(void **state)
{
	static const char *const evil[] = {
	    "x\r\nBcc: everyone@example.com",
	    "x\nBcc: everyone@example.com",
	    "x\rBcc: everyone@example.com",
	    "x\r\n\r\nBcc: everyone@example.com",
	    "\r\nBcc: everyone@example.com",
	    "x\v\f\b\033Bcc: everyone@example.com",
	    "\" <mallory@example.com>, \"x\r\nBcc: everyone@example.com",
	    "h\xc3\xa6\r\nBcc: everyone@example.com",
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(evil); i++) {
		struct message m = message();

		m.subject = m.to.name = m.from.name = evil[i];
		buf_clear(&out);
		assert_true(message_build(&out, &m));
		check_lines();
		assert_null(field("Bcc"));
		/* the real address is the last thing in the field, behind whatever the name is */
		assert_non_null(strstr(field("To"), " <ada@example.com>"));
		assert_string_equal(strstr(field("To"), " <ada@"), " <ada@example.com>");
		assert_string_equal(decode_body(), "One line.\n");
	}
}

static void
an_address_that_is_none_makes_no_message(void **state)
{
	static const char *const bad[] = {"", "ada", "ada@", "@example.com",
	    "ada@example.com\r\nBcc: x@example.com", "a b@example.com",
	    "ada@example.com>, <eve@example.com", "\"a\"@example.com", "ada@exa\nmple.com"};

	(void)state;
	for (size_t i = 0; i < NELEMS(bad); i++) {
		struct message m = message();

		m.to.address = bad[i];
		assert_false(message_build(&out, &m));
		m = message();
		m.id = bad[i];
		assert_false(message_build(&out, &m));
		assert_int_equal(out.len, 0);
	}
}

static void
text_survives_its_encoding(void **state)
{
	static const char *const text[] = {
	    "Import finished: kontakter.csv",
	    "Ærlig talt, Zoë O'Neil — 名前 🙂",
	    "=?UTF-8?Q?not_ours?=",
	    "quotes \" and \\ back",
	    "a_b=c?d",
	    "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn",
	    "🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂",
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(text); i++) {
		struct message m = message();

		m.subject = m.to.name = text[i];
		buf_clear(&out);
		assert_true(message_build(&out, &m));
		check_lines();
		assert_string_equal(decode_words(field("Subject")), text[i]);
		if (i == 1 || i >= 5)
			assert_string_equal(decode_words(field("To")),
			    arena_printf(a, "%s <ada@example.com>", text[i]));
	}
	struct message m = message();

	m.to.name = text[3];
	buf_clear(&out);
	assert_true(message_build(&out, &m));
	assert_string_equal(field("To"), "\"quotes \\\" and \\\\ back\" <ada@example.com>");
}

/* Lengths of all kinds around the limit, with characters of one to four bytes. */
static void
lines_of_any_length_come_back(void **state)
{
	static const char *const unit[] = {"x", "é", "名", "🙂", "=", " ", "From ", "."};
	char body[2048], subject[2048];

	(void)state;
	for (size_t u = 0; u < NELEMS(unit); u++) {
		for (size_t n = 0; n < 160; n++) {
			struct message m = message();
			size_t len = 0;

			for (size_t i = 0; i < n; i++, len += strlen(unit[u]))
				memcpy(body + len, unit[u], strlen(unit[u]));
			memcpy(body + len, "\nend\n", 6);
			memcpy(subject, body, len);
			subject[len] = '\0';
			m.body = body;
			m.subject = subject;
			buf_clear(&out);
			assert_true(message_build(&out, &m));
			check_lines();
			assert_string_equal(decode_body(), body);
			/* spaces at its ends are nobody's business */
			if (n > 0 && u < 5)
				assert_string_equal(decode_words(field("Subject")), subject);
		}
	}
}

static void
the_body_is_safe_on_the_way(void **state)
{
	struct message m = message();

	(void)state;
	m.body = "From here\n.\n..\ntrailing \nand tab\t\n=3D is text\nno end";
	assert_true(message_build(&out, &m));
	check_lines();
	assert_null(strstr(out.data, "\r\nFrom here"));
	assert_null(strstr(out.data, "\r\n."));
	assert_string_equal(decode_body(),
	    "From here\n.\n..\ntrailing \nand tab\t\n=3D is text\nno end\n");
}

static void
senders_are_read(void **state)
{
	static const struct {
		const char *text, *name, *address;
	} row[] = {
	    {"pact@example.com", "", "pact@example.com"},
	    {"Pact <pact@example.com>", "Pact", "pact@example.com"},
	    {"\"Pact, Inc.\" <pact@example.com>", "Pact, Inc.", "pact@example.com"},
	    {"<pact@example.com>", "", "pact@example.com"},
	    {"Pakt Ærlig  <pact@localhost>", "Pakt Ærlig", "pact@localhost"},
	    {"Pact <pact@example.com", NULL, NULL},
	    {"Pact pact@example.com>", NULL, NULL},
	    {"Pact <pact@example.com> x", NULL, NULL},
	    {"Pact", NULL, NULL},
	    {"", NULL, NULL},
	    {"Pact <pæct@example.com>", NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(row); i++) {
		struct mailbox m;
		bool ok = mailbox_parse(a, row[i].text, &m);

		if (ok != (row[i].name != NULL))
			fail_msg("%s", row[i].text);
		if (ok) {
			assert_string_equal(m.name, row[i].name);
			assert_string_equal(m.address, row[i].address);
		}
	}
}

static const char *
fill(const char *text, json_t *vars)
{
	buf_clear(&out);
	template_fill(&out, text, json_keep(a, vars));
	return arena_strdup(a, out.data);
}

static void
templates_are_filled(void **state)
{
	char longer[1000];

	(void)state;
	assert_string_equal(fill("a {{x}} b {{n}}\n",
	                        json_pack("{s:s, s:i}", "x", "1 < 2", "n", 7)),
	    "a 1 < 2 b 7\n");
	/* a line whose variable is absent, null, empty or no value is left out; the others stay */
	assert_string_equal(fill("1 {{x}}\n2 {{y}}\n3\n", json_pack("{s:s}", "y", "why")),
	    "2 why\n3\n");
	assert_string_equal(fill("1 {{x}}\n2 {{y}}\n3\n", json_pack("{s:n, s:s}", "x", "y", "")),
	    "3\n");
	assert_string_equal(fill("1 {{x}}\n", json_pack("{s:[s]}", "x", "a")), "");
	/* values are not templates, and stay on their line */
	assert_string_equal(fill("{{x}}{{y}}\n", json_pack("{s:s, s:s}", "x", "{{y}}", "y", "b")),
	    "{{y}}b\n");
	assert_string_equal(fill("{{x}}\n", json_pack("{s:s}", "x", "a\r\n\r\nPay here\033[2J")),
	    "a    Pay here [2J\n");
	/* cut between characters, and said so */
	memset(longer, 0, sizeof longer);
	for (size_t i = 0; i < 200; i++)
		memcpy(longer + 2 * i, "é", 2);
	fill("{{x}}", json_pack("{s:s}", "x", longer));
	assert_int_equal(out.len, 300 + strlen("…"));
	assert_true(utf8_valid(out.data, out.len));
	/* text of ours that is broken breaks nothing */
	assert_string_equal(fill("a {{x\nb\n", json_object()), "b\n");
}

/* Every template makes a message with nothing but what is always there, and with everything. */
static void
every_template_can_be_sent(void **state)
{
	(void)state;
	for (size_t i = 0; i < nmail_templates; i++) {
		const struct mail_template *t = &mail_templates[i];
		json_t *few = json_pack("{s:s, s:s, s:s, s:s}", "name", "Ada", "workspace",
		    "Nordlys", "base_url", "https://pact.example", "at", "1 March 2026, 09:30 UTC");
		const char *subject = fill(t->subject, few), *body = fill(t->body, few);

		assert_ptr_equal(template_find(t->name), t);
		assert_true(strcspn(subject, "\n") > 5);
		assert_non_null(strstr(body, "Hello Ada,\n"));
		assert_null(strstr(body, "{{"));
		for (const char *p = t->body; *p != '\0'; p += strcspn(p, "\n") + 1)
			assert_true(strcspn(p, "\n") <= 76);
	}
	assert_null(template_find("no-such"));
	assert_null(template_find(NULL));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_message_has_its_fields, setup, teardown),
	    cmocka_unit_test_setup_teardown(nothing_begins_a_line_of_its_own, setup, teardown),
	    cmocka_unit_test_setup_teardown(an_address_that_is_none_makes_no_message, setup,
	        teardown),
	    cmocka_unit_test_setup_teardown(text_survives_its_encoding, setup, teardown),
	    cmocka_unit_test_setup_teardown(lines_of_any_length_come_back, setup, teardown),
	    cmocka_unit_test_setup_teardown(the_body_is_safe_on_the_way, setup, teardown),
	    cmocka_unit_test_setup_teardown(senders_are_read, setup, teardown),
	    cmocka_unit_test_setup_teardown(templates_are_filled, setup, teardown),
	    cmocka_unit_test_setup_teardown(every_template_can_be_sent, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
