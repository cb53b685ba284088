/* SPDX-License-Identifier: GPL-3.0-or-later */
/* C8: vCard 2.1, 3.0 and 4.0 as phones and address books write them. */
#include "fcgi/crm/import_vcard.h"
#include "import_helper.h"

#define NO_END "This card has no END:VCARD."

/* Each card in chunks of every small size; the empty cells at the end of a row are written too. */
static void
reads_as(const char *text, const char *expected)
{
	size_t len = strlen(text);

	for (size_t chunk = 1; chunk <= len + 1; chunk += chunk < 9 ? 1 : len) {
		struct seen s = {.last_number = 0};
		struct import_vcard *v;

		buf_init(&s.b, 1U << 20);
		v = import_vcard_new(seen_row, &s);
		for (size_t at = 0; at < len; at += chunk)
			assert_true(
			    import_vcard_feed(v, text + at, len - at < chunk ? len - at : chunk));
		assert_true(import_vcard_end(v));
		assert_string_equal(s.b.data, expected);
		import_vcard_free(v);
		buf_free(&s.b);
	}
}

#define CARD(version, properties) \
	"BEGIN:VCARD\r\nVERSION:" version "\r\n" properties "END:VCARD\r\n"

static void
c8_a_card_becomes_a_row(void **state)
{
	(void)state;
	reads_as(
	    CARD("3.0",
	        "UID:u1\r\nN:Lovelace;Ada;King;;\r\nFN:Ada Lovelace\r\nEMAIL;TYPE=INTERNET:ada@v.example\r\n"
	        "TEL:+44 1\r\nTITLE:Countess\r\nORG:Engines\\, Inc.;Analytical\r\nCATEGORIES:a,b\\,c,\"d\"\r\n"
	        "NOTE:one\\ntwo\\\\n\r\nREV:20240301T081500Z\r\n"),
	    "1:ada@v.example|Ada|Lovelace|Ada Lovelace|+44 1|Countess|Engines, Inc.|\"a\",\"b,c\",\"\"\"d\"\"\"|one\ntwo\\n|u1|"
	    "20240301T081500Z\n");
	reads_as(CARD("4.0", ""), "1:||||||||||\n");
}

static void
c8_folded_lines_are_joined_in_all_forms(void **state)
{
	(void)state;
	reads_as("BEGIN:VCARD\nFN:Ada\n  Love\n\tlace\nEM\n AIL:a@v.example\nEND:VCARD\n",
	    "1:a@v.example|||Ada Lovelace|||||||\n");
	reads_as("BEGIN:VCARD \nFN:Ada\t \nEND:VCARD\t\n", "1:|||Ada|||||||\n");
	reads_as("begin:vcard\rfn:Ada\rend:vcard", "1:|||Ada|||||||\n");
}

static void
c8_quoted_printable_and_charsets_of_2_1_are_decoded(void **state)
{
	(void)state;
	reads_as(CARD("2.1",
	             "N;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:M=FCller;J=F6rg\r\n"
	             "FN;QUOTED-PRINTABLE;CHARSET=UTF-8:J=C3=B6rg =\r\nM=C3=\r\n=BCller\r\n"
	             "NOTE;ENCODING=QUOTED-PRINTABLE:a=3D=0D=0A=\r\nEMAIL:no@v.example=zz\r\n"
	             "ADR;ENCODING=QUOTED-PRINTABLE:;;x=\r\nEMAIL:nor@v.example\r\n"),
	    "1:|Jörg|Müller|Jörg Müller|||||a=\r\nEMAIL:no@v.example=zz||\n");
	reads_as(
	    CARD("2.1",
	        "FN;QUOTED-PRINTABLE:=c3=bf=20=39=2\r\nTITLE;CHARSET=iso-8859-1;QUOTED-PRINTABLE:=C3=BC\r\n"),
	    "1:|||ÿ 9=2||Ã¼|||||\n");
	/* no charset named: what it is */
	reads_as(CARD("2.1", "FN;ENCODING=QUOTED-PRINTABLE:Zo=EB\r\n"), "1:|||Zoë|||||||\n");
	/* = at the end of another value is a letter */
	reads_as(CARD("3.0", "NOTE:x=\r\nFN:Ada\r\n"), "1:|||Ada|||||x=||\n");
}

