/* SPDX-License-Identifier: GPL-3.0-or-later */
/* C8: what one row says about a person and their consent, and what is wrong with it. */
#include "import_helper.h"

/* 2026-06-15T12:00:00Z */
#define NOW 1781524800

static struct arena *a;

static int
setup(void **state)
{
	(void)state;
	a = arena_new();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	arena_free(a);
	return 0;
}

struct first {
	const struct import_map *map;
	struct import_row row;
	bool seen;
};

static bool
first_row(void *arg, const struct import_record *rec)
{
	struct first *f = arg;

	import_map_row(f->map, a, rec, &f->row);
	f->seen = true;
	return false;
}

/* The row below the header of a file, mapped by the guess. */
static struct import_row
row_of(const char *text, struct import_options o)
{
	struct import_layout *l = arena_alloc(a, sizeof *l);
	struct import_guess g;
	struct import_reader *r;
	struct first f = {0};
	const char *problem;

	assert_null(import_layout(a, text, strlen(text), true, NULL, l));
	import_guess(a, l, "contacts.csv", &g);
	o.now = NOW;
	o.tool = g.tool;
	o.dates = o.dates == IMPORT_DATES_UNSURE ? g.dates : o.dates;
	f.map = import_map_new(a, l, g.columns, l->columns, &o, &problem);
	assert_non_null(f.map);
	r = import_reader_new(l, first_row, &f);
	(void)(import_reader_feed(r, text, strlen(text)) && import_reader_end(r));
	import_reader_free(r);
	assert_true(f.seen);
	return f.row;
}

static struct import_row
row(const char *text)
{
	return row_of(text, (struct import_options){0});
}

static void
text_is(const char *text, const char *expected)
{
	if (expected == NULL)
		assert_null(text);
	else {
		assert_non_null(text);
		assert_string_equal(text, expected);
	}
}

static void
refuses(const char *text, const char *column, const char *value, const char *word)
{
	struct import_row r = row(text);

	assert_int_equal(r.nerrors, 1);
	assert_string_equal(r.errors[0].column, column);
	assert_string_equal(r.errors[0].value, value);
	if (strstr(r.errors[0].detail, word) == NULL)
		fail_msg("%s: not about %s", r.errors[0].detail, word);
}

static void
address_is(const char *cell, const char *expected, size_t warnings)
{
	struct import_row r = row(arena_printf(a, "Email,First Name,Phone\n\"%s\",A,\n", cell));

	assert_int_equal(r.nerrors, 0);
	text_is(r.email, expected);
	assert_int_equal(r.nwarnings, warnings);
}

static void
c8_addresses_are_found_in_what_people_write(void **state)
{
	struct import_row r;

	(void)state;
	address_is("a@x.example", "a@x.example", 0);
	address_is(" A.B+c@X.Example ", "A.B+c@X.Example", 0);
	address_is("mailto:a@x.example", "a@x.example", 0);
	address_is("Ada Lovelace <a@x.example>", "a@x.example", 0);
	address_is("<a@x.example>;", "a@x.example", 0);
	address_is("'a@x.example'", "a@x.example", 0);
	address_is("\u200ba@x.example\u00a0", "a@x.example", 0);
	address_is("a@x.example;", "a@x.example", 0);
	address_is("a@x.example ::: b@x.example", "a@x.example", 1);
	address_is("a@x.example; b@x.example", "a@x.example", 1);
	address_is("+4799887766@sms.example", "+4799887766@sms.example", 0);
	address_is("-a@x.example", "-a@x.example", 0);
	address_is("  ", NULL, 0);
	/* the name beside an address is used where there is no other */
	r = row("Email\n\"\"\"van der Berg, Ada\"\" <a@x.example>\"\n");
	text_is(r.first_name, "Ada");
	text_is(r.last_name, "van der Berg");
	r = row("Email,Name\nA B <a@x.example>,Bo\n");
	text_is(r.first_name, "Bo");
	text_is(r.last_name, NULL);
	/* nor is the address a name */
	r = row("Email,Name\na@x.example,a@x.example\n");
	text_is(r.first_name, NULL);
}

