/* Tokens of a network: the line that names one, read and written back. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "market/config_internal.h"

#include "base/banned.h"

static const struct {
    const char *word;
    unsigned bit;
} abilities[] = {
    {"eip3009", ASSET_EIP3009}, {"eip2612", ASSET_EIP2612}, {"permit2", ASSET_PERMIT2}};

enum { ABILITIES = sizeof abilities / sizeof abilities[0] };

souk_err token_add_ability(struct token *t, const char *word, size_t n, struct err *e)
{
    for (size_t i = 0; i < ABILITIES; i++) {
        if (strlen(abilities[i].word) == n && memcmp(abilities[i].word, word, n) == 0) {
            t->can |= abilities[i].bit;
            return SOUK_OK;
        }
    }
    return err_set(e, SOUK_EINPUT, "a token can eip3009, eip2612 or permit2, not \"%.*s\"",
                   (int)(n < 40 ? n : 40), word);
}

/* What is shown of it, and what is hashed of it, must be one thing. */
static bool plain(const char *s, const char *never)
{
    for (; *s != '\0'; s++) {
        if ((unsigned char)*s < ' ' || *s == 0x7f || strchr(never, *s) != NULL)
            return false;
    }
    return true;
}

static souk_err check(const struct token *t, struct err *e)
{
    for (const char *p = t->symbol; *p != '\0'; p++) {
        if (*p <= ' ' || *p > '~' || *p == '"')
            return err_set(e, SOUK_EINPUT, "a token's symbol is plain letters and digits");
    }
    if (t->symbol[0] == '\0' || t->decimals > 77)
        return err_set(e, SOUK_EINPUT, "a token has a symbol and at most 77 decimals");
    if (!plain(t->name, "\"") || !plain(t->version, " \""))
        return err_set(e, SOUK_EINPUT,
                       "the name and version of %s's signatures hold a character they cannot have",
                       t->symbol);
    if ((t->can & (ASSET_EIP3009 | ASSET_EIP2612)) != 0 &&
        (t->name[0] == '\0' || t->version[0] == '\0'))
        return err_set(e, SOUK_EINPUT,
                       "%s can be signed for only with name= and version= of its EIP-712 domain",
                       t->symbol);
    return SOUK_OK;
}

souk_err network_put_token(struct network *n, const struct token *t, struct err *e)
{
    unsigned i = 0;
    souk_err c = check(t, e);
    if (c != SOUK_OK)
        return c;
    while (i < n->tokens && !address_eq(n->token[i].addr, t->addr))
        i++;
    if (i == CONFIG_TOKENS)
        return err_set(e, SOUK_EINPUT, "a network has at most %d tokens", CONFIG_TOKENS);
    n->token[i] = *t;
    if (i == n->tokens)
        n->tokens++;
    return SOUK_OK;
}

/* --- reading */

/* The next word; a "quoted part" of it may hold blanks. False at the end, or with *bad set. */
static bool next_word(const char **at, char *out, size_t room, bool *bad)
{
    const char *p = *at + strspn(*at, " \t");
    bool quoted = false, any = *p != '\0';
    size_t n = 0;
    for (; *p != '\0' && (quoted || (*p != ' ' && *p != '\t')); p++) {
        if (*p == '"')
            quoted = !quoted;
        else if (n + 1 < room)
            out[n++] = *p;
        else
            *bad = true;
    }
    out[n] = '\0';
    *at = p;
    *bad = *bad || quoted;
    return any && !*bad;
}

static souk_err set_text(char *out, size_t room, const char *what, const char *value, struct err *e)
{
    if (strlen(value) >= room)
        return err_set(e, SOUK_EINPUT, "%s is too long: at most %zu bytes", what, room - 1);
    memcpy(out, value, strlen(value) + 1);
    return SOUK_OK;
}

