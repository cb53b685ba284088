/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fcgi/crm/import_text.h"

#include <string.h>
#include <strings.h>

#include "shared/base/str.h"

#define REPLACEMENT 0xfffdU
#define BOM "\xef\xbb\xbf"

static const struct {
	const char *name;
	enum import_encoding encoding;
} encoding_name[] = {
    {"UTF-8", IMPORT_UTF_8},
    {"UTF-16LE", IMPORT_UTF_16LE},
    {"UTF-16BE", IMPORT_UTF_16BE},
    {"windows-1252", IMPORT_WINDOWS_1252},
    {"utf8", IMPORT_UTF_8},
    {"us-ascii", IMPORT_UTF_8},
    {"ascii", IMPORT_UTF_8},
    {"utf-16", IMPORT_UTF_16LE},
    {"cp1252", IMPORT_WINDOWS_1252},
    {"iso-8859-1", IMPORT_WINDOWS_1252}, /* WHATWG Encoding: the same label in practice */
    {"latin1", IMPORT_WINDOWS_1252},
    {"iso-8859-15", IMPORT_WINDOWS_1252},
};

/* 0x80 to 0x9f; 0 has no meaning. The rest of the table is that of ISO 8859-1. */
static const uint16_t cp1252[32] = {
    0x20ac,
    0,
    0x201a,
    0x0192,
    0x201e,
    0x2026,
    0x2020,
    0x2021,
    0x02c6,
    0x2030,
    0x0160,
    0x2039,
    0x0152,
    0,
    0x017d,
    0,
    0,
    0x2018,
    0x2019,
    0x201c,
    0x201d,
    0x2022,
    0x2013,
    0x2014,
    0x02dc,
    0x2122,
    0x0161,
    0x203a,
    0x0153,
    0,
    0x017e,
    0x0178,
};

const char *
import_encoding_name(enum import_encoding encoding)
{
	return encoding_name[encoding].name;
}

bool
import_encoding_parse(const char *name, enum import_encoding *out)
{
	for (size_t i = 0; name != NULL && i < NELEMS(encoding_name); i++) {
		if (strcasecmp(name, encoding_name[i].name) == 0) {
			*out = encoding_name[i].encoding;
			return true;
		}
	}
	return false;
}

