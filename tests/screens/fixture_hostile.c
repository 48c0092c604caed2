#include "fixture_internal.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/paths.h"
#include "hub/hub.h"
#include "market/purse.h"

#define UTF8_RLO      "\xe2\x80\xae"
#define UTF8_TAG(low) "\xf3\xa0\x81" low

/* What the tables of facts and the bug trackers know, and a little more. */
static const struct attack {
    const char *name, *bytes;
    size_t n;
} attacks[] = {
#define ATTACK(name, bytes)            \
    {                                  \
        name, bytes, sizeof(bytes) - 1 \
    }
    ATTACK("sgr", "\033[38;5;201mPINK\033[5m"),
    ATTACK("clear", "\033[2J\033[3J\033[HGONE"),
    ATTACK("reset", "\033c\033[!pRESET"),
    ATTACK("modes", "\033[?1049l\033[?1003h\033[?2004l\033[4h"),
    ATTACK("charset", "\033(0\016lqqk"),
    ATTACK("queries", "\033[6n\033[c\033[>c\033[21t\033]4;1;?\007\005"),
    ATTACK("print", "\033[5iPRINTED\033[4i"),
    ATTACK("title", "\033]0;PWNED\007"),
    ATTACK("title-st", "\033]2;PWNED\033\\"),
    ATTACK("clipboard", "\033]52;c;cHduZWQ=\007"),
    ATTACK("link", "\033]8;;https://evil.example/\033\\click\033]8;;\033\\"),
    ATTACK("iterm", "\033]1337;File=inline=1:AAAA\007"),
    ATTACK("unterminated", "\033]0;never ends"),
    ATTACK("dcs", "\033P$qm\033\\\033P1000p"),
    ATTACK("tmux", "\033Ptmux;\033\033]52;c;cHduZWQ=\007\033\\"),
    ATTACK("apc", "\033_Gf=24;AAAA\033\\\033^pm\033\\\033Xsos\033\\"),
    ATTACK("c1-utf8", "\xc2\x9b"
                      "31mRED\xc2\x9d"
                      "0;PWNED\xc2\x9c\xc2\x90q\xc2\x9c"),
    ATTACK("c1-raw", "\x9b"
                     "31mRED\x9d"
                     "0;PWNED\x9c\x90q\x9c\x85"),
    ATTACK("nel", "one\xc2\x85two"),
    ATTACK("override", UTF8_RLO "gpj.exe"),
    ATTACK("embedding", "\xe2\x80\xaa\xe2\x80\xab\xe2\x80\xac\xe2\x80\xad"),
    ATTACK("isolates", "\xe2\x81\xa6\xe2\x81\xa7\xe2\x81\xa8user\xe2\x81\xa9"),
    ATTACK("marks", "\xe2\x80\x8e\xe2\x80\x8f\xd8\x9cpay"),
    ATTACK("zero-width", "pay\xe2\x80\x8bpal\xe2\x80\x8c\xe2\x80\x8d\xe2\x81\xa0\xef\xbb\xbf"),
    ATTACK("tags", "flag" UTF8_TAG("\x81") UTF8_TAG("\x82") UTF8_TAG("\xbf")),
    ATTACK("backspace", "good\b\b\b\bevil\177\177"),
    ATTACK("return", "safe text\rEVIL"),
    ATTACK("lines", "one\ntwo\vthree\ffour\r\nfive"),
    ATTACK("separators", "one\xe2\x80\xa8two\xe2\x80\xa9three"),
    ATTACK("fillers", "\xe1\x85\x9f\xe1\x85\xa0\xe3\x85\xa4\xef\xbe\xa0\xc2\xad\xcd\x8f"),
    ATTACK("interlinear", "\xef\xbf\xb9"
                          "a\xef\xbf\xba"
                          "b\xef\xbf\xbb"),
    ATTACK("private", "\xee\x80\x80\xef\xa3\xbf\xf3\xb0\x80\x80"),
    ATTACK("noncharacters", "\xef\xbf\xbe\xef\xbf\xbf\xef\xb7\x90\xf4\x8f\xbf\xbf"),
    ATTACK("surrogates", "\xed\xa0\x80\xed\xb0\x80"),
    ATTACK("overlong", "\xc0\x9b[31m\xe0\x80\x9b[31m\xf0\x80\x80\x9b[31m"),
    ATTACK("beyond", "\xf4\x90\x80\x80\xf8\x88\x80\x80\x80\xff\xfe"),
    ATTACK("cut-short", "end\xf0\x9f\x98"),
    ATTACK("nul", "before\0\033[31mafter"),
    ATTACK("zalgo", "Z\xcc\x80\xcc\x81\xcc\x82\xcc\x83\xcc\x84\xcc\x85\xcc\x86\xcc\x87\xcc\x88"
                    "\xcc\x89\xcc\x8a\xcc\x8b\xcc\x8c\xcc\x8d\xcc\x8e\xcc\x8f\xcc\x90\xcc\x91go"),
    ATTACK("orphan", "\xcc\x81\xcc\x82start"),
    ATTACK("variation", "a\xef\xb8\x8f\xef\xb8\x8e\xef\xb8\x80\xf0\x9f\x8f\xbd\xe2\x80\x8dx"),
    ATTACK("emoji", "\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7"
                    "\xf0\x9f\x91\x8d\xf0\x9f\x8f\xbd\xe2\x9d\xa4\xef\xb8\x8f"),
    ATTACK("look-alike", "p\xd0\xb0yp\xd0\xb0l"),
    ATTACK("format", "%s%s%n%100000d"),
    ATTACK("formula", "=HYPERLINK(\"http://evil.example\",\"x\")\t+1"),
    ATTACK("quotes", "'; DROP TABLE model; --\"\\"),
    ATTACK("markdown", "**`[x](javascript:alert(1))`** <script>|&#27;[31m&#x9b;"),
    ATTACK("huge", ""), /* made below */
#undef ATTACK
};
enum { ATTACKS = sizeof attacks / sizeof *attacks, HUGE = 10 * 1024 };

