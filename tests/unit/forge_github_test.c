/* What GitHub does, row by row: forge/github*.c against transcripts. */
#include "tests/unit/forge_play.h"

#define BY_HEAD "> GET /pulls?state=all&head=acme:promote%2Fstaging%2Fweb" \
		"&base=main&sort=created&direction=desc&per_page=100\n"
#define CREATE "> POST /pulls {'title':'promote web','head':" \
	       "'promote/staging/web','base':'main','body':'text'}\n"
#define REF "> GET /git/ref/heads/promote/staging/web\n"
#define COMPARE "> GET /compare/main...promote/staging/web?per_page=1\n"
#define INVALID(text) "< 422 {'message':'Validation Failed','errors':[{" \
		      "'resource':'PullRequest','code':'custom','message':'" \
		      text "'}]}\n"
#define GET7 "> GET /pulls/7\n"

static void opening(void **state)
{
	static const struct play_row rows[] = {
		{ "opened", op_open, CREATE "< 201 @pr\n", 0, "#7 new" },
		{ "422 already exists: the open one is found", op_open,
		  CREATE INVALID("A pull request already exists for acme:x.")
		  BY_HEAD "< 200 [@pr{'number':9}]\n", 0, "#9 found" },
		{ "already exists, and the filter let others through", op_open,
		  CREATE INVALID("A pull request already exists for acme:x.")
		  BY_HEAD "< 200 [@pr{'number':1,'head':{'ref':'other'}},"
		  "@pr{'number':2,'state':'closed'},"
		  "@pr{'number':3,'head':{'repo':{'id':2}}},"
		  "@pr{'number':4,'head':{'repo':null}},"
		  "@pr{'number':5,'base':{'ref':'develop'}},"
		  "@pr{'number':9}]\n", 0, "#9 found" },
		{ "already exists, and then it does not", op_open,
		  CREATE INVALID("A pull request already exists for acme:x.")
		  BY_HEAD "< 200 []\n", ERR_REFUSED, "already exists" },
		{ "a lost answer: it is looked for, and is there", op_open,
		  CREATE "< lost\n" BY_HEAD "< 200 [@pr]\n", 0, "#7 new" },
		{ "a lost answer: what is there is another one", op_open,
		  CREATE "< lost\n" BY_HEAD "< 200 [@pr{'title':'x'}]\n", 0,
		  "#7 found" },
		{ "a lost answer: nothing is there; nothing is sent again",
		  op_open, CREATE "< lost\n" BY_HEAD "< 200 []\n",
		  ERR_TRANSIENT, "no answer" },
		{ "500 after it acted", op_open,
		  CREATE "< 502 {}\n" BY_HEAD "< 200 [@pr]\n", 0, "#7 new" },
		{ "500 and it did not act", op_open,
		  CREATE "< 500 {}\n" BY_HEAD "< 200 []\n", ERR_TRANSIENT,
		  "500" },
		{ "the pushed branch is seen a moment later", op_open,
		  CREATE INVALID("Head sha can`t be blank")
		  REF "< 200 {'ref':'refs/heads/x'}\n"
		  COMPARE "< 200 {'ahead_by':1}\n" CREATE "< 201 @pr\n", 0,
		  "#7 new", 1000, 1000 },
		{ "no commits between, though there are some", op_open,
		  CREATE INVALID("No commits between main and x")
		  REF "< 200 {}\n" COMPARE "< 200 {'ahead_by':1}\n"
		  CREATE INVALID("No commits between main and x")
		  REF "< 200 {}\n" COMPARE "< 200 {'ahead_by':1}\n"
		  CREATE "< 201 @pr\n", 0, "#7 new", 3000, 3000 },
		{ "no commits between: nothing to do", op_open,
		  CREATE INVALID("No commits between main and x")
		  REF "< 200 {}\n" COMPARE "< 200 {'ahead_by':0}\n",
		  ERR_NOTFOUND, "nothing in promote/staging/web" },
		{ "the branch is not there: not tried again", op_open,
		  CREATE INVALID("Head sha can`t be blank")
		  REF "< 404 {'message':'Not Found'}\n", ERR_TRANSIENT,
		  "branch promote/staging/web is not at" },
		{ "never seen: given up after a few seconds", op_open,
		  CREATE INVALID("not all refs are readable")
		  REF "< 200 {}\n" COMPARE "< 200 {'ahead_by':1}\n"
		  CREATE INVALID("not all refs are readable")
		  REF "< 200 {}\n" COMPARE "< 200 {'ahead_by':1}\n"
		  CREATE INVALID("not all refs are readable")
		  REF "< 200 {}\n" COMPARE "< 200 {'ahead_by':1}\n"
		  CREATE INVALID("not all refs are readable")
		  REF "< 200 {}\n" COMPARE "< 200 {'ahead_by':1}\n",
		  ERR_REFUSED, "contents: read", 7000, 7000 },
		{ "any other 422 is final", op_open,
		  CREATE "< 422 {'message':'Validation Failed','errors':[{"
		  "'resource':'PullRequest','field':'base','code':'invalid'}"
		  "]}\n", ERR_REFUSED, "base invalid" },
		{ "the token of Actions", op_open,
		  CREATE "< 403 {'message':'GitHub Actions is not permitted to "
		  "create or approve pull requests.'}\n", ERR_REFUSED,
		  "Workflow permissions" },
		{ "a token without the right", op_open,
		  CREATE "h X-Accepted-GitHub-Permissions: pull_requests=write\n"
		  "< 403 {'message':'Resource not accessible by personal access "
		  "token'}\n", ERR_REFUSED,
		  "needs the permission pull_requests=write" },
		{ "a token without the right, and no header", op_open,
		  CREATE "< 403 {'message':'Resource not accessible'}\n",
		  ERR_REFUSED, "pull requests: read and write" },
		{ "404 is not taken for nothing to do", op_open,
		  CREATE "< 404 {'message':'Not Found'}\n", ERR_REFUSED,
		  "may not see acme/config" },
		{ "a wrong token", op_open,
		  CREATE "< 401 {'message':'Bad credentials'}\n", ERR_REFUSED,
		  "PROMOTE_TOKEN" },
		{ "a 201 without a number", op_open,
		  CREATE "< 201 {}\n", ERR_DATA, "no number" },
	};

	(void)state;
	PLAY("github", rows);
}