static void
c8_what_is_no_address_is_an_error_of_the_row(void **state)
{
	static const char *const bad[] = {"not an address", "a@", "@b", "a b@x.example",
	    "a@x.example (work)", "a@x..example", "a@@x.example", "<a@x.example",
	    "A <B> <a@x.example>"};
	static const char *const formula[] = {"=1+1@x.example", "=cmd@x.example", "+1+1@x.example",
	    "-2*3@x.example", "@SUM@x.example", "'=1@x.example"};

	(void)state;
	for (size_t i = 0; i < NELEMS(bad); i++)
		refuses(arena_printf(a, "Email,First Name\n%s,A\n", bad[i]), "Email", bad[i],
		    "not an e-mail address");
	for (size_t i = 0; i < NELEMS(formula); i++)
		refuses(arena_printf(a, "Email,First Name\n%s,A\n", formula[i]), "Email",
		    formula[i] + (formula[i][0] == '\''), "formula");
}

static void
c8_a_second_address_is_used_where_the_first_is_empty(void **state)
{
	static const char head[] =
	    "Name,E-mail 1 - Value,E-mail 1 - Label,E-mail 3 - Value,E-mail 2 - Value,Phone 1 - Value,Phone 2 - Value\n";
	struct import_row r;

	(void)state;
	r = row(arena_printf(a, "%sA,a@x.example,,c@x.example,b@x.example,1,2\n", head));
	text_is(r.email, "a@x.example");
	text_is(r.phone, "1");
	r = row(arena_printf(a, "%sA,,,c@x.example,b@x.example,,2\n", head));
	text_is(r.email, "b@x.example");
	text_is(r.phone, "2");
	r = row(arena_printf(a, "%sA,,,c@x.example,,,\n", head));
	text_is(r.email, "c@x.example");
	text_is(r.phone, NULL);
	/* a bad first one is an error, not a reason to take the next */
	refuses(arena_printf(a, "%sA,nobody,,c@x.example,,,\n", head), "E-mail 1 - Value", "nobody",
	    "not an e-mail address");
	/* HubSpot's second number is that of the company */
	r = row("Email,Phone Number,Phone Number\na@x.example,,99\n");
	text_is(r.phone, NULL);
	/* and a column that somebody has mapped to something else is theirs */
	r = row("Email,Email 2,custom.b\n,b@x.example,1\n");
	text_is(r.email, "b@x.example");
}

static void
name_is(const char *full, const char *first, const char *last)
{
	struct import_row r = row(arena_printf(a, "Email,Full Name\na@x.example,\"%s\"\n", full));

	text_is(r.first_name, first);
	text_is(r.last_name, last);
}

static void
c8_full_names_are_split_with_their_particles(void **state)
{
	struct import_row r;

	(void)state;
	name_is("Ada Lovelace", "Ada", "Lovelace");
	name_is("Ana Maria Silva", "Ana Maria", "Silva");
	name_is("Ludwig van Beethoven", "Ludwig", "van Beethoven");
	name_is("Ivo van der Berg", "Ivo", "van der Berg");
	name_is("Maria de la Cruz", "Maria", "de la Cruz");
	name_is("Van Morrison", "Van", "Morrison");
	name_is("Berg, Ivo van der", "Ivo van der", "Berg");
	name_is("John Smith Jr.", "John", "Smith Jr.");
	name_is("John Smith, Jr.", "John", "Smith, Jr.");
	name_is("Plato", "Plato", NULL);
	name_is("北京", "北京", NULL);
	name_is("  Ada   Lovelace ", "Ada", "Lovelace");
	name_is("Jr.", "Jr.", NULL);
	r = row("First Name,Last Name,Full Name\nA,,X Y\n");
	text_is(r.first_name, "A");
	text_is(r.last_name, NULL);
}

