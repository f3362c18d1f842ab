#ifndef BOT_INPLACE_H
#define BOT_INPLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "bot/base/buf.h"
#include "bot/base/err.h"

/*
 * A file that is read, and replaced whole or not at all: the new text goes
 * into a temporary file in the same folder, to the disk, and takes the old
 * one's name, mode and owner. Zeroed is empty.
 */
struct inplace {
	int dir_fd;		/* the folder the file is really in */
	char *name;		/* in there */
	struct stat st;		/* as it was read */
	struct buf text;
};

/*
 * Read the file at PATH, at most MAX bytes. A symbolic link is followed as
 * long as it stays inside the folder that PATH names. Release F also after a
 * failure.
 *
 * ERR_USAGE: not there, not readable, not a regular file. ERR_SECURITY: a
 * link that leads out of the folder. ERR_DATA: larger than MAX.
 */
int inplace_open(struct inplace *f, const char *path, size_t max,
		 struct err *err);

/*
 * Replace it by TEXT. ERR_RACE: somebody else wrote it since it was read.
 * ERR_USAGE: not allowed to write there. ERR_TRANSIENT: the disk is full or
 * broken. The file is as it was after each of them.
 */
int inplace_write(struct inplace *f, const char *text, size_t len,
		  struct err *err);
void inplace_release(struct inplace *f);

#endif
