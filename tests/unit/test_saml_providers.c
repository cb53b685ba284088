/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A3: what identity providers send when nobody has changed their settings: metadata and answers of our own in the shapes of
 * theirs. What one of them sends must be taken, or refused with what to change there.
 */
#include "tests/unit/saml_helper.h"

#include "fcgi/saml/accept.h"
#include "fcgi/saml/logout.h"

#define BEARER "urn:oasis:names:tc:SAML:2.0:cm:bearer"
#define SUCCESS "urn:oasis:names:tc:SAML:2.0:status:Success"
#define XS "xmlns:xs=\"http://www.w3.org/2001/XMLSchema\""
#define XSI "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\""
#define CLAIMS "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
#define MICROSOFT "http://schemas.microsoft.com/"
#define CONTEXT(name) "urn:oasis:names:tc:SAML:2.0:ac:classes:" name
#define BASIC "urn:oasis:names:tc:SAML:2.0:attrname-format:basic"
#define URI "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"

/* ── answers ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

/* .NET (Entra ID, ADFS): the assertion's namespace is the default one, an attribute's type is not said. */
#define NET(name, values) "<Attribute Name=\"" name "\">" values "</Attribute>"
#define NET_VALUE(text) "<AttributeValue>" text "</AttributeValue>"
#define NET_ANSWER(at, until, nameid, attributes) \
	"<samlp:Response ID=\"_r@ID@\" Version=\"2.0\" IssueInstant=\"" at \
	"\" Destination=\"@ACS@\" Consent=\"urn:oasis:names:tc:SAML:2.0:consent:unspecified\" " \
	"InResponseTo=\"@REQUEST@\" xmlns:samlp=\"" NS_SAMLP "\"><Issuer xmlns=\"" NS_SAML \
	"\">@IDP@</Issuer><samlp:Status><samlp:StatusCode Value=\"" SUCCESS \
	"\" /></samlp:Status><Assertion ID=\"_a@ID@\" IssueInstant=\"" at \
	"\" Version=\"2.0\" xmlns=\"" NS_SAML "\"><Issuer>@IDP@</Issuer><Subject>" nameid \
	"<SubjectConfirmation Method=\"" BEARER \
	"\"><SubjectConfirmationData InResponseTo=\"@REQUEST@\" NotOnOrAfter=\"" until \
	"\" Recipient=\"@ACS@\" /></SubjectConfirmation></Subject><Conditions NotBefore=\"@F-300@\" " \
	"NotOnOrAfter=\"@F+3600@\"><AudienceRestriction><Audience>@SP@</Audience></AudienceRestriction>" \
	"</Conditions><AttributeStatement>" attributes \
	"</AttributeStatement><AuthnStatement AuthnInstant=\"@F-4000@\" SessionIndex=\"_s@ID@\">" \
	"<AuthnContext><AuthnContextClassRef>" CONTEXT( \
	    "Password") "</AuthnContextClassRef></AuthnContext></AuthnStatement></Assertion></samlp:Response>"

/* OpenSAML (Okta, Google, JumpCloud, Shibboleth): prefixes of its own, types of values, here and there laid out in lines. */
#define JAVA(more, type, value) \
	"<saml2:Attribute " more "><saml2:AttributeValue " XS " " XSI " xsi:type=\"xs:" type \
	"\">" value "</saml2:AttributeValue></saml2:Attribute>"
#define JAVA_ANSWER(root, nameid, data, until, authn, attributes) \
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?><saml2p:Response Destination=\"@ACS@\" ID=\"_r@ID@\" " \
	"InResponseTo=\"@REQUEST@\" IssueInstant=\"@F+0@\" Version=\"2.0\" xmlns:saml2p=\"" NS_SAMLP \
	"\"" root "><saml2:Issuer Format=\"" NAMEID_ENTITY "\" xmlns:saml2=\"" NS_SAML \
	"\">@IDP@</saml2:Issuer><saml2p:Status><saml2p:StatusCode Value=\"" SUCCESS \
	"\"/></saml2p:Status><saml2:Assertion ID=\"_a@ID@\" IssueInstant=\"@F+0@\" Version=\"2.0\" " \
	"xmlns:saml2=\"" NS_SAML "\" " XS "><saml2:Issuer Format=\"" NAMEID_ENTITY \
	"\">@IDP@</saml2:Issuer>\n<saml2:Subject>" nameid \
	"<saml2:SubjectConfirmation Method=\"" BEARER "\"><saml2:SubjectConfirmationData " data \
	"InResponseTo=\"@REQUEST@\" NotOnOrAfter=\"@F+300@\" " \
	"Recipient=\"@ACS@\"/></saml2:SubjectConfirmation></saml2:Subject>\n<saml2:Conditions " \
	"NotBefore=\"@F-300@\" NotOnOrAfter=\"@F+300@\"><saml2:AudienceRestriction><saml2:Audience>@SP@" \
	"</saml2:Audience></saml2:AudienceRestriction></saml2:Conditions>\n<saml2:AuthnStatement " \
	"AuthnInstant=\"@F-20@\" SessionIndex=\"_s@ID@\"" until ">" authn \
	"</saml2:AuthnStatement>\n<saml2:AttributeStatement>" attributes \
	"</saml2:AttributeStatement></saml2:Assertion></saml2p:Response>"
