/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shared/crypt/crypt.h"

#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "shared/base/log.h"
#include "shared/base/str.h"

_Static_assert(SHA256_LEN == crypto_hash_sha256_BYTES, "SHA-256 is 32 bytes");

void
crypt_init(void)
{
	if (sodium_init() < 0)
		log_fatal("libsodium cannot be initialised");
}

void
random_bytes(void *out, size_t len)
{
	randombytes_buf(out, len);
}

bool
bytes_equal(const void *a, const void *b, size_t len)
{
	return sodium_memcmp(a, b, len) == 0;
}

void
wipe(void *p, size_t len)
{
	sodium_memzero(p, len);
}

void
sha256(uint8_t out[static SHA256_LEN], const void *data, size_t len)
{
	(void)crypto_hash_sha256(out, data, len);
}

struct sha256_state {
	crypto_hash_sha256_state st;
};

struct sha256_state *
sha256_begin(struct arena *a)
{
	struct sha256_state *s = arena_alloc(a, sizeof *s);

	(void)crypto_hash_sha256_init(&s->st);
	return s;
}

void
sha256_add(struct sha256_state *s, const void *data, size_t len)
{
	(void)crypto_hash_sha256_update(&s->st, data, len);
}

void
sha256_end(struct sha256_state *s, uint8_t out[static SHA256_LEN])
{
	(void)crypto_hash_sha256_final(&s->st, out);
}

void
hmac_sha256(uint8_t out[static SHA256_LEN], const void *key, size_t keylen,
    const struct bytes *parts, size_t nparts)
{
	crypto_auth_hmacsha256_state st;

	(void)crypto_auth_hmacsha256_init(&st, key, keylen);
	for (size_t i = 0; i < nparts; i++) {
		uint8_t len[8];

		for (size_t k = 0; k < sizeof len; k++)
			len[k] = (uint8_t)((uint64_t)parts[i].len >> (56 - 8 * k));
		(void)crypto_auth_hmacsha256_update(&st, len, sizeof len);
		(void)crypto_auth_hmacsha256_update(&st, parts[i].data, parts[i].len);
	}
	(void)crypto_auth_hmacsha256_final(&st, out);
	sodium_memzero(&st, sizeof st);
}

void
uuid7(char out[static 37])
{
	uint8_t b[16];
	char hex[33];
	struct timespec ts;
	uint64_t ms, sub;
	size_t n = 0;

	random_bytes(b, sizeof b);
	(void)clock_gettime(CLOCK_REALTIME, &ts);
	ms = (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
	/* method 3 of RFC 9562 §6.2: the fraction of the millisecond in rand_a */
	sub = ((uint64_t)ts.tv_nsec % 1000000) * 4096 / 1000000;
	for (size_t i = 0; i < 6; i++)
		b[i] = (uint8_t)(ms >> (40 - 8 * i));
	b[6] = (uint8_t)(0x70 | sub >> 8);
	b[7] = (uint8_t)sub;
	b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
	hex_encode(hex, b, sizeof b);
	for (size_t i = 0; i < 32; i++) {
		if (i == 8 || i == 12 || i == 16 || i == 20)
			out[n++] = '-';
		out[n++] = hex[i];
	}
	out[n] = '\0';
}

bool
key_file(void *out, size_t len, const char *path)
{
	int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	uint8_t more;
	bool ok;

	if (fd < 0)
		return false;
	ok = read(fd, out, len) == (ssize_t)len && read(fd, &more, 1) == 0;
	(void)close(fd);
	return ok;
}