static void
c8_phones_stay_as_people_wrote_them(void **state)
{
	struct import_row r;

	(void)state;
	text_is(row("Name,Phone\nA,'+44 194 (0) 22\n").phone, "+44 194 (0) 22");
	text_is(row("Name,Phone\nA,'0049 30 1\n").phone, "0049 30 1");
	text_is(row("Name,Phone\nA,\"+49\t30\n1\"\n").phone, "+49 30 1");
	text_is(row("Name,Phone\nA,\u202a+49 30 1\u202c\n").phone, "+49 30 1");
	text_is(row("Name,Phone\nA,22 33 ::: 44 55\n").phone, "22 33");
	assert_int_equal(row("Name,Phone\nA,1.5 E 4\n").nwarnings, 0);
	assert_int_equal(row("Name,Phone\nA,12 +34\n").nwarnings, 0);
	assert_int_equal(row("Name,Phone\nA,4.8e+10\n").nwarnings, 1);
	text_is(row("Name,Phone\nA,22\u200933\u202844\n").phone, "22 33 44");
	r = row("Name,Phone\nA,\"4,79737E+10\"\n");
	text_is(r.phone, NULL);
	assert_int_equal(r.nwarnings, 1);
	assert_string_equal(r.warnings[0].column, "Phone");
}

static void
tags_are(const char *cell, const char *expected)
{
	struct import_row r = row(arena_printf(a, "Email,Tags\na@x.example,%s\n", cell));
	const char *s = "";

	assert_int_equal(r.nerrors, 0);
	for (size_t i = 0; i < r.ntags; i++)
		s = arena_printf(a, "%s[%s]", s, r.tags[i]);
	assert_string_equal(s, expected);
}

static void
c8_tags_come_in_the_forms_of_the_tools(void **state)
{
	(void)state;
	tags_are("\"\"\"News, weekly\"\",\"\"VIP\"\"\"", "[News, weekly][VIP]");
	tags_are("\"vip,\"\"beta, \"\"\"\"two\"\"\"\"\"\",x\"", "[vip][beta, \"two\"][x]");
	tags_are("* myContacts ::: * starred ::: Friends ::: * Work", "[Friends][Work]");
	tags_are("\"a;b, c;;a;A\"", "[a][b, c]");
	tags_are("\"a, b,A\"", "[a][b]");
	tags_are("\"say \"\"hi\"\"\"", "[say \"hi\"]");
	tags_are("a b;*;* c", "[a b][*][c]");
	tags_are("", "");
	tags_are("\"\"\"open\"", "[open]");
}

static void
c8_text_is_cleaned_but_not_changed(void **state)
{
	struct import_row r = row(
	    "First Name,Notes,Title,Company,custom.k\n"
	    "  Zoe\u0308\u200b \u00a0,\"one\r\ntwo\rthree\tfour\n\",\"a\nb\x01\",'-Acme,' x\n");

	(void)state;
	text_is(r.first_name, "Zoe\u0308");
	text_is(r.note, "one\ntwo\nthree\tfour");
	text_is(r.title, "a b");
	text_is(r.account, "-Acme");
	assert_int_equal(r.ncustom, 1);
	text_is(r.custom[0].key, "k");
	text_is(r.custom[0].value, "' x");
	/* letters that are joined on purpose */
	text_is(row("First Name\nمی\u200cخواهم\n").first_name, "می\u200cخواهم");
	text_is(row("First Name\n'Tis\n").first_name, "'Tis");
}

