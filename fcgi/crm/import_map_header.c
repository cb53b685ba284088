/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fcgi/crm/import_map_header.h"

#include <string.h>
#include <strings.h>

#include "shared/base/str.h"

/*
 * Exports of the common tools in English, and what people call their columns in German, Norwegian and a few other
 * languages. What is not here is ignored unless a person maps it, among it the decoys: "Company Name for Emails",
 * "Marketing contact status" (HubSpot's own billing flag, no consent), dates at which a record was made.
 */
static const struct import_known known[] = {
    {"email", IMPORT_EMAIL, 1, IMPORT_SURE},
    {"emailaddress", IMPORT_EMAIL, 1, IMPORT_SURE},
    {"email1value", IMPORT_EMAIL, 1, IMPORT_SURE},
    {"email1address", IMPORT_EMAIL, 1, IMPORT_SURE},
    {"primaryemail", IMPORT_EMAIL, 1, IMPORT_SURE},
    {"contactemail", IMPORT_EMAIL, 1, IMPORT_SURE},
    {"subscriberemail", IMPORT_EMAIL, 1, IMPORT_SURE},
    {"personemail", IMPORT_EMAIL, 1, IMPORT_SURE},
    {"personemailwork", IMPORT_EMAIL, 2, IMPORT_SURE},
    {"personemailhome", IMPORT_EMAIL, 3, IMPORT_OTHER},
    {"personemailother", IMPORT_EMAIL, 4, IMPORT_OTHER},
    {"workemail", IMPORT_EMAIL, 2, IMPORT_OTHER},
    {"businessemail", IMPORT_EMAIL, 2, IMPORT_OTHER},
    {"homeemail", IMPORT_EMAIL, 3, IMPORT_OTHER},
    {"personalemail", IMPORT_EMAIL, 3, IMPORT_OTHER},
    {"otheremail", IMPORT_EMAIL, 5, IMPORT_OTHER},
    {"email2value", IMPORT_EMAIL, 6, IMPORT_OTHER},
    {"email2address", IMPORT_EMAIL, 6, IMPORT_OTHER},
    {"email2", IMPORT_EMAIL, 6, IMPORT_OTHER},
    {"secondaryemail", IMPORT_EMAIL, 6, IMPORT_OTHER},
    {"email3value", IMPORT_EMAIL, 7, IMPORT_OTHER},
    {"email3address", IMPORT_EMAIL, 7, IMPORT_OTHER},
    {"email3", IMPORT_EMAIL, 7, IMPORT_OTHER},
    {"tertiaryemail", IMPORT_EMAIL, 7, IMPORT_OTHER},
    {"mail", IMPORT_EMAIL, 2, IMPORT_SURE},
    {"mailadresse", IMPORT_EMAIL, 2, IMPORT_SURE},
    {"emailadresse", IMPORT_EMAIL, 1, IMPORT_SURE},
    {"epost", IMPORT_EMAIL, 1, IMPORT_SURE},
    {"epostadresse", IMPORT_EMAIL, 1, IMPORT_SURE},
    {"epostadress", IMPORT_EMAIL, 1, IMPORT_SURE},
    {"eposta", IMPORT_EMAIL, 1, IMPORT_SURE},
    {"courriel", IMPORT_EMAIL, 1, IMPORT_SURE},
    {"adresseemail", IMPORT_EMAIL, 1, IMPORT_SURE},
    {"adressemail", IMPORT_EMAIL, 1, IMPORT_SURE},
    {"correo", IMPORT_EMAIL, 1, IMPORT_SURE},
    {"correoelectrónico", IMPORT_EMAIL, 1, IMPORT_SURE},
    {"sähköposti", IMPORT_EMAIL, 1, IMPORT_SURE},

    {"firstname", IMPORT_FIRST_NAME, 1, IMPORT_SURE},
    {"givenname", IMPORT_FIRST_NAME, 1, IMPORT_SURE},
    {"forename", IMPORT_FIRST_NAME, 1, IMPORT_SURE},
    {"fname", IMPORT_FIRST_NAME, 1, IMPORT_SURE},
    {"personfirstname", IMPORT_FIRST_NAME, 1, IMPORT_SURE},
    {"vorname", IMPORT_FIRST_NAME, 1, IMPORT_SURE},
    {"fornavn", IMPORT_FIRST_NAME, 1, IMPORT_SURE},
    {"förnamn", IMPORT_FIRST_NAME, 1, IMPORT_SURE},
    {"prénom", IMPORT_FIRST_NAME, 1, IMPORT_SURE},
    {"prenom", IMPORT_FIRST_NAME, 1, IMPORT_SURE},
    {"nombre", IMPORT_FIRST_NAME, 1, IMPORT_SURE},
    {"voornaam", IMPORT_FIRST_NAME, 1, IMPORT_SURE},
    {"etunimi", IMPORT_FIRST_NAME, 1, IMPORT_SURE},
    {"lastname", IMPORT_LAST_NAME, 1, IMPORT_SURE},
    {"familyname", IMPORT_LAST_NAME, 1, IMPORT_SURE},
    {"surname", IMPORT_LAST_NAME, 1, IMPORT_SURE},
    {"lname", IMPORT_LAST_NAME, 1, IMPORT_SURE},
    {"personlastname", IMPORT_LAST_NAME, 1, IMPORT_SURE},
    {"nachname", IMPORT_LAST_NAME, 1, IMPORT_SURE},
    {"familienname", IMPORT_LAST_NAME, 1, IMPORT_SURE},
    {"etternavn", IMPORT_LAST_NAME, 1, IMPORT_SURE},
    {"efternavn", IMPORT_LAST_NAME, 1, IMPORT_SURE},
    {"efternamn", IMPORT_LAST_NAME, 1, IMPORT_SURE},
    {"nom", IMPORT_LAST_NAME, 1, IMPORT_SURE},
    {"nomdefamille", IMPORT_LAST_NAME, 1, IMPORT_SURE},
    {"apellido", IMPORT_LAST_NAME, 1, IMPORT_SURE},
    {"apellidos", IMPORT_LAST_NAME, 1, IMPORT_SURE},
    {"achternaam", IMPORT_LAST_NAME, 1, IMPORT_SURE},
    {"sukunimi", IMPORT_LAST_NAME, 1, IMPORT_SURE},
    {"fullname", IMPORT_FULL_NAME, 1, IMPORT_SURE},
    {"contactname", IMPORT_FULL_NAME, 1, IMPORT_SURE},
    {"personname", IMPORT_FULL_NAME, 1, IMPORT_SURE},
    {"name", IMPORT_FULL_NAME, 2, IMPORT_SURE},
    {"navn", IMPORT_FULL_NAME, 2, IMPORT_SURE},
    {"namn", IMPORT_FULL_NAME, 2, IMPORT_SURE},
    {"nomcomplet", IMPORT_FULL_NAME, 1, IMPORT_SURE},
    {"nombrecompleto", IMPORT_FULL_NAME, 1, IMPORT_SURE},
    {"displayname", IMPORT_FULL_NAME, 3, IMPORT_SURE},

    {"phone", IMPORT_PHONE, 1, IMPORT_SURE},
    {"phonenumber", IMPORT_PHONE, 1, IMPORT_SURE},
    {"phone1value", IMPORT_PHONE, 1, IMPORT_SURE},
    {"telephone", IMPORT_PHONE, 1, IMPORT_SURE},
    {"telephonenumber", IMPORT_PHONE, 1, IMPORT_SURE},
    {"telefon", IMPORT_PHONE, 1, IMPORT_SURE},
    {"telefonnummer", IMPORT_PHONE, 1, IMPORT_SURE},
    {"tlf", IMPORT_PHONE, 1, IMPORT_SURE},
    {"téléphone", IMPORT_PHONE, 1, IMPORT_SURE},
    {"teléfono", IMPORT_PHONE, 1, IMPORT_SURE},
    {"telefono", IMPORT_PHONE, 1, IMPORT_SURE},
    {"telefoon", IMPORT_PHONE, 1, IMPORT_SURE},
    {"puhelin", IMPORT_PHONE, 1, IMPORT_SURE},
    {"contactphone", IMPORT_PHONE, 1, IMPORT_SURE},
    {"personphone", IMPORT_PHONE, 1, IMPORT_SURE},
    {"firstphone", IMPORT_PHONE, 1, IMPORT_SURE},
    {"sms", IMPORT_PHONE, 2, IMPORT_SURE},
    {"primaryphone", IMPORT_PHONE, 2, IMPORT_OTHER},
    {"mobilephone", IMPORT_PHONE, 3, IMPORT_OTHER},
    {"mobilephonenumber", IMPORT_PHONE, 3, IMPORT_OTHER},
    {"mobile", IMPORT_PHONE, 3, IMPORT_OTHER},
    {"mobilenumber", IMPORT_PHONE, 3, IMPORT_OTHER},
    {"cellphone", IMPORT_PHONE, 3, IMPORT_OTHER},
    {"cell", IMPORT_PHONE, 3, IMPORT_OTHER},
    {"mobil", IMPORT_PHONE, 3, IMPORT_OTHER},
    {"mobiltelefon", IMPORT_PHONE, 3, IMPORT_OTHER},
    {"mobilnummer", IMPORT_PHONE, 3, IMPORT_OTHER},
    {"handy", IMPORT_PHONE, 3, IMPORT_OTHER},
    {"personphonemobile", IMPORT_PHONE, 3, IMPORT_OTHER},
    {"personphonework", IMPORT_PHONE, 4, IMPORT_OTHER},
    {"businessphone", IMPORT_PHONE, 4, IMPORT_OTHER},
    {"workphone", IMPORT_PHONE, 4, IMPORT_OTHER},
    {"workdirectphone", IMPORT_PHONE, 4, IMPORT_OTHER},
    {"directphone", IMPORT_PHONE, 4, IMPORT_OTHER},
    {"homephone", IMPORT_PHONE, 5, IMPORT_OTHER},
    {"personphonehome", IMPORT_PHONE, 5, IMPORT_OTHER},
    {"personphoneother", IMPORT_PHONE, 6, IMPORT_OTHER},
    {"otherphone", IMPORT_PHONE, 6, IMPORT_OTHER},
    {"phone2value", IMPORT_PHONE, 7, IMPORT_OTHER},
    {"businessphone2", IMPORT_PHONE, 7, IMPORT_OTHER},
    {"homephone2", IMPORT_PHONE, 8, IMPORT_OTHER},
    {"phone2", IMPORT_PHONE, 7, IMPORT_OTHER},
    {"phone3value", IMPORT_PHONE, 8, IMPORT_OTHER},

    {"jobtitle", IMPORT_TITLE, 1, IMPORT_SURE},
    {"organizationtitle", IMPORT_TITLE, 1, IMPORT_SURE},
    {"organization1title", IMPORT_TITLE, 1, IMPORT_SURE},
    {"personjobtitle", IMPORT_TITLE, 1, IMPORT_SURE},
    {"position", IMPORT_TITLE, 2, IMPORT_SURE},
    {"title", IMPORT_TITLE, 3, IMPORT_SURE},
    {"stilling", IMPORT_TITLE, 1, IMPORT_SURE},
    {"stillingstittel", IMPORT_TITLE, 1, IMPORT_SURE},
    {"tittel", IMPORT_TITLE, 2, IMPORT_SURE},
    {"berufsbezeichnung", IMPORT_TITLE, 1, IMPORT_SURE},
    {"funktion", IMPORT_TITLE, 2, IMPORT_SURE},
    {"fonction", IMPORT_TITLE, 2, IMPORT_SURE},
    {"cargo", IMPORT_TITLE, 2, IMPORT_SURE},
    {"befattning", IMPORT_TITLE, 2, IMPORT_SURE},

    {"company", IMPORT_ACCOUNT, 1, IMPORT_SURE},
    {"companyname", IMPORT_ACCOUNT, 1, IMPORT_SURE},
    {"accountname", IMPORT_ACCOUNT, 1, IMPORT_SURE},
    {"organization", IMPORT_ACCOUNT, 1, IMPORT_SURE},
    {"organizationname", IMPORT_ACCOUNT, 1, IMPORT_SURE},
    {"organization1name", IMPORT_ACCOUNT, 1, IMPORT_SURE},
    {"organisation", IMPORT_ACCOUNT, 1, IMPORT_SURE},
    {"organisationname", IMPORT_ACCOUNT, 1, IMPORT_SURE},
    {"associatedcompany", IMPORT_ACCOUNT, 2, IMPORT_SURE},
    {"employer", IMPORT_ACCOUNT, 2, IMPORT_SURE},
    {"account", IMPORT_ACCOUNT, 3, IMPORT_SURE},
    {"firma", IMPORT_ACCOUNT, 1, IMPORT_SURE},
    {"firmenname", IMPORT_ACCOUNT, 1, IMPORT_SURE},
    {"unternehmen", IMPORT_ACCOUNT, 1, IMPORT_SURE},
    {"firmanavn", IMPORT_ACCOUNT, 1, IMPORT_SURE},
    {"bedrift", IMPORT_ACCOUNT, 1, IMPORT_SURE},
    {"bedriftsnavn", IMPORT_ACCOUNT, 1, IMPORT_SURE},
    {"selskap", IMPORT_ACCOUNT, 1, IMPORT_SURE},
    {"virksomhed", IMPORT_ACCOUNT, 1, IMPORT_SURE},
    {"företag", IMPORT_ACCOUNT, 1, IMPORT_SURE},
    {"entreprise", IMPORT_ACCOUNT, 1, IMPORT_SURE},
    {"société", IMPORT_ACCOUNT, 1, IMPORT_SURE},
    {"empresa", IMPORT_ACCOUNT, 1, IMPORT_SURE},
    {"bedrijf", IMPORT_ACCOUNT, 1, IMPORT_SURE},
    {"yritys", IMPORT_ACCOUNT, 1, IMPORT_SURE},

    {"tags", IMPORT_TAGS, 1, IMPORT_SURE},
    {"tag", IMPORT_TAGS, 1, IMPORT_SURE},
    {"labels", IMPORT_TAGS, 2, IMPORT_SURE},
    {"groupmembership", IMPORT_TAGS, 2, IMPORT_SURE},
    {"categories", IMPORT_TAGS, 2, IMPORT_SURE},
    {"lists", IMPORT_TAGS, 3, IMPORT_SURE},
    {"groups", IMPORT_TAGS, 3, IMPORT_SURE},
    {"kategorien", IMPORT_TAGS, 2, IMPORT_SURE},
    {"kategorier", IMPORT_TAGS, 2, IMPORT_SURE},
    {"etiketter", IMPORT_TAGS, 2, IMPORT_SURE},

    {"consentstatus", IMPORT_CONSENT_STATUS, 1, IMPORT_SURE},
    {"subscriptionstatus", IMPORT_CONSENT_STATUS, 2, IMPORT_IF_STATUS},
    {"emailmarketingconsent", IMPORT_CONSENT_STATUS, 2, IMPORT_IF_STATUS},
    {"acceptsemailmarketing", IMPORT_CONSENT_STATUS, 2, IMPORT_IF_STATUS},
    {"acceptsmarketing", IMPORT_CONSENT_STATUS, 2, IMPORT_IF_STATUS},
    {"marketingconsent", IMPORT_CONSENT_STATUS, 2, IMPORT_IF_STATUS},
    {"optinstatus", IMPORT_CONSENT_STATUS, 2, IMPORT_IF_STATUS},
    {"consent", IMPORT_CONSENT_STATUS, 2, IMPORT_IF_JOINING},
    {"einwilligung", IMPORT_CONSENT_STATUS, 2, IMPORT_IF_JOINING},
    {"samtykke", IMPORT_CONSENT_STATUS, 2, IMPORT_IF_JOINING},
    {"samtykkestatus", IMPORT_CONSENT_STATUS, 1, IMPORT_IF_STATUS},
    {"newsletter", IMPORT_CONSENT_STATUS, 3, IMPORT_IF_STATUS},
    {"nyhetsbrev", IMPORT_CONSENT_STATUS, 3, IMPORT_IF_STATUS},
    {"status", IMPORT_CONSENT_STATUS, 4, IMPORT_IF_STATUS},
    {"emailstatus", IMPORT_CONSENT_STATUS, 4, IMPORT_IF_STATUS},
    {"action", IMPORT_CONSENT_STATUS, 4, IMPORT_IF_STATUS},
    {"subscribed", IMPORT_CONSENT_STATUS, 3, IMPORT_IF_JOINING},
    {"optin", IMPORT_CONSENT_STATUS, 3, IMPORT_IF_JOINING},
    {"optedin", IMPORT_CONSENT_STATUS, 3, IMPORT_IF_JOINING},

    {"optintime", IMPORT_OPTIN_TIME, 1, IMPORT_SURE},
    {"optindate", IMPORT_OPTIN_TIME, 1, IMPORT_SURE},
    {"optinat", IMPORT_OPTIN_TIME, 1, IMPORT_SURE},
    {"optedinat", IMPORT_OPTIN_TIME, 1, IMPORT_SURE},
    {"subscribedat", IMPORT_OPTIN_TIME, 2, IMPORT_SURE},
    {"subscribedon", IMPORT_OPTIN_TIME, 2, IMPORT_SURE},
    {"subscribedate", IMPORT_OPTIN_TIME, 2, IMPORT_SURE},
    {"subscriptiondate", IMPORT_OPTIN_TIME, 2, IMPORT_SURE},
    {"confirmtime", IMPORT_CONFIRM_TIME, 1, IMPORT_SURE},
    {"confirmedat", IMPORT_CONFIRM_TIME, 1, IMPORT_SURE},
    {"confirmationtime", IMPORT_CONFIRM_TIME, 1, IMPORT_SURE},
    {"confirmationdate", IMPORT_CONFIRM_TIME, 1, IMPORT_SURE},
    {"doubleoptindate", IMPORT_CONFIRM_TIME, 1, IMPORT_SURE},
    {"doubleoptintime", IMPORT_CONFIRM_TIME, 1, IMPORT_SURE},
    {"consentat", IMPORT_CONFIRM_TIME, 1, IMPORT_SURE},
    {"consentdate", IMPORT_CONFIRM_TIME, 1, IMPORT_SURE},
    {"consenttime", IMPORT_CONFIRM_TIME, 1, IMPORT_SURE},
    {"consenttimestamp", IMPORT_CONFIRM_TIME, 1, IMPORT_SURE},
    {"consentsource", IMPORT_CONSENT_SOURCE, 1, IMPORT_SURE},
    {"consentmethod", IMPORT_CONSENT_SOURCE, 2, IMPORT_SURE},
    {"optinsource", IMPORT_CONSENT_SOURCE, 1, IMPORT_SURE},
    {"signupsource", IMPORT_CONSENT_SOURCE, 2, IMPORT_SURE},

    {"unsubtime", IMPORT_UNSUB_TIME, 1, IMPORT_SURE},
    {"unsubscribetime", IMPORT_UNSUB_TIME, 1, IMPORT_SURE},
    {"unsubscribedat", IMPORT_UNSUB_TIME, 1, IMPORT_SURE},
    {"unsubscribedon", IMPORT_UNSUB_TIME, 1, IMPORT_SURE},
    {"unsubscribedate", IMPORT_UNSUB_TIME, 1, IMPORT_SURE},
    {"dateunsubscribed", IMPORT_UNSUB_TIME, 1, IMPORT_SURE},
    {"optouttime", IMPORT_UNSUB_TIME, 1, IMPORT_SURE},
    {"optoutdate", IMPORT_UNSUB_TIME, 1, IMPORT_SURE},
    {"optedoutat", IMPORT_UNSUB_TIME, 1, IMPORT_SURE},
    {"hasoptedoutofemail", IMPORT_OPTED_OUT, 1, IMPORT_SURE},
    {"emailoptout", IMPORT_OPTED_OUT, 1, IMPORT_IF_LEAVING},
    {"emailblacklisted", IMPORT_OPTED_OUT, 1, IMPORT_SURE},
    {"unsubscribedfromallemail", IMPORT_OPTED_OUT, 1, IMPORT_SURE},
    {"suppressed", IMPORT_OPTED_OUT, 1, IMPORT_IF_LEAVING},
    {"unsubscribed", IMPORT_OPTED_OUT, 2, IMPORT_IF_LEAVING},
    {"optedout", IMPORT_OPTED_OUT, 2, IMPORT_IF_LEAVING},
    {"optout", IMPORT_OPTED_OUT, 2, IMPORT_IF_LEAVING},
    {"emailoptedout", IMPORT_OPTED_OUT, 1, IMPORT_IF_LEAVING},
    {"blacklisted", IMPORT_OPTED_OUT, 2, IMPORT_IF_LEAVING},
    {"blocklisted", IMPORT_OPTED_OUT, 2, IMPORT_IF_LEAVING},
    {"donotemail", IMPORT_OPTED_OUT, 1, IMPORT_IF_LEAVING},
    {"donotmail", IMPORT_OPTED_OUT, 2, IMPORT_IF_LEAVING},
    {"donotcontact", IMPORT_OPTED_OUT, 2, IMPORT_IF_LEAVING},
    {"abgemeldet", IMPORT_OPTED_OUT, 2, IMPORT_IF_LEAVING},
    {"avmeldt", IMPORT_OPTED_OUT, 2, IMPORT_IF_LEAVING},

    {"notes", IMPORT_NOTE, 1, IMPORT_SURE},
    {"note", IMPORT_NOTE, 1, IMPORT_SURE},
    {"comment", IMPORT_NOTE, 2, IMPORT_SURE},
    {"comments", IMPORT_NOTE, 2, IMPORT_SURE},
    {"description", IMPORT_NOTE, 3, IMPORT_SURE},
    {"notizen", IMPORT_NOTE, 1, IMPORT_SURE},
    {"notiz", IMPORT_NOTE, 1, IMPORT_SURE},
    {"bemerkung", IMPORT_NOTE, 2, IMPORT_SURE},
    {"bemerkungen", IMPORT_NOTE, 2, IMPORT_SURE},
    {"notat", IMPORT_NOTE, 1, IMPORT_SURE},
    {"notater", IMPORT_NOTE, 1, IMPORT_SURE},
    {"merknad", IMPORT_NOTE, 2, IMPORT_SURE},
    {"kommentar", IMPORT_NOTE, 2, IMPORT_SURE},
};