static void
c8_backslashes_are_letters_in_2_1(void **state)
{
	(void)state;
	reads_as(CARD("2.1", "NOTE:C:\\new\\;x\r\n"), "1:||||||||C:\\new;x||\n");
	reads_as(CARD("3.0", "NOTE:C:\\new\\;x\r\n"), "1:||||||||C:\new;x||\n");
}

static void
c8_the_preferred_address_and_number_are_taken(void **state)
{
	(void)state;
	reads_as(
	    CARD("2.1",
	        "EMAIL;INTERNET:a@v.example\r\nEMAIL;INTERNET;PREF:b@v.example\r\nTEL;FAX;WORK:1\r\nTEL;CELL:2\r\n"),
	    "1:b@v.example||||2||||||\n");
	reads_as(
	    CARD("3.0",
	        "EMAIL:\r\nEMAIL;TYPE=home:a@v.example\r\nEMAIL;TYPE=work,pref:b@v.example\r\n"),
	    "1:b@v.example||||||||||\n");
	reads_as(
	    CARD("4.0",
	        "EMAIL;PREF=50:a@v.example\r\nEMAIL;PREF=\"7\":b@v.example\r\nEMAIL:c@v.example\r\n"),
	    "1:b@v.example||||||||||\n");
	reads_as(
	    CARD("4.0",
	        "EMAIL;PREF=20:a@v.example\r\nEMAIL;PREF=10:b@v.example\r\nEMAIL;PREF=100:c@v.example\r\n"),
	    "1:b@v.example||||||||||\n");
	/* a fax is better than nothing, the first of equals is taken */
	reads_as(CARD("3.0", "TEL;TYPE=fax:1\r\nTEL;TYPE=pager:2\r\n"), "1:||||1||||||\n");
}

static void
c8_groups_and_uris_of_apple_and_4_0_are_understood(void **state)
{
	(void)state;
	reads_as(CARD("4.0",
	             "item1.EMAIL;TYPE=\"a;b:c\":a@v.example\r\nitem1.X-ABLabel:Work\r\n"
	             "TEL;VALUE=uri;TYPE=\"voice,home\":tel:+47-22;ext=102;phone-context=x\r\n"),
	    "1:a@v.example||||+47-22 ext. 102||||||\n");
}

static void
c8_photos_pass_by_and_hide_nothing(void **state)
{
	struct seen s = {.last_number = 0};
	struct import_vcard *v = import_vcard_new(seen_row, &s);
	static const char head[] = "BEGIN:VCARD\r\nPHOTO;ENCODING=b;TYPE=JPEG:/9j/\r\n",
	                  tail[] = "\r\nFN:Ada\r\nEND:VCARD\r\n";

	(void)state;
	reads_as(
	    CARD("2.1",
	        "PHOTO;BASE64;JPEG:\r\n EMAIL:no@v.example\r\n/9j4AAQ=\r\n\r\nEMAIL:a@v.example\r\n"),
	    "1:a@v.example||||||||||\n");
	reads_as(CARD("3.0",
	             "PHOTO;VALUE=uri:https://x.example/\r\n EMAIL:no@v.example\r\nFN:Ada\r\n"),
	    "1:|||Ada|||||||\n");
	reads_as(CARD("3.0", "NOTE;ENCODING=b:aGVsbG8=\r\nTITLE;BASE64:aGVsbG8=\r\nFN:Ada\r\n"),
	    "1:|||Ada|||||||\n");
	/* 20 MiB, and the card is still one */
	buf_init(&s.b, 4096);
	assert_true(import_vcard_feed(v, head, sizeof head - 1));
	for (int i = 0; i < 20 * 1024; i++)
		for (int k = 0; k < 16; k++)
			assert_true(import_vcard_feed(v,
			    " AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n",
			    64));
	assert_true(import_vcard_feed(v, tail, sizeof tail - 1));
	assert_true(import_vcard_end(v));
	assert_string_equal(s.b.data, "1:|||Ada|||||||\n");
	import_vcard_free(v);
	buf_free(&s.b);
}

