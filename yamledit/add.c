#include "yamledit/session.h"

int add_entry(struct session *s, size_t at, const struct fresh_entry *entry,
	      struct err *err)
{
	(void)entry;
	return parse_err(err, ERR_UNSAFE, &s->p.ev[at], "adding is not "
			 "supported yet");
}

int add_path(struct session *s, const struct place *place,
	     const struct ye_path *path, const struct fresh *value,
	     struct err *err)
{
	(void)path;
	(void)value;
	return add_entry(s, place->node, NULL, err);
}
