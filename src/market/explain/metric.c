#include <stdio.h>
#include <string.h>

#include "market/catalog/typo.h"
#include "market/explain.h"

#include "base/banned.h"

static const struct metric_info metrics[METRIC_COUNT] = {
#define X(id, name, title, from, text) {name, title, text, from},
    METRIC_LIST(X)
#undef X
};

const struct metric_info *metric_info(enum metric m)
{
    if (m >= METRIC_COUNT)
        BUG("metric %d", (int)m);
    return &metrics[m];
}

static int apart(const char *word, enum metric m)
{
    int whole, beginning;
    const char *name = metrics[m].name;
    size_t n = strlen(word);
    typo_distance(word, n > TYPO_WORD ? TYPO_WORD : n, name, strlen(name), TYPO_WORD, &whole,
                  &beginning);
    return whole;
}

souk_err metric_parse(const char *word, enum metric *out, struct err *e)
{
    enum metric near = METRIC_STORED;
    char names[ERR_MSG_MAX - 160];
    size_t n = 0;
    for (enum metric m = 0; m < METRIC_COUNT; m++) {
        if (strcmp(word, metrics[m].name) == 0) {
            *out = m;
            return SOUK_OK;
        }
        if (apart(word, m) < apart(word, near))
            near = m;
    }
    n += (size_t)snprintf(names, sizeof names, "%s", metrics[near].name);
    for (enum metric m = 0; m < METRIC_COUNT && n < sizeof names; m++) {
        if (m != near)
            n += (size_t)snprintf(names + n, sizeof names - n, ", %s", metrics[m].name);
    }
    return err_set(e, SOUK_EUSAGE, "there is no metric \"%.40s\": %s", word, names);
}

const char *finality_name(enum finality f)
{
    static const char *const names[] = {[FINALITY_UNKNOWN] = "unknown",
                                        [FINALITY_UNSAFE] = "unsafe",
                                        [FINALITY_SAFE] = "safe",
                                        [FINALITY_FINAL] = "final"};
    return names[f];
}
