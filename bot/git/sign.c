#include "bot/git/sign.h"

#include <string.h>

#include "bot/base/str.h"
#include "bot/git/process.h"

static const char SSH[] = "ssh:", OPENPGP[] = "openpgp:";

int sign_key_check(const char *key, struct err *err)
{
	if ((str_starts(key, SSH) && key[strlen(SSH)]) ||
	    (str_starts(key, OPENPGP) && key[strlen(OPENPGP)]))
		return 0;
	return err_set(err, ERR_USAGE, "PROMOTE_SIGNING_KEY is ssh:FILE or "
		       "openpgp:KEY-ID, not '%s'", key);
}

/* What stands last among what SAID, as a rule the reason. */
static void add_reason(struct buf *out, const struct buf *said)
{
	const char *text = buf_str(said), *line;
	size_t len = strlen(text);

	while (len && strchr("\r\n ", text[len - 1]))
		len--;
	line = memrchr(text, '\n', len);
	line = line ? line + 1 : text;
	buf_add(out, line, len - (size_t)(line - text));
}

static int signature_make(struct buf *out, const struct buf *commit,
			  const char *key, const struct deadline *deadline,
			  struct err *err)
{
	const char *with_ssh[] = { "ssh-keygen", "-Y", "sign", "-n", "git",
				   "-f", key + strlen(SSH), NULL };
	const char *with_gpg[] = { "gpg", "-bsau", key + strlen(OPENPGP), NULL };
	const char *const *argv = str_starts(key, SSH) ? with_ssh : with_gpg;
	const char *no_env[] = { NULL };
	struct buf said = { 0 }, why = { 0 };
	int status, rc;

	rc = process_filter(argv, no_env, commit, out, &said, &status, deadline,
			    err);
	if (rc < 0 && err->code == ERR_REFUSED)
		err->code = ERR_USAGE;
	if (rc == 0 && (status != 0 || !str_starts(buf_str(out), "-----BEGIN "))) {
		add_reason(&why, &said);
		rc = err_set(err, ERR_USAGE, "%s does not sign with '%s': %s",
			     argv[0], strchr(key, ':') + 1, buf_str(&why));
	}
	buf_release(&said);
	buf_release(&why);
	return rc;
}

int sign_commit(struct buf *commit, const char *key,
		const struct deadline *deadline, struct err *err)
{
	const char *end = memmem(commit->data, commit->len, "\n\n", 2);
	struct buf sig = { 0 }, out = { 0 };
	size_t head;
	int rc;

	if (!end)
		return err_set(err, ERR_BUG, "a commit without a message");
	head = (size_t)(end - commit->data) + 1;
	rc = signature_make(&sig, commit, key, deadline, err);
	if (rc == 0) {
		const char *s = buf_str(&sig);

		buf_add(&out, commit->data, head);
		buf_addstr(&out, "gpgsig");
		for (size_t len; *s; s += len + (s[len] != '\0')) {
			len = strcspn(s, "\n");
			buf_addf(&out, " %.*s\n", (int)len, s);
		}
		buf_add(&out, commit->data + head, commit->len - head);
		buf_release(commit);
		*commit = out;
	}
	buf_release(&sig);
	return rc;
}
