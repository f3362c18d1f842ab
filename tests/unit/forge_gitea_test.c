/* What Gitea and Forgejo do, row by row: forge/gitea*.c against transcripts. */
#include "forge/gitea.h"
#include "tests/unit/forge_play.h"

#define LIST "> GET /pulls?state=open&limit=50"
#define CREATE "> POST /pulls {'title':'promote web','head':" \
	       "'promote/staging/web','base':'main','body':'text'}\n"
#define HEAD_BRANCH "> GET /branches/promote/staging/web\n"
#define GET7 "> GET /pulls/7\n"
#define VERSION(v) "> GET //version\n< 200 {'version':'" v "'}\n"
#define END_OF_LIST(url) url "&page=2\n< 200 []\n"

/* What the version is asked for: do merges name their head, can it arm? */
static int op_version PLAY_OP
{
	bool pins, arms;

	(void)a;
	if (gt_version_at_least(f, 1, 16, &pins, err) < 0 ||
	    gt_version_at_least(f, 1, 17, &arms, err) < 0)
		return -1;
	buf_addf(out, "%s%s", pins ? "pins" : "", arms ? " arms" : "");
	return 0;
}

static void opening(void **state)
{
	static const struct play_row rows[] = {
		{ "opened", op_open, CREATE "< 201 @pr\n", 0, "#7 new" },
		{ "409 exists: the open one is found", op_open,
		  CREATE "< 409 {'message':'pull request already exists for "
		  "these targets [id: 9]'}\n"
		  LIST "\nh X-Total-Count: 1\n< 200 [@pr{'number':9}]\n", 0,
		  "#9 found" },
		{ "409 exists: a longer branch is another one", op_open,
		  CREATE "< 409 {'message':'pull request already exists'}\n"
		  LIST "\nh X-Total-Count: 3\n< 200 [@pr{'number':8,'head':{"
		  "'ref':'promote/staging/web2'}},@pr{'number':10,'base':{"
		  "'ref':'develop'}},@pr{'number':9}]\n", 0, "#9 found" },
		{ "a lost answer, and it is there", op_open,
		  CREATE "< lost\n" LIST "\nh X-Total-Count: 1\n< 200 [@pr]\n",
		  0, "#7 new" },
		{ "a lost answer, and it is not: nothing is sent again",
		  op_open, CREATE "< lost\n" LIST "\nh X-Total-Count: 0\n"
		  "< 200 null\n", ERR_TRANSIENT, "no answer" },
		{ "500 after it acted", op_open,
		  CREATE "< 500 {'message':''}\n"
		  LIST "\nh X-Total-Count: 1\n< 200 [@pr]\n", 0, "#7 new" },
		{ "404 though the branch is there: tried again", op_open,
		  CREATE "< 404 {'message':'The target couldn`t be found.'}\n"
		  HEAD_BRANCH "< 200 {'name':'promote/staging/web'}\n"
		  CREATE "< 201 @pr\n", 0, "#7 new", 1000, 1000 },
		{ "404 and the branch is not there", op_open,
		  CREATE "< 404 {'message':'The target couldn`t be found.'}\n"
		  HEAD_BRANCH "< 404 {'message':'x'}\n", ERR_TRANSIENT,
		  "the branch promote/staging/web is not at" },
		{ "404 for ever is the token", op_open,
		  CREATE "< 404 {}\n" HEAD_BRANCH "< 200 {}\n"
		  CREATE "< 404 {}\n" HEAD_BRANCH "< 200 {}\n"
		  CREATE "< 404 {}\n" HEAD_BRANCH "< 200 {}\n"
		  CREATE "< 404 {}\n", ERR_REFUSED, "Actions token", 7000,
		  7000 },
		{ "an Actions token says so at once", op_open,
		  CREATE "< 404 {'message':'Can`t read pulls'}\n",
		  ERR_REFUSED, "repository: read and write" },
		{ "nothing between", op_open,
		  CREATE "< 422 {'message':'There are no changes between the "
		  "head and the base'}\n", ERR_NOTFOUND, "nothing in" },
		{ "archived", op_open, CREATE "< 423 {'message':'x'}\n",
		  ERR_REFUSED, "archived" },
	};

	(void)state;
	PLAY("gitea", rows);
}

#define NEWEST "> GET /pulls?state=all&sort=recentupdate&limit=50"
#define AT_HEAD(n) "@pr{'number':" #n ",'state':'closed'}"