static void
c8_rows_with_a_name_a_phone_or_an_account_need_no_address(void **state)
{
	(void)state;
	assert_int_equal(row("Email,First Name,Last Name,Phone\n,L,M,\n").nerrors, 0);
	assert_int_equal(row("Email,Company,Phone\n,Acme,\n").nerrors, 0);
	assert_int_equal(row("Email,Company,Phone\n,,1\n").nerrors, 0);
	refuses("Email,First Name,Tags\n,,x\n", "", "", "empty row");
	refuses("Email,First Name\n,\n", "", "", "empty row");
}

static void
c8_rows_of_another_shape_are_errors_or_filled_up(void **state)
{
	struct import_row r = row("Email,First Name,Last Name,Phone\na@x.example,A\n");

	(void)state;
	assert_int_equal(r.nerrors, 0);
	text_is(r.first_name, "A");
	assert_int_equal(row("Email,First Name\na@x.example,A,, \n").nerrors, 0);
	assert_int_equal(row("Email,First Name,Phone\na@x.example\n").nerrors, 0);
	refuses("Email,First Name\na@x.example,A,,surplus\n", "", "surplus", "4 cells");
	refuses("First Name,Last Name,Email\nConfidential information\n", "",
	    "Confidential information", "not a row");
	assert_int_equal(row("First Name,Email\nAda\n").nerrors, 0);
}

static void
c8_over_long_values_are_errors_that_name_column_and_limit(void **state)
{
	static const struct {
		const char *header;
		size_t max;
	} fields[] = {{"First Name", 200}, {"Last Name", 200}, {"Name", 200}, {"Job Title", 200},
	    {"Phone", 60}, {"Company", 200}, {"Tags", 60}, {"custom.k", 2000}, {"Notes", 20000},
	    {"consent source", 2000}};
	char *long_text = arena_alloc(a, 3 * 20001 + 1);
	const char *limit;

	(void)state;
	for (size_t i = 0; i < 20001; i++)
		memcpy(long_text + 3 * i, "北", 3);
	for (size_t i = 0; i < NELEMS(fields); i++) {
		const char *text = arena_printf(a, "Email,%s\na@x.example,%.*s\n", fields[i].header,
		    (int)(3 * fields[i].max), long_text);
		struct import_row r = row(text);

		assert_int_equal(r.nerrors, 0);
		r = row(arena_printf(a, "Email,%s\na@x.example,%.*s\n", fields[i].header,
		    (int)(3 * fields[i].max + 3), long_text));
		assert_int_equal(r.nerrors, 1);
		assert_string_equal(r.errors[0].column, fields[i].header);
		limit = arena_printf(a, "%zu characters, at most %zu", fields[i].max + 1,
		    fields[i].max);
		assert_non_null(strstr(r.errors[0].detail, limit));
		/* values in errors: 200 bytes at most, cut between characters */
		assert_int_equal(strlen(r.errors[0].value),
		    fields[i].max < 66 ? 3 * (fields[i].max + 1) : 198);
	}
}

static void
c8_more_than_100_tags_are_an_error(void **state)
{
	struct buf b;
	struct import_row r;

	(void)state;
	buf_init(&b, 1U << 20);
	buf_str(&b, "Email,Tags\na@x.example,\"0");
	for (int i = 1; i < 100; i++)
		buf_printf(&b, ",%d", i);
	r = row(arena_printf(a, "%s\"\n", b.data));
	assert_int_equal(r.nerrors, 0);
	assert_int_equal(r.ntags, 100);
	for (int i = 100; i < 9000; i++)
		buf_printf(&b, ",%d", i);
	r = row(arena_printf(a, "%s\"\n", b.data));
	assert_int_equal(r.nerrors, 1);
	assert_string_equal(r.errors[0].column, "Tags");
	buf_free(&b);
}

