/* SPDX-License-Identifier: GPL-3.0-or-later */
/* C8: separators, headers and columns are found in the files of the common tools. */
#include "import_helper.h"

static struct arena *a;
static struct import_layout layout;
static struct import_guess guess;

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

static void
look(const char *text, const char *filename)
{
	const char *problem = import_layout(a, text, strlen(text), true, NULL, &layout);

	if (problem != NULL)
		fail_msg("%s: %s", text, problem);
	import_guess(a, &layout, filename, &guess);
}

/* "column field, …" of everything that is not ignored. */
static const char *
mapping(void)
{
	struct buf b;
	const char *s;

	buf_init(&b, 4096);
	for (size_t i = 0; i < layout.columns; i++)
		if (guess.columns[i].field != IMPORT_IGNORE)
			buf_printf(&b, "%s%s=%s", b.len > 0 ? ", " : "", layout.header[i],
			    import_column_name(a, guess.columns[i]));
	s = arena_strdup(a, b.data);
	buf_free(&b);
	return s;
}

static bool
warned(const char *about)
{
	for (size_t i = 0; i < guess.nwarnings; i++)
		if (strstr(guess.warnings[i], about) != NULL)
			return true;
	return false;
}

static void
maps_to(const char *text, const char *tool, const char *expected)
{
	look(text, "contacts.csv");
	if (tool == NULL)
		assert_null(guess.tool);
	else
		assert_string_equal(guess.tool, tool);
	assert_string_equal(mapping(), expected);
	assert_false(guess.departures);
}

static void
c8_google_contacts_old_and_new_are_known(void **state)
{
	(void)state;
	maps_to(
	    "First Name,Middle Name,Last Name,Phonetic First Name,Phonetic Middle Name,Phonetic Last Name,Name Prefix,Name Suffix,"
	    "Nickname,File As,Organization Name,Organization Title,Organization Department,Birthday,Notes,Photo,Labels,E-mail 1 - "
	    "Label,E-mail 1 - Value,E-mail 2 - Label,E-mail 2 - Value,Phone 1 - Label,Phone 1 - Value,Address 1 - Label,Custom Field "
	    "1 - Value\n",
	    "Google Contacts",
	    "First Name=first_name, Last Name=last_name, Organization Name=account, Organization Title=title, Notes=note, Labels=tags, "
	    "E-mail 1 - Value=email, Phone 1 - Value=phone");
	maps_to(
	    "Name,Given Name,Additional Name,Family Name,Yomi Name,Given Name Yomi,Name Prefix,Occupation,Notes,Language,Photo,Group "
	    "Membership,E-mail 1 - Type,E-mail 1 - Value,Phone 1 - Type,Phone 1 - Value,Phone 2 - Type,Phone 2 - Value\n",
	    "Google Contacts",
	    "Name=full_name, Given Name=first_name, Family Name=last_name, Notes=note, Group Membership=tags, E-mail 1 - Value=email, "
	    "Phone 1 - Value=phone");
	assert_false(warned("is empty, the next column"));
	look("E-mail 1 - Value,E-mail 1 - Label,E-mail 2 - Value\n", NULL);
	assert_true(warned(
	    "Where “E-mail 1 - Value” is empty, the next column with an address is used, such as “E-mail 2"));
}

static void
c8_outlook_title_is_an_address_form_and_account_no_company(void **state)
{
	(void)state;
	maps_to(
	    "Title,First Name,Middle Name,Last Name,Suffix,Company,Department,Job Title,Business Street,Home Street,Assistant's "
	    "Phone,Business Fax,Business Phone,Home Phone,Mobile Phone,Primary Phone,Account,Categories,E-mail Address,E-mail "
	    "Type,E-mail Display Name,E-mail 2 Address,Notes\n",
	    "Outlook",
	    "First Name=first_name, Last Name=last_name, Company=account, Job Title=title, Primary Phone=phone, Categories=tags, E-mail "
	    "Address=email, Notes=note");
	/* the form that Google writes */
	maps_to(
	    "First Name,Last Name,Title,Web Page,Notes,E-mail Address,E-mail 2 Address,Home Phone,Mobile Phone,Home Street,Company,"
	    "Department,Business Street,Account,Categories\n",
	    "Outlook",
	    "First Name=first_name, Last Name=last_name, Notes=note, E-mail Address=email, Mobile Phone=phone, Company=account, "
	    "Categories=tags");
}

