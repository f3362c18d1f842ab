#ifndef BOT_EVIDENCE_H
#define BOT_EVIDENCE_H

#include "bot/base/mem.h"
#include "bot/git/repo.h"
#include "forge/forge.h"
#include "policies/gate.h"

/*
 * What witnesses outside say of a version: commit statuses and check runs,
 * answers to gates' questions, and when base was pushed to. Asked at most once
 * a run, however often the state is read anew, so it lives with the world and
 * not with the state.
 */
struct evidence {
	struct arena arena;
	/* Pushes to base since SINCE_S, asked for when HEAD was its head; again
	   where it matters what a person pushed after that. */
	struct pushes {
		bool are_read;
		bool told;	/* else the forge has no such list for us */
		struct forge_push *items;
		size_t len;
		int64_t since_s;
		struct oid head;
		struct err err;	/* it did not answer */
	} pushes;
	struct forge_commit **commits;
	size_t commits_len, commits_cap;
	struct asked {
		struct gate_question question;
		struct gate_answer answer;
	} **asked;
	size_t asked_len, asked_cap;
};

/* What is known of a commit's statuses; NULL: it was not asked about. */
const struct forge_commit *evidence_of_commit(const struct evidence *e,
					      const char *sha);

/* The answer to QUESTION; NULL: it was not asked. */
const struct gate_answer *evidence_of_question(const struct evidence *e,
					       const struct gate_question *q);
void evidence_release(struct evidence *e);

#endif