/* Writes 1 to 4 bytes. */
static size_t
encode(uint32_t cp, char out[4])
{
	if (cp < 0x80) {
		out[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		out[0] = (char)(0xc0 | cp >> 6);
		out[1] = (char)(0x80 | (cp & 0x3f));
		return 2;
	}
	if (cp < 0x10000) {
		out[0] = (char)(0xe0 | cp >> 12);
		out[1] = (char)(0x80 | (cp >> 6 & 0x3f));
		out[2] = (char)(0x80 | (cp & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | cp >> 18);
	out[1] = (char)(0x80 | (cp >> 12 & 0x3f));
	out[2] = (char)(0x80 | (cp >> 6 & 0x3f));
	out[3] = (char)(0x80 | (cp & 0x3f));
	return 4;
}

/* Whether the bytes at p could still become one UTF-8 sequence: some filling of the missing ones is valid. */
static bool
utf8_unfinished(const unsigned char *p, size_t len)
{
	char low[4] = {0}, high[4] = {0};

	if (len >= 4)
		return false;
	memset(low, 0x80, sizeof low);
	memset(high, 0xbf, sizeof high);
	memcpy(low, p, len);
	memcpy(high, p, len);
	return utf8_sequence(low, sizeof low) > len || utf8_sequence(high, sizeof high) > len;
}

/* Files without a mark: text in Latin letters has a zero in every other byte. */
static bool
looks_utf16(const unsigned char *p, size_t len, enum import_encoding *out)
{
	size_t even = 0, odd = 0;

	for (size_t i = 0; i + 1 < len; i += 2) {
		even += p[i] == 0;
		odd += p[i + 1] == 0;
	}
	*out = odd > even ? IMPORT_UTF_16LE : IMPORT_UTF_16BE;
	if (odd > even)
		return odd >= len / 8 && odd / 10 >= even;
	return even >= len / 8 && even / 10 >= odd && even > 0;
}

enum import_encoding
import_text_detect(const char *sample, size_t len)
{
	const unsigned char *p = (const unsigned char *)sample;
	enum import_encoding utf16;
	size_t multi = 0, wrong = 0;

	if (len >= 3 && memcmp(p, BOM, 3) == 0)
		return IMPORT_UTF_8;
	if (len >= 2 && p[0] == 0xff && p[1] == 0xfe)
		return IMPORT_UTF_16LE;
	if (len >= 2 && p[0] == 0xfe && p[1] == 0xff)
		return IMPORT_UTF_16BE;
	if (len >= 4 && looks_utf16(p, len, &utf16))
		return utf16;
	for (size_t i = 0; i < len;) {
		size_t n = utf8_sequence(sample + i, len - i);

		if (n == 0 && len - i < 4 && utf8_unfinished(p + i, len - i))
			break;
		multi += n > 1;
		wrong += n == 0;
		i += n == 0 ? 1 : n;
	}
	/* a few odd bytes in a UTF-8 file are repaired one by one; they do not make it another encoding */
	return wrong > multi ? IMPORT_WINDOWS_1252 : IMPORT_UTF_8;
}

void
import_text_init(struct import_text *t, enum import_encoding encoding)
{
	*t = (struct import_text){.encoding = encoding};
}

static void
put(struct import_text *t, struct buf *out, uint32_t cp)
{
	char utf8[4];
	size_t n = encode(cp, utf8);

	if (cp != 0xfeff || t->begun)
		buf_add(out, utf8, n);
	t->begun = true;
}

/* A byte of Windows-1252 above ASCII. */
static void
put_byte(struct import_text *t, struct buf *out, unsigned char c)
{
	uint32_t cp = c < 0xa0 ? cp1252[c - 0x80] : c;

	put(t, out, cp != 0 ? cp : REPLACEMENT);
}

/* How many of the first bytes are ASCII. */
static size_t
ascii_run(const unsigned char *p, size_t len)
{
	size_t i = 0;

	for (uint64_t w; len - i >= sizeof w; i += sizeof w) {
		memcpy(&w, p + i, sizeof w);
		if ((w & 0x8080808080808080U) != 0)
			break;
	}
	while (i < len && p[i] < 0x80)
		i++;
	return i;
}

/* Each of the three takes what it can from p and returns how much; 0: the character there is not finished. */
static size_t
step_utf8(struct import_text *t, const unsigned char *p, size_t len, bool last, struct buf *out)
{
	size_t i = 0, n;

	while (i < len) {
		i += ascii_run(p + i, len - i);
		n = utf8_sequence((const char *)p + i, len - i);
		if (n == 0)
			break;
		i += n;
	}
	if (i > 0) {
		bool mark = !t->begun && i >= 3 && memcmp(p, BOM, 3) == 0;

		buf_add(out, p + (mark ? 3 : 0), i - (mark ? 3 : 0));
		t->begun = true;
		return i;
	}
	if (!last && utf8_unfinished(p, len))
		return 0;
	t->guessed++;
	put_byte(t, out, p[0]);
	return 1;
}

static size_t
step_utf16(struct import_text *t, const unsigned char *p, size_t len, bool last, struct buf *out)
{
	unsigned be = t->encoding == IMPORT_UTF_16BE;
	uint32_t hi, lo;

	if (len >= 2) {
		hi = (uint32_t)p[1 - be] << 8 | p[be];
		if (hi < 0xd800 || hi > 0xdfff) {
			put(t, out, hi);
			return 2;
		}
		if (hi < 0xdc00 && len >= 4) {
			lo = (uint32_t)p[3 - be] << 8 | p[2 + be];
			if (lo >= 0xdc00 && lo <= 0xdfff) {
				put(t, out, 0x10000 + ((hi - 0xd800) << 10) + (lo - 0xdc00));
				return 4;
			}
		} else if (hi < 0xdc00 && !last) {
			return 0;
		}
	} else if (!last) {
		return 0;
	}
	t->guessed++;
	put(t, out, REPLACEMENT);
	return len >= 2 ? 2 : 1;
}

static size_t
step_1252(struct import_text *t, const unsigned char *p, size_t len, struct buf *out)
{
	size_t n = ascii_run(p, len);

	if (n > 0) {
		buf_add(out, p, n);
		return n;
	}
	t->guessed += p[0] < 0xa0 && cp1252[p[0] - 0x80] == 0;
	put_byte(t, out, p[0]);
	return 1;
}

static size_t
step(struct import_text *t, const unsigned char *p, size_t len, bool last, struct buf *out)
{
	switch (t->encoding) {
	case IMPORT_UTF_16LE:
	case IMPORT_UTF_16BE:
		return step_utf16(t, p, len, last, out);
	case IMPORT_WINDOWS_1252:
		return step_1252(t, p, len, out);
	case IMPORT_UTF_8:
		break;
	}
	return step_utf8(t, p, len, last, out);
}

void
import_text_convert(struct import_text *t, const char *in, size_t len, bool last, struct buf *out)
{
	const unsigned char *p = (const unsigned char *)in;
	size_t n;

	/* the unfinished character first, byte by byte: it is finished or refused after four at most */
	while (t->nrest > 0) {
		n = step(t, t->rest, t->nrest, last && len == 0, out);
		if (n > 0) {
			t->nrest -= n;
			memmove(t->rest, t->rest + n, t->nrest);
		} else if (len > 0) {
			t->rest[t->nrest++] = *p++;
			len--;
		} else {
			return;
		}
	}
	while (len > 0 && (n = step(t, p, len, last, out)) > 0) {
		p += n;
		len -= n;
	}
	if (len > 0)
		memcpy(t->rest, p, len);
	t->nrest = len;
}
