#ifndef FORGE_JSON_H
#define FORGE_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bot/base/mem.h"

/*
 * Answers of a server as JSON: nothing about them is taken for granted. A
 * member that is absent, null or of another type reads as empty.
 */

/* NULL: not JSON, or nested too deep. `null` is JSON. */
json_t *js_parse(const char *text, size_t len);

const json_t *js_get(const json_t *object, const char *key);
/* A member's member: js_in(pr, "head", "sha"). */
const json_t *js_in(const json_t *object, const char *key, const char *inner);

const char *js_text(const json_t *value);	/* "" rather than NULL */
const char *js_str(const json_t *object, const char *key);
long long js_int(const json_t *object, const char *key);
bool js_bool(const json_t *object, const char *key, bool otherwise);
/* TIME_UNKNOWN: none, or the zero time that Gitea writes for none. */
int64_t js_time(const json_t *object, const char *key);
/* Elements; null, which Gitea writes for an empty list, has none. */
size_t js_len(const json_t *array);

/* As js_str(), in arena A. */
const char *js_dup(struct arena *a, const json_t *object, const char *key);

/*
 * A whole object id in hex, in A; NULL: it is not one. A merge is pinned to
 * it, so nothing else passes.
 */
const char *js_sha(struct arena *a, const json_t *value);

/* For request bodies: every string of ours is UTF-8 by then, made so here. */
json_t *js_string(const char *s);

/* Set KEY of OBJECT to VALUE, which is swallowed. */
void js_set_take(json_t *object, const char *key, json_t *value);
void js_set(json_t *object, const char *key, const char *value);

#endif
