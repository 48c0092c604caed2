/*
 * tree.h: a directory of a test's own goes away with all that is in it.
 */
#ifndef SOUK_TESTS_TREE_H
#define SOUK_TESTS_TREE_H

int tree_remove(const char *dir); /* 0: it is gone */

#endif
