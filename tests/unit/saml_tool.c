/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * saml_forge: answers of an identity provider, good and bad, for tests in other languages.
 *
 *   saml_forge list                    the attacks: name, reason, how it may be signed
 *   saml_forge corpus DIR              one of each as XML, for the fuzz targets; as the unit tests have them
 *   saml_forge NAME [VARIABLE=VALUE]…  prints base64. Variables: dir issuer acs audience request id subject email group
 *                                      sp_certificate idp_key now style; request= leaves InResponseTo out
 */
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fcgi/saml/server.h"
#include "shared/base/str.h"
#include "shared/crypt/crypt.h"
#include "tests/unit/saml_forge.h"

#define KEYS "tests/fixtures/saml"
#define INPUT_MAX 32768U

static unsigned
first_style(const struct vector *v)
{
	unsigned style = 1;

	while ((v->styles & style) == 0)
		style *= 2;
	return style;
}

static int
list(void)
{
	for (size_t i = 0; i < nsaml_vectors; i++)
		printf("%s %s %u\n", saml_vectors[i].name,
		    saml_vectors[i].reason != NULL ? saml_vectors[i].reason : "-",
		    saml_vectors[i].expect != 0 ? 0 : saml_vectors[i].styles);
	return 0;
}

static void
write_one(const char *dir, const char *name, const char *b64)
{
	unsigned char *xml = malloc(strlen(b64) + 1);
	char path[512];
	int len = xml != NULL ? EVP_DecodeBlock(xml, (const unsigned char *)b64, (int)strlen(b64))
	                      : -1;
	FILE *f;

	while (len > 0 && xml[len - 1] != '>')
		len--; /* the padding */
	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	if (len > 0 && (size_t)len < INPUT_MAX && (f = fopen(path, "w")) != NULL) {
		(void)fwrite(xml, 1, (size_t)len, f);
		(void)fclose(f);
	}
	free(xml);
}

static int
corpus(const char *dir)
{
	const struct forge f = {.dir = KEYS,
	    .issuer = "https://idp.example/metadata",
	    .acs = "https://pact.example/v1/auth/saml/nordlys/acs",
	    .audience = "https://pact.example/v1/auth/saml/nordlys/metadata",
	    .in_response_to = "_request",
	    .id = "0001",
	    .subject = "u-4711",
	    .email = "ada@nordlys.example",
	    .group = "sales",
	    .now = 1800000000};

	for (size_t i = 0; i < nsaml_vectors; i++) {
		char *b64 = saml_forge(&f, &saml_vectors[i], first_style(&saml_vectors[i]));

		write_one(dir, saml_vectors[i].name, b64);
		free(b64);
	}
	for (unsigned style = 2; style <= S_ENCRYPTED_BOTH; style *= 2) {
		char *b64 = saml_forge(&f, saml_vector("good"), style), name[16];

		(void)snprintf(name, sizeof name, "good-%u", style);
		write_one(dir, name, b64);
		free(b64);
	}
	return 0;
}

static bool
variable(struct forge *f, const char *word, unsigned *style)
{
	const struct {
		const char *name;
		const char **place;
	} texts[] = {{"dir=", &f->dir}, {"issuer=", &f->issuer}, {"acs=", &f->acs},
	    {"audience=", &f->audience}, {"request=", &f->in_response_to}, {"id=", &f->id},
	    {"subject=", &f->subject}, {"email=", &f->email}, {"group=", &f->group},
	    {"sp_certificate=", &f->sp_certificate}, {"idp_key=", &f->idp_key}};

	for (size_t i = 0; i < NELEMS(texts); i++)
		if (str_starts(word, texts[i].name)) {
			*texts[i].place = word + strlen(texts[i].name);
			return true;
		}
	if (str_starts(word, "now="))
		f->now = strtol(word + 4, NULL, 10);
	else if (str_starts(word, "style="))
		*style = (unsigned)strtoul(word + 6, NULL, 10);
	else
		return false;
	return true;
}

int
main(int argc, char **argv)
{
	struct forge f = {.dir = KEYS,
	    .issuer = "",
	    .acs = "",
	    .audience = "",
	    .id = "1",
	    .subject = "somebody",
	    .email = "somebody@example.org",
	    .group = "staff",
	    .now = time(NULL)};
	const struct vector *v;
	unsigned style;
	char *text;

	crypt_init();
	if (argc < 2 || !saml_setup(KEYS "/sp.key", KEYS "/sp.pem"))
		return 2;
	if (strcmp(argv[1], "list") == 0)
		return list();
	if (strcmp(argv[1], "corpus") == 0 && argc == 3)
		return corpus(argv[2]);
	v = saml_vector(argv[1]);
	if (v == NULL)
		return 2;
	style = first_style(v);
	if (str_starts(v->name, "logout"))
		f.template = saml_logout_template;
	for (int i = 2; i < argc; i++)
		if (!variable(&f, argv[i], &style))
			return 2;
	if (f.in_response_to != NULL && *f.in_response_to == '\0')
		f.in_response_to = NULL;
	text = saml_forge(&f, v, style);
	puts(text);
	free(text);
	return 0;
}