#define SINCE(at) ",'updated_at':'2026-11-21T" at ":00Z'"
#define OTHER(at) "@pr{'number':6,'head':{'ref':'other'}" SINCE(at) "}"
#define FIVE OTHER("10:00") "," OTHER("10:00") "," OTHER("10:00") ","         \
	     OTHER("10:00") "," OTHER("10:00")
#define PAGE(page, n)                                                          \
	NEWEST page "\nh X-Total-Count: 504\n< 200 [" FIVE "," FIVE "," FIVE   \
	"," FIVE "," FIVE "," FIVE "," FIVE "," FIVE "," FIVE ","             \
	OTHER("10:00") "," OTHER("10:00") "," OTHER("10:00") ","              \
	OTHER("10:00") ",@pr{'number':" #n ",'head':{'ref':'other'}"          \
	SINCE("10:00") "}]\n"
#define FIVE_HUNDRED                                                           \
	VERSION("1.21.0") PAGE("", 11) PAGE("&page=2", 12)                     \
	PAGE("&page=3", 13) PAGE("&page=4", 14) PAGE("&page=5", 15)            \
	PAGE("&page=6", 16) PAGE("&page=7", 17) PAGE("&page=8", 18)            \
	PAGE("&page=9", 19) PAGE("&page=10", 20)

/* One that was closed at 09:00, behind five hundred others. */
#define LAST_PAGE NEWEST "&page=11\nh X-Total-Count: 504\n< 200 ["            \
	OTHER("09:30") ",@pr{'number':4,'state':'closed'" SINCE("09:00") "},"  \
	OTHER("08:00") ",@pr{'number':3,'state':'closed'" SINCE("07:00") "}]\n"

static int op_by_head_since PLAY_OP
{
	int rc;

	play_since_s = 1795251600;	/* 2026-11-21 09:00 */
	rc = op_by_head(f, a, out, err);
	play_since_s = TIME_UNKNOWN;
	return rc;
}

/* First as far back as ever, then further: it is read anew. */
static int op_by_head_further PLAY_OP
{
	return op_by_head(f, a, out, err) < 0 ? -1
					      : op_by_head_since(f, a, out, err);
}

/* Asked twice, and a third time after a change. */
static int op_by_head_again PLAY_OP
{
	if (op_by_head(f, a, out, err) < 0 || op_by_head(f, a, out, err) < 0 ||
	    op_update(f, a, out, err) < 0)
		return -1;
	return op_by_head(f, a, out, err);
}