#define TIMES_8(s) s s s s s s s s
#define LIST "> GET /pulls?state=open&base=main&per_page=100"

static void finding(void **state)
{
	static const struct play_row rows[] = {
		{ "every row is compared again", op_list,
		  LIST "\n< 200 [@pr{'number':1,'head':{'ref':'feature'}},"
		  "@pr{'number':2,'state':'closed'},"
		  "@pr{'number':3,'head':{'repo':{'id':2}}},"
		  "@pr{'number':4,'base':{'ref':'develop'}},"
		  "@pr{'number':5}]\n", 0, "#5" },
		{ "pages go on while Link has a next, also after a short one",
		  op_list, LIST "\nh Link: <https://elsewhere.example/?page=2>; "
		  "rel=\"next\"\n< 200 [@pr]\n"
		  LIST "&page=2\nh Link: <https://forge.example/x>; "
		  "rel=\"next\", <https://forge.example/y>; rel=\"last\"\n"
		  "< 200 [@pr{'number':8}]\n"
		  LIST "&page=3\nh Link: <https://forge.example/x>; "
		  "rel=\"first\"\n< 200 [@pr{'number':9}]\n", 0, "#7 #8 #9" },
		{ "a row that slipped to the next page counts once", op_list,
		  LIST "\nh Link: <x>; rel=\"next\"\n< 200 [@pr]\n"
		  LIST "&page=2\n< 200 [@pr,@pr{'number':8}]\n", 0, "#7 #8" },
		{ "not JSON", op_list, LIST "\nh Content-Type: text/html\n"
		  "t 200 <html>\n", ERR_DATA, "--forge-url" },
		{ "not a list", op_list, LIST "\n< 200 {'rows':[]}\n",
		  ERR_DATA, "API" },
		{ "moved: no redirect is followed with a token", op_list,
		  LIST "\nh Location: https://forge.example/api/v3/"
		  "repositories/1/pulls\n< 301 {'message':'Moved Permanently'}\n",
		  ERR_USAGE, "--repo" },
		{ "a sign-in page", op_list,
		  LIST "\nh Location: https://forge.example/login\n< 302\n",
		  ERR_DATA, "token" },
		{ "404 may mean no right", op_list,
		  LIST "\n< 404 {'message':'Not Found'}\n", ERR_REFUSED,
		  "may not see acme/config" },
		{ "404 on one of them: there is none", op_get,
		  GET7 "< 404 {'message':'Not Found'}\n", ERR_NOTFOUND,
		  "not there" },
		{ "nested too deep", op_list, LIST "\n"
		  "t 200 " TIMES_8("[[[[[[[[[") TIMES_8("]]]]]]]]]") "\n",
		  ERR_DATA, "API" },
		{ "an open one whose head is no commit id", op_list,
		  LIST "\n< 200 [@pr{'head':{'sha':'--upload-pack=x'}}]\n",
		  ERR_DATA, "id of its head" },
		{ "by head, any state", op_by_head,
		  BY_HEAD "< 200 [@pr{'number':9,'state':'closed'},@pr]\n", 0,
		  "#9 #7" },
		{ "one, merged", op_get,
		  GET7 "< 200 @pr{'state':'closed','merged':true,"
		  "'merged_at':'2026-11-21T10:00:00Z','merge_commit_sha':'@b',"
		  "'labels':[{'name':'production'}]}\n", 0,
		  "#7 merged promote/staging/web>main aaaa ours by bot as bbbb "
		  "[production]" },
		{ "one, open: the trial merge is not its merge", op_get,
		  GET7 "< 200 @pr{'merge_commit_sha':'@b','draft':true,"
		  "'auto_merge':{'merge_method':'squash'},'user':null}\n", 0,
		  "#7 open promote/staging/web>main aaaa ours draft armed by  "
		  "as -" },
		{ "the repository", op_repo,
		  "> GET .\n< 200 {'allow_merge_commit':false,"
		  "'allow_squash_merge':true,'allow_rebase_merge':false}\n", 0,
		  "merge 0, squash 1, rebase 0" },
		{ "what is not told of the repository is allowed", op_repo,
		  "> GET .\n< 200 {}\n", 0,
		  "merge 1, squash 1, rebase 1" },
	};

	(void)state;
	PLAY("github", rows);
}

