/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JSON Schema of declared input, for the OpenAPI document. */
#include <string.h>

#include "shared/json/fields.h"

static void
limits(json_t *s, const char *low, const char *high, const struct field *f)
{
	if (f->min > 0)
		(void)json_object_set_new(s, low, json_integer(f->min));
	if (f->max > 0)
		(void)json_object_set_new(s, high, json_integer(f->max));
}

static json_t *
choices(const char *list)
{
	json_t *out = json_array();

	for (const char *p = list; p != NULL && *p != '\0';) {
		size_t n = strcspn(p, "|");

		(void)json_array_append_new(out, json_stringn(p, n));
		p += n + (p[n] == '|');
	}
	return out;
}

static json_t *
base_schema(const struct field *f)
{
	json_t *s = NULL;

	switch (f->type) {
	case F_TEXT:
	case F_MULTILINE:
		s = json_pack("{s:s}", "type", "string");
		limits(s, "minLength", "maxLength", f);
		return s;
	case F_SECRET:
		return json_pack("{s:s, s:s}", "type", "string", "format", "password");
	case F_EMAIL:
		return json_pack("{s:s, s:s, s:i}", "type", "string", "format", "email",
		    "maxLength", 254);
	case F_UUID:
		return json_pack("{s:s, s:s}", "type", "string", "format", "uuid");
	case F_INT:
		s = json_pack("{s:s}", "type", "integer");
		limits(s, "minimum", "maximum", f);
		return s;
	case F_BOOL:
		return json_pack("{s:s}", "type", "boolean");
	case F_ENUM:
		return json_pack("{s:s, s:o}", "type", "string", "enum", choices(f->choices));
	case F_TIME:
		return json_pack("{s:s, s:s}", "type", "string", "format", "date-time");
	case F_TEXTS:
	case F_UUIDS:
		s = f->type == F_UUIDS
		        ? json_pack("{s:s, s:{s:s, s:s}}", "type", "array", "items", "type",
		              "string", "format", "uuid")
		        : json_pack("{s:s, s:{s:s}}", "type", "array", "items", "type", "string");
		limits(s, "minItems", "maxItems", f);
		return s;
	case F_MAP:
		return json_pack("{s:s, s:{s:[s, s]}}", "type", "object", "additionalProperties",
		    "type", "string", "null");
	case F_EVIDENCE:
		return json_pack("{s:[s, s], s:{s:[s, s]}, s:i}", "type", "string", "object",
		    "additionalProperties", "type", "string", "null", "maxLength", 2000);
	case F_OBJECT:
		return fields_schema(f->members, false);
	case F_LIST:
		s = json_pack("{s:s, s:o}", "type", "array", "items",
		    fields_schema(f->members, false));
		limits(s, "minItems", "maxItems", f);
		return s;
	case F_CURSOR:
		return json_pack("{s:s}", "type", "string");
	case F_ANY:
		break;
	}
	return json_object();
}

json_t *
field_schema(const struct field *f)
{
	json_t *s = base_schema(f), *type = json_object_get(s, "type");

	if ((f->flags & NULLABLE) != 0 && json_is_array(type))
		(void)json_array_append_new(type, json_string("null"));
	if ((f->flags & NULLABLE) != 0 && json_is_string(type)) {
		json_t *both = json_pack("[O, s]", type, "null");

		(void)json_object_set_new(s, "type", both);
		if (json_object_get(s, "enum") != NULL)
			(void)json_array_append_new(json_object_get(s, "enum"), json_null());
	}
	if (f->help != NULL)
		(void)json_object_set_new(s, "description", json_string(f->help));
	return s;
}

json_t *
fields_schema(const struct field *table, bool partial)
{
	json_t *props = json_object(), *required = json_array(), *out;

	for (const struct field *f = table; f->name != NULL; f++) {
		(void)json_object_set_new(props, f->name, field_schema(f));
		if ((f->flags & REQUIRED) != 0 && !partial)
			(void)json_array_append_new(required, json_string(f->name));
	}
	out = json_pack("{s:s, s:o, s:b}", "type", "object", "properties", props,
	    "additionalProperties", 0);
	if (json_array_size(required) > 0)
		(void)json_object_set(out, "required", required);
	json_decref(required);
	return out;
}