static void finding(void **state)
{
	static const struct play_row rows[] = {
		{ "asked for 50, the server gives fewer: not the end", op_list,
		  LIST "\nh X-Total-Count: 3\n< 200 [@pr,@pr{'number':8}]\n"
		  LIST "&page=2\nh X-Total-Count: 3\n< 200 [@pr{'number':9}]\n",
		  0, "#7 #8 #9" },
		{ "Link counts before anything else", op_list,
		  LIST "\nh Link: <http://localhost:3000/x?page=2>; "
		  "rel=\"next\"\nh X-Total-Count: 1\n< 200 [@pr]\n"
		  LIST "&page=2\nh Link: <http://localhost:3000/x?page=1>; "
		  "rel=\"prev\"\n< 200 [@pr{'number':8}]\n", 0, "#7 #8" },
		{ "no header tells: until an empty page", op_list,
		  LIST "\n< 200 [@pr]\n" LIST "&page=2\n< 200 [@pr{'number':8}]\n"
		  LIST "&page=3\n< 200 []\n", 0, "#7 #8" },
		{ "a list that knows no pages ends, too", op_list,
		  LIST "\n< 200 [@pr]\n" LIST "&page=2\n< 200 [@pr]\n", 0,
		  "#7" },
		{ "an empty list is null", op_list,
		  LIST "\nh X-Total-Count: 0\n< 200 null\n", 0, "" },
		{ "every row is compared again, nulls and all", op_list,
		  LIST "\nh X-Total-Count: 5\n< 200 ["
		  "@pr{'number':1,'head':{'ref':'feature'}},"
		  "@pr{'number':2,'head':{'repo':null,'repo_id':2}},"
		  "@pr{'number':3,'base':{'ref':'develop'}},"
		  "@pr{'number':4,'head':{'repo':null,'repo_id':1},"
		  "'labels':null,'assignee':null,'assignees':null,"
		  "'mergeable_state':null},"
		  "@pr{'number':5,'state':'closed'}]\n", 0, "#4" },
		{ "by head: newest first, of any state", op_by_head,
		  VERSION("1.21.0") NEWEST "\nh X-Total-Count: 4\n< 200 ["
		  AT_HEAD(4) ",@pr{'number':6,'head':{'ref':'other'}},@pr,"
		  "@pr{'number':8,'base':{'ref':'develop'}}]\n", 0, "#7 #4" },
		{ "by head: read once until something changes",
		  op_by_head_again,
		  VERSION("1.21.0") NEWEST "\nh X-Total-Count: 1\n< 200 [@pr]\n"
		  "> PATCH /pulls/7 {'title':'new title'}\n< 201 @pr\n"
		  NEWEST "\nh X-Total-Count: 1\n< 200 [@pr{'number':8}]\n", 0,
		  "#7#7#8" },
		{ "by head: among the newest five hundred", op_by_head,
		  FIVE_HUNDRED LAST_PAGE, 0, "" },
		{ "by head: or of those that changed since", op_by_head_since,
		  FIVE_HUNDRED LAST_PAGE, 0, "#4" },
		{ "by head: what was not read far enough is read again",
		  op_by_head_further,
		  FIVE_HUNDRED LAST_PAGE NEWEST "\nh X-Total-Count: 2\n< 200 ["
		  AT_HEAD(4) "]\n" NEWEST "&page=2\n< 200 []\n", 0, "#4" },
		{ "by head: Forgejo 16 can be asked", op_by_head,
		  VERSION("16.0.1+gitea-1.22.0")
		  "> GET /pulls?state=all&base=main&head=promote%2Fstaging%2F"
		  "web&limit=50\nh X-Total-Count: 3\n< 200 [" AT_HEAD(4)
		  ",@pr{'number':6,'head':{'ref':'other'}},@pr]\n", 0,
		  "#7 #4" },
		{ "by head: Forgejo 11 cannot", op_by_head,
		  VERSION("11.0.3+gitea-1.22.0")
		  NEWEST "\nh X-Total-Count: 1\n< 200 [@pr]\n", 0, "#7" },
		{ "a token that may not look gets 404", op_list,
		  LIST "\n< 404 {'message':'not found'}\n", ERR_REFUSED,
		  "may not see acme/config" },
		{ "nothing is found: is it a Gitea at all?", op_list,
		  LIST "\n< 404 {'message':'not found'}\n", ERR_REFUSED,
		  "no gitea? --forge" },
		{ "404 on one of them: there is none", op_get,
		  GET7 "< 404 {}\n", ERR_NOTFOUND, "not there" },
		{ "one, merged", op_get,
		  GET7 "< 200 @pr{'state':'closed','merged':true,"
		  "'merged_at':'2026-11-21T10:00:00Z','merge_commit_sha':'@b',"
		  "'closed_at':'0001-01-01T00:00:00Z'}\n", 0,
		  "#7 merged promote/staging/web>main aaaa ours by bot as "
		  "bbbb" },
		{ "the repository", op_repo,
		  "> GET .\n< 200 {'allow_merge_commits':true,"
		  "'allow_squash_merge':false,'allow_rebase':true}\n", 0,
		  "merge 1, squash 0, rebase 1" },
		{ "what is asked of 1.15", op_version, VERSION("1.15.11"), 0, "" },
		{ "what is asked of 1.16", op_version, VERSION("1.16.9"), 0, "pins" },
		{ "what is asked of 1.17", op_version, VERSION("1.17.0+rc1"), 0,
		  "pins arms" },
		{ "what is asked of 2.0", op_version, VERSION("2.0.0"), 0, "pins arms" },
		{ "what is asked of Forgejo 7", op_version,
		  VERSION("7.0.0+gitea-1.21.11"), 0, "pins arms" },
		{ "what is asked of a server that does not tell its version", op_version,
		  "> GET //version\n< 403 {}\n", 0, "" },
		{ "a failing server is not an old one", op_version,
		  "> GET //version\n< 500 {}\n", ERR_TRANSIENT, "500" },
	};

	(void)state;
	PLAY("gitea", rows);
}

#define LABELS "> GET /labels?limit=50\nh X-Total-Count: 2\n"
#define ORG_LABELS "> GET //orgs/acme/labels?limit=50\n"
#define NEW_LABEL(name) "> POST /labels {'name':'" name "','color':'#ededed'}\n"
#define ADD(ids) "> POST /issues/7/labels {'labels':" ids "}\n"
#define REVIEWERS "> POST /pulls/7/requested_reviewers "
#define BRANCH "/branches/promote/staging/we%20b\n"