/* A tool is recognised when all of its keys are there; the most telling come first. */
static const struct {
	const char *tool;
	const char *keys[5];
	size_t most; /* columns; 0: any number */
} tools[] = {
    {"Pact", {"publicid", "consentstatus"}, 0},
    {"Mailchimp", {"memberrating"}, 0},
    {"Mailchimp", {"leid", "euid"}, 0},
    {"Brevo", {"emailblacklisted"}, 0},
    {"Brevo", {"smsblacklisted"}, 0},
    {"HubSpot", {"recordidcontact"}, 0},
    {"HubSpot", {"marketingcontactstatus"}, 0},
    {"HubSpot", {"recordid", "contactowner"}, 0},
    {"HubSpot", {"recordid", "associatedcompany"}, 0},
    {"HubSpot", {"unsubscribedfromallemail"}, 0},
    {"Salesforce", {"hasoptedoutofemail"}, 0},
    {"Salesforce", {"contactrecordtype"}, 0},
    {"Salesforce", {"accountname", "accountowner"}, 0},
    {"Salesforce", {"firstname", "lastname", "systemmodstamp"}, 0},
    {"Apollo", {"apollocontactid"}, 0},
    {"Apollo", {"companynameforemails"}, 0},
    {"Apollo", {"emailconfidence", "personlinkedinurl"}, 0},
    {"Pipedrive", {"personname"}, 0},
    {"Pipedrive", {"personid"}, 0},
    {"LinkedIn", {"connectedon", "position"}, 0},
    {"Google Contacts", {"phoneticfirstname"}, 0},
    {"Google Contacts", {"yominame"}, 0},
    {"Google Contacts", {"email1value", "email1label"}, 0},
    {"Google Contacts", {"email1value", "email1type"}, 0},
    {"Outlook", {"emailaddress", "emaildisplayname"}, 0},
    {"Outlook", {"emailaddress", "businessstreet", "homestreet"}, 0},
    {"Substack", {"email", "activesubscription"}, 0},
    {"ActiveCampaign", {"email", "datecreated", "ip", "status"}, 0},
    {"Kit", {"firstname", "email", "createdat", "status"}, 5},
    {"listmonk", {"email", "name", "attributes"}, 0},
    {"Dittofeed", {"id", "email", "firstname", "lastname", "phone"}, 6},
};