size_t fixture_attacks(void)
{
    return ATTACKS;
}

struct untrusted fixture_attack(size_t i)
{
    static char huge[HUGE];
    if (attacks[i].n)
        return untrusted_n(attacks[i].bytes, attacks[i].n);
    for (size_t at = 0; at < HUGE; at++)
        huge[at] = "long\033[31m "[at % 10];
    return untrusted_n(huge, HUGE);
}

const char *fixture_attack_name(size_t i)
{
    return attacks[i].name;
}

/* JSON brings no NUL (base/json.h reads it as U+FFFD), a chain does. */
static size_t put_attack(char *out, size_t i, bool chain)
{
    struct untrusted a = fixture_attack(i);
    size_t n = 0;
    for (size_t at = 0; at < a.n; at++) {
        if (a.p[at] == '\0' && !chain) {
            n += utf8_put(out + n, 0xfffd);
        } else {
            out[n++] = a.p[at];
        }
    }
    return n;
}

/* "<letter><number> <attack> <attack name>": both ends harmless, to be found by. */
struct field {
    char bytes[HUGE + 64];
    size_t n;
};

static struct untrusted field(struct field *f, const char *what, size_t i)
{
    f->n = (size_t)snprintf(f->bytes, sizeof f->bytes, "%s%02zu ", what, i);
    f->n +=
        put_attack(f->bytes + f->n, i, what[0] == 'c' || what[1] == 't'); /* blob id, endpoint */
    f->n += (size_t)snprintf(f->bytes + f->n, sizeof f->bytes - f->n, " %s", attacks[i].name);
    return untrusted_n(f->bytes, f->n);
}

/* As hub/ caps it; names are left whole, to see what one of 10 KB does. */
static struct untrusted capped(struct untrusted u, size_t most)
{
    return untrusted_n(u.p, u.n < most ? u.n : most);
}

static const char *owner_label(size_t i, char out[32])
{
    snprintf(out, 32, "hostile %zu", i);
    return out;
}

void fixture_hostile_owner(size_t i, char out[43])
{
    char label[32];
    address_format(world_address(owner_label(i, label)), out);
}

void fixture_hostile_watch(const char *dir, size_t i)
{
    char label[32], wallets[PATH_BUF], leaf[PATH_BUF + 32];
    struct err e = {0};
    paths_override(dir);
    fixture_must(signer_dir(wallets, &e), &e);
    snprintf(leaf, sizeof leaf, "%s/watched.watch", wallets);
    unlink(leaf); /* the one before, if any */
    fixture_must(wallet_watch(wallets, "watched", world_address(owner_label(i, label)), &e), &e);
    paths_override(NULL);
}

void fixture_hostile_listing(size_t i, char out[67])
{
    char label[32];
    static struct field name;
    address owner = world_address(owner_label(i, label));
    bytes32_format(world_listing_id(owner, field(&name, "h", i)), out);
}

struct text {
    char bytes[16 * HUGE];
    size_t n;
};

static void add(struct text *t, const char *s)
{
    size_t n = strlen(s);
    memcpy(t->bytes + t->n, s, n);
    t->n += n;
}

static void add_attack(struct text *t, const char *before, size_t i, const char *after)
{
    add(t, before);
    t->n += put_attack(t->bytes + t->n, i, false);
    add(t, after);
}