static void changing(void **state)
{
	static const struct play_row rows[] = {
		{ "a title alone", op_update,
		  "> PATCH /pulls/7 {'title':'new title'}\n< 201 @pr\n", 0, "" },
		{ "closing answers 201", op_close,
		  "> PATCH /pulls/7 {'state':'closed'}\n< 201 @pr\n", 0, "" },
		{ "merged meanwhile", op_close,
		  "> PATCH /pulls/7 {'state':'closed'}\n< 412 {}\n"
		  GET7 "< 200 @pr{'state':'closed','merged':true}\n", 0, "" },
		{ "labels are ids, of the repository and its organisation",
		  op_labels,
		  LABELS "< 200 [{'id':3,'name':'production'},{'id':4,"
		  "'name':'other'}]\n"
		  ORG_LABELS "h X-Total-Count: 1\n< 200 [{'id':9,'name':'bot'}]\n"
		  ADD("[3,9]") "< 200 []\n", 0, "" },
		{ "missing labels are made; a person has no organisation's",
		  op_labels, LABELS "< 200 [{'id':3,'name':'bot'}]\n"
		  "> GET /labels?limit=50&page=2\nh X-Total-Count: 2\n< 200 []\n"
		  ORG_LABELS "< 404 {}\n"
		  NEW_LABEL("production") "< 201 {'id':12}\n"
		  ADD("[12,3]") "< 200 []\n", 0, "" },
		{ "a label that cannot be made: the other is added",
		  op_labels, LABELS "< 200 [{'id':3,'name':'bot'},{'id':4,"
		  "'name':'x'}]\n" ORG_LABELS "< 404 {}\n"
		  NEW_LABEL("production") "< 403 {'message':'no right'}\n"
		  ADD("[3]") "< 200 []\n", ERR_NOTFOUND,
		  "production (403: no right)" },
		{ "reviewers: users and teams", op_reviewers,
		  REVIEWERS "{'reviewers':['ann'],'team_reviewers':['sre']}\n"
		  "< 201 []\n", 0, "" },
		{ "one unknown reviewer is 404", op_reviewers,
		  REVIEWERS "{'reviewers':['ann'],'team_reviewers':['sre']}\n"
		  "< 404 {'message':'user does not exist'}\n"
		  REVIEWERS "{'reviewers':['ann']}\n< 404 {'message':'user "
		  "does not exist'}\n"
		  REVIEWERS "{'team_reviewers':['sre']}\n< 201 []\n",
		  ERR_NOTFOUND, "ann (user does not exist)" },
		{ "a status", op_set_status,
		  "> POST /statuses/" SHA_A " {'state':'pending','context':"
		  "'git-promote/staging','description':'soaking'}\n< 201 {}\n",
		  0, "" },
	};

	(void)state;
	PLAY("gitea", rows);
}

#define STATUS "> GET /commits/" SHA_A "/status?limit=50"

static void statuses(void **state)
{
	static const struct play_row rows[] = {
		{ "the entries' key is `status`", op_statuses,
		  STATUS "\nh X-Total-Count: 6\n< 200 {'state':'failure',"
		  "'statuses':[{'context':'a','status':'success'},"
		  "{'context':'b','status':'error'},"
		  "{'context':'c','status':'failure'},"
		  "{'context':'d','status':'warning'},"
		  "{'context':'e','status':'skipped'},"
		  "{'context':'f','status':'pending'}]}\n", 0,
		  "a=success b=failure c=failure d=neutral e=neutral "
		  "f=pending " },
		{ "none: statuses is null, state and sha are empty",
		  op_statuses, STATUS "\n< 200 {'state':'','sha':'','statuses':"
		  "null,'repository':null}\n", 0, "" },
		{ "more than a page without a word of it", op_statuses,
		  STATUS "\n< 200 {'statuses':[{'context':'a','status':"
		  "'success'}],'total_count':1}\n" STATUS "&page=2\n< 200 {"
		  "'statuses':[{'context':'b','status':'success'}]}\n"
		  STATUS "&page=3\n< 200 {'statuses':null}\n", 0,
		  "a=success b=success " },
	};

	(void)state;
	PLAY("gitea", rows);
}

/* GETs are repeated by the client on 502 to 504, but not on 500. */
static void an_unknown_commit_gives_500(void **state)
{
	static const struct play_row rows[] = {
		{ "unknown commit", op_statuses, STATUS "\n< 500 {}\n"
		  "> GET /git/commits/" SHA_A "\n< 404 {}\n", ERR_NOTFOUND,
		  "does not know the commit" },
		{ "a failing server", op_statuses, STATUS "\n< 500 {}\n"
		  "> GET /git/commits/" SHA_A "\n< 200 {}\n", ERR_TRANSIENT,
		  "500" },
	};

	(void)state;
	PLAY("gitea", rows);
}