static void
c8_hubspot_repeats_headers_and_its_marketing_status_is_no_consent(void **state)
{
	(void)state;
	maps_to(
	    "Record ID - Contact,First Name,Last Name,Email,Phone Number,Contact owner,Lead Status,Marketing contact status,Create "
	    "Date,Company name,Create Date,Phone Number\n1,A,B,a@h.example,1,,NEW,Marketing contact,2025-05-05,X,2025-05-05,2\n",
	    "HubSpot",
	    "First Name=first_name, Last Name=last_name, Email=email, Phone Number=phone, Company name=account");
	assert_true(warned("Marketing contact status"));
	assert_true(warned("same name"));
	maps_to(
	    "Record ID,First Name,Last Name,Email,Phone Number,Lead Status,Create Date,Associated Company,Contact owner,Unsubscribed "
	    "from all email\n",
	    "HubSpot",
	    "First Name=first_name, Last Name=last_name, Email=email, Phone Number=phone, Associated Company=account, Unsubscribed from "
	    "all email=opted_out");
}

static void
c8_salesforce_report_and_data_loader_are_known(void **state)
{
	(void)state;
	maps_to(
	    "Salutation,First Name,Last Name,Title,Mailing Street,Phone,Email,Contact Record Type,Account Name,Account Owner,Lead "
	    "Source\n",
	    "Salesforce",
	    "First Name=first_name, Last Name=last_name, Title=title, Phone=phone, Email=email, Account Name=account");
	maps_to(
	    "\"Id\",\"IsDeleted\",\"AccountId\",\"Salutation\",\"FirstName\",\"LastName\",\"Phone\",\"Fax\",\"MobilePhone\",\"Email\","
	    "\"Title\",\"Description\",\"HasOptedOutOfEmail\",\"HasOptedOutOfFax\",\"DoNotCall\",\"SystemModstamp\"\n",
	    "Salesforce",
	    "FirstName=first_name, LastName=last_name, Phone=phone, Email=email, Title=title, Description=note, "
	    "HasOptedOutOfEmail=opted_out");
	assert_true(warned("Do not call"));
}

static void
c8_mailchimp_times_are_evidence(void **state)
{
	(void)state;
	maps_to(
	    "\"Email Address\",\"First Name\",\"Last Name\",Company,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,"
	    "LAST_CHANGED,LEID,EUID,NOTES,TAGS\n",
	    "Mailchimp",
	    "Email Address=email, First Name=first_name, Last Name=last_name, Company=account, OPTIN_TIME=optin_time, "
	    "CONFIRM_TIME=confirm_time, NOTES=note, TAGS=tags");
	assert_false(warned("No column says when"));
}