static void changing(void **state)
{
	static const struct play_row rows[] = {
		{ "a title alone", op_update,
		  "> PATCH /pulls/7 {'title':'new title'}\n< 200 @pr\n", 0, "" },
		{ "closed", op_close,
		  "> PATCH /pulls/7 {'state':'closed'}\n< 200 @pr\n", 0, "" },
		{ "closed already, says the pull request", op_close,
		  "> PATCH /pulls/7 {'state':'closed'}\n< 422 {}\n"
		  GET7 "< 200 @pr{'state':'closed'}\n", 0, "" },
		{ "closing, and the answer was lost", op_close,
		  "> PATCH /pulls/7 {'state':'closed'}\n< lost\n"
		  GET7 "< 200 @pr{'state':'closed'}\n", 0, "" },
		{ "not closed", op_close,
		  "> PATCH /pulls/7 {'state':'closed'}\n< 422 {'message':'no'}\n"
		  GET7 "< 200 @pr\n", ERR_REFUSED, "no" },
		{ "labels", op_labels,
		  "> POST /issues/7/labels {'labels':['production','bot']}\n"
		  "< 200 []\n", 0, "" },
		{ "one label is not taken", op_labels,
		  "> POST /issues/7/labels {'labels':['production','bot']}\n"
		  "< 422 {'message':'Validation Failed'}\n"
		  "> POST /issues/7/labels {'labels':['production']}\n"
		  "< 200 []\n"
		  "> POST /issues/7/labels {'labels':['bot']}\n"
		  "< 422 {'message':'too long'}\n", ERR_NOTFOUND,
		  "bot (too long)" },
		{ "reviewers: users and teams", op_reviewers,
		  "> POST /pulls/7/requested_reviewers {'reviewers':['ann'],"
		  "'team_reviewers':['sre']}\n< 201 {}\n", 0, "" },
		{ "one bad name does not keep the others out", op_reviewers,
		  "> POST /pulls/7/requested_reviewers {'reviewers':['ann'],"
		  "'team_reviewers':['sre']}\n< 422 {'message':'Reviews may "
		  "only be requested from collaborators'}\n"
		  "> POST /pulls/7/requested_reviewers {'reviewers':['ann']}\n"
		  "< 422 {'message':'not a collaborator'}\n"
		  "> POST /pulls/7/requested_reviewers {'team_reviewers':"
		  "['sre']}\n< 201 {}\n", ERR_NOTFOUND,
		  "ann (not a collaborator)" },
		{ "reviewers without the right", op_reviewers,
		  "> POST /pulls/7/requested_reviewers {'reviewers':['ann'],"
		  "'team_reviewers':['sre']}\n< 403 {'message':'no'}\n",
		  ERR_REFUSED, "pull requests: read and write" },
		{ "a status", op_set_status,
		  "> POST /statuses/" SHA_A " {'state':'pending','context':"
		  "'git-promote/staging','description':'soaking'}\n< 201 {}\n",
		  0, "" },
	};

	(void)state;
	PLAY("github", rows);
}

#define STATUS "> GET /commits/" SHA_A "/status?per_page=100\n"
#define CHECKS "> GET /commits/" SHA_A "/check-runs?filter=latest&per_page=100"
#define RUN(name, status, conclusion)                                          \
	"{'name':'" name "','status':'" status "','conclusion':" conclusion    \
	",'completed_at':'2026-11-21T09:00:00Z'}"

static void statuses(void **state)
{
	static const struct play_row rows[] = {
		{ "both kinds, and what each word means", op_statuses,
		  STATUS "< 200 {'state':'failure','total_count':2,'statuses':["
		  "{'context':'ci','state':'success'},"
		  "{'context':'lint','state':'error'}]}\n"
		  CHECKS "\n< 200 {'total_count':5,'check_runs':["
		  RUN("a", "completed", "'skipped'") ","
		  RUN("b", "completed", "'neutral'") ","
		  RUN("c", "completed", "'startup_failure'") ","
		  RUN("d", "in_progress", "null") ","
		  RUN("e", "completed", "'success'") "]}\n", 0,
		  "ci=success lint=failure a=neutral b=neutral c=failure "
		  "d=pending e=success " },
		{ "check runs are paged, too", op_statuses,
		  STATUS "< 200 {'state':'pending','statuses':[]}\n"
		  CHECKS "\nh Link: <x>; rel=\"next\"\n< 200 {'check_runs':["
		  RUN("a", "completed", "'success'") "]}\n"
		  CHECKS "&page=2\n< 200 {'check_runs':["
		  RUN("b", "completed", "'failure'") "]}\n", 0,
		  "a=success b=failure " },
		{ "403 on check runs is unknown, not green", op_statuses,
		  STATUS "< 200 {'state':'success','statuses':["
		  "{'context':'ci','state':'success'}]}\n"
		  CHECKS "\n< 403 {'message':'Resource not accessible'}\n", 0,
		  "ci=success checks unknown" },
		{ "a failing server is not unknown", op_statuses,
		  STATUS "< 200 {'statuses':[]}\n" CHECKS "\n< 500 {}\n",
		  ERR_TRANSIENT, "500" },
		{ "no right to the statuses", op_statuses,
		  STATUS "< 403 {'message':'Resource not accessible'}\n",
		  ERR_REFUSED, "commit statuses: read" },
		{ "the newest of a name counts", op_statuses,
		  STATUS "< 200 {'statuses':["
		  "{'context':'ci','state':'failure',"
		  "'updated_at':'2026-11-21T08:00:00Z'},"
		  "{'context':'ci','state':'success',"
		  "'updated_at':'2026-11-21T09:00:00Z'},"
		  "{'context':'ci','state':'pending',"
		  "'updated_at':'2026-11-21T07:00:00Z'}]}\n"
		  CHECKS "\n< 200 {'check_runs':[]}\n", 0, "ci=success " },
	};

	(void)state;
	PLAY("github", rows);
}

