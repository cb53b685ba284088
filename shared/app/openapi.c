/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The program's part of the OpenAPI 3.1 document, from the same tables that the program runs by. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "shared/app/private.h"

static const struct field paging[] = {
    {"limit", F_INT, .min = 1, .max = 200, .help = "Items on a page; 50 when not given."},
    {"after", F_CURSOR, .help = "The `next` of the page before."},
    {"count", F_BOOL, .help = "Adds `total`: exact to 10000, an estimate above."},
    {0},
};

static json_t *
parameter(const char *name, const char *in, bool required, json_t *schema, const char *help)
{
	return json_pack("{s:s, s:s, s:b, s:o, s:s*}", "name", name, "in", in, "required", required,
	    "schema", schema, "description", help);
}

static void
query_parameters(json_t *out, const struct field *f)
{
	for (; f != NULL && f->name != NULL; f++)
		(void)json_array_append_new(out,
		    parameter(f->name, "query", (f->flags & REQUIRED) != 0, field_schema(f),
		        f->help));
}

/* {id:uuid} becomes {id} and a parameter. */
static const char *
path_template(struct arena *a, const char *path, json_t *params)
{
	char *out = arena_alloc(a, strlen(path) + 1);
	size_t n = 0;

	while (*path != '\0') {
		size_t len = strcspn(path, "}"), name = strcspn(path, ":}");
		char *text;

		if (*path != '{') {
			out[n++] = *path++;
			continue;
		}
		memcpy(out + n, path, name);
		n += name;
		out[n++] = '}';
		text = arena_strndup(a, path + 1, name - 1);
		(void)json_array_append_new(params,
		    parameter(text, "path", true,
		        strncmp(path + name, ":uuid", 5) == 0
		            ? json_pack("{s:s, s:s}", "type", "string", "format", "uuid")
		            : json_pack("{s:s}", "type", "string"),
		        NULL));
		path += len + 1;
	}
	return out;
}

/* What a representation looks like: every member is always there, null where nullable, and nothing else is. */
static json_t *
representation_schema(const struct representation *rep)
{
	json_t *s = fields_schema(rep->members, true), *required = json_array();

	for (const struct field *f = rep->members; f->name != NULL; f++)
		if ((f->flags & REQUIRED) != 0)
			(void)json_array_append_new(required, json_string(f->name));
	(void)json_object_set_new(s, "required", required);
	return s;
}

static json_t *
reference(const struct representation *rep)
{
	return json_pack("{s:o}", "$ref", json_sprintf("#/components/schemas/%s", rep->name));
}

static json_t *
reply_schema(const struct route *rt)
{
	json_t *ref = reference(rt->reply), *one_of;

	if (rt->reply->other != NULL && rt->reply->other_status == 0) {
		one_of = json_array();
		(void)json_array_append_new(one_of, ref);
		for (const struct representation *x = rt->reply->other; x != NULL; x = x->other)
			(void)json_array_append_new(one_of, reference(x));
		return json_pack("{s:o}", "oneOf", one_of);
	}
	if ((rt->flags & R_LIST) == 0)
		return ref;
	return json_pack("{s:s, s:[s, s], s:{s:{s:s, s:o}, s:{s:[s, s]}, s:{s:s}, s:{s:s}}, s:b}",
	    "type", "object", "required", "items", "next", "properties", "items", "type", "array",
	    "items", ref, "next", "type", "string", "null", "total", "type", "integer",
	    "total_is_estimate", "type", "boolean", "additionalProperties", 0);
}

static json_t *
answer(const struct route *rt, json_t *schema)
{
	json_t *ok = json_pack("{s:s}", "description", rt->summary);

	if (schema != NULL)
		(void)json_object_set_new(ok, "content",
		    json_pack("{s:{s:o}}", body_type_of(rt), "schema", schema));
	return ok;
}

static json_t *
responses(const struct route *rt)
{
	const char *code = (rt->flags & R_CREATED) != 0    ? "201"
	                   : (rt->flags & R_ACCEPTED) != 0 ? "202"
	                   : (rt->flags & R_NO_BODY) != 0  ? "204"
	                   : (rt->flags & R_REDIRECT) != 0 ? "303"
	                                                   : "200";
	bool described = rt->reply != NULL && (rt->flags & R_STREAM) == 0;
	json_t *all = json_pack("{s:o, s:{s:s}}", code,
	    answer(rt, described ? reply_schema(rt) : NULL), "default", "$ref",
	    "#/components/responses/problem");

	if (described && rt->reply->other_status != 0) {
		char also[12];

		(void)snprintf(also, sizeof also, "%d", rt->reply->other_status);
		(void)json_object_set_new(all, also, answer(rt, reference(rt->reply->other)));
	}
	return all;
}

static json_t *
operation(struct arena *a, const struct program *p, const struct route *rt, const char **path)
{
	static const char *const tx[] = {"none", "read", "write"};
	json_t *params = json_array(), *op;

	*path = path_template(a, rt->path, params);
	query_parameters(params, rt->params);
	if ((rt->flags & R_LIST) != 0)
		query_parameters(params, paging);
	op = json_pack("{s:s, s:[s], s:o, s:o, s:s, s:s, s:s}", "summary", rt->summary, "tags",
	    p->name, "parameters", params, "responses", responses(rt), "x-pact-door",
	    rt->door == DOOR_SESSION ? "session" : "none", "x-pact-transaction", tx[rt->tx],
	    "x-pact-module", p->name);
	if (rt->permission != NULL)
		(void)json_object_set_new(op, "x-pact-permission", json_string(rt->permission));
	(void)json_object_set_new(op, "security",
	    rt->door == DOOR_SESSION ? json_pack("[{s:[]}, {s:[]}]", "cookie", "bearer")
	                             : json_array());
	if ((rt->flags & R_SCIM) != 0 && rt->method[0] == 'P')
		(void)json_object_set_new(op, "requestBody",
		    json_pack("{s:b, s:{s:{s:{s:s}}}}", "required", 1, "content", body_type_of(rt),
		        "schema", "type", "object"));
	if (rt->body != NULL)
		(void)json_object_set_new(op, "requestBody",
		    json_pack("{s:b, s:{s:{s:o}}}", "required", (rt->flags & R_OPTIONAL_BODY) == 0,
		        "content", "application/json", "schema",
		        fields_schema(rt->body, (rt->flags & R_PARTIAL) != 0)));
	return op;
}

int
openapi_print(const struct program *p)
{
	json_t *paths = json_object(), *schemas = json_object(), *doc;
	struct arena *a = arena_new();

	for (size_t i = 0; i < p->nroutes; i++) {
		const struct route *rt = &p->routes[i];
		const char *path;
		json_t *op = operation(a, p, rt, &path), *item = json_object_get(paths, path);
		char method[8] = {0};

		for (size_t k = 0; k + 1 < sizeof method && rt->method[k] != '\0'; k++)
			method[k] = (char)tolower((unsigned char)rt->method[k]);
		if (item == NULL) {
			item = json_object();
			(void)json_object_set_new(paths, path, item);
		}
		(void)json_object_set_new(item, method, op);
		for (const struct representation *rep = rt->reply; rep != NULL; rep = rep->other)
			(void)json_object_set_new(schemas, rep->name, representation_schema(rep));
	}
	doc = json_pack("{s:o, s:{s:o}}", "paths", paths, "components", "schemas", schemas);
	(void)json_dumpf(doc, stdout, JSON_INDENT(1) | JSON_SORT_KEYS);
	(void)printf("\n");
	json_decref(doc);
	arena_free(a);
	return 0;
}