#define JAVA_CONTEXT(name) \
	"<saml2:AuthnContext><saml2:AuthnContextClassRef>" CONTEXT( \
	    name) "</saml2:AuthnContextClassRef></saml2:AuthnContext>"

/* The rest: saml: and samlp:, as the standard writes them, declared here or there. */
#define ATTRIBUTE(more, values) "<saml:Attribute " more ">" values "</saml:Attribute>"
#define VALUE(text) \
	"<saml:AttributeValue " XSI " xsi:type=\"xs:string\">" text "</saml:AttributeValue>"
#define ANSWER(nameid, audiences, until, attributes) \
	"<samlp:Response xmlns:samlp=\"" NS_SAMLP "\" xmlns:saml=\"" NS_SAML "\" " XS \
	" ID=\"_r@ID@\" Version=\"2.0\" IssueInstant=\"@F+0@\" Destination=\"@ACS@\" " \
	"InResponseTo=\"@REQUEST@\"><saml:Issuer>@IDP@</saml:Issuer><samlp:Status><samlp:StatusCode " \
	"Value=\"" SUCCESS "\"/></samlp:Status><saml:Assertion xmlns:saml=\"" NS_SAML "\" " XS \
	" ID=\"_a@ID@\" Version=\"2.0\" IssueInstant=\"@F+0@\"><saml:Issuer>@IDP@</saml:Issuer>" \
	"<saml:Subject>" nameid "<saml:SubjectConfirmation Method=\"" BEARER \
	"\"><saml:SubjectConfirmationData NotOnOrAfter=\"@F+300@\" Recipient=\"@ACS@\" " \
	"InResponseTo=\"@REQUEST@\"/></saml:SubjectConfirmation></saml:Subject><saml:Conditions " \
	"NotBefore=\"@F-30@\" NotOnOrAfter=\"@F+300@\"><saml:AudienceRestriction>" audiences \
	"</saml:AudienceRestriction></saml:Conditions><saml:AuthnStatement AuthnInstant=\"@F-10@\" " \
	"SessionIndex=\"_s@ID@\"" until "><saml:AuthnContext><saml:AuthnContextClassRef>" CONTEXT( \
	    "unspecified") "</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>" \
	                   "<saml:AttributeStatement>" attributes \
	                   "</saml:AttributeStatement></saml:Assertion></samlp:Response>"
#define OURS "<saml:Audience>@SP@</saml:Audience>"