#define REVIEWS "> GET /pulls/7/reviews?per_page=100\n"
#define REVIEW(user, state, sha)                                               \
	"{'user':{'login':'" user "'},'state':'" state "','commit_id':'" sha   \
	"','author_association':'MEMBER'}"
#define NO_REVIEWS REVIEWS "< 200 []\n"
#define QUEUE_QUERY "> POST GRAPHQL {'query':'query($id:ID!){node(id:$id)" \
		    "{...on PullRequest{isInMergeQueue isMergeQueueEnabled}}}'," \
		    "'variables':{'id':'PR_7'}}\n"
#define NO_QUEUE QUEUE_QUERY "< 200 {'data':{'node':{'isInMergeQueue':false," \
			     "'isMergeQueueEnabled':false}}}\n"

static void readiness(void **state)
{
	static const struct play_row rows[] = {
		{ "clean", op_ready, GET7 "< 200 @pr\n" NO_REVIEWS NO_QUEUE, 0,
		  "ready aaaa: can be merged" },
		{ "unstable is ready: nothing required is red", op_ready,
		  GET7 "< 200 @pr{'mergeable_state':'unstable'}\n"
		  NO_REVIEWS NO_QUEUE, 0,
		  "ready aaaa: can be merged; some checks are not green" },
		{ "mergeable null is polled with growing pauses", op_ready,
		  GET7 "< 200 @pr{'mergeable':null,'mergeable_state':'unknown'}\n"
		  GET7 "< 200 @pr{'mergeable':null,'mergeable_state':'unknown'}\n"
		  GET7 "< 200 @pr\n" NO_REVIEWS NO_QUEUE, 0,
		  "ready aaaa: can be merged", 3000, 3000 },
		{ "null for ever ends at the limit", op_ready,
		  GET7 "< 200 @pr{'mergeable':null,'mergeable_state':'unknown'}\n"
		  GET7 "< 200 @pr{'mergeable':null,'mergeable_state':'unknown'}\n"
		  GET7 "< 200 @pr{'mergeable':null,'mergeable_state':'unknown'}\n"
		  GET7 "< 200 @pr{'mergeable':null,'mergeable_state':'unknown'}\n"
		  GET7 "< 200 @pr{'mergeable':null,'mergeable_state':'unknown'}\n"
		  GET7 "< 200 @pr{'mergeable':null,'mergeable_state':'unknown'}\n"
		  NO_REVIEWS NO_QUEUE, 0,
		  "unknown aaaa: the forge is still computing whether it can "
		  "be merged", 20000, 20000 },
		{ "null with a state from before", op_ready_once,
		  GET7 "< 200 @pr{'mergeable':null,'mergeable_state':'clean'}\n"
		  NO_REVIEWS NO_QUEUE, 0,
		  "unknown aaaa: the forge is still computing whether it can "
		  "be merged" },
		{ "blocked", op_ready,
		  GET7 "< 200 @pr{'mergeable_state':'blocked'}\n"
		  NO_REVIEWS NO_QUEUE, 0, "blocked aaaa: branch protection "
		  "asks for an approval or a check" },
		{ "behind", op_ready,
		  GET7 "< 200 @pr{'mergeable_state':'behind'}\n" NO_REVIEWS, 0,
		  "behind aaaa: must be brought up to date first" },
		{ "conflict", op_ready,
		  GET7 "< 200 @pr{'mergeable':false,'mergeable_state':'dirty'}\n"
		  NO_REVIEWS, 0, "conflict aaaa: conflicts with the base" },
		{ "draft", op_ready,
		  GET7 "< 200 @pr{'draft':true,'mergeable_state':'draft'}\n"
		  NO_REVIEWS, 0, "draft aaaa: is a draft" },
		{ "armed", op_ready,
		  GET7 "< 200 @pr{'mergeable_state':'blocked',"
		  "'auto_merge':{'merge_method':'merge'}}\n" NO_REVIEWS, 0,
		  "queued aaaa: auto-merge is armed" },
		{ "armed, but a conflict does not land", op_ready,
		  GET7 "< 200 @pr{'mergeable':false,'mergeable_state':'dirty',"
		  "'auto_merge':{'merge_method':'merge'}}\n" NO_REVIEWS, 0,
		  "conflict aaaa: conflicts with the base" },
		{ "in the merge queue", op_ready,
		  GET7 "< 200 @pr{'mergeable_state':'blocked'}\n" NO_REVIEWS
		  QUEUE_QUERY "< 200 {'data':{'node':{'isInMergeQueue':true,"
		  "'isMergeQueueEnabled':true}}}\n", 0,
		  "queued aaaa: is in the merge queue" },
		{ "a server without merge queues", op_ready,
		  GET7 "< 200 @pr\n" NO_REVIEWS QUEUE_QUERY "< 200 {'data':null,"
		  "'errors':[{'message':'Field `isInMergeQueue` does not "
		  "exist'}]}\n", 0, "ready aaaa: can be merged" },
		{ "closed", op_ready, GET7 "< 200 @pr{'state':'closed'}\n", 0,
		  "blocked aaaa: is closed" },
		{ "approved at this head", op_ready,
		  GET7 "< 200 @pr\n" REVIEWS "< 200 ["
		  REVIEW("ann", "APPROVED", "@a") "]\n" NO_QUEUE, 0,
		  "ready approved aaaa: can be merged" },
		{ "approved an older head", op_ready,
		  GET7 "< 200 @pr\n" REVIEWS "< 200 ["
		  REVIEW("ann", "APPROVED", "@b") "]\n" NO_QUEUE, 0,
		  "ready aaaa: can be merged" },
		{ "the last word of a reviewer counts", op_ready,
		  GET7 "< 200 @pr\n" REVIEWS "< 200 ["
		  REVIEW("ann", "APPROVED", "@a") ","
		  REVIEW("ann", "CHANGES_REQUESTED", "@a") "]\n" NO_QUEUE, 0,
		  "ready aaaa: can be merged" },
		{ "a comment does not take an approval back", op_ready,
		  GET7 "< 200 @pr\n" REVIEWS "< 200 ["
		  REVIEW("ann", "APPROVED", "@a") ","
		  REVIEW("ann", "COMMENTED", "@a") "]\n" NO_QUEUE, 0,
		  "ready approved aaaa: can be merged" },
		{ "a dismissal does", op_ready,
		  GET7 "< 200 @pr\n" REVIEWS "< 200 ["
		  REVIEW("ann", "APPROVED", "@a") ","
		  REVIEW("ann", "DISMISSED", "@a") "]\n" NO_QUEUE, 0,
		  "ready aaaa: can be merged" },
		{ "somebody else objects", op_ready,
		  GET7 "< 200 @pr\n" REVIEWS "< 200 ["
		  REVIEW("bob", "CHANGES_REQUESTED", "@b") ","
		  REVIEW("ann", "APPROVED", "@a") "]\n" NO_QUEUE, 0,
		  "ready aaaa: can be merged" },
		{ "a passer-by approves", op_ready,
		  GET7 "< 200 @pr\n" REVIEWS "< 200 [{'user':{'login':'x'},"
		  "'state':'APPROVED','commit_id':'@a',"
		  "'author_association':'NONE'}]\n" NO_QUEUE, 0,
		  "ready aaaa: can be merged" },
		{ "reviews that cannot be read are none", op_ready,
		  GET7 "< 200 @pr\n" REVIEWS "< 403 {'message':'no'}\n"
		  NO_QUEUE, 0, "ready aaaa: can be merged" },
	};

	(void)state;
	PLAY("github", rows);
}

