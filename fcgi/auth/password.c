/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Passwords (A1): bcrypt, cost 12, over base64(HMAC-SHA-384(pepper, password)). The pre-hash is 64 characters without a
 * NUL, so that bcrypt's cut at 72 bytes never meets a password (ASVS 6.2.8, 6.2.9), and its key keeps a stolen table
 * from being tried without the pepper, which is not in the database. Stored as "p1:" and the bcrypt string.
 */
#include <crypt.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>
#include <zxcvbn.h>

#include "fcgi/auth/auth.h"
#include "shared/base/log.h"

#define SCHEME "p1:"
#define PREHASH_LEN 64

static uint8_t pepper[32];
static unsigned long cost;
/* what nobody's password is checked against, so that unknown addresses take as long */
static char dummy[CRYPT_GENSALT_OUTPUT_SIZE];
static struct crypt_data *work;

bool
password_setup(void)
{
	int n = config_int("PACT_HASH_COST", 12, 4, 16);

	if (n < 12 && config("PACT_TEST") == NULL) {
		log_msg(LOG_ERROR, "PACT_HASH_COST below 12 is for tests (PACT_TEST=1)");
		return false;
	}
	cost = (unsigned long)n;
	work = calloc(1, sizeof *work);
	if (work == NULL)
		log_fatal("out of memory");
	return key_file(pepper, sizeof pepper, config("PACT_PEPPER")) &&
	       crypt_gensalt_rn("$2b$", cost, NULL, 0, dummy, sizeof dummy) != NULL;
}

static void
prehash(char out[static PREHASH_LEN + 1], const char *password)
{
	uint8_t mac[48];
	unsigned len = sizeof mac;

	/* a tag in front: this key has other uses (keys.c) */
	static const char tag[] = "pact/password/v1";
	uint8_t key[SHA256_LEN];

	hmac_sha256(key, pepper, sizeof pepper, &(struct bytes){tag, strlen(tag)}, 1);
	if (HMAC(EVP_sha384(), key, sizeof key, (const uint8_t *)password, strlen(password), mac,
	        &len) == NULL ||
	    len != sizeof mac)
		log_fatal("HMAC-SHA-384 failed");
	(void)EVP_EncodeBlock((uint8_t *)out, mac, sizeof mac);
	wipe(mac, sizeof mac);
	wipe(key, sizeof key);
}

/* The bcrypt string for a setting; NULL when libxcrypt refuses it. Borrowed until the next call. */
static const char *
bcrypt(const char *password, const char *setting)
{
	char pre[PREHASH_LEN + 1];
	const char *out;

	prehash(pre, password);
	wipe(work, sizeof *work);
	out = crypt_rn(pre, setting, work, sizeof *work);
	wipe(pre, sizeof pre);
	return out;
}

const char *
password_hash(struct arena *a, const char *password)
{
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];
	const char *out;

	if (crypt_gensalt_rn("$2b$", cost, NULL, 0, setting, sizeof setting) == NULL)
		return NULL;
	out = bcrypt(password, setting);
	return out != NULL ? arena_printf(a, SCHEME "%s", out) : NULL;
}

bool
password_check(const char *hash, const char *password)
{
	bool known = str_starts(hash, SCHEME);
	const char *want = known ? hash + strlen(SCHEME) : dummy, *got = bcrypt(password, want);
	bool same = got != NULL && strlen(got) == strlen(want) &&
	            bytes_equal(got, want, strlen(want));

	wipe(work, sizeof *work);
	return known && same;
}

static const char *
breach_problem(const char *password)
{
	switch (breached(password)) {
	case BREACHED_NO:
		return NULL;
	case BREACHED_YES:
		return "Has been in a breach of some other service, so attackers try it. Take another.";
	default:
		return "Cannot be checked at the moment. Try again later.";
	}
}

/* 2^26: a hundred million guesses. What is guessed sooner is on the lists that attackers try first. */
#define GUESS_BITS 26.0
/* more is not looked at: this much of a good password is good, and the work grows with the square */
#define LOOKED_AT 64

bool
password_fit(struct req *r, const char *pointer, const char *password, const char *email,
    const char *workspace)
{
	static const char separators[] = " .@_-+";
	const char *own[8] = {"pact"}, *words;
	char *start = arena_strndup(r->a, password, strnlen(password, LOOKED_AT));
	size_t n = 1;
	const char *problem = breach_problem(password);

	/* what is between the separators of both */
	words = arena_printf(r->a, "%s %s", email != NULL ? email : "",
	    workspace != NULL ? workspace : "");
	for (size_t len; *words != '\0' && n < NELEMS(own) - 1; words += len) {
		words += strspn(words, separators);
		len = strcspn(words, separators);
		if (len > 2)
			own[n++] = arena_strndup(r->a, words, len);
	}
	if (ZxcvbnMatch(start, own, NULL) < GUESS_BITS)
		problem =
		    "Is easily guessed. A few unrelated words are better than a word with a number.";
	wipe(start, strlen(start));
	if (problem != NULL)
		field_error_add(r->a, &r->errors, pointer, "%s", problem);
	return problem == NULL;
}
