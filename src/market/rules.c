#include "market/rules.h"

#include <stdio.h>
#include <string.h>

#include "base/banned.h"

static const struct {
    const char *name, *text;
    enum rule_effect effect;
} rule_list[RULE_COUNT] = {
#define X(id, name, effect, text) {name, text, effect},
    RULE_LIST(X)
#undef X
};

static const struct threshold threshold_list[THRESHOLDS] = {
#define X(name, def, least, most, text) {#name, text, least, most},
    THRESHOLD_LIST(X)
#undef X
};

static const size_t threshold_place[THRESHOLDS] = {
#define X(name, def, least, most, text) offsetof(struct rules, name),
    THRESHOLD_LIST(X)
#undef X
};

const struct rules rules_default = {.on = (1u << RULE_COUNT) - 1,
#define X(name, def, least, most, text) .name = (def),
                                    THRESHOLD_LIST(X)
#undef X
};

const char *rule_name(enum rule r)
{
    return rule_list[r].name;
}

const char *rule_text(enum rule r)
{
    return rule_list[r].text;
}

enum rule_effect rule_effect(enum rule r)
{
    return rule_list[r].effect;
}

static bool find_rule(const char *word, size_t n, enum rule *out)
{
    for (unsigned r = 0; r < RULE_COUNT; r++) {
        if (strlen(rule_list[r].name) == n && memcmp(rule_list[r].name, word, n) == 0) {
            *out = (enum rule)r;
            return true;
        }
    }
    return false;
}

const struct threshold *threshold_at(unsigned i)
{
    return &threshold_list[i];
}

uint32_t *threshold_of(struct rules *r, unsigned i)
{
    return (uint32_t *)(void *)((char *)r + threshold_place[i]);
}

/* Per mille: written 0.5 or 500. */
static bool threshold_is_share(unsigned i)
{
    return strncmp(threshold_list[i].text, "per mille", strlen("per mille")) == 0;
}

/* --- [genuine] */

static souk_err switch_off(struct rules *r, const char *value, struct err *e)
{
    unsigned on = r->on;
    for (const char *p = value + strspn(value, " \t"); *p;) {
        size_t n = strcspn(p, " \t");
        enum rule one;
        if (!find_rule(p, n, &one)) {
            char names[128] = "";
            for (unsigned i = 0; i < RULE_COUNT; i++) {
                size_t at = strlen(names);
                snprintf(names + at, sizeof names - at, "%s%s", i ? ", " : "", rule_list[i].name);
            }
            return err_set(e, SOUK_EINPUT, "off: there is no rule \"%.*s\": %s",
                           (int)(n < 40 ? n : 40), p, names);
        }
        on &= ~(1u << one);
        p += n;
        p += strspn(p, " \t");
    }
    r->on = on;
    return SOUK_OK;
}

/* "500", and of a share "0.5": thousandths then. false: no number. Stops counting when too large.
 */
static bool read_number(const char *s, bool share, uint32_t *out)
{
    enum { TOO_MUCH = 100000000 };
    uint32_t v = 0, digits = 0, decimals = 0;
    bool point = false;
    for (; *s; s++) {
        if (*s == '.' && share && !point && digits) {
            point = true;
        } else if (*s >= '0' && *s <= '9' && decimals < 3 && v < TOO_MUCH) {
            v = v * 10 + (uint32_t)(*s - '0');
            digits++;
            decimals += point;
        } else {
            return false;
        }
    }
    if (point && !decimals) {
        return false;
    }
    for (; point && decimals < 3; decimals++) {
        v *= 10;
    }
    *out = v;
    return digits > 0;
}

souk_err rules_set(struct rules *r, const char *key, const char *value, struct err *e)
{
    if (strcmp(key, "off") == 0) {
        return switch_off(r, value, e);
    }
    unsigned i = 0;
    while (i < THRESHOLDS && strcmp(threshold_list[i].name, key) != 0) {
        i++;
    }
    if (i == THRESHOLDS) {
        return err_set(e, SOUK_EINPUT,
                       "[genuine] has no setting \"%.40s\": off, or a threshold such as %s", key,
                       threshold_list[1].name);
    }
    const struct threshold *t = &threshold_list[i];
    uint32_t v;
    if (!read_number(value, threshold_is_share(i), &v) || v < t->least || v > t->most) {
        return threshold_is_share(i)
                   ? err_set(e, SOUK_EINPUT,
                             "%s: \"%.40s\" is no share from %u to %u thousandths: 0.5 and 500 are "
                             "the same",
                             key, value, t->least, t->most)
                   : err_set(e, SOUK_EINPUT, "%s: \"%.40s\" is not a number from %u to %u", key,
                             value, t->least, t->most);
    }
    *threshold_of(r, i) = v;
    return SOUK_OK;
}

char *rules_off(const struct rules *r, char *out, size_t size)
{
    out[0] = '\0';
    for (unsigned i = 0; i < RULE_COUNT; i++) {
        size_t at = strlen(out);
        if (!(r->on & 1u << i)) {
            snprintf(out + at, size - at, "%s%s", at ? " " : "", rule_list[i].name);
        }
    }
    return out;
}

/* FNV-1a: a fingerprint to tell changes by, not a defence. */
static uint64_t mix(uint64_t h, uint32_t v)
{
    for (int i = 0; i < 4; i++) {
        h = (h ^ (v >> (8 * i) & 0xff)) * 0x100000001b3u;
    }
    return h;
}

uint64_t rules_print(const struct rules *r)
{
    struct rules copy = *r;
    uint64_t h = mix(mix(0xcbf29ce484222325u, RULES_VERSION), r->on);
    for (unsigned i = 0; i < THRESHOLDS; i++) {
        h = mix(h, *threshold_of(&copy, i));
    }
    return h;
}