#define PUT(method) "> PUT /pulls/7/merge {'sha':'@a','merge_method':'" method \
		    "','commit_title':'title','commit_message':'message'}\n"
#define REPO_ALL "> GET .\n< 200 {'default_branch':'main'}\n"
#define BASE_MOVED PUT("merge") "< 405 {'message':'Base branch was modified. " \
		   "Review and try the merge again.'}\n"
#define MERGED7 "@pr{'state':'closed','merged':true,'merge_commit_sha':'@b'," \
		"'merged_at':'2026-11-21T10:00:00Z'}"
#define ENQUEUE "> POST GRAPHQL {'query':'mutation($id:ID!,$head:GitObjectID!)" \
		"{enqueuePullRequest(input:{pullRequestId:$id,expectedHeadOid:" \
		"$head}){clientMutationId}}','variables':{'id':'PR_7'," \
		"'head':'@a'}}\n"
#define QUEUE_405 "< 405 {'message':'Changes must be made through the merge " \
		  "queue'}\n"

static void merging(void **state)
{
	static const struct play_row rows[] = {
		{ "merged, pinned to its head", op_merge,
		  PUT("merge") "< 200 {'merged':true,'sha':'@b'}\n", 0,
		  "merged as bbbb" },
		{ "base was modified: tried three times more", op_merge,
		  BASE_MOVED BASE_MOVED BASE_MOVED
		  PUT("merge") "< 200 {'merged':true,'sha':'@b'}\n", 0,
		  "merged as bbbb", 7000, 7000 },
		{ "base is modified for ever", op_merge,
		  BASE_MOVED BASE_MOVED BASE_MOVED BASE_MOVED
		  GET7 "< 200 @pr\n", ERR_WAIT, "Base branch" },
		{ "any other 405 is final", op_merge,
		  PUT("merge") "< 405 {'message':'Required status check ci is "
		  "expected.'}\n" GET7 "< 200 @pr\n", ERR_WAIT,
		  "Required status check" },
		{ "405: not mergeable", op_merge,
		  PUT("merge") "< 405 {'message':'Pull Request is not "
		  "mergeable'}\n" GET7 "< 200 @pr\n", ERR_WAIT,
		  "not mergeable" },
		{ "405: it is a draft", op_merge,
		  PUT("merge") "< 405 {'message':'Pull Request is still a "
		  "draft'}\n" GET7 "< 200 @pr\n", ERR_REFUSED, "draft" },
		{ "405: merged already, with that head", op_merge,
		  PUT("merge") "< 405 {'message':'Pull Request is not "
		  "mergeable'}\n" GET7 "< 200 " MERGED7 "\n", 0,
		  "merged as bbbb" },
		{ "405: the head is another", op_merge,
		  PUT("merge") "< 405 {'message':'Pull Request is not "
		  "mergeable'}\n" GET7 "< 200 @pr{'head':{'sha':'@b'}}\n",
		  ERR_RACE, "another head" },
		{ "405: a person closed it", op_merge,
		  PUT("merge") "< 405 {'message':'Pull Request is not "
		  "mergeable'}\n" GET7 "< 200 @pr{'state':'closed'}\n",
		  ERR_RACE, "closed" },
		{ "409: the head moved", op_merge,
		  PUT("merge") "< 409 {'message':'Head branch was modified. "
		  "Review and try the merge again.'}\n"
		  GET7 "< 200 @pr\n", ERR_RACE, "Head branch was modified" },
		{ "403", op_merge, PUT("merge") "< 403 {'message':'Resource "
		  "not accessible by integration'}\n", ERR_REFUSED,
		  "contents: read and write" },
		{ "a lost answer, and it is merged", op_merge,
		  PUT("merge") "< lost\n" GET7 "< 200 " MERGED7 "\n", 0,
		  "merged as bbbb" },
		{ "a lost answer, and it is not: nothing is sent again",
		  op_merge, PUT("merge") "< lost\n" GET7 "< 200 @pr\n",
		  ERR_TRANSIENT, "no answer" },
		{ "502 after it acted", op_merge,
		  PUT("merge") "< 502\n" GET7 "< 200 " MERGED7 "\n", 0,
		  "merged as bbbb" },
		{ "a lost answer, and another head", op_merge,
		  PUT("merge") "< lost\n" GET7 "< 200 @pr{'head':{'sha':'@b'}}\n",
		  ERR_RACE, "another head" },
		{ "a merge queue: put into it", op_merge,
		  PUT("merge") QUEUE_405 GET7 "< 200 @pr\n" ENQUEUE
		  "< 200 {'data':{'enqueuePullRequest':{}}}\n", ERR_WAIT,
		  "in the merge queue" },
		{ "in the merge queue already", op_merge,
		  PUT("merge") QUEUE_405 GET7 "< 200 @pr\n" ENQUEUE
		  "< 200 {'data':null,'errors':[{'message':'Pull request is "
		  "already in the queue'}]}\n", ERR_WAIT, "in the merge queue" },
		{ "the merge queue does not take it", op_merge,
		  PUT("merge") QUEUE_405 GET7 "< 200 @pr\n" ENQUEUE
		  "< 200 {'data':null,'errors':[{'message':'Resource not "
		  "accessible by integration'}]}\n", ERR_REFUSED,
		  "pull requests: read and write" },
		{ "any method: the first that the repository allows",
		  op_merge_any,
		  "> GET .\n< 200 {'default_branch':'main',"
		  "'allow_merge_commit':false,'allow_squash_merge':true}\n"
		  PUT("squash") "< 200 {'merged':true,'sha':'@b'}\n", 0,
		  "merged as bbbb" },
		{ "any method: the refusals tell what settings do not",
		  op_merge_any, REPO_ALL
		  PUT("merge") "< 405 {'message':'Merge commits are not allowed "
		  "on this repository.'}\n"
		  PUT("squash") "< 405 {'message':'Squash merges are not "
		  "allowed on this repository.'}\n"
		  "> PUT /pulls/7/merge {'sha':'@a','merge_method':'rebase'}\n"
		  "< 200 {'merged':true,'sha':'@b'}\n", 0, "merged as bbbb" },
		{ "a method that was asked for is not changed", op_merge,
		  PUT("merge") "< 405 {'message':'Merge commits are not allowed "
		  "on this repository.'}\n" GET7 "< 200 @pr\n", ERR_REFUSED,
		  "not allowed" },
	};

	(void)state;
	PLAY("github", rows);
}