static const struct {
	const char *who;
	unsigned styles, keys;
	const char *template;
	const char *name;   /* what we make of it; NULL: nothing */
	const char *reason; /* NULL: is taken */
	size_t groups;
	bool has_groups;
} answers[] = {
    {"Entra ID", S_ASSERTION | S_RESPONSE | S_BOTH | S_ENCRYPTED, K_KEY_INFO,
        NET_ANSWER("@F+0@", "@F+3900@", "<NameID Format=\"" NAMEID_EMAIL "\">@EMAIL@</NameID>",
            NET(MICROSOFT "identity/claims/tenantid", NET_VALUE("0b5a")) NET(MICROSOFT
                "identity/claims/objectidentifier",
                NET_VALUE("77aa")) NET(CLAIMS "name", NET_VALUE("@EMAIL@")) NET(CLAIMS "surname",
                NET_VALUE("Lovelace")) NET(CLAIMS "givenname", NET_VALUE("Ada")) NET(MICROSOFT
                "ws/2008/06/identity/claims/groups",
                NET_VALUE("9d2c") NET_VALUE("1f00")) NET(MICROSOFT "claims/authnmethodsreferences",
                NET_VALUE("urn:a") NET_VALUE("urn:b"))
                NET(CLAIMS "emailaddress", NET_VALUE("@EMAIL@"))),
        "Ada Lovelace", NULL, 2, true},
    {"Entra ID, too many groups", S_ASSERTION, 0,
        NET_ANSWER("@F+0@", "@F+3900@",
            "<NameID Format=\"" NAMEID_PERSISTENT "\">@SUBJECT@</NameID>",
            NET(MICROSOFT "claims/groups.link",
                NET_VALUE("https://graph.windows.net/0b5a/users/77aa/getMemberObjects"))
                NET(MICROSOFT "identity/claims/displayname", NET_VALUE("Ada Lovelace"))
                    NET(CLAIMS "emailaddress", NET_VALUE("@EMAIL@"))),
        "Ada Lovelace", NULL, 0, false},
    /* as saml(8) tells to set it up: Display-Name goes out as Name */
    {"ADFS", S_ASSERTION | S_ENCRYPTED, K_KEY_INFO,
        NET_ANSWER("@F+0@", "@F+300@", "<NameID>@SUBJECT@</NameID>",
            NET(CLAIMS "emailaddress", NET_VALUE("@EMAIL@")) NET(CLAIMS "name",
                NET_VALUE("Ada Lovelace")) NET("http://schemas.xmlsoap.org/claims/Group",
                NET_VALUE("Domain Users") NET_VALUE("Sales"))),
        "Ada Lovelace", NULL, 2, true},
    {"ADFS without a rule for the Name ID", S_ASSERTION, 0,
        NET_ANSWER("@F+0@", "@F+300@", "", NET(CLAIMS "emailaddress", NET_VALUE("@EMAIL@"))), NULL,
        "name-id", 0, false},
    {"Okta", S_BOTH | S_RESPONSE | S_ASSERTION, K_PREFIXES,
        JAVA_ANSWER("", "<saml2:NameID Format=\"" NAMEID_UNSPECIFIED "\">@EMAIL@</saml2:NameID>",
            "", "", JAVA_CONTEXT("PasswordProtectedTransport"),
            JAVA("Name=\"email\" NameFormat=\"" BASIC "\"", "string", "@EMAIL@")
                JAVA("Name=\"firstName\" NameFormat=\"" BASIC "\"", "string", "Ada")
                    JAVA("Name=\"lastName\" NameFormat=\"" BASIC "\"", "string", "Lovelace")
                        JAVA("Name=\"groups\" NameFormat=\"" BASIC "\"", "string", "Everyone")),
        "Ada Lovelace", NULL, 1, true},
    {"Google Workspace", S_ASSERTION | S_RESPONSE, 0,
        JAVA_ANSWER("", "<saml2:NameID Format=\"" NAMEID_EMAIL "\">@EMAIL@</saml2:NameID>", "", "",
            JAVA_CONTEXT("unspecified"),
            JAVA("Name=\"email\"", "anyType", "@EMAIL@")
                JAVA("Name=\"first_name\"", "anyType", "Ada") JAVA("Name=\"last_name\"", "anyType",
                    "Lovelace") "<saml2:Attribute Name=\"department\"/>"
                                "<saml2:Attribute Name=\"groups\"><saml2:AttributeValue " XS " " XSI
                                " xsi:type=\"xs:anyType\"/></saml2:Attribute>"),
        "Ada Lovelace", NULL, 0, true},
    {"JumpCloud", S_ASSERTION | S_RESPONSE | S_BOTH, K_PREFIXES,
        JAVA_ANSWER("", "<saml2:NameID Format=\"" NAMEID_UNSPECIFIED "\">@EMAIL@</saml2:NameID>",
            "", " SessionNotOnOrAfter=\"@F+28800@\"", JAVA_CONTEXT("PasswordProtectedTransport"),
            JAVA("Name=\"email\" NameFormat=\"" BASIC "\"", "string", "@EMAIL@")
                JAVA("Name=\"firstname\" NameFormat=\"" BASIC "\"", "string", "Ada")
                    JAVA("Name=\"lastname\" NameFormat=\"" BASIC "\"", "string", "Lovelace")
                        JAVA("Name=\"memberOf\" NameFormat=\"" BASIC "\"", "string", "Sales")),
        "Ada Lovelace", NULL, 1, true},
    {"Shibboleth", S_RESPONSE | S_BOTH | S_ENCRYPTED | S_ENCRYPTED_BOTH | S_ENCRYPTED_RESPONSE,
        K_BESIDE | K_GCM | K_PREFIXES,
        JAVA_ANSWER(" " XS,
            "<saml2:NameID Format=\"" NAMEID_PERSISTENT
            "\" NameQualifier=\"@IDP@\" SPNameQualifier=\"@SP@\">@SUBJECT@</saml2:NameID>",
            "Address=\"192.0.2.1\" ", " SessionNotOnOrAfter=\"@F+3600@\"",
            "<saml2:SubjectLocality Address=\"192.0.2.1\"/>" JAVA_CONTEXT(
                "PasswordProtectedTransport"),
            JAVA(
                "FriendlyName=\"mail\" Name=\"urn:oid:0.9.2342.19200300.100.1.3\" NameFormat=\"" URI
                "\"",
                "string",
                "@EMAIL@") JAVA("FriendlyName=\"sn\" Name=\"urn:oid:2.5.4.4\" NameFormat=\"" URI
                                "\"",
                "string", "Lovelace")
                JAVA("FriendlyName=\"givenName\" Name=\"urn:oid:2.5.4.42\" NameFormat=\"" URI "\"",
                    "string",
                    "Ada") "<saml2:Attribute Name=\"urn:oid:1.3.6.1.4.1.5923.1.1.1.10\" NameFormat=\"" URI
                           "\"><saml2:AttributeValue><saml2:NameID Format=\"" NAMEID_PERSISTENT
                           "\">x</saml2:NameID></saml2:AttributeValue></saml2:Attribute>"),
        "Ada Lovelace", NULL, 0, false},
    /* what it does as long as nobody has set up persistent names */
    {"Shibboleth, transient", S_BOTH, 0,
        JAVA_ANSWER("", "<saml2:NameID Format=\"" NAMEID_TRANSIENT "\">AAdz</saml2:NameID>", "", "",
            JAVA_CONTEXT("Password"), JAVA("Name=\"mail\"", "string", "@EMAIL@")),
        NULL, "name-id-format", 0, false},
    {"Keycloak", S_BOTH | S_RESPONSE | S_ASSERTION | S_ENCRYPTED_BOTH | S_ENCRYPTED_RESPONSE,
        K_GCM | K_OAEP11,
        ANSWER("<saml:NameID Format=\"" NAMEID_PERSISTENT "\">G-77aa</saml:NameID>", OURS,
            " SessionNotOnOrAfter=\"@F+36000@\"",
            ATTRIBUTE(
                "FriendlyName=\"email\" Name=\"urn:oid:1.2.840.113549.1.9.1\" NameFormat=\"" URI
                "\"",
                VALUE("@EMAIL@"))
                ATTRIBUTE("FriendlyName=\"givenName\" Name=\"urn:oid:2.5.4.42\" NameFormat=\"" URI
                          "\"",
                    VALUE("Ada"))
                    ATTRIBUTE("FriendlyName=\"surname\" Name=\"urn:oid:2.5.4.4\" NameFormat=\"" URI
                              "\"",
                        VALUE("Lovelace")) ATTRIBUTE("Name=\"Role\" NameFormat=\"" BASIC "\"",
                        VALUE("offline_access")) ATTRIBUTE("Name=\"Role\" NameFormat=\"" BASIC "\"",
                        VALUE("manage-account"))
                        ATTRIBUTE("Name=\"Role\" NameFormat=\"" BASIC "\"", VALUE("view-profile"))),
        "Ada Lovelace", NULL, 3, true},
    {"Keycloak with a mapper for audiences", S_BOTH, 0,
        ANSWER("<saml:NameID Format=\"" NAMEID_PERSISTENT "\">G-77aa</saml:NameID>",
            OURS "<saml:Audience>https://other.example/sp</saml:Audience>"
                 "<saml:Audience>account</saml:Audience>",
            "", ATTRIBUTE("Name=\"email\"", VALUE("@EMAIL@"))),
        NULL, NULL, 0, false},
    {"OneLogin", S_ASSERTION | S_RESPONSE | S_BOTH, 0,
        ANSWER("<saml:NameID Format=\"" NAMEID_EMAIL "\">@EMAIL@</saml:NameID>", OURS,
            " SessionNotOnOrAfter=\"@F+86400@\"",
            ATTRIBUTE("NameFormat=\"" BASIC "\" Name=\"User.email\"", VALUE("@EMAIL@"))
                ATTRIBUTE("NameFormat=\"" BASIC "\" Name=\"User.FirstName\"", VALUE("Ada"))
                    ATTRIBUTE("NameFormat=\"" BASIC "\" Name=\"User.LastName\"", VALUE("Lovelace"))
                        ATTRIBUTE("NameFormat=\"" BASIC "\" Name=\"memberOf\"", VALUE(""))
                            ATTRIBUTE("NameFormat=\"" BASIC "\" Name=\"PersonImmutableID\"",
                                VALUE(""))),
        "Ada Lovelace", NULL, 0, true},
    {"PingFederate", S_ASSERTION | S_RESPONSE, K_KEY_INFO,
        ANSWER("<saml:NameID Format=\"" NAMEID_UNSPECIFIED "\">@SUBJECT@</saml:NameID>", OURS, "",
            ATTRIBUTE("NameFormat=\"" BASIC "\" Name=\"mail\"", VALUE("@EMAIL@"))
                ATTRIBUTE("NameFormat=\"" BASIC "\" Name=\"cn\"", VALUE("Ada Lovelace"))
                    ATTRIBUTE("NameFormat=\"" BASIC "\" Name=\"memberOf\"",
                        VALUE("CN=Sales,OU=Groups,DC=corp") VALUE("CN=All,OU=Groups,DC=corp"))),
        "Ada Lovelace", NULL, 2, true},
    {"PingOne", S_ASSERTION | S_BOTH, 0,
        ANSWER("<saml:NameID Format=\"" NAMEID_EMAIL "\">@EMAIL@</saml:NameID>", OURS, "",
            ATTRIBUTE("Name=\"email\" NameFormat=\"" BASIC "\"", VALUE("@EMAIL@"))
                ATTRIBUTE("Name=\"given_name\" NameFormat=\"" BASIC "\"", VALUE("Ada"))
                    ATTRIBUTE("Name=\"family_name\" NameFormat=\"" BASIC "\"", VALUE("Lovelace"))),
        "Ada Lovelace", NULL, 0, false},
    {"Auth0", S_ASSERTION | S_RESPONSE, K_KEY_INFO,
        ANSWER("<saml:NameID Format=\"" NAMEID_UNSPECIFIED "\">auth0|5f7c</saml:NameID>", OURS, "",
            ATTRIBUTE("Name=\"" CLAIMS "nameidentifier\" NameFormat=\"" URI "\"",
                VALUE("auth0|5f7c")) ATTRIBUTE("Name=\"" CLAIMS "emailaddress\" NameFormat=\"" URI
                                               "\"",
                VALUE("@EMAIL@")) ATTRIBUTE("Name=\"" CLAIMS "name\" NameFormat=\"" URI "\"",
                VALUE("Ada Lovelace"))
                ATTRIBUTE("Name=\"http://schemas.auth0.com/email_verified\" NameFormat=\"" URI "\"",
                    "<saml:AttributeValue " XSI
                    " xsi:type=\"xs:boolean\">true</saml:AttributeValue>")),
        "Ada Lovelace", NULL, 0, false},
    /* a directory has as many of each as it likes */
    {"simplesamlphp over LDAP", S_BOTH | S_ASSERTION, K_KEY_INFO,
        ANSWER("<saml:NameID SPNameQualifier=\"@SP@\" Format=\"" NAMEID_PERSISTENT
               "\">_77aa</saml:NameID>",
            OURS, " SessionNotOnOrAfter=\"@F+28800@\"",
            ATTRIBUTE("Name=\"uid\" NameFormat=\"" BASIC "\"", VALUE("ada"))
                ATTRIBUTE("Name=\"mail\" NameFormat=\"" BASIC "\"", VALUE("@EMAIL@"))
                    ATTRIBUTE("Name=\"cn\" NameFormat=\"" BASIC "\"",
                        VALUE("Ada Lovelace") VALUE("Augusta Ada King"))),
        "Ada Lovelace", NULL, 0, false},
    {"Duo", S_BOTH, K_PREFIXES,
        ANSWER("<saml:NameID Format=\"" NAMEID_EMAIL "\">@EMAIL@</saml:NameID>", OURS, "",
            ATTRIBUTE("Name=\"Email\"", VALUE("@EMAIL@")) ATTRIBUTE("Name=\"FirstName\"",
                VALUE("Ada")) ATTRIBUTE("Name=\"LastName\"", VALUE("Lovelace"))),
        "Ada Lovelace", NULL, 0, false},
};

