/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One question to the domain name system, by the C library's resolver (RFC 1035). */
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <string.h>

#include "fcgi/auth/auth.h"
#include "shared/base/log.h"
#include "shared/base/str.h"

#define ANSWER_MAX 65535

/* PACT_RESOLVER: ADDRESS:PORT (IPv4) instead of what the system is configured with. */
static void
resolver_set(struct __res_state *s)
{
	const char *given = config("PACT_RESOLVER"),
	           *colon = given != NULL ? strchr(given, ':') : NULL;
	char address[INET_ADDRSTRLEN] = {0};
	int64_t port = 53;

	if (given == NULL)
		return;
	if (colon == NULL || (size_t)(colon - given) >= sizeof address ||
	    !str_int64(colon + 1, 1, 65535, &port)) {
		log_msg(LOG_ERROR, "PACT_RESOLVER is not ADDRESS:PORT");
		return;
	}
	memcpy(address, given, (size_t)(colon - given));
	s->nscount = 1;
	s->nsaddr_list[0] = (struct sockaddr_in){.sin_family = AF_INET,
	    .sin_port = htons((uint16_t)port)};
	if (inet_pton(AF_INET, address, &s->nsaddr_list[0].sin_addr) != 1)
		log_msg(LOG_ERROR, "PACT_RESOLVER is not ADDRESS:PORT");
}

/* The strings of a TXT record follow one another, each behind its length; together they are the text. */
static bool
txt_equal(const uint8_t *p, size_t len, const char *text)
{
	size_t n = 0, want = strlen(text);

	while (len > 0) {
		size_t part = *p;

		if (part + 1 > len || n + part > want || memcmp(text + n, p + 1, part) != 0)
			return false;
		n += part;
		p += part + 1;
		len -= part + 1;
	}
	return n == want;
}

enum dns_found
dns_txt_answer(const uint8_t *answer, size_t len, const char *text)
{
	ns_msg m;
	ns_rr rr;

	if (len > ANSWER_MAX || ns_initparse(answer, (int)len, &m) != 0)
		return DNS_FAILED;
	for (int i = 0; i < ns_msg_count(m, ns_s_an); i++) {
		if (ns_parserr(&m, ns_s_an, i, &rr) != 0)
			return DNS_FAILED;
		if (ns_rr_type(rr) == ns_t_txt && txt_equal(ns_rr_rdata(rr), ns_rr_rdlen(rr), text))
			return DNS_FOUND;
	}
	return DNS_MISSING;
}

enum dns_found
dns_txt(const char *name, const char *text)
{
	static uint8_t answer[ANSWER_MAX]; /* a runner does one thing at a time */
	struct __res_state state = {0};
	enum dns_found found = DNS_FAILED;
	int n;

	if (res_ninit(&state) != 0)
		return DNS_FAILED;
	resolver_set(&state);
	state.retrans = 3;
	state.retry = 2;
	n = res_nquery(&state, name, ns_c_in, ns_t_txt, answer, sizeof answer);
	if (n >= 0)
		found = dns_txt_answer(answer, (size_t)n, text);
	else if (state.res_h_errno == HOST_NOT_FOUND || state.res_h_errno == NO_DATA)
		found = DNS_MISSING;
	res_nclose(&state);
	return found;
}