static void
c8_the_other_tools_are_known(void **state)
{
	(void)state;
	maps_to(
	    "EMAIL;LASTNAME;FIRSTNAME;SMS;EMAIL_BLACKLISTED;SMS_BLACKLISTED;ADDED_TIME;MODIFIED_TIME\n",
	    "Brevo",
	    "EMAIL=email, LASTNAME=last_name, FIRSTNAME=first_name, SMS=phone, EMAIL_BLACKLISTED=opted_out");
	maps_to(
	    "Email,First Name,Last Name,Phone,Tags,Date Created,IP,Status\na@x.example,A,B,1,x,2024-01-01,1.2.3.4,Active\n"
	    "b@x.example,A,B,1,x,2024-01-01,1.2.3.4,Unsubscribed\n",
	    "ActiveCampaign",
	    "Email=email, First Name=first_name, Last Name=last_name, Phone=phone, Tags=tags, Status=consent_status");
	assert_true(warned("No column says when"));
	maps_to("first_name,email,created_at,status\nA,a@x.example,2024-01-01,active\n", "Kit",
	    "first_name=first_name, email=email, status=consent_status");
	/* a paid subscription is no consent, and its lack no refusal */
	maps_to("email,active_subscription,created_at\na@x.example,false,2024-01-01\n", "Substack",
	    "email=email");
	maps_to("First Name,Last Name,URL,Email Address,Company,Position,Connected On\n",
	    "LinkedIn",
	    "First Name=first_name, Last Name=last_name, Email Address=email, Company=account, Position=title");
	maps_to(
	    "Person - ID,Person - Name,Person - Email,Person - Phone,Organization - Name,Person - Last activity date\n",
	    "Pipedrive",
	    "Person - Name=full_name, Person - Email=email, Person - Phone=phone, Organization - Name=account");
	maps_to("email,name,attributes\n", "listmonk", "email=email, name=full_name");
	assert_false(warned("No column says when"));
	maps_to("id,email,firstName,lastName,phone,action\n1,a@x.example,A,B,1,unsubscribe\n",
	    "Dittofeed",
	    "email=email, firstName=first_name, lastName=last_name, phone=phone, action=consent_status");
	maps_to(
	    "public_id,email,first_name,last_name,phone,title,account,tags,consent_status,consent_source,consent_at,suppressed,"
	    "custom.plan,custom.plan,custom.No Key\n",
	    "Pact",
	    "email=email, first_name=first_name, last_name=last_name, phone=phone, title=title, account=account, tags=tags, "
	    "consent_status=consent_status, consent_source=consent_source, consent_at=confirm_time, suppressed=opted_out, "
	    "custom.plan=custom:plan");
}

static void
c8_apollo_decoys_are_not_taken(void **state)
{
	(void)state;
	maps_to(
	    "First Name,Last Name,Title,Company,Company Name for Emails,Email,Email Status,Email Confidence,Work Direct Phone,Mobile "
	    "Phone,Corporate Phone,Do Not Call,Lists,Person Linkedin Url,Secondary Email\nA,B,CTO,X,X Inc,a@x.example,Verified,,1,2,"
	    "3,No,L,u,s@x.example\n",
	    "Apollo",
	    "First Name=first_name, Last Name=last_name, Title=title, Company=account, Email=email, Mobile Phone=phone, Lists=tags");
	maps_to("Email,Company Name for Emails,Apollo Contact Id\n", "Apollo", "Email=email");
}

static void
c8_german_norwegian_and_other_names_are_known(void **state)
{
	(void)state;
	maps_to("E-Mail;Vorname;Nachname;Firma;Telefon;Position;Notizen\n", NULL,
	    "E-Mail=email, Vorname=first_name, Nachname=last_name, Firma=account, Telefon=phone, Position=title, Notizen=note");
	maps_to("E-post;Fornavn;Etternavn;Bedrift;Tlf.;Stilling\n", NULL,
	    "E-post=email, Fornavn=first_name, Etternavn=last_name, Bedrift=account, Tlf.=phone, Stilling=title");
	maps_to("PRÉNOM;NOM;COURRIEL;TÉLÉPHONE;SOCIÉTÉ\n", NULL,
	    "PRÉNOM=first_name, NOM=last_name, COURRIEL=email, TÉLÉPHONE=phone, SOCIÉTÉ=account");
	/* a typographic dash, blanks, a colon */
	maps_to(" E‑Mail : ,First\u00a0Name\n", NULL, "E‑Mail :=email, First\u00a0Name=first_name");
}