#define REVIEWS "> GET /pulls/7/reviews?limit=50\n"
#define NO_REVIEWS REVIEWS "h X-Total-Count: 0\n< 200 null\n"
#define REVIEW(user, state, more) "{'user':{'login':'" user "'},'state':'" \
	state "','commit_id':'@a'" more "}"
#define ONE_REVIEW(state, more) \
	REVIEWS "h X-Total-Count: 1\n< 200 [" REVIEW("ann", state, more) "]\n"
#define MAIN "> GET /branches/main\n"
#define UNPROTECTED MAIN "< 200 {'name':'main','protected':false}\n"
#define COMPUTING GET7 "< 200 @pr{'mergeable':false}\n"

static void readiness(void **state)
{
	static const struct play_row rows[] = {
		{ "ready", op_ready, GET7 "< 200 @pr\n" NO_REVIEWS UNPROTECTED,
		  0, "ready aaaa: can be merged" },
		{ "mergeable false while it computes", op_ready,
		  COMPUTING COMPUTING GET7 "< 200 @pr\n" NO_REVIEWS
		  UNPROTECTED, 0, "ready aaaa: can be merged", 1250, 1250 },
		{ "mergeable false for long is a conflict", op_ready,
		  COMPUTING COMPUTING COMPUTING COMPUTING COMPUTING COMPUTING
		  COMPUTING NO_REVIEWS, 0,
		  "conflict aaaa: conflicts with the base", 20000, 20000 },
		{ "asked once, false says nothing", op_ready_once,
		  COMPUTING NO_REVIEWS, 0, "unknown aaaa: the forge is still "
		  "computing whether it can be merged, or it conflicts" },
		{ "a draft by its title is not waited for", op_ready,
		  GET7 "< 200 @pr{'mergeable':false,'title':'WIP: web'}\n"
		  NO_REVIEWS, 0, "draft aaaa: is a draft (work in progress)" },
		{ "merged", op_ready,
		  GET7 "< 200 @pr{'state':'closed','merged':true}\n", 0,
		  "blocked aaaa: is merged already" },
		{ "approved", op_ready, GET7 "< 200 @pr\n"
		  ONE_REVIEW("APPROVED", ",'official':true,'stale':false")
		  UNPROTECTED, 0, "ready approved aaaa: can be merged" },
		{ "a stale approval", op_ready, GET7 "< 200 @pr\n"
		  ONE_REVIEW("APPROVED", ",'stale':true") UNPROTECTED, 0,
		  "ready aaaa: can be merged" },
		{ "an approval that has no weight", op_ready,
		  GET7 "< 200 @pr\n" ONE_REVIEW("APPROVED", ",'official':false")
		  UNPROTECTED, 0, "ready aaaa: can be merged" },
		{ "a dismissed approval", op_ready, GET7 "< 200 @pr\n"
		  ONE_REVIEW("APPROVED", ",'dismissed':true") UNPROTECTED, 0,
		  "ready aaaa: can be merged" },
		{ "an objection", op_ready, GET7 "< 200 @pr\n"
		  REVIEWS "h X-Total-Count: 2\n< 200 ["
		  REVIEW("ann", "APPROVED", "") ","
		  REVIEW("bob", "REQUEST_CHANGES", "") "]\n" UNPROTECTED, 0,
		  "ready aaaa: can be merged" },
		{ "protection wants approvals", op_ready,
		  GET7 "< 200 @pr\n" ONE_REVIEW("APPROVED", "")
		  MAIN "< 200 {'protected':true,'required_approvals':2}\n", 0,
		  "blocked approved aaaa: has 1 of 2 approvals" },
		{ "protection wants a check that is not there", op_ready,
		  GET7 "< 200 @pr\n" NO_REVIEWS
		  MAIN "< 200 {'protected':true,'enable_status_check':true,"
		  "'status_check_contexts':['ci/*']}\n"
		  STATUS "\nh X-Total-Count: 1\n< 200 {'statuses':[{'context':"
		  "'lint','status':'success'}]}\n", 0,
		  "blocked aaaa: the check ci/* is missing" },
		{ "protection wants a check that is red", op_ready,
		  GET7 "< 200 @pr\n" NO_REVIEWS
		  MAIN "< 200 {'protected':true,'enable_status_check':true,"
		  "'status_check_contexts':['ci/*']}\n"
		  STATUS "\nh X-Total-Count: 1\n< 200 {'statuses':[{'context':"
		  "'ci/unit','status':'failure'}]}\n", 0,
		  "blocked aaaa: the check ci/unit is not green" },
		{ "protection wants what is there", op_ready,
		  GET7 "< 200 @pr\n" ONE_REVIEW("APPROVED", "")
		  MAIN "< 200 {'protected':true,'required_approvals':1,"
		  "'enable_status_check':true,'status_check_contexts':['ci/*'],"
		  "'user_can_merge':true}\n"
		  STATUS "\nh X-Total-Count: 1\n< 200 {'statuses':[{'context':"
		  "'ci/unit','status':'success'}]}\n", 0,
		  "ready approved aaaa: can be merged" },
		{ "the token's user may not merge", op_ready,
		  GET7 "< 200 @pr\n" NO_REVIEWS
		  MAIN "< 200 {'protected':true,'user_can_merge':false}\n", 0,
		  "blocked aaaa: the token's user may not merge into main" },
		{ "the branch cannot be read: the merge will say", op_ready,
		  GET7 "< 200 @pr\n" NO_REVIEWS MAIN "< 403 {}\n", 0,
		  "ready aaaa: can be merged" },
	};

	(void)state;
	PLAY("gitea", rows);
}