static void
c8_a_missing_end_is_an_error_with_the_line_of_its_card(void **state)
{
	(void)state;
	reads_as("\nBEGIN:VCARD\nFN:A\nBEGIN:VCARD\nFN:B\nEND:VCARD\nBEGIN:VCARD\nFN:C",
	    "2!" NO_END "\n4:|||B|||||||\n7!" NO_END "\n");
	/* what is outside of cards is nothing */
	reads_as("FN:A\nEND:VCARD\nBEGIN:VCALENDAR\nFN:B\nEND:VCALENDAR\n", "");
}

static void
c8_the_card_of_an_agent_is_not_the_person(void **state)
{
	(void)state;
	reads_as(
	    "BEGIN:VCARD\nFN:A\nAGENT:\nBEGIN:VCARD\nFN:B\nEMAIL:b@v.example\nEND:VCARD\nTITLE:T\nEND:VCARD\n",
	    "1:|||A||T|||||\n");
	/* and its missing END does not swallow the cards behind it */
	reads_as(
	    "BEGIN:VCARD\nFN:A\nAGENT:\nBEGIN:VCARD\nFN:B\nEND:VCARD\nBEGIN:VCARD\nFN:C\nEND:VCARD\n",
	    "1!" NO_END "\n7:|||C|||||||\n");
}

static void
c8_groups_damage_and_giants_are_errors(void **state)
{
	struct seen s = {.last_number = 0};
	struct import_vcard *v = import_vcard_new(seen_row, &s);
	static const char zero[] = "BEGIN:VCARD\nFN:A\0b\nEND:VCARD\nBEGIN:VCARD\nNOTE:";

	(void)state;
	reads_as(CARD("4.0", "KIND:group\r\nFN:All\r\n"),
	    "1!This card is a group, not a person.\n");
	reads_as(CARD("3.0", "X-ADDRESSBOOKSERVER-KIND:group\r\n"),
	    "1!This card is a group, not a person.\n");
	buf_init(&s.b, 4096);
	assert_true(import_vcard_feed(v, zero, sizeof zero - 1));
	for (int i = 0; i < 7000; i++)
		assert_true(import_vcard_feed(v, "0123456789\n ", 12));
	assert_true(import_vcard_feed(v, "\nEND:VCARD\nBEGIN:VCARD\nFN:B\nEND:VCARD\n", 39));
	assert_true(import_vcard_end(v));
	assert_string_equal(s.b.data,
	    "1!This card contains zero bytes: the file is damaged here.\n"
	    "4!A property of this card is longer than 64 KiB.\n7007:|||B|||||||\n");
	import_vcard_free(v);
	buf_free(&s.b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(c8_a_card_becomes_a_row),
	    cmocka_unit_test(c8_folded_lines_are_joined_in_all_forms),
	    cmocka_unit_test(c8_quoted_printable_and_charsets_of_2_1_are_decoded),
	    cmocka_unit_test(c8_backslashes_are_letters_in_2_1),
	    cmocka_unit_test(c8_the_preferred_address_and_number_are_taken),
	    cmocka_unit_test(c8_groups_and_uris_of_apple_and_4_0_are_understood),
	    cmocka_unit_test(c8_photos_pass_by_and_hide_nothing),
	    cmocka_unit_test(c8_a_missing_end_is_an_error_with_the_line_of_its_card),
	    cmocka_unit_test(c8_the_card_of_an_agent_is_not_the_person),
	    cmocka_unit_test(c8_groups_damage_and_giants_are_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