static void
c8_a_name_with_two_meanings_is_decided_by_its_values(void **state)
{
	(void)state;
	/* "Status" of a sales pipeline is no consent */
	maps_to("email,status\na@x.example,Lead\nb@x.example,active\n", NULL, "email=email");
	maps_to("email,status\na@x.example,\n", NULL, "email=email");
	maps_to("email,unsubscribed\na@x.example,\nb@x.example,yes\n", NULL,
	    "email=email, unsubscribed=opted_out");
	maps_to("email,unsubscribed\na@x.example,\nb@x.example,2024-01-01\n", NULL,
	    "email=email, unsubscribed=unsub_time");
	maps_to("email,unsubscribed\na@x.example,because of the noise\n", NULL, "email=email");
	/* no value yet: the first may come later in the file */
	maps_to("email,unsubscribed\na@x.example,\n", NULL, "email=email, unsubscribed=opted_out");
	maps_to("email,consent\na@x.example,2024-01-01 10:00\n", NULL,
	    "email=email, consent=optin_time");
	maps_to("email,consent\na@x.example,yes\n", NULL, "email=email, consent=consent_status");
	maps_to("email,consent\na@x.example,granted under policy 7\n", NULL, "email=email");
	/* Pact's own name is taken at its word: a wrong value is an error of the row */
	maps_to("email,consent_status\na@x.example,maybe\n", NULL,
	    "email=email, consent_status=consent_status");
}

static void
c8_without_a_known_name_the_column_of_addresses_is_taken(void **state)
{
	(void)state;
	maps_to("Adres,Imię\na@x.example,Zosia\nb@x.example,Jan\n", NULL, "Adres=email");
	assert_true(warned("because of its values"));
	maps_to("Imię,Nazwisko\nZosia,Nowak\n", NULL, "");
	assert_true(warned("No column with e-mail addresses"));
	maps_to("First Name,Company Name for Emails\nA,B\n", "Apollo", "First Name=first_name");
}

static void
c8_slashed_dates_are_learned_from_the_columns_that_matter(void **state)
{
	(void)state;
	look("email,opt-in time,created\na@x.example,03/04/2025,\nb@x.example,13/04/2025,\n", NULL);
	assert_int_equal(guess.dates, IMPORT_DATES_DMY);
	look("email,opt-in time,created\na@x.example,03/04/2025,13/04/2025\n", NULL);
	assert_int_equal(guess.dates, IMPORT_DATES_UNSURE);
}

static void
c8_lists_of_people_who_have_left_are_recognised(void **state)
{
	static const char *const yes[] = {"unsubscribed_members_export_0af.csv",
	    "cleaned_email_audience_export.csv", "Hard bounces.csv", "opt-outs 2024.csv",
	    "email_blacklist.csv", "do-not-contact.vcf", "Suppression list.csv", "Abgemeldete.csv"};
	static const char *const no[] = {"subscribed_members_export.csv", "contacts_cleaned.csv",
	    "contacts.csv", "", NULL};

	(void)state;
	for (size_t i = 0; i < NELEMS(yes); i++) {
		look("Email Address,First Name\na@x.example,A\n", yes[i]);
		assert_true(guess.departures);
		assert_true(warned("people who have left"));
	}
	for (size_t i = 0; i < NELEMS(no); i++) {
		look("Email Address,First Name\na@x.example,A\n", no[i]);
		assert_false(guess.departures);
	}
	/* Mailchimp's column, whatever the file is called; not so when it is empty for some */
	look("Email Address,UNSUB_TIME\na@x.example,2024-01-01 10:00:00\n", "x.csv");
	assert_true(guess.departures);
	look("Email Address,UNSUB_TIME\na@x.example,2024-01-01 10:00:00\nb@x.example,\n", "x.csv");
	assert_false(guess.departures);
}

static void
is_table(const char *text, char separator, uint64_t header_line, size_t columns)
{
	look(text, NULL);
	assert_int_equal(layout.separator, separator);
	assert_int_equal(layout.header_line, header_line);
	assert_int_equal(layout.columns, columns);
}