/* As a form of the provider's page has it: in lines of 76 characters. */
static const char *
in_lines(const char *b64)
{
	const char *out = "";
	size_t n;

	for (; *b64 != '\0'; b64 += n) {
		n = strlen(b64) < 76 ? strlen(b64) : 76;
		out = arena_printf(a, "%s%.*s\r\n", out, (int)n, b64);
	}
	return out;
}

static void
answers_of_providers_are_taken(void **state)
{
	size_t wrong = 0;

	(void)state;
	for (size_t i = 0; i < NELEMS(answers); i++)
		for (unsigned style = 1; style <= S_ENCRYPTED_RESPONSE; style *= 2) {
			const struct vector v = {answers[i].who, NULL, style, answers[i].keys, 0,
			    NULL, NULL, NULL, NULL, NULL};
			const struct saml_expect e = {.sp = &sp, .idp = IDP, .now = NOW};
			struct forge f = forge();
			struct saml_claims c = {0};
			const char *text, *why;
			char *b64;

			if ((answers[i].styles & style) == 0)
				continue;
			f.template = answers[i].template;
			b64 = saml_forge(&f, &v, style);
			text = in_lines(b64);
			free(b64);
			why = saml_accept(a, &(struct saml_provider){.server = server}, text,
			    strlen(text), &e, &c);
			if (why != NULL || answers[i].reason != NULL) {
				if (!str_eq(why, answers[i].reason)) {
					print_message("%s (signed as %u): %s\n", answers[i].who,
					    style, why != NULL ? why : "accepted");
					wrong++;
				}
				continue;
			}
			if (str_eq(c.email, "ada@nordlys.example") &&
			    (c.name == answers[i].name || str_eq(c.name, answers[i].name)) &&
			    c.has_groups == answers[i].has_groups && c.ngroups == answers[i].groups)
				continue;
			print_message("%s (signed as %u): %s, %s, %zu groups\n", answers[i].who,
			    style, c.email != NULL ? c.email : "no address",
			    c.name != NULL ? c.name : "no name", c.ngroups);
			wrong++;
		}
	assert_int_equal(wrong, 0);
}