#define ARM "> POST GRAPHQL {'query':'mutation($id:ID!,$head:GitObjectID!," \
	    "$method:PullRequestMergeMethod!){enablePullRequestAutoMerge(input:" \
	    "{pullRequestId:$id,expectedHeadOid:$head,mergeMethod:$method})" \
	    "{clientMutationId}}','variables':{'id':'PR_7','head':'@a'," \
	    "'method':'SQUASH'}}\n"
#define ARM_ERROR(text) ARM "< 200 {'data':{'enablePullRequestAutoMerge':null}," \
			"'errors':[{'type':'UNPROCESSABLE','message':'" text "'}]}\n"
#define PUT_BARE "> PUT /pulls/7/merge {'sha':'@a','merge_method':'squash'}\n"
#define DISARM "> POST GRAPHQL {'query':'mutation($id:ID!){" \
	       "disablePullRequestAutoMerge(input:{pullRequestId:$id})" \
	       "{clientMutationId}}','variables':{'id':'PR_7'}}\n"

static void arming(void **state)
{
	static const struct play_row rows[] = {
		{ "armed", op_arm, ARM "< 200 {'data':{}}\n", 0, "armed" },
		{ "clean: nothing to wait for, so it is merged", op_arm,
		  ARM_ERROR("Pull request Pull request is in clean status")
		  PUT_BARE "< 200 {'merged':true,'sha':'@b'}\n", 0, "merged" },
		{ "unstable: likewise", op_arm,
		  ARM_ERROR("Pull request Pull request is in unstable status")
		  PUT_BARE "< 200 {'merged':true,'sha':'@b'}\n", 0, "merged" },
		{ "no protection to wait for: likewise", op_arm,
		  ARM_ERROR("Pull request Protected branch rules not configured "
		  "for this branch")
		  PUT_BARE "< 200 {'merged':true,'sha':'@b'}\n", 0, "merged" },
		{ "clean, and the merge finds a queue", op_arm,
		  ARM_ERROR("Pull request Pull request is in clean status")
		  PUT_BARE QUEUE_405 GET7 "< 200 @pr\n" ENQUEUE
		  "< 200 {'data':{}}\n", 0, "armed" },
		{ "the repository does not allow it", op_arm,
		  ARM_ERROR("Auto merge is not allowed for this repository"),
		  ERR_REFUSED, "settings" },
		{ "the token may not", op_arm,
		  ARM_ERROR("Resource not accessible by personal access token"),
		  ERR_REFUSED, "pull requests: read and write" },
		{ "the head moved", op_arm,
		  ARM_ERROR("Head branch was modified. Review and try again."),
		  ERR_RACE, "moved" },
		{ "not computed yet", op_arm,
		  ARM_ERROR("Pull request is in UNKNOWN status"), ERR_WAIT,
		  "UNKNOWN" },
		{ "a rate limit comes with 200", op_arm,
		  ARM "< 200 {'errors':[{'type':'RATE_LIMITED','message':'API "
		  "rate limit exceeded for user'}]}\n", ERR_TRANSIENT,
		  "limits the rate" },
		{ "GraphQL that is not there", op_arm,
		  ARM "h Content-Type: text/html\nt 200 <html>\n", ERR_DATA,
		  "API" },
		{ "disarmed", op_disarm, NO_QUEUE DISARM "< 200 {'data':{}}\n",
		  0, "" },
		{ "it was not armed", op_disarm, NO_QUEUE DISARM
		  "< 200 {'errors':[{'message':'Can`t disable auto-merge for "
		  "this pull request.'}]}\n", 0, "" },
		{ "taken out of the queue", op_disarm,
		  QUEUE_QUERY "< 200 {'data':{'node':{'isInMergeQueue':true}}}\n"
		  "> POST GRAPHQL {'query':'mutation($id:ID!){"
		  "dequeuePullRequest(input:{id:$id}){clientMutationId}}',"
		  "'variables':{'id':'PR_7'}}\n< 200 {'data':{}}\n", 0, "" },
	};

	(void)state;
	PLAY("github", rows);
}