static void
c8_the_separator_is_the_one_that_makes_a_table(void **state)
{
	(void)state;
	is_table("a,b;c;d\n1;2;3\n4,x;5;6\n", ';', 1, 3);
	is_table("Name;E-Mail\n\"Maier; Anna, Dr.\";a@x.example\n", ';', 1, 2);
	is_table("x\ty\tz\n1,5\t2,5\t3,5\n1,5\t2,5\t3,5\n", '\t', 1, 3);
	is_table("email|name\na@x.example|A, B\n", '|', 1, 2);
	is_table("email\na@x.example\n", ',', 1, 1);
	is_table("sep=|\na;b|c\n1;2|3\n", '|', 2, 2);
	is_table("email;b\r3;4\r5;6\r", ';', 1, 2);
	assert_true(layout.bare_cr);
	is_table("email,notes\na,\"one\rtwo\rthree\"\nb,c\nd,e\n", ',', 1, 2);
	assert_false(layout.bare_cr);
	/* names in quotes with line ends and the other separators */
	is_table("email,notes\na@x.example,\"one; two\nthree; four\"\nb@x.example,\"a;b\"\n", ',',
	    1, 2);
}

static void
c8_junk_before_the_header_is_left_out(void **state)
{
	(void)state;
	is_table(
	    "Notes:\n\"When exporting, you may notice\"\n\nFirst Name,Last Name,Email Address\nA,B,a@x.example\n",
	    ',', 4, 3);
	assert_true(warned("on line 4"));
	is_table("Export of 2024-01-01\n\nName;Ort;Farbe\nA;B;C\n", ';', 3, 3);
	/* a broken row neither hides nor ends what comes behind it */
	is_table("Email,Name\na@x.example,\"A\" x\nb@x.example,B\nc@x.example,C\n", ',', 1, 2);
	assert_int_equal(layout.nsample, 2);
	is_table("Export of 2024-01-01\n\nOrt;Farbe\nX;Y\n", ';', 3, 2);
	is_table("Email,Name\na@x.example,A\nEmail,Name\nb@x.example,B\n", ',', 1, 2);
	is_table("My list\nemail\na@x.example\n", ',', 2, 1);
	is_table("exported by,boss@x.example\nEmail,First Name\na@x.example,A\n", ',', 2, 2);
}

static void
c8_a_list_without_a_header_loses_no_row(void **state)
{
	(void)state;
	is_table("a@x.example,Ada\nb@x.example,Bo,extra\n", ',', 0, 3);
	assert_true(layout.headless);
	assert_int_equal(layout.nsample, 2);
	assert_string_equal(mapping(), "Column 1=email");
	assert_true(warned("looks like data"));
	is_table("a@x.example\n", ',', 0, 1);
}

static void
what_is_no_table_is_refused_with_advice(void **state)
{
	static const struct {
		const char *text, *word;
	} files[] = {
	    {"", "no rows"},
	    {"\n\n  \n", "no rows"},
	    {"PK\003\004\024", "Excel"},
	    {"\xd0\xcf\x11\xe0\xa1", "Excel"},
	    {"%PDF-1.7\n", "PDF"},
	    {"\x1f\x8b\x08", "compressed"},
	    {"\n<!DOCTYPE html>\n<title>Log in</title>", "web page"},
	    {"<html><head>", "web page"},
	    {"<?xml version=\"1.0\"?>", "XML"},
	    {"[{\"email\":\"a@x.example\"}]", "JSON"},
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(files); i++) {
		const char *problem = import_layout(a, files[i].text, strlen(files[i].text), true,
		    NULL, &layout);

		assert_non_null(problem);
		assert_non_null(strstr(problem, files[i].word));
	}
}

static void
what_a_person_says_overrides_the_guess(void **state)
{
	static const char text[] = "a;b,c\n1;2,\xfc\n";

	(void)state;
	assert_null(import_layout(a, text, sizeof text - 1, true,
	    &(struct import_override){"utf-8", ';'}, &layout));
	assert_int_equal(layout.separator, ';');
	assert_int_equal(layout.encoding, IMPORT_UTF_8);
	assert_null(import_layout(a, text, sizeof text - 1, true,
	    &(struct import_override){"no such", ','}, &layout));
	assert_int_equal(layout.separator, ',');
	assert_int_equal(layout.encoding, IMPORT_WINDOWS_1252);
}