/* ── logout ──────────────────────────────────────────────────────────────────────────────────────────────────────── */

#define LOGOUT(prefix, attributes, inside) \
	"<" prefix "LogoutRequest " attributes \
	" ID=\"_l@ID@\" Version=\"2.0\" IssueInstant=\"@F+0@\" " \
	"Destination=\"@ACS@\">" inside "</" prefix "LogoutRequest>"

static const struct {
	const char *who, *template;
} logouts[] = {
    {"Entra ID, ADFS", LOGOUT("samlp:",
                           "xmlns:samlp=\"" NS_SAMLP
                           "\" Consent=\"urn:oasis:names:tc:SAML:2.0:consent:unspecified\" "
                           "NotOnOrAfter=\"@F+3600@\"",
                           "<Issuer xmlns=\"" NS_SAML "\">@IDP@</Issuer><NameID xmlns=\"" NS_SAML
                           "\" Format=\"" NAMEID_EMAIL
                           "\">@SUBJECT@</NameID><samlp:SessionIndex>_s</samlp:SessionIndex>")},
    {"Keycloak",
        LOGOUT("samlp:",
            "xmlns=\"" NS_SAML "\" xmlns:samlp=\"" NS_SAMLP "\" xmlns:saml=\"" NS_SAML "\"",
            "<saml:Issuer>@IDP@</saml:Issuer><saml:NameID Format=\"" NAMEID_PERSISTENT
            "\">@SUBJECT@</saml:NameID><samlp:SessionIndex>4f6e::https://pact.example/sp"
            "</samlp:SessionIndex>")},
    {"Okta, Shibboleth",
        LOGOUT("saml2p:",
            "xmlns:saml2p=\"" NS_SAMLP
            "\" Reason=\"urn:oasis:names:tc:SAML:2.0:logout:user\" NotOnOrAfter=\"@F+300@\"",
            "<saml2:Issuer xmlns:saml2=\"" NS_SAML "\" Format=\"" NAMEID_ENTITY
            "\">@IDP@</saml2:Issuer>\n<saml2:NameID xmlns:saml2=\"" NS_SAML
            "\" Format=\"" NAMEID_PERSISTENT
            "\" NameQualifier=\"@IDP@\" SPNameQualifier=\"@SP@\">@SUBJECT@</saml2:NameID>\n"
            "<saml2p:SessionIndex>_s</saml2p:SessionIndex>\n")},
};

