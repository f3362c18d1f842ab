#include "yamledit/session.h"

int remove_place(struct session *s, const struct place *place, struct err *err)
{
	return parse_err(err, ERR_UNSAFE, &s->p.ev[place->node], "removing is "
			 "not supported yet");
}

int edit_delete(struct session *s, const struct ye_path *path, struct err *err)
{
	struct place at;

	if (session_find(&at, s, path, err) != 0)
		return -1;
	return remove_place(s, &at, err);
}