static void
fields_have_the_names_of_the_api(void **state)
{
	static const char *const names[] = {"email", "first_name", "last_name", "full_name",
	    "phone", "title", "account", "tags", "consent_status", "optin_time", "confirm_time",
	    "consent_source", "unsub_time", "opted_out", "note", "custom:a_1", "custom:zip",
	    "ignore"};
	static const char *const bad[] = {"", "Email", "custom:", "custom:1a", "custom:_a",
	    "custom:a-b", "custom:A", "custom",
	    "custom:abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghi", "ignore ",
	    NULL};
	struct import_column c;

	(void)state;
	for (size_t i = 0; i < NELEMS(names); i++) {
		assert_true(import_column_parse(a, names[i], &c));
		assert_string_equal(import_column_name(a, c), names[i]);
	}
	for (size_t i = 0; i < NELEMS(bad); i++)
		assert_false(import_column_parse(a, bad[i], &c));
}

static void
c8_any_column_can_become_a_custom_field(void **state)
{
	static const char *const keys[] = {"plan", "plan_2", "strasse_nr", "column_4", "field_5",
	    "field_2nd", "aeoe", "plan_2_2", "zip_9"};
	const char **key, **label;
	struct import_column c;

	(void)state;
	look("Plan,plan!,Straße / Nr.,Column 4,公司,2nd,ÆØÖ é,Plan 2,ZIP 9\n1,2,3,4,5,6,7,8,9\n",
	    NULL);
	import_suggest_custom(a, &layout, &key, &label);
	for (size_t i = 0; i < layout.columns; i++) {
		assert_true(import_column_parse(a, arena_printf(a, "custom:%s", key[i]), &c));
		if (i != 6)
			assert_string_equal(key[i], keys[i]);
	}
	assert_string_equal(key[6], "aeooe_e");
	assert_string_equal(label[2], "Straße / Nr.");
	/* over-long headers, all alike */
	look(
	    "Abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmno"
	    "pqrstuvwxyz北北北北北北北北北,Abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz,\n",
	    NULL);
	import_suggest_custom(a, &layout, &key, &label);
	for (size_t i = 0; i < layout.columns; i++)
		assert_true(import_column_parse(a, arena_printf(a, "custom:%s", key[i]), &c));
	assert_string_not_equal(key[0], key[1]);
	assert_int_equal(utf8_length(label[0], strlen(label[0])), 120);
	assert_string_equal(label[2], "Column 3");
	/* a thousand equal names */
	{
		struct buf b;

		buf_init(&b, 1U << 16);
		for (int i = 0; i < 4000; i++)
			buf_str(&b, "a,");
		buf_str(&b, "a_4002\n");
		look(b.data, NULL);
		import_suggest_custom(a, &layout, &key, &label);
		for (size_t i = 0; i < layout.columns; i++)
			for (size_t k = 0; k < i; k++)
				assert_string_not_equal(key[i], key[k]);
		buf_free(&b);
	}
}

static void
the_guess_is_valid_json_with_what_the_page_needs(void **state)
{
	struct buf b;

	(void)state;
	look("Email;\"A \"\"quoted\"\"\tname\"\na@x.example;\"x\ny\"\n", "bounced.csv");
	buf_init(&b, 1U << 16);
	import_guess_json(a, &layout, &guess, &b);
	assert_string_equal(b.data,
	    "{\"tool\":null,\"format\":\"csv\",\"encoding\":\"UTF-8\",\"separator\":\";\",\"departures\":true,"
	    "\"header\":[\"Email\",\"A \\\"quoted\\\" name\"],\"warnings\":[\"This looks like a list of people who have left: every contact "
	    "in it will be declined.\"],\"sample\":[[\"a@x.example\",\"x\\u000ay\"]],\"mapping\":[{\"column\":0,\"field\":\"email\"},"
	    "{\"column\":1,\"field\":\"ignore\"}],\"custom\":[{\"key\":\"email\",\"label\":\"Email\"},{\"key\":\"a_quoted_name\",\"label\":"
	    "\"A \\\"quoted\\\" name\"}]}");
	look("BEGIN:VCARD\nN:B;A;;;\nEND:VCARD\nBEGIN:VCARD\nN:D;C;;;\nEND:VCARD\n", NULL);
	buf_clear(&b);
	import_guess_json(a, &layout, &guess, &b);
	assert_non_null(strstr(b.data,
	    "{\"tool\":null,\"format\":\"vcard\",\"encoding\":\"UTF-8\",\"separator\":null,"));
	assert_non_null(strstr(b.data,
	    "\"sample\":[[\"\",\"A\",\"B\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\"],[\"\",\"C\",\"D\""));
	/* five rows are enough to see what is what */
	look(
	    "Email\n1@x.example\n2@x.example\n3@x.example\n4@x.example\n5@x.example\n6@x.example\n",
	    NULL);
	buf_clear(&b);
	import_guess_json(a, &layout, &guess, &b);
	assert_non_null(strstr(b.data, "[\"5@x.example\"]],\"mapping\""));
	buf_free(&b);
}