static void
logouts_of_providers_are_taken(void **state)
{
	const json_t *facts = facts_of("idp.pem");
	const struct saml_provider p = {.sp = &sp, .facts = facts, .server = server};

	(void)state;
	for (size_t i = 0; i < NELEMS(logouts); i++) {
		const struct vector v = {logouts[i].who, NULL, S_RESPONSE, K_KEY_INFO, 0, NULL,
		    NULL, NULL, NULL, NULL};
		struct forge f = forge();
		struct saml_logout l;
		const char *why;
		char *b64;

		f.template = logouts[i].template;
		f.acs = sp.slo;
		b64 = saml_forge(&f, &v, S_RESPONSE);
		why = saml_logout_post(a, &p, b64, strlen(b64), NOW, &l);
		free(b64);
		if (why != NULL)
			fail_msg("%s: %s", logouts[i].who, why);
		assert_string_equal(l.subject, "u-4711");
		assert_int_equal(l.nsessions, 1);
	}
}

/* ── metadata ────────────────────────────────────────────────────────────────────────────────────────────────────── */

#define BINDING(name) "urn:oasis:names:tc:SAML:2.0:bindings:" name
#define SSO_URL "https://idp.example/sso?tenant=1&amp;x=2"
#define SLO_URL "https://idp.example/slo"
#define MD "xmlns:md=\"" NS_MD "\""
#define DS "xmlns:ds=\"" NS_DS "\""
#define CERTIFICATE(key) "<X509Data><X509Certificate>" key "</X509Certificate></X509Data>"
#define KEY_INFO(key) "<KeyInfo xmlns=\"" NS_DS "\">" CERTIFICATE(key) "</KeyInfo>"
#define SIGNATURE \
	"<Signature xmlns=\"" NS_DS "\"><SignedInfo><CanonicalizationMethod " \
	"Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\" /><SignatureMethod " \
	"Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256\" /><Reference URI=\"#_md\" /> " \
	"</SignedInfo><SignatureValue>AAAA</SignatureValue>" KEY_INFO("AAAA") "</Signature>\n"
#define FED "http://docs.oasis-open.org/wsfed/federation/200706"
#define ROLE(type) \
	"<RoleDescriptor xsi:type=\"fed:" type "\" " XSI " xmlns:fed=\"" FED \
	"\" protocolSupportEnumeration=\"" FED " http://schemas.microsoft.com/idfx/federation\" " \
	"ServiceDisplayName=\"Corp\"><KeyDescriptor use=\"signing\">" KEY_INFO( \
	    "@new@") "</KeyDescriptor><fed:ClaimTypesOffered><auth:ClaimType Uri=\"" CLAIMS \
	             "name\" xmlns:auth=\"http://docs.oasis-open.org/wsfed/authorization/200706\" " \
	             "Optional=\"true\"><auth:DisplayName>Name</auth:DisplayName></auth:ClaimType>" \
	             "</fed:ClaimTypesOffered><fed:PassiveRequestorEndpoint><EndpointReference " \
	             "xmlns=\"http://www.w3.org/2005/08/addressing\"><Address>https://idp.example/wsfed" \
	             "</Address></EndpointReference></fed:PassiveRequestorEndpoint></RoleDescriptor>\n"
#define SP \
	"<SPSSODescriptor WantAssertionsSigned=\"true\" protocolSupportEnumeration=\"" NS_SAMLP \
	"\"><KeyDescriptor use=\"signing\">" KEY_INFO("@new@") "</KeyDescriptor><AssertionConsumerService Binding=\"" BINDING( \
	    "HTTP-POST") "\" Location=\"https://idp.example/acs\" index=\"0\" isDefault=\"true\" />" \
	                 "</SPSSODescriptor>\n"
#define AT(prefix, service, binding, url) \
	"<" prefix service " Binding=\"" binding "\" Location=\"" url "\"/>\n"