/* The attack wherever Markdown has a place for text. */
static struct untrusted description(struct text *t, size_t i)
{
    t->n = 0;
    add_attack(t, "# Title ", i, "\n\nA paragraph with ");
    add_attack(t, "", i, " in it, **bold ");
    add_attack(t, "", i, "**, `code ");
    add_attack(t, "", i, "`.\n\n- item ");
    add_attack(t, "", i, "\n\n> quoted ");
    add_attack(t, "", i, "\n\n```\nblock ");
    add_attack(t, "", i, "\n```\n\n| a | b |\n|---|---|\n| cell ");
    add_attack(t, "", i, " | x |\n\n[link ");
    add_attack(t, "", i, "](https://evil.example/");
    add_attack(t, "", i, ")\n\n![image ");
    add_attack(t, "", i, "](x)\n\n<b>html ");
    add_attack(t, "", i, "</b>\n\nthe end\n");
    return untrusted_n(t->bytes, t->n);
}

static void put_model(struct world *w, size_t i, int64_t *id)
{
    static struct field author, name, task, path;
    static struct text text;
    struct err e = {0};
    struct untrusted words = description(&text, i);
    struct model_in in = {.author = capped(field(&author, "b", i), HUB_AUTHOR_MAX),
                          .name = field(&name, "h", i),
                          .task = capped(field(&task, "t", i), HUB_TASK_MAX),
                          .llm_path = capped(field(&path, "p", i), HUB_LLM_PATH_MAX),
                          .description = words};
    bool changed;
    fixture_must(store_model_put(w->store, &in, w->hub, FIXTURE_NOW - 4, id, &changed, &e), &e);
}

static void put_files(struct world *w, size_t i, int64_t model)
{
    static struct field version, name, blob, notes;
    struct err e = {0};
    struct file_in f = {.version = field(&version, "v", i),
                        .name = field(&name, "f", i),
                        .blob_id = field(&blob, "c", i),
                        .notes = field(&notes, "n", i),
                        .size = -1};
    fixture_must(store_file_put(w->store, model, &f, w->hub, &e), &e);
}

/* The listing names the model of the Hub exactly, or its figures would go nowhere. */
static void put_offers(struct world *w, size_t i)
{
    static struct field author, name, blob, endpoint, scheme, words;
    struct err e = {0};
    char owner[32];
    struct listing_in l = world_listing(w, owner_label(i, owner), FIXTURE_NOW - HISTORY);
    l.author = capped(field(&author, "b", i), HUB_AUTHOR_MAX);
    l.name = field(&name, "h", i);
    l.blob_id = field(&blob, "c", i);
    l.endpoint = field(&endpoint, "http://e", i);
    l.price = world_amount(w, w->usdc, "0.01");
    world_list(w, &l);
    struct offer_in o = {.resource = l.endpoint,
                         .scheme = field(&scheme, "s", i),
                         .description = field(&words, "d", i),
                         .chain = PAY_CHAIN,
                         .amount = l.price,
                         .asset = l.asset,
                         .pay_to = l.pay_to,
                         .updated = FIXTURE_NOW - DAY};
    fixture_must(store_offer_put(w->store, &o, w->bazaar, &e), &e);
    world_pay(w, l.owner, l.pay_to, l.asset, l.price, PAY_EIP3009, FIXTURE_NOW - DAY); /* found */
    for (int k = 0; k < 5; k++) {
        world_pay(w, world_address("payer"), l.pay_to, l.asset, l.price, PAY_EIP3009,
                  FIXTURE_NOW - (k + 1) * DAY);
        world_infer(w, l.blob_id, FIXTURE_NOW - (k + 1) * DAY);
    }
}

static void put_sources(struct world *w, size_t i)
{
    static struct field place;
    struct err e = {0};
    int64_t id;
    struct untrusted p = field(&place, "http://u", i);
    place.bytes[p.n < 200 ? p.n : 200] = '\0';
    struct source_row r = {.kind = SOURCE_HUB,
                           .place = place.bytes,
                           .first = (int64_t)i,
                           .last = (int64_t)i,
                           .etag = place.bytes,
                           .time = FIXTURE_NOW - 4};
    fixture_must(store_source_add(w->store, &r, &id, &e), &e);
}

static void put_states(struct world *w)
{
    static const struct {
        const char *source;
        size_t attack;
    } states[] = {{"hub", 0},       {"bazaar", 9},      {"listings", 16},
                  {"payments", 17}, {"inferences", 19}, {"figures", 24}};
    static struct field words;
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        struct untrusted u = field(&words, "answered ", states[i].attack);
        words.bytes[u.n] = '\0';
        world_state(w, states[i].source, SYNC_FAILED, 1, 2, words.bytes);
    }
}

char *fixture_hostile(void)
{
    char *dir = fixture_empty();
    struct world w;
    world_open(&w, dir);
    for (size_t i = 0; i < ATTACKS; i++) {
        int64_t id;
        put_model(&w, i, &id);
        put_files(&w, i, id);
        put_offers(&w, i);
        put_sources(&w, i);
    }
    put_states(&w);
    world_close(&w);
    return dir;
}
