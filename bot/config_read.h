#ifndef BOT_CONFIG_READ_H
#define BOT_CONFIG_READ_H

#include "bot/base/buf.h"
#include "bot/config.h"

/*
 * What the parts of the reader of promote.yaml (bot/config*.c) share. Nobody
 * else includes it. Each function tells the diag what is wrong and goes on,
 * so that one run shows all faults.
 */
struct reader {
	struct config *config;
	struct arena *arena;	/* the config's */
	struct diag *diag;
};

/* Fault every key of MAP that is not in KNOWN; WHAT is "an environment". */
void rd_keys(struct reader *rd, const struct node *map,
	     const char *const *known, const char *what);

/* Is N a map? Nothing at all counts as one without entries (len 0). */
bool rd_map(struct reader *rd, const struct node *n, const char *what,
	    const char *example);
bool rd_list(struct reader *rd, const struct node *n, const char *what,
	     const char *example);

/* The text of the scalar N, not empty, one line; or NULL. */
const char *rd_text(struct reader *rd, const struct node *n, const char *what,
		    const char *example);

/* Which of the two words N is, 0 or 1; -1 after a fault. */
int rd_either(struct reader *rd, const struct node *n, const char *what,
	      const char *first, const char *second);

/* One text or a list of texts; NULL in the place of one with a fault. */
bool rd_texts(struct reader *rd, const struct node *n, const char *what,
	      const char *example, const char ***out, size_t *len);

bool rd_is_one_of(const char *word, const char *const *known);

/* "did you mean 'X'?", or what there is, to be put behind a message. */
const char *rd_hint(struct reader *rd, const char *word,
		    const char *const *known);

/* Names of all environments that have a right one, NULL at the end. */
const char *const *rd_environment_names(struct reader *rd);

/* What name_valid() takes, in words. */
#define NAME_RULE "a name is up to 100 letters, digits, '.', '_' and '-', a " \
		  "letter or digit first, no '..', no '.' or '.lock' at " \
		  "the end"

/* bot/config_rules.c ------------------------------------------------------ */

#define RULE_KEYS "promote", "deliver", "merge", "gates", "refresh", \
		  "rollback", "reviewers", "labels", "verify", "override"

/*
 * What is set in the map N (NULL: nothing), over what OUT holds. ENTRY: the
 * environment takes builds, not promotions.
 */
void rd_rules(struct reader *rd, const struct node *n, bool entry,
	      struct rules *out);
void rd_rules_default(struct rules *out);

/* bot/config_service.c ---------------------------------------------------- */

void rd_services(struct reader *rd, const struct node *n);

/* bot/config_together.c --------------------------------------------------- */

void rd_together(struct reader *rd, const struct node *n);
void rd_limits(struct reader *rd, const struct node *n);

/* bot/config_template.c --------------------------------------------------- */

enum template_marks {
	MARKS_SERVICE = 1,	/* {service} may stand in it */
	MARKS_VERSION = 2,	/* {tag}, {digest}, {version} */
};

/* Fault placeholders that are not known in every environment. */
bool rd_template(struct reader *rd, const struct node *n, const char *what,
		 unsigned marks);

/* Does PLACEHOLDER ("{service}") stand in TEMPLATE (which may be NULL)? */
bool template_has(const char *template, const char *placeholder);

#endif