#define MERGE "> POST /pulls/7/merge {'Do':'merge','head_commit_id':'@a'," \
	      "'MergeTitleField':'title','MergeMessageField':'message'}\n"
#define LATER MERGE "< 405 {'message':'Please try again later'}\n"
#define MERGED7 GET7 "< 200 @pr{'state':'closed','merged':true," \
		"'merge_commit_sha':'@b'}\n"
#define NEW VERSION("1.21.0")
#define OLD VERSION("1.15.11")

static void merging(void **state)
{
	static const struct play_row rows[] = {
		{ "200 with an empty body", op_merge,
		  NEW MERGE "< 200\n" MERGED7, 0, "merged as bbbb" },
		{ "405 try again later: growing waits", op_merge,
		  NEW LATER LATER LATER MERGE "< 200\n" MERGED7, 0,
		  "merged as bbbb", 3500, 3500 },
		{ "405 for ever is a conflict, or may be", op_merge,
		  NEW LATER LATER LATER LATER LATER LATER LATER
		  GET7 "< 200 @pr\n", ERR_WAIT, "conflicts with the base, or",
		  22750, 22750 },
		{ "409 head out of date", op_merge,
		  NEW MERGE "< 409 {'message':'head out of date'}\n"
		  GET7 "< 200 @pr\n", ERR_RACE, "the head has moved" },
		{ "409: another merge came first", op_merge,
		  NEW MERGE "< 409 {'message':'merge push out of date'}\n"
		  MERGE "< 409 {'message':'PushRejected Error: failed to push "
		  "some refs'}\n" MERGE "< 200\n" MERGED7, 0, "merged as bbbb",
		  1250, 1250 },
		{ "409: protection wants more, says the hook (1.16)", op_merge,
		  NEW MERGE "< 409 {'message':'PushRejected Error: remote: "
		  "Not allowed to push to protected branch main and pull "
		  "request #7 is not ready to be merged'}\n"
		  GET7 "< 200 @pr\n", ERR_WAIT, "not ready", 0, 1 },
		{ "409: protection in fewer words", op_merge,
		  NEW MERGE "< 409 {'message':'PushRejected Error: not ready "
		  "to be merged'}\n" GET7 "< 200 @pr\n", ERR_WAIT,
		  "not ready", 0, 1 },
		{ "405: protection wants more, with the reason", op_merge,
		  NEW MERGE "< 405 {'message':'not allowed to merge [reason: "
		  "Does not have enough approvals]'}\n"
		  GET7 "< 200 @pr\n", ERR_WAIT, "enough approvals", 0, 1 },
		{ "409: a conflict", op_merge,
		  NEW MERGE "< 409 {'message':'merge conflict'}\n"
		  GET7 "< 200 @pr\n", ERR_WAIT, "merge conflict" },
		{ "405 without a word: merged already", op_merge,
		  NEW MERGE "< 405 {'message':''}\n" MERGED7, 0,
		  "merged as bbbb" },
		{ "405 without a word, and open", op_merge,
		  NEW MERGE "< 405 {'message':''}\n" GET7 "< 200 @pr\n",
		  ERR_WAIT, "does not say why" },
		{ "404: closed by a person", op_merge,
		  NEW MERGE "< 404 {}\n" GET7 "< 200 @pr{'state':'closed'}\n",
		  ERR_RACE, "closed" },
		{ "404: merged already (1.15)", op_merge,
		  NEW MERGE "< 404 {}\n" MERGED7, 0, "merged as bbbb" },
		{ "405: no right to merge", op_merge,
		  NEW MERGE "< 405 {'message':'User not allowed to merge PR'}\n"
		  GET7 "< 200 @pr\n", ERR_REFUSED, "not allowed" },
		{ "405: work in progress", op_merge,
		  NEW MERGE "< 405 {'message':'Work in progress PRs cannot be "
		  "merged'}\n" GET7 "< 200 @pr\n", ERR_REFUSED, "draft" },
		{ "423", op_merge, NEW MERGE "< 423 {}\n" GET7 "< 200 @pr\n",
		  ERR_REFUSED, "archived" },
		{ "403", op_merge, NEW MERGE "< 403 {'message':'x'}\n",
		  ERR_REFUSED, "repository: read and write" },
		{ "500 once, and not merged", op_merge,
		  NEW MERGE "< 500 {'message':''}\n" GET7 "< 200 @pr\n"
		  MERGE "< 200\n" MERGED7, 0, "merged as bbbb", 250, 250 },
		{ "500 after it acted", op_merge,
		  NEW MERGE "< 500 {}\n" MERGED7, 0, "merged as bbbb" },
		{ "a lost answer, and it is merged", op_merge,
		  NEW MERGE "< lost\n" MERGED7, 0, "merged as bbbb" },
		{ "a lost answer, and it is not", op_merge,
		  NEW MERGE "< lost\n" GET7 "< 200 @pr\n", ERR_TRANSIENT,
		  "no answer" },
		{ "merged, and the commit is not told", op_merge,
		  NEW MERGE "< 200\n" GET7 "< 500\n", 0, "merged as -" },
		{ "1.15 pins nothing: the head is read just before", op_merge,
		  OLD GET7 "< 200 @pr\n" MERGE "< 200\n" MERGED7, 0,
		  "merged as bbbb" },
		{ "1.15: it is another head", op_merge,
		  OLD GET7 "< 200 @pr{'head':{'sha':'@b'}}\n", ERR_RACE,
		  "another head" },
		{ "1.15: it became another head at the last moment", op_merge,
		  OLD GET7 "< 200 @pr\n" MERGE "< 200\n"
		  GET7 "< 200 @pr{'state':'closed','merged':true,"
		  "'head':{'sha':'@b'}}\n", ERR_RACE,
		  "merged with another head" },
		{ "any method: what the repository allows", op_merge_any,
		  "> GET .\n< 200 {'allow_merge_commits':false,"
		  "'allow_squash_merge':false,'allow_rebase':true}\n"
		  NEW "> POST /pulls/7/merge {'Do':'rebase','head_commit_id':'@a'}\n"
		  "< 200\n" MERGED7, 0, "merged as bbbb" },
	};

	(void)state;
	PLAY("gitea", rows);
}