const struct import_known *
import_header_find(const char *squashed)
{
	for (size_t i = 0; i < NELEMS(known); i++)
		if (known[i].key[0] == squashed[0] && strcmp(known[i].key, squashed) == 0)
			return &known[i];
	return NULL;
}

bool
import_header_known(const char *squashed)
{
	return import_header_find(squashed) != NULL;
}

static bool
has_key(const char *const *keys, size_t n, const char *key)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(keys[i], key) == 0)
			return true;
	return false;
}

const char *
import_tool(const char *const *keys, size_t n)
{
	for (size_t i = 0; i < NELEMS(tools); i++) {
		bool all = tools[i].most == 0 || n <= tools[i].most;

		for (size_t k = 0; all && k < NELEMS(tools[i].keys) && tools[i].keys[k] != NULL;
		     k++)
			all = has_key(keys, n, tools[i].keys[k]);
		if (all)
			return tools[i].tool;
	}
	return NULL;
}

bool
import_departures(struct arena *a, const char *filename)
{
	static const char *const anywhere[] = {"unsub", "optout", "optedout", "bounce", "blacklist",
	    "blocklist", "suppress", "donotcontact", "donotemail", "donotmail", "complain",
	    "abgemeldet", "abmeldung", "avmeldt"};
	const char *key;

	if (filename == NULL)
		return false;
	/* Mailchimp's file is called cleaned_…; a list that somebody has tidied is usually called …_cleaned */
	if (strncasecmp(filename, "cleaned_", 8) == 0)
		return true;
	key = import_squash(a, filename);
	for (size_t i = 0; i < NELEMS(anywhere); i++)
		if (strstr(key, anywhere[i]) != NULL)
			return true;
	return false;
}

const char *
import_squash(struct arena *a, const char *s)
{
	char *out = arena_alloc(a, strlen(s) + 1), *p = out;

	for (; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s, next = (unsigned char)s[1];

		if (c >= 'A' && c <= 'Z') {
			*p++ = (char)(c + 'a' - 'A');
		} else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
			*p++ = (char)c;
		} else if (c == 0xc3 && next >= 0x80 && next <= 0x9e && next != 0x97) {
			/* capitals of Latin-1 */
			*p++ = (char)c;
			*p++ = (char)(next + 0x20);
			s++;
		} else if (c == 0xc2 && next != 0) {
			s++; /* signs of Latin-1, no-break space */
		} else if (c == 0xe2 && next == 0x80 && s[2] != '\0') {
			s += 2; /* dashes, typographic quotes */
		} else if (c >= 0x80) {
			*p++ = (char)c;
		}
	}
	*p = '\0';
	return out;
}
