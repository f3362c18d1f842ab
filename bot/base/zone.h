#ifndef BOT_BASE_ZONE_H
#define BOT_BASE_ZONE_H

#include <stdint.h>

#include "bot/base/err.h"
#include "bot/base/mem.h"

/*
 * The rules of a time zone, as a value: read once from the system's tzdata,
 * then asked without disk, environment or the C library's one zone. Borrowed
 * from the arena it was loaded into.
 */
struct zone;

/*
 * The IANA zone NAME ("Europe/Zurich"), from /usr/share/zoneinfo or $TZDIR.
 * "UTC" is known without any file.
 *
 * ERR_USAGE: not a name, no such zone. ERR_NOTFOUND: there is no tzdata here.
 * ERR_DATA: the file is not one of RFC 8536.
 */
int zone_load(const struct zone **out, struct arena *a, const char *name,
	      struct err *err);

/*
 * A zone by its rule alone, as POSIX writes it: "CET-1CEST,M3.5.0,M10.5.0/3"
 * (IEEE Std 1003.1, "Environment Variables", TZ; hours of a rule up to 167,
 * RFC 8536 section 3.3.1). ERR_USAGE: not of that form.
 */
int zone_of_rule(const struct zone **out, struct arena *a, const char *rule,
		 struct err *err);

/* Seconds that clocks there are ahead of UTC at AT_S. */
int32_t zone_offset_s(const struct zone *z, int64_t at_s);

/*
 * When clocks there show LOCAL_S (a time as if it were UTC). Twice: the first
 * time. Never, because they go forward: when they do.
 */
int64_t zone_when_s(const struct zone *z, int64_t local_s);

#endif