/* ── consent ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

static void
consent_is(const char *text, enum import_status status, const char *at, const char *source,
    const char *declined_at)
{
	struct import_row r = row(text);

	if (r.status != status || r.nerrors != 0)
		fail_msg("%s: status %d, %zu errors", text, (int)r.status, r.nerrors);
	text_is(r.evidence_at, at);
	text_is(r.evidence_source, source);
	text_is(r.declined_at, declined_at);
}

static void
c8_without_consent_columns_a_row_says_nothing(void **state)
{
	(void)state;
	consent_is("Email\na@x.example\n", IMPORT_NONE, NULL, NULL, NULL);
	consent_is("Email,consent_status\na@x.example,\n", IMPORT_NONE, NULL, NULL, NULL);
	consent_is("Email,consent_status\na@x.example,n/a\n", IMPORT_NONE, NULL, NULL, NULL);
}

static void
c8_a_status_without_a_time_brings_no_evidence(void **state)
{
	static const char *const words[] = {"confirmed", "Subscribed", "opted in", "Opted-In",
	    "YES", "true", "1", "påmeldt", "BESTÄTIGT"};

	(void)state;
	for (size_t i = 0; i < NELEMS(words); i++)
		consent_is(arena_printf(a, "Email,consent_status\na@x.example,%s\n", words[i]),
		    IMPORT_CONFIRMED, NULL, NULL, NULL);
	consent_is("Email,consent_status\na@x.example,Pending\n", IMPORT_PENDING, NULL, NULL, NULL);
	consent_is("Email,consent_status\na@x.example,unconfirmed\n", IMPORT_PENDING, NULL, NULL,
	    NULL);
}

static void
c8_refusals_are_understood_in_many_words(void **state)
{
	static const char *const words[] = {"declined", "unsubscribed", "opted out", "cleaned",
	    "bounced", "no", "FALSE", "0", "blocklisted", "do-not-contact", "avmeldt",
	    "abgemeldet"};

	(void)state;
	for (size_t i = 0; i < NELEMS(words); i++)
		consent_is(arena_printf(a, "Email,consent_status\na@x.example,%s\n", words[i]),
		    IMPORT_DECLINED, NULL, "consent_status", NULL);
}

static void
c8_an_unknown_status_is_an_error(void **state)
{
	(void)state;
	refuses("Email,consent_status\na@x.example,maybe\n", "consent_status", "maybe",
	    "not a consent status");
	refuses("Email,consent_status\na@x.example,?\n", "consent_status", "?",
	    "not a consent status");
	refuses("Email,HasOptedOutOfEmail\na@x.example,perhaps\n", "HasOptedOutOfEmail", "perhaps",
	    "neither yes nor no");
}

static void
c8_a_time_of_agreement_is_evidence_the_confirmation_before_the_opt_in(void **state)
{
	(void)state;
	consent_is(
	    "Email,MEMBER_RATING,OPTIN_TIME,CONFIRM_TIME\na@x.example,2,2024-03-01 08:15:00,2024-03-01 08:20:00\n",
	    IMPORT_CONFIRMED, "2024-03-01T08:20:00Z", "Mailchimp CONFIRM_TIME", NULL);
	consent_is(
	    "Email,MEMBER_RATING,OPTIN_TIME,CONFIRM_TIME\na@x.example,2,2024-03-01 08:15:00,\n",
	    IMPORT_CONFIRMED, "2024-03-01T08:15:00Z", "Mailchimp OPTIN_TIME", NULL);
	consent_is(
	    "Email,consent_status,Opt-in date,consent_source\na@x.example,yes,2024-03-01,fair in Oslo\n",
	    IMPORT_CONFIRMED, "2024-03-01T00:00:00Z", "fair in Oslo", NULL);
	/* who is pending has not agreed, whatever else is there */
	consent_is("Email,consent_status,Opt-in date\na@x.example,pending,2024-03-01\n",
	    IMPORT_PENDING, NULL, NULL, NULL);
}