#define ARM "> POST /pulls/7/merge {'Do':'squash','head_commit_id':'@a'," \
	    "'merge_when_checks_succeed':true}\n"

static void arming(void **state)
{
	static const struct play_row rows[] = {
		{ "201: scheduled", op_arm, NEW GET7 "< 200 @pr\n"
		  ARM "< 201\n" GET7 "< 200 @pr\n", 0, "armed" },
		{ "200: nothing was pending, merged at once", op_arm,
		  NEW GET7 "< 200 @pr\n" ARM "< 200\n" MERGED7, 0, "merged" },
		{ "scheduled already", op_arm, NEW GET7 "< 200 @pr\n"
		  ARM "< 409 {'message':'pull request is already scheduled to "
		  "auto merge'}\n" GET7 "< 200 @pr\n", 0, "armed" },
		{ "still computing", op_arm, NEW GET7 "< 200 @pr\n"
		  ARM "< 405 {'message':'Please try again later'}\n"
		  ARM "< 201\n" GET7 "< 200 @pr\n", 0, "armed", 250, 250 },
		{ "a schedule is not pinned: looked at before", op_arm,
		  NEW GET7 "< 200 @pr{'head':{'sha':'@b'}}\n", ERR_RACE,
		  "another head" },
		{ "and after, and taken back", op_arm,
		  NEW GET7 "< 200 @pr\n" ARM "< 201\n"
		  GET7 "< 200 @pr{'head':{'sha':'@b'}}\n"
		  "> DELETE /pulls/7/merge\n< 204\n", ERR_RACE,
		  "another head" },
		{ "merged already", op_arm, NEW MERGED7, 0, "merged" },
		{ "1.16 would merge at once", op_arm, VERSION("1.16.9"),
		  ERR_REFUSED, "no auto-merge" },
		{ "disarmed", op_disarm, "> DELETE /pulls/7/merge\n< 204\n", 0,
		  "" },
		{ "it was not armed", op_disarm,
		  "> DELETE /pulls/7/merge\n< 404 {}\n", 0, "" },
		{ "disarming without the right", op_disarm,
		  "> DELETE /pulls/7/merge\n< 403 {}\n", ERR_REFUSED, "403" },
	};

	(void)state;
	PLAY("gitea", rows);
	PLAY("forgejo", rows);
}