static void rate_limits(void **state)
{
	static const struct play_row rows[] = {
		{ "Retry-After is obeyed", op_get,
		  GET7 "h Retry-After: 42\n< 429 {}\n" GET7 "< 200 @pr\n", 0,
		  "#7 open promote/staging/web>main aaaa ours by bot as -",
		  42000, 42000 },
		{ "a limited write was not done: it is sent again", op_open,
		  CREATE "h Retry-After: 60\n< 403 {'message':'You have "
		  "exceeded a secondary rate limit'}\n" CREATE "< 201 @pr\n", 0,
		  "#7 new", 60000, 60000 },
		{ "a secondary limit without a time: a minute, doubling",
		  op_get,
		  GET7 "h X-RateLimit-Remaining: 4000\n< 403 {'message':'You "
		  "have exceeded a secondary rate limit.'}\n"
		  GET7 "< 403 {'message':'You have exceeded a secondary rate "
		  "limit.'}\n" GET7 "< 200 @pr\n", 0,
		  "#7 open promote/staging/web>main aaaa ours by bot as -",
		  180000, 180000 },
		{ "longer than the run: it says for how long", op_get,
		  GET7 "h Retry-After: 3000\n< 429 {}\n", ERR_TRANSIENT,
		  "run again in 50m", 0, 1 },
		{ "none remaining, reset in the past: a moment", op_get,
		  GET7 "h X-RateLimit-Remaining: 0\nh X-RateLimit-Reset: 1000\n"
		  "< 403 {'message':'API rate limit exceeded'}\n"
		  GET7 "< 200 @pr\n", 0,
		  "#7 open promote/staging/web>main aaaa ours by bot as -",
		  1000, 1000 },
		{ "none remaining, reset by the server's clock, not by ours",
		  op_get, GET7 "h X-RateLimit-Remaining: 0\n"
		  "h Date: Thu, 01 Jan 1970 00:15:00 GMT\n"
		  "h X-RateLimit-Reset: 1000\n"
		  "< 403 {'message':'API rate limit exceeded'}\n"
		  GET7 "< 200 @pr\n", 0,
		  "#7 open promote/staging/web>main aaaa ours by bot as -",
		  100000, 100000 },
		{ "none remaining, reset beyond the run", op_get,
		  GET7 "h X-RateLimit-Remaining: 0\n"
		  "h X-RateLimit-Reset: 99999999999999999999\n"
		  "< 403 {'message':'API rate limit exceeded'}\n",
		  ERR_TRANSIENT, "limits the rate" },
		{ "limited for ever", op_get,
		  GET7 "h Retry-After: 1\n< 429 {}\n"
		  GET7 "h Retry-After: 1\n< 429 {}\n"
		  GET7 "h Retry-After: 1\n< 429 {}\n"
		  GET7 "h Retry-After: 1\n< 429 {}\n", ERR_TRANSIENT,
		  "run again in 1s", 3000, 3000 },
		{ "any other 403 is none", op_get,
		  GET7 "h X-RateLimit-Remaining: 100\n< 403 {'message':'Must "
		  "have admin rights'}\n", ERR_REFUSED, "admin" },
	};

	(void)state;
	PLAY("github", rows);
}

