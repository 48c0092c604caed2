/*
 * bench_data: what the peers are run on, made by the bench below one temporary directory:
 * Git repositories of 5 and of 100,000 commits for tig, a directory of 100,000 files for nnn, a
 * home with a filled cache of 2,000 articles for newsboat; a souk's data directory that may be
 * written to.
 */
#ifndef SOUK_TESTS_BENCH_DATA_H
#define SOUK_TESTS_BENCH_DATA_H

#include <stdbool.h>

enum { BIG = 100000, ARTICLES = 2000 };

/* Is there such a program in PATH? */
bool data_have(const char *program);

/* A new temporary directory; data_remove() takes it away with all that is in it. */
char *data_root(void);
void data_remove(const char *root);

/* Each returns the directory it has made below `root` (free()), or NULL with a word on stderr. */
char *data_repository(const char *root, const char *name, int commits);
char *data_directory(const char *root, int files);
char *data_newsboat_home(const char *root);
/* With the cache of the data directory `from` as that of the network "bench", and DIR/config. */
char *data_souk(const char *root, const char *from);

#endif