#define FEED "> GET /activities/feeds?limit=50"
#define ROW(day, ref, content)                                                 \
	"{'op_type':'commit_repo','ref_name':'" ref "','created':'2026-11-"    \
	day "T11:00:00+01:00','content':'" content "'}"
#define HEAD(sha) "\\'HeadCommit\\':{\\'Sha1\\':\\'" sha "\\'}"
#define COMPARED(old, new)                                                     \
	"\\'CompareURL\\':\\'acme/config/compare/" old "..." new "\\'"
#define ONTO_MAIN "refs/heads/main"

static void pushes(void **state)
{
	static const struct play_row rows[] = {
		{ "a push is JSON in JSON", op_pushes, FEED
		  "\nh X-Total-Count: 3\n< 200 ["
		  ROW("22", ONTO_MAIN, "{\\'Commits\\':[{\\'Sha1\\':\\'@b\\'},"
		      "{\\'Sha1\\':\\'@a\\'}]," HEAD("@b") ","
		      COMPARED("@a", "@b") ",\\'Len\\':9}") ","
		  ROW("21", ONTO_MAIN, "{\\'Commits\\':null," HEAD("@a") ","
		      COMPARED("@b", "@a") "}") ","
		  ROW("19", ONTO_MAIN, "{" HEAD("@b") "}") "]\n", 0,
		  "aa>bb@2026-11-22T10:00:00Z bb>aa@2026-11-21T10:00:00Z told" },
		{ "what else happened there is none of it", op_pushes, FEED
		  "\nh X-Total-Count: 7\n< 200 [{'op_type':'merge_pull_request',"
		  "'ref_name':'','content':'7|promote web','created':"
		  "'2026-11-22T10:00:00Z'},"
		  ROW("22", "refs/heads/promote/staging/web",
		      "{" HEAD("@a") "}") ","
		  ROW("22", "refs/tags/main", "{" HEAD("@a") "}") ","
		  ROW("22", ONTO_MAIN, "") "," ROW("22", ONTO_MAIN, "{}") ","
		  ROW("22", ONTO_MAIN, "{\\'HeadCommit\\':null,\\'Commits\\':7}")
		  "," ROW("21", ONTO_MAIN, "{" HEAD("@a") "," COMPARED("main", "@a")
		  "}") "]\n", 0, "->aa@2026-11-21T10:00:00Z told" },
		{ "an older row of any kind ends it", op_pushes, FEED
		  "\n< 200 [{'op_type':'create_issue','created':"
		  "'2026-11-19T10:00:00Z'},"
		  ROW("21", ONTO_MAIN, "{" HEAD("@a") "}") "]\n", 0, "told" },
		{ "pages, until there is nothing more", op_pushes, FEED
		  "\n< 200 [" ROW("22", ONTO_MAIN, "{" HEAD("@b") "}") "]\n"
		  FEED "&page=2\n< 200 [" ROW("21", ONTO_MAIN, "{" HEAD("@a") "}")
		  "]\n" FEED "&page=3\n< 200 null\n", 0,
		  "->bb@2026-11-22T10:00:00Z ->aa@2026-11-21T10:00:00Z told" },
		{ "before 1.20 there is no such list", op_pushes,
		  FEED "\n< 404 {'message':'Not Found'}\n", 0, "not told" },
		{ "no answer is no word", op_pushes,
		  FEED "\n< 500 {}\n", ERR_TRANSIENT, "500" },
	};

	(void)state;
	PLAY("gitea", rows);
	PLAY("forgejo", rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opening),
		cmocka_unit_test(finding),
		cmocka_unit_test(changing),
		cmocka_unit_test(statuses),
		cmocka_unit_test(an_unknown_commit_gives_500),
		cmocka_unit_test(readiness),
		cmocka_unit_test(merging),
		cmocka_unit_test(arming),
		cmocka_unit_test(pushes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