/* 80 content-creating calls a minute are allowed: 100 take longer. */
#define PUSHES "> GET /activity?ref=refs%2Fheads%2Fmain&per_page=100"
#define PUSH(before, after, day, more)                                         \
	"{'before':'" before "','after':'" after "','ref':'refs/heads/main',"  \
	"'timestamp':'2026-11-" day "T10:00:00Z','activity_type':'push'" more "}"
#define NO_SHA "0000000000000000000000000000000000000000"

static void pushes(void **state)
{
	static const struct play_row rows[] = {
		{ "pushes, whatever they were, back to the time asked for",
		  op_pushes, PUSHES "\n< 200 ["
		  PUSH("@a", "@b", "22", ",'activity_type':'pr_merge'") ","
		  PUSH("@b", "@a", "21", ",'activity_type':'force_push'") ","
		  PUSH(NO_SHA, "@b", "20", ",'activity_type':'branch_creation'")
		  "," PUSH("@a", "@b", "19", "") "," PUSH("@a", "@b", "20", "")
		  "]\n", 0, "aa>bb@2026-11-22T10:00:00Z bb>aa@2026-11-21T10:00:00Z "
		  "->bb@2026-11-20T10:00:00Z told" },
		{ "a branch that is gone has no head", op_pushes,
		  PUSHES "\n< 200 [" PUSH("@a", NO_SHA, "21",
		  ",'activity_type':'branch_deletion'") "]\n", 0, "told" },
		{ "the ref is compared again, and ids are whole ones",
		  op_pushes, PUSHES "\n< 200 ["
		  PUSH("@a", "@b", "22", ",'ref':'refs/heads/other'") ","
		  PUSH("@a", "@b", "22", ",'ref':'refs/tags/main'") ","
		  PUSH("@a", "abc", "22", "") "," PUSH("main", "@b", "21", "")
		  ",{}]\n", 0, "->bb@2026-11-21T10:00:00Z told" },
		{ "pages go by the cursor in Link", op_pushes,
		  PUSHES "\nh Link: <https://forge.example/repositories/1/"
		  "activity?before=xx&per_page=1>; rel=\"prev\", <https://"
		  "elsewhere.example/repositories/1/activity?per_page=1&after="
		  "djE6MTA%3D>; rel=\"next\"\n< 200 ["
		  PUSH("@a", "@b", "22", "") "]\n"
		  PUSHES "&after=djE6MTA%3D\n< 200 ["
		  PUSH("@b", "@a", "21", "") "]\n", 0,
		  "aa>bb@2026-11-22T10:00:00Z bb>aa@2026-11-21T10:00:00Z told" },
		{ "what is no cursor is not sent", op_pushes,
		  PUSHES "\nh Link: <https://forge.example/x?after=a b>; "
		  "rel=\"next\"\n< 200 [" PUSH("@a", "@b", "22", "") "]\n"
		  PUSHES "&page=2\n< 200 []\n", 0,
		  "aa>bb@2026-11-22T10:00:00Z told" },
		{ "an Enterprise Server that has no such list", op_pushes,
		  PUSHES "\n< 404 {'message':'Not Found'}\n", 0, "not told" },
		{ "a token that may not see it", op_pushes,
		  PUSHES "\n< 403 {'message':'Resource not accessible by "
		  "personal access token'}\n", 0, "not told" },
		{ "an answer that is none is no word", op_pushes,
		  PUSHES "\n< 500 {}\n", ERR_TRANSIENT, "500" },
		{ "nor is a lost one", op_pushes, PUSHES "\n< lost\n",
		  ERR_TRANSIENT, "cannot list the pushes" },
	};

	(void)state;
	PLAY("github", rows);
}

static int op_many_writes PLAY_OP
{
	(void)a;
	for (int i = 0; i < 100; i++)
		if (forge_update_pr(f, 7, "t", NULL, err) < 0)
			return -1;
	buf_addstr(out, "done");
	return 0;
}

static void writes_are_spread_out(void **state)
{
	struct buf script = { 0 };
	struct play_row row = { "a hundred changes", op_many_writes, NULL, 0,
				"done", 70 * 1000, 120 * 1000 };

	(void)state;
	for (int i = 0; i < 100; i++)
		buf_addstr(&script, "> PATCH /pulls/7 {'title':'t'}\n"
				    "< 200 @pr\n");
	row.script = buf_str(&script);
	play("github", &row);
	buf_release(&script);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opening),
		cmocka_unit_test(finding),
		cmocka_unit_test(changing),
		cmocka_unit_test(statuses),
		cmocka_unit_test(readiness),
		cmocka_unit_test(merging),
		cmocka_unit_test(arming),
		cmocka_unit_test(pushes),
		cmocka_unit_test(rate_limits),
		cmocka_unit_test(writes_are_spread_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
