#include "fixture_publish.h"

#include <stdio.h>
#include <string.h>

#include "fixture.h"
#include "fixture_internal.h"

static const char blob[] = "4JdTUl7jjWbqkH1lXXt2usobpykGy9EEpu8z9G0K95Q";
static const char older[] = "kCPaWj1zn2sVXmzeAp9VgLNZyUcxkELnwDr3nhAzvHE";

static struct untrusted said(const struct fixture_publish *f, const char *honest)
{
    return f->attack.n ? f->attack : untrusted(honest);
}

static void say(const struct fixture_publish *f, char *out, size_t room, const char *honest)
{
    struct untrusted u = said(f, honest);
    snprintf(out, room, "%.*s", (int)u.n, u.p);
}

static struct amount amount(const struct asset *a, const char *decimal)
{
    struct amount m = {.asset = a->token, .decimals = a->decimals};
    snprintf(m.symbol, sizeof m.symbol, "%s", a->symbol);
    u256_parse_decimal(decimal, a->decimals, &m.value);
    return m;
}

static void make_list(struct fixture_publish *f)
{
    static const struct {
        const char *name, *price, *income, *endpoint;
        bool active, proven;
        int64_t since;
        uint64_t payments, settlements;
    } rows[FIXTURE_OWN] = {
        {"a-model-with-a-name-that-is-much-longer-than-its-column-will-ever-be", "0.25", "1204.5",
         "https://models.example/v1/long", true, true, 40 * DAY, 4818, 0},
        {"btc-fee-forecast", "0.01", "0.37", "https://models.example/v1/fees", true, false, 3600,
         37, 2},
        {"eth-skew-surface", "0.05", "", "", true, false, 60, 0, 0},
        {"eth-vol-garch", "0", "", "https://models.example/v1/garch", true, true, 9 * DAY, 0, 0},
        {"eth-vol-old", "1.5", "12", "https://models.example/v1/old", false, false, 100 * DAY, 8,
         0},
    };
    f->list = (struct own_listings){.owner = world_address("me"), .row = f->row, .n = FIXTURE_OWN};
    for (size_t i = 0; i < FIXTURE_OWN; i++) {
        struct own_listing *l = &f->row[i];
        *l = (struct own_listing){.author = said(f, "mira"),
                                  .name = said(f, rows[i].name),
                                  .blob_id = said(f, i % 2 ? blob : older),
                                  .endpoint = said(f, rows[i].endpoint),
                                  .price = amount(&f->pay.usdc, rows[i].price),
                                  .pay_to = world_address(rows[i].name),
                                  .active = rows[i].active,
                                  .proven = rows[i].proven,
                                  .time = FIXTURE_NOW - rows[i].since,
                                  .payments = rows[i].payments,
                                  .settlements = rows[i].settlements,
                                  .model = (int64_t)i};
        if (!rows[i].income[0])
            continue;
        f->income[i][0] = amount(&f->pay.usdc, rows[i].income);
        f->income[i][1] = amount(&f->pay.opg, "3");
        l->income = (struct income){f->income[i], 1 + i % 2};
    }
}

static void make_draft(struct fixture_publish *f)
{
    struct draft *d = &f->draft;
    struct listing_terms *t = &d->meaning.terms;
    *d = (struct draft){.tx = {.chain = PAY_CHAIN, .nonce = 7, .type = TX_1559},
                        .meaning = {.kind = CALL_LIST},
                        .asset = f->pay.usdc,
                        .needs_password = true};
    u256_parse_decimal("0.00021", f->pay.eth.decimals, &d->fee_most);
    u256_parse_decimal("0.00007", f->pay.eth.decimals, &d->fee_likely);
    *t = (struct listing_terms){.author = said(f, "mira"),
                                .name = said(f, "btc-fee-forecast"),
                                .blob_id = said(f, blob),
                                .endpoint = said(f, "https://models.example/v1/fees"),
                                .price = amount(&f->pay.usdc, "0.05").value,
                                .asset = f->pay.usdc.token,
                                .pay_to = world_address("account 1")};
    f->before = *t;
    f->before.author = said(f, "mira-old");
    f->before.blob_id = said(f, older);
    f->before.endpoint = said(f, "");
    f->before.price = amount(&f->pay.opg, "0.2").value;
    f->before.asset = f->pay.opg.token;
    f->before.pay_to = world_address("account 2");
    say(f, d->meaning_text, sizeof d->meaning_text,
        "List \"btc-fee-forecast\" of \"mira\", paid to account 1 of this wallet.");
}

static void make_screen(struct fixture_publish *f)
{
    struct publishing_screen *s = &f->screen;
    struct publish_result *r = &s->result;
    char owner[ADDRESS_BUF];
    *s = (struct publishing_screen){.network = &f->pay.network, .has_file = true};
    say(f, s->author, sizeof s->author, "mira");
    say(f, s->name, sizeof s->name, "btc-fee-forecast");
    docview_init(&s->doc);
    *r = (struct publish_result){.has_id = true,
                                 .stored_now = true,
                                 .stored = {.is = STORED_WHILE_KEPT, .end_epoch = 30},
                                 .listed = true,
                                 .owner = world_address("me"),
                                 .pay_to = world_address("account 1"),
                                 .listing = keccak256("listing", 7),
                                 .tx = keccak256("tx", 2)};
    blob_id_parse(untrusted(blob), &r->id);
    say(f, r->stored.node, sizeof r->stored.node, "publisher.example:443");
    snprintf(r->proof_line, sizeof r->proof_line, "souk-listing: %s",
             address_format(r->owner, owner));
}

void fixture_publish(struct fixture_publish *f, struct untrusted attack)
{
    f->attack = attack;
    fixture_pay(&f->pay, attack);
    make_list(f);
    make_draft(f);
    make_screen(f);
}

void fixture_publish_end(struct fixture_publish *f)
{
    fixture_pay_end(&f->pay);
    docview_release(&f->screen.doc);
}