static void
c8_impossible_and_future_times_are_no_evidence(void **state)
{
	static const char *const times[] = {"2024-02-30", "soon", "2026-06-17 12:00:01",
	    "9999-12-31", "1709280900"};
	struct import_row r;

	(void)state;
	for (size_t i = 0; i < NELEMS(times); i++) {
		r = row(arena_printf(a, "Email,consent_status,Opt-in date\na@x.example,yes,%s\n",
		    times[i]));
		assert_int_equal(r.nerrors, 0);
		assert_int_equal(r.status, IMPORT_CONFIRMED);
		assert_null(r.evidence_at);
		assert_int_equal(r.nwarnings, 1);
		assert_string_equal(r.warnings[0].value, times[i]);
		assert_non_null(strstr(r.warnings[0].detail, "no evidence"));
		r = row(arena_printf(a, "Email,Opt-in date\na@x.example,%s\n", times[i]));
		assert_int_equal(r.status, IMPORT_NONE);
	}
	/* a clock that is a day ahead, or a zone that is not written */
	consent_is("Email,Opt-in date\na@x.example,2026-06-16 12:00:00\n", IMPORT_CONFIRMED,
	    "2026-06-16T12:00:00Z", "Opt-in date", NULL);
	consent_is("Email,Opt-in date\na@x.example,0000-00-00 00:00:00\n", IMPORT_NONE, NULL, NULL,
	    NULL);
}

static void
c8_of_two_readings_of_a_date_the_stricter_counts(void **state)
{
	(void)state;
	consent_is("Email,Opt-in date\na@x.example,03/04/2025\n", IMPORT_CONFIRMED,
	    "2025-03-04T00:00:00Z", "Opt-in date", NULL);
	consent_is("Email,unsub_time\na@x.example,03/04/2025\n", IMPORT_DECLINED, NULL,
	    "unsub_time", "2025-04-03T00:00:00Z");
	/* the other reading would be in the future */
	consent_is("Email,unsub_time\na@x.example,03/12/2026\n", IMPORT_DECLINED, NULL,
	    "unsub_time", "2026-03-12T00:00:00Z");
	assert_string_equal(row_of("Email,Opt-in date\na@x.example,03/04/2025\n",
	                        (struct import_options){.dates = IMPORT_DATES_DMY})
	                        .evidence_at,
	    "2025-04-03T00:00:00Z");
}

static void
c8_any_sign_of_leaving_declines_whatever_else_is_said(void **state)
{
	(void)state;
	consent_is(
	    "Email,consent_status,CONFIRM_TIME,UNSUB_TIME\na@x.example,confirmed,2025-01-01,2024-01-01 10:00:00\n",
	    IMPORT_DECLINED, NULL, "UNSUB_TIME", "2024-01-01T10:00:00Z");
	consent_is("Email,EMAIL_BLACKLISTED,CONFIRM_TIME\na@x.example,Yes,2025-01-01\n",
	    IMPORT_DECLINED, NULL, "Brevo EMAIL_BLACKLISTED", NULL);
	consent_is("Email,HasOptedOutOfEmail\na@x.example,TRUE\n", IMPORT_DECLINED, NULL,
	    "Salesforce HasOptedOutOfEmail", NULL);
	consent_is("Email,unsub_time,consent_source\na@x.example,yes,a letter\n", IMPORT_DECLINED,
	    NULL, "a letter", NULL);
	/* not having left is not having agreed */
	consent_is("Email,HasOptedOutOfEmail\na@x.example,false\n", IMPORT_NONE, NULL, NULL, NULL);
	consent_is("Email,EMAIL_BLACKLISTED\na@x.example,No\n", IMPORT_NONE, NULL, NULL, NULL);
	consent_is("Email,unsub_time\na@x.example,0000-00-00\n", IMPORT_NONE, NULL, NULL, NULL);
	consent_is("Email,unsub_time\na@x.example,no\n", IMPORT_NONE, NULL, NULL, NULL);
}

