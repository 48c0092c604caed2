#include "ui/actions.h"

#include <string.h>

#include "base/err.h"
#include "base/banned.h"

static const struct action_info table[ACT_COUNT] = {[ACT_NONE] = {0},
#define ROW(id, name, keys, word, help, group) {name, keys, word, help, GROUP_##group},
                                                    ACTIONS(ROW)
#undef ROW
};

const struct action_info *action_info(enum action a)
{
    if (a <= ACT_NONE || a >= ACT_COUNT) {
        BUG("no action %d", (int)a);
    }
    return &table[a];
}

/* Reads the next key of a list; NULL at its end. */
static const char *next_key(const char *list, struct key *k)
{
    list += strspn(list, " ");
    size_t used = key_parse(list, k);
    if (*list && !used) {
        BUG("not a key: %s", list);
    }
    return used ? list + used : NULL;
}

enum action action_for_key(struct key k)
{
    for (int a = ACT_NONE + 1; a < ACT_COUNT; a++) {
        struct key have;
        for (const char *p = table[a].keys; (p = next_key(p, &have));) {
            if (key_eq(have, k)) {
                return (enum action)a;
            }
        }
    }
    return ACT_NONE;
}

enum action action_by_name(const char *name)
{
    for (int a = ACT_NONE + 1; a < ACT_COUNT; a++) {
        if (!strcmp(table[a].name, name)) {
            return (enum action)a;
        }
    }
    return ACT_NONE;
}

char *action_key_label(enum action a, enum text_charset cs, char out[KEY_NAME_MAX])
{
    struct key k;
    if (!next_key(action_info(a)->keys, &k)) {
        BUG("action %s has no key", table[a].name);
    }
    return key_label(k, cs, out);
}