static const struct {
	const char *who, *text, *problem; /* NULL: is read */
	size_t certificates;
	bool logout;
} documents[] = {
    {"Entra ID",
        "\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"utf-8\"?><EntityDescriptor ID=\"_md\" "
        "entityID=\"" IDP "\" xmlns=\"" NS_MD "\">" SIGNATURE ROLE("SecurityTokenServiceType") ROLE(
            "ApplicationServiceType") "<IDPSSODescriptor protocolSupportEnumeration=\"" NS_SAMLP
                                      "\"><KeyDescriptor use=\"signing\">" KEY_INFO(
                                          "@idp@") "</KeyDescriptor><KeyDescriptor "
                                                   "use=\"signing\">" KEY_INFO(
                                                       "@new@") "</KeyDescriptor>" AT("",
                                                       "SingleLogoutService",
                                                       BINDING("HTTP-Redirect"),
                                                       SLO_URL) AT("", "SingleSignOnService",
                                                       BINDING("HTTP-Redirect"), SSO_URL) AT("",
                                                       "SingleSignOnService", BINDING("HTTP-POST"),
                                                       SSO_URL) "</IDPSSODescriptor></EntityDescriptor>",
        NULL, 2, true},
    {"ADFS",
        "<EntityDescriptor ID=\"_md\" entityID=\"" IDP "\" xmlns=\"" NS_MD
        "\">" SIGNATURE ROLE("ApplicationServiceType") ROLE("SecurityTokenServiceType") SP
        "<IDPSSODescriptor protocolSupportEnumeration=\"" NS_SAMLP
        "\"><KeyDescriptor use=\"encryption\">" KEY_INFO(
            "@new@") "</KeyDescriptor><KeyDescriptor "
                     "use=\"signing\">" KEY_INFO("@idp@") "</KeyDescriptor>" AT("",
                         "SingleLogoutService", BINDING("HTTP-Redirect"),
                         SLO_URL) AT("", "SingleLogoutService", BINDING("HTTP-POST"),
                         SLO_URL) "<NameIDFormat>" NAMEID_TRANSIENT "</NameIDFormat>" AT("",
                         "SingleSignOnService", BINDING("HTTP-Redirect"),
                         SSO_URL) "<Attribute Name=\"" CLAIMS "upn\" NameFormat=\"" URI
                                  "\" FriendlyName=\"UPN\" xmlns=\"" NS_SAML
                                  "\" /></IDPSSODescriptor><ContactPerson "
                                  "contactType=\"support\"><TelephoneNumber /></ContactPerson></EntityDescriptor>",
        NULL, 1, true},
    {"Okta, Google, JumpCloud",
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\n<md:EntityDescriptor " MD
        " entityID=\"" IDP "\" validUntil=\"2031-03-02T13:55:14.000Z\">\n<md:IDPSSODescriptor "
        "WantAuthnRequestsSigned=\"false\" protocolSupportEnumeration=\"" NS_SAMLP
        "\">\n<md:KeyDescriptor use=\"signing\"><ds:KeyInfo " DS
        ">\n<ds:X509Data>\n<ds:X509Certificate>@idp@</ds:X509Certificate>\n</ds:X509Data></ds:KeyInfo>"
        "</md:KeyDescriptor><md:NameIDFormat>" NAMEID_EMAIL
        "</md:NameIDFormat>" AT("md:", "SingleSignOnService", BINDING("HTTP-POST"),
            "https://idp.example/post") AT("md:", "SingleSignOnService", BINDING("HTTP-Redirect"),
            SSO_URL) "</md:IDPSSODescriptor></md:EntityDescriptor>\n\n",
        NULL, 1, false},
    {"PingFederate",
        "<md:EntityDescriptor ID=\"_md\" cacheDuration=\"PT1440M\" entityID=\"" IDP "\" " MD
        ">" SIGNATURE
        "<md:Extensions><x:Id xmlns:x=\"urn:sourceid.org:saml2:metadata-extension:v2\">"
        "<x:SourceID>AAAA</x:SourceID></x:Id></md:Extensions><md:IDPSSODescriptor "
        "protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:1.1:protocol\" "
        "WantAuthnRequestsSigned=\"false\"><md:KeyDescriptor>" KEY_INFO(
            "@new@") "</md:KeyDescriptor></md:IDPSSODescriptor><md:IDPSSODescriptor "
                     "protocolSupportEnumeration=\"" NS_SAMLP
                     "\" WantAuthnRequestsSigned=\"true\"><md:KeyDescriptor use=\"signing\"><ds:KeyInfo " DS
                     "><ds:X509Data><ds:X509Certificate>@idp@</ds:X509Certificate></ds:X509Data>"
                     "<ds:KeyValue><ds:RSAKeyValue/></ds:KeyValue></ds:KeyInfo></md:KeyDescriptor>"
                     "<md:ArtifactResolutionService index=\"0\" Binding=\"" BINDING(
                         "SOAP") "\" Location=\"https://idp.example/soap\"/>" AT("md:",
                         "SingleLogoutService", BINDING("SOAP"),
                         "https://idp.example/soap") AT("md:", "SingleLogoutService",
                         BINDING("HTTP-Redirect"), SLO_URL) AT("md:", "SingleSignOnService",
                         BINDING("HTTP-Artifact"), "https://idp.example/art") AT("md:",
                         "SingleSignOnService", BINDING("HTTP-Redirect"),
                         SSO_URL) "</md:IDPSSODescriptor><md:ContactPerson contactType=\"administrative\"/></md:EntityDescriptor>",
        NULL, 1, true},
    {"Keycloak",
        "<md:EntityDescriptor xmlns=\"" NS_MD "\" " MD " xmlns:saml=\"" NS_SAML "\" " DS
        " entityID=\"" IDP "\"><md:IDPSSODescriptor WantAuthnRequestsSigned=\"true\" "
        "protocolSupportEnumeration=\"" NS_SAMLP
        "\"><md:KeyDescriptor use=\"signing\"><ds:KeyInfo><ds:KeyName>k1</ds:KeyName><ds:X509Data>"
        "<ds:X509Certificate>@idp@</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
        "<md:ArtifactResolutionService Binding=\"" BINDING(
            "SOAP") "\" Location=\"https://idp.example/resolve\" index=\"0\"></md:ArtifactResolutionService>" AT("md:",
            "SingleLogoutService", BINDING("HTTP-POST"), SLO_URL)
            AT("md:", "SingleLogoutService", BINDING("HTTP-Redirect"),
                SLO_URL) "<md:NameIDFormat>" NAMEID_PERSISTENT
                         "</md:NameIDFormat>" AT("md:", "SingleSignOnService", BINDING("HTTP-POST"),
                             SSO_URL) AT("md:", "SingleSignOnService", BINDING("HTTP-Redirect"),
                             SSO_URL) "</md:IDPSSODescriptor></md:EntityDescriptor>",
        NULL, 1, true},
    {"Keycloak before 12",
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<EntitiesDescriptor Name=\"urn:keycloak\" "
        "xmlns=\"" NS_MD "\" xmlns:dsig=\"" NS_DS "\">\n <EntityDescriptor entityID=\"" IDP
        "\">\n  <IDPSSODescriptor WantAuthnRequestsSigned=\"true\"\n   protocolSupportEnumeration=\"" NS_SAMLP
        "\">\n   <KeyDescriptor use=\"signing\"><dsig:KeyInfo><dsig:X509Data>"
        "<dsig:X509Certificate>\n@idp@</dsig:X509Certificate></dsig:X509Data></dsig:KeyInfo>"
        "</KeyDescriptor>\n" AT("", "SingleSignOnService", BINDING("HTTP-Redirect"),
            SSO_URL) " </IDPSSODescriptor>\n </EntityDescriptor>\n</EntitiesDescriptor>\n",
        NULL, 1, false},
    {"Shibboleth",
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!--\n An example: look at <md:X> and change & "
        "it -->\n<EntityDescriptor  xmlns=\"" NS_MD "\" " DS
        " xmlns:shibmd=\"urn:mace:shibboleth:metadata:1.0\" "
        "xmlns:mdui=\"urn:oasis:names:tc:SAML:metadata:ui\" entityID=\"" IDP
        "\">\n<IDPSSODescriptor protocolSupportEnumeration=\"" NS_SAMLP
        " urn:oasis:names:tc:SAML:1.1:protocol\n urn:mace:shibboleth:1.0\">\n<Extensions>"
        "<shibmd:Scope regexp=\"false\">corp.example</shibmd:Scope><mdui:UIInfo><mdui:DisplayName "
        "xml:lang=\"en\">Corp</mdui:DisplayName><mdui:Logo height=\"80\" width=\"80\">"
        "https://idp.example/logo.png</mdui:Logo></mdui:UIInfo></Extensions>\n<KeyDescriptor "
        "use=\"signing\"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>\n@idp@\n</ds:X509Certificate>"
        "</ds:X509Data></ds:KeyInfo></KeyDescriptor>\n<KeyDescriptor use=\"signing\"><ds:KeyInfo>"
        "<ds:X509Data><ds:X509Certificate>@new@</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"
        "</KeyDescriptor>\n<KeyDescriptor use=\"encryption\"><ds:KeyInfo><ds:X509Data>"
        "<ds:X509Certificate>@weak@</ds:X509Certificate></ds:X509Data></ds:KeyInfo></KeyDescriptor>\n"
        "<!--\n" AT("", "SingleLogoutService", BINDING("HTTP-Redirect"), SLO_URL) "-->\n" AT("",
            "SingleSignOnService", "urn:mace:shibboleth:1.0:profiles:AuthnRequest",
            "https://idp.example/shib") AT("", "SingleSignOnService",
            BINDING("HTTP-POST-SimpleSign"),
            "https://idp.example/simple") AT("", "SingleSignOnService", BINDING("HTTP-Redirect"),
            SSO_URL) "</IDPSSODescriptor>\n<AttributeAuthorityDescriptor "
                     "protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:1.1:protocol\">" AT("",
                         "AttributeService", BINDING("SOAP"),
                         "https://idp.example/aa") "</AttributeAuthorityDescriptor>\n</EntityDescriptor>",
        NULL, 2, false},
    {"of a federation",
        "<EntitiesDescriptor xmlns=\"" NS_MD "\"><EntityDescriptor entityID=\"" IDP
        "\"/><EntityDescriptor entityID=\"https://other.example\"/></EntitiesDescriptor>",
        "several providers", 0, false},
};