static const char *
refusal(const char *text, const char *const *names, size_t n)
{
	struct import_column *c = arena_array(a, n, sizeof *c);
	const char *problem;

	look(text, NULL);
	for (size_t i = 0; i < n; i++)
		assert_true(import_column_parse(a, names[i], &c[i]));
	if (import_map_new(a, &layout, c, n, &(struct import_options){0}, &problem) != NULL)
		assert_null(problem);
	return problem == NULL ? "" : problem;
}

static void
c8_a_mapping_that_makes_no_sense_is_refused(void **state)
{
	static const char text[] = "a,b,c\n1,2,3\n";

	(void)state;
	assert_string_equal(refusal(text, (const char *[]){"email", "custom:x", "custom:y"}, 3),
	    "");
	assert_string_equal(refusal(text, (const char *[]){"account"}, 1), "");
	assert_non_null(strstr(refusal(text, (const char *[]){"email", "phone", "email"}, 3),
	    "mapped to email"));
	assert_non_null(strstr(refusal(text, (const char *[]){"email", "custom:x", "custom:x"}, 3),
	    "custom field x"));
	assert_non_null(
	    strstr(refusal(text, (const char *[]){"email", "ignore", "ignore", "ignore"}, 4),
	        "4 columns, the file 3"));
	assert_non_null(strstr(refusal(text, (const char *[]){"tags", "note", "ignore"}, 3),
	    "No column is mapped"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(c8_google_contacts_old_and_new_are_known),
	    cmocka_unit_test(c8_outlook_title_is_an_address_form_and_account_no_company),
	    cmocka_unit_test(c8_hubspot_repeats_headers_and_its_marketing_status_is_no_consent),
	    cmocka_unit_test(c8_salesforce_report_and_data_loader_are_known),
	    cmocka_unit_test(c8_mailchimp_times_are_evidence),
	    cmocka_unit_test(c8_the_other_tools_are_known),
	    cmocka_unit_test(c8_apollo_decoys_are_not_taken),
	    cmocka_unit_test(c8_german_norwegian_and_other_names_are_known),
	    cmocka_unit_test(c8_a_name_with_two_meanings_is_decided_by_its_values),
	    cmocka_unit_test(c8_without_a_known_name_the_column_of_addresses_is_taken),
	    cmocka_unit_test(c8_slashed_dates_are_learned_from_the_columns_that_matter),
	    cmocka_unit_test(c8_lists_of_people_who_have_left_are_recognised),
	    cmocka_unit_test(c8_the_separator_is_the_one_that_makes_a_table),
	    cmocka_unit_test(c8_junk_before_the_header_is_left_out),
	    cmocka_unit_test(c8_a_list_without_a_header_loses_no_row),
	    cmocka_unit_test(what_is_no_table_is_refused_with_advice),
	    cmocka_unit_test(what_a_person_says_overrides_the_guess),
	    cmocka_unit_test(fields_have_the_names_of_the_api),
	    cmocka_unit_test(c8_any_column_can_become_a_custom_field),
	    cmocka_unit_test(the_guess_is_valid_json_with_what_the_page_needs),
	    cmocka_unit_test(c8_a_mapping_that_makes_no_sense_is_refused),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