static souk_err set_abilities(struct token *t, const char *list, struct err *e)
{
    souk_err c = SOUK_OK;
    t->can = 0;
    while (*list != '\0' && c == SOUK_OK) {
        size_t n = strcspn(list, ",");
        c = token_add_ability(t, list, n, e);
        list += n;
        list += *list == ',';
    }
    return c;
}

static souk_err set_option(struct token *t, const char *word, struct err *e)
{
    if (strcmp(word, "whole") == 0) {
        t->whole_log = true;
        return SOUK_OK;
    }
    if (strncmp(word, "name=", 5) == 0)
        return set_text(t->name, sizeof t->name, "a token's name", word + 5, e);
    if (strncmp(word, "version=", 8) == 0)
        return set_text(t->version, sizeof t->version, "a token's version", word + 8, e);
    if (strncmp(word, "can=", 4) == 0)
        return set_abilities(t, word + 4, e);
    return err_set(e, SOUK_EINPUT,
                   "behind a token stand \"whole\", name=, version= or can=, not \"%.40s\"", word);
}

static bool small_number(const char *s, unsigned *out)
{
    if (!isdigit((unsigned char)s[0]) || strlen(s) > 2 ||
        (s[1] != '\0' && !isdigit((unsigned char)s[1])))
        return false;
    *out = 0;
    for (; *s != '\0'; s++)
        *out = *out * 10 + (unsigned)(*s - '0');
    return true;
}

souk_err network_set_token(struct network *n, const char *value, struct err *e)
{
    struct token t = {.whole_log = false};
    char symbol[ASSET_SYMBOL] = "", addr[ADDRESS_BUF] = "", decimals[4] = "",
         word[ASSET_NAME + 16] = "";
    bool bad = false;
    if (!next_word(&value, symbol, sizeof symbol, &bad) ||
        !next_word(&value, addr, sizeof addr, &bad) ||
        !next_word(&value, decimals, sizeof decimals, &bad) || !small_number(decimals, &t.decimals))
        return err_set(e, SOUK_EINPUT,
                       "a token is written SYMBOL 0xADDRESS DECIMALS [whole] [name=\"…\" "
                       "version=… can=eip3009,eip2612,permit2]");
    if (!address_parse(addr, strlen(addr), &t.addr))
        return err_set(e, SOUK_EINPUT,
                       "\"%.60s\" is not an address: 0x and 40 hex digits are wanted, in one case "
                       "or with a right checksum",
                       addr);
    /* A line that only renames a token we know, or reads it whole, does not forget how it signs. */
    const struct token *old = network_token(n, t.addr);
    if (old != NULL) {
        memcpy(t.name, old->name, sizeof t.name);
        memcpy(t.version, old->version, sizeof t.version);
        t.can = old->can;
    }
    memcpy(t.symbol, symbol, sizeof t.symbol);
    while (next_word(&value, word, sizeof word, &bad)) {
        souk_err c = set_option(&t, word, e);
        if (c != SOUK_OK)
            return c;
    }
    if (bad)
        return err_set(e, SOUK_EINPUT,
                       "a word of the token %s is too long, or its \" is not closed", t.symbol);
    return network_put_token(n, &t, e);
}

/* --- writing */

static void add(char out[TOKEN_TEXT], const char *before, const char *text, const char *after)
{
    size_t n = strlen(out);
    snprintf(out + n, TOKEN_TEXT - n, "%s%s%s", before, text, after);
}

const char *token_text(const struct token *t, char out[TOKEN_TEXT])
{
    char a[ADDRESS_BUF];
    snprintf(out, TOKEN_TEXT, "%s %s %u%s", t->symbol, address_format(t->addr, a), t->decimals,
             t->whole_log ? " whole" : "");
    if (t->name[0] != '\0')
        add(out, " name=\"", t->name, "\"");
    if (t->version[0] != '\0')
        add(out, " version=", t->version, "");
    const char *before = " can=";
    for (size_t i = 0; i < ABILITIES; i++) {
        if ((t->can & abilities[i].bit) == 0)
            continue;
        add(out, before, abilities[i].word, "");
        before = ",";
    }
    return out;
}
