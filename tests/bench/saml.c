/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a login by SAML costs a process, without nginx and database: `saml SECONDS` prints a line for each figure, name and
 * number. Answers are made beforehand; the cache of providers is full and warm, as in a process that has run for a while.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fcgi/saml/accept.h"
#include "fcgi/saml/gate.h"
#include "fcgi/saml/metadata.h"
#include "fcgi/saml/redirect.h"
#include "shared/crypt/crypt.h"
#include "tests/fuzz/saml_idp.h"
#include "tests/unit/saml_forge.h"

#define KEYS "tests/fixtures/saml"
#define NOW 1800000000
#define CONNECTION "019ab000-0000-7000-8000-000000000000"

static struct arena *kept;
static struct saml_sp sp;
static json_t *facts;

static double
seconds(clockid_t clock)
{
	struct timespec t;

	(void)clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* MiB; which: VmRSS or VmHWM. */
static double
memory(const char *which)
{
	char line[256];
	double kib = 0;
	FILE *f = fopen("/proc/self/status", "r");

	while (f != NULL && fgets(line, sizeof line, f) != NULL)
		if (strncmp(line, which, strlen(which)) == 0)
			kib = strtod(line + strlen(which) + 1, NULL);
	if (f != NULL)
		(void)fclose(f);
	return kib / 1024;
}

static void
accept_one(const char *answer)
{
	const struct saml_expect e = {.sp = &sp, .idp = "https://idp.example/metadata", .now = NOW};
	const struct saml_provider p = {.connection = CONNECTION,
	    .revision = "1",
	    .sp = &sp,
	    .facts = facts};
	struct arena *a = arena_new();
	struct saml_claims c;

	if (saml_accept(a, &p, answer, strlen(answer), &e, &c) != NULL)
		abort();
	arena_free(a);
}

static void
gate_one(const char *answer)
{
	struct arena *a = arena_new();
	const char *plain, *xml;
	xmlDoc *doc = NULL;
	size_t len;

	if (gate_base64(a, answer, strlen(answer), &plain, &xml, &len) != NULL ||
	    gate_read(a, xml, len, GATE_XML_MAX, false, &doc) != NULL ||
	    gate_response(a, doc) != NULL)
		abort();
	arena_free(a);
}

static void
ask_one(const char *unused)
{
	struct arena *a = arena_new();

	(void)unused;
	(void)saml_redirect(a, "https://idp.example/sso", "SAMLRequest",
	    saml_authn_request(a, saml_message_id(a), &sp, facts, NULL, NOW), NULL);
	arena_free(a);
}

/* How often a second, by the clock and by the processor. */
static void
rate(const char *name, void (*one)(const char *), const char *answer, double length)
{
	double wall = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID),
	       end = wall + length;
	unsigned long n = 0;

	for (; n % 16 != 0 || seconds(CLOCK_MONOTONIC) < end; n++)
		one(answer);
	printf("%s %.0f\n", name, (double)n / (seconds(CLOCK_MONOTONIC) - wall));
	printf("%s-cpu %.0f\n", name, (double)n / (seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu));
}

static void
fill_cache(void)
{
	double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
	char id[] = CONNECTION;

	for (int i = 0; i < SAML_SERVERS; i++) {
		struct arena *a = arena_new();

		(void)snprintf(id + 30, sizeof id - 30, "%06d", i);
		if (saml_server(a, &(struct saml_provider){.connection = id,
		                       .revision = "1",
		                       .sp = &sp,
		                       .facts = facts}) == NULL)
			abort();
		arena_free(a);
	}
	printf("server-ms %.1f\n", (seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu) * 1e3 / SAML_SERVERS);
}

int
main(int argc, char **argv)
{
	double length = argc > 1 ? strtod(argv[1], NULL) : 3;
	struct forge f;
	const char *problem;
	char *plain, *encrypted;

	crypt_init();
	kept = arena_new();
	if (!saml_setup(KEYS "/sp.key", KEYS "/sp.pem"))
		return 1;
	sp = saml_sp(kept, "https://pact.example", "nordlys");
	facts = saml_metadata(kept, saml_fuzz_idp, strlen(saml_fuzz_idp), NOW, &problem);
	f = (struct forge){.dir = KEYS,
	    .issuer = "https://idp.example/metadata",
	    .acs = sp.acs,
	    .audience = sp.entity_id,
	    .in_response_to = "_request",
	    .id = "1",
	    .subject = "u",
	    .email = "ada@nordlys.example",
	    .group = "sales",
	    .now = NOW};
	plain = saml_forge(&f, saml_vector("good"), S_BOTH);
	encrypted = saml_forge(&f, saml_vector("good"), S_ENCRYPTED);
	fill_cache();
	rate("gate", gate_one, plain, length);
	rate("ask", ask_one, NULL, length);
	rate("accept", accept_one, plain, length);
	rate("accept-encrypted", accept_one, encrypted, length);
	printf("rss-mib %.1f\n", memory("VmRSS:"));
	free(plain);
	free(encrypted);
	arena_free(kept);
	return 0;
}