static const char *
with_certificates(const char *text)
{
	static const char *const certs[][2] = {{"@idp@", "idp.pem"}, {"@new@", "idp-new.pem"},
	    {"@weak@", "weak.pem"}};

	for (size_t i = 0; i < NELEMS(certs); i++)
		for (const char *at; (at = strstr(text, certs[i][0])) != NULL;)
			text = arena_printf(a, "%.*s%s%s", (int)(at - text), text,
			    pem_body(certs[i][1]), at + strlen(certs[i][0]));
	return text;
}

/* As it comes from Windows. */
static const char *
with_crlf(const char *text)
{
	char *out = arena_alloc(a, 2 * strlen(text) + 1), *o = out;

	for (; *text != '\0'; *o++ = *text++)
		if (*text == '\n')
			*o++ = '\r';
	*o = '\0';
	return out;
}

static void
metadata_of_providers_is_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * NELEMS(documents); i++) {
		const char *text = with_certificates(documents[i / 2].text), *problem = NULL;
		const json_t *facts;

		text = i % 2 == 0 ? text : with_crlf(text);
		facts = saml_metadata(a, text, strlen(text), NOW, &problem);
		if (documents[i / 2].problem != NULL) {
			if (facts != NULL || strstr(problem, documents[i / 2].problem) == NULL)
				fail_msg("%s: %s", documents[i / 2].who,
				    facts != NULL ? "read" : problem);
			continue;
		}
		if (facts == NULL)
			fail_msg("%s: %s", documents[i / 2].who, problem);
		assert_string_equal(json_string_value(json_object_get(facts, "entity_id")), IDP);
		assert_string_equal(json_string_value(json_object_get(facts, "sso_url")),
		    "https://idp.example/sso?tenant=1&x=2");
		assert_int_equal(json_array_size(json_object_get(facts, "certificates")),
		    documents[i / 2].certificates);
		assert_int_equal(json_object_get(facts, "slo_url") != NULL,
		    documents[i / 2].logout);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(metadata_of_providers_is_read),
	    cmocka_unit_test(answers_of_providers_are_taken),
	    cmocka_unit_test(logouts_of_providers_are_taken),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