static void
c8_a_time_of_leaving_that_cannot_be_read_still_declines(void **state)
{
	struct import_row r = row("Email,unsub_time\na@x.example,last summer\n");

	(void)state;
	assert_int_equal(r.status, IMPORT_DECLINED);
	assert_null(r.declined_at);
	assert_int_equal(r.nwarnings, 1);
	r = row("Email,unsub_time\na@x.example,2031-01-01\n");
	assert_int_equal(r.status, IMPORT_DECLINED);
	assert_null(r.declined_at);
	assert_int_equal(r.nwarnings, 1);
}

static void
c8_in_a_list_of_departures_everybody_is_declined(void **state)
{
	struct import_row r =
	    row_of("Email,CONFIRM_TIME,consent_status\na@x.example,2025-01-01,confirmed\n",
	        (struct import_options){.departures = true});

	(void)state;
	assert_int_equal(r.status, IMPORT_DECLINED);
	assert_null(r.evidence_at);
	text_is(r.evidence_source, "list of departures");
}

static void
c8_our_own_export_comes_back_as_it_was(void **state)
{
	static const char head[] =
	    "public_id,email,consent_status,consent_source,consent_at,suppressed\n1,a@x.example,";

	(void)state;
	consent_is(arena_printf(a, "%sconfirmed,form 7,2024-03-01T08:15:00Z,false\n", head),
	    IMPORT_CONFIRMED, "2024-03-01T08:15:00Z", "form 7", NULL);
	/* the time is that of the status, not of an agreement */
	consent_is(arena_printf(a, "%sdeclined,unsubscribe,2024-03-01T08:15:00Z,true\n", head),
	    IMPORT_DECLINED, NULL, "unsubscribe", "2024-03-01T08:15:00Z");
	consent_is(arena_printf(a, "%spending,policy,2024-03-01T08:15:00Z,false\n", head),
	    IMPORT_PENDING, NULL, "policy", NULL);
	consent_is(arena_printf(a, "%sconfirmed,form,2024-03-01T08:15:00Z,true\n", head),
	    IMPORT_DECLINED, NULL, "form", NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(c8_addresses_are_found_in_what_people_write),
	    cmocka_unit_test(c8_what_is_no_address_is_an_error_of_the_row),
	    cmocka_unit_test(c8_a_second_address_is_used_where_the_first_is_empty),
	    cmocka_unit_test(c8_full_names_are_split_with_their_particles),
	    cmocka_unit_test(c8_phones_stay_as_people_wrote_them),
	    cmocka_unit_test(c8_tags_come_in_the_forms_of_the_tools),
	    cmocka_unit_test(c8_text_is_cleaned_but_not_changed),
	    cmocka_unit_test(c8_rows_with_a_name_a_phone_or_an_account_need_no_address),
	    cmocka_unit_test(c8_rows_of_another_shape_are_errors_or_filled_up),
	    cmocka_unit_test(c8_over_long_values_are_errors_that_name_column_and_limit),
	    cmocka_unit_test(c8_more_than_100_tags_are_an_error),
	    cmocka_unit_test(c8_without_consent_columns_a_row_says_nothing),
	    cmocka_unit_test(c8_a_status_without_a_time_brings_no_evidence),
	    cmocka_unit_test(c8_refusals_are_understood_in_many_words),
	    cmocka_unit_test(c8_an_unknown_status_is_an_error),
	    cmocka_unit_test(c8_a_time_of_agreement_is_evidence_the_confirmation_before_the_opt_in),
	    cmocka_unit_test(c8_impossible_and_future_times_are_no_evidence),
	    cmocka_unit_test(c8_of_two_readings_of_a_date_the_stricter_counts),
	    cmocka_unit_test(c8_any_sign_of_leaving_declines_whatever_else_is_said),
	    cmocka_unit_test(c8_a_time_of_leaving_that_cannot_be_read_still_declines),
	    cmocka_unit_test(c8_in_a_list_of_departures_everybody_is_declined),
	    cmocka_unit_test(c8_our_own_export_comes_back_as_it_was),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
