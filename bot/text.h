#ifndef BOT_TEXT_H
#define BOT_TEXT_H

#include "bot/plan.h"

/*
 * What we write into commits and pull requests. All parts that came from
 * outside are escaped here for where they go (I12).
 */
struct change_info {
	const char *service, *environment;
	const char *old_version, *new_version;
	const char *from;		/* environment, or NULL */
	const struct stay *stay;	/* in `from`, or NULL */
	const char *source, *old_source;	/* URLs, or NULL */
	int64_t build;			/* -1: none */
	const char *rolled_back;	/* the version it goes back from; NULL:
					   it goes forward */
	const char *reason;		/* or NULL */
	const char *overridden;		/* gates, or NULL */
	const char *by;			/* the command: "auto", "to", "bump" */
	const struct gate_result *gates;
	size_t gates_len;
	const struct touched *touched;	/* in `from`, or NULL */
	bool asks;			/* labels, reviewers: see struct marker */
};

/* Subject, what changed, trailers (I4). In A. */
const char *text_commit(struct arena *a, const struct change_info *c);
const char *text_pr_title(struct arena *a, const struct change_info *c);
/*
 * The same in the place of OLD_TITLE. Where that says that it is a draft, this
 * does: Gitea has no other drafts, and it is a person's word.
 */
const char *text_pr_title_over(struct arena *a, const struct change_info *c,
			       const char *old_title);
/* In the place of OLD_BODY, if any: what people wrote below its marker stays. */
const char *text_pr_body(struct arena *a, const struct change_info *c,
			 const char *old_body);

/*
 * The hidden marker in a pull request's body: what it is for, and whether
 * the bot closed it itself. A person can edit it, so nothing is allowed
 * because of it.
 */
struct marker {
	const char *service, *environment, *version, *by, *closed;
	const char *build, *source;	/* a squash may drop the commit's
					   trailers */
	const char *asks;	/* it was opened, and labels and reviewers are
				   still to be asked for */
	const char *armed;	/* the head for which the forge was asked to
				   merge by itself; asked once, so that a
				   person's cancelling stays */
	const char *status, *head;	/* the commit status we set last, in
					   short, and on which head */
};
/* False: there is none. Strings in A. */
bool text_marker_parse(struct arena *a, const char *body, struct marker *out);

/* BODY, which has no marker, with M below it. */
const char *text_body_marked(struct arena *a, const char *body,
			     const struct marker *m);

/* BODY with the marker saying that HEAD_SHA was armed; NULL: nothing was. */
const char *text_body_armed(struct arena *a, const char *body,
			    const char *head_sha);

/* BODY with the marker saying no more that labels and reviewers are to come. */
const char *text_body_asked(struct arena *a, const char *body);

/* BODY with the marker saying that STATUS was set on HEAD. */
const char *text_body_status(struct arena *a, const char *body,
			     const char *status, const char *head);

/* BODY with the table of gates as they are judged now. */
const char *text_body_gates(struct arena *a, const char *body,
			    const struct gate_result *gates, size_t len);

/* BODY with the marker saying that the bot closed it, and a line saying WHY. */
const char *text_body_closed(struct arena *a, const char *body,
			     const char *why);

#endif
