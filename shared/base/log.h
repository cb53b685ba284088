/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PACT_BASE_LOG_H
#define PACT_BASE_LOG_H

/*
 * JSON lines on stderr: {"at":…,"level":…,"program":…,"request_id":…,"msg":…}. Programs log, libraries return. Never
 * personal data: no addresses, names, bodies, tokens, query parameters.
 */
enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

/* program and pool appear in every line; the strings must live as long as the process. */
void log_init(const char *program, const char *pool, enum log_level threshold);
/* The request the following lines belong to; NULL for none. The string is borrowed until the next call. */
void log_request(const char *request_id);
void log_msg(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* One line with extra members: fields is a piece of JSON such as "\"status\":200,\"ms\":1.2" made by the caller. */
void log_fields(enum log_level level, const char *msg, const char *fields);
/* Logs and aborts: a broken invariant or no memory. */
void log_fatal(const char *msg) __attribute__((noreturn));

#endif
