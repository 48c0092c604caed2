/*
 * A node's block or receipts, as JSON, on the way to a hash. A receipt that is read has the shape
 * of one; the root of n receipts is that of the list of them; reading changes nothing the second
 * time.
 */
#include <stdlib.h>
#include <string.h>

#include "eth/rlp.h"
#include "eth/trie.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check(bool right)
{
    if (!right)
        abort();
}

static void check_receipt(const struct trie_item *item)
{
    size_t type = item->p[0] < 0xc0;
    struct rlp_item list, part;
    check(item->n > type && rlp_fault(item->p + type, item->n - type, 4) == NULL);
    check(rlp_whole(item->p + type, item->n - type, &list) && list.list);
    struct rlp_reader r = {list.p, list.p + list.n};
    bool bad = false;
    size_t parts = 0;
    for (; rlp_next(&r, &part, &bad); parts++)
        check(part.list == (parts == 3) && (parts != 2 || part.n == 256));
    check(!bad && (parts == 4 || (parts == 6 && item->p[0] == 0x7e)));
}

static void check_list(const json *list, struct arena *a)
{
    struct trie_item item[64];
    size_t n = 0;
    bytes32 root, again;
    struct err e;
    if (receipts_root(list, a, &root, &e) != SOUK_OK)
        return;
    for (const json *r = json_first(list); r != NULL && n < 64; r = json_next(r), n++) {
        check(receipt_encode(r, a, &item[n], &e) == SOUK_OK);
        check_receipt(&item[n]);
    }
    if (n < 64) {
        again = trie_list_root(item, n);
        check(memcmp(&root, &again, sizeof root) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    bytes32 hash, root, other;
    struct arena a;
    struct err e;
    json *j = json_parse((const char *)data, n, "the block", &e);
    if (j == NULL)
        return 0;
    arena_init(&a, 16 << 20);
    if (cJSON_IsArray(j))
        check_list(j, &a);
    else if (header_hash(j, &hash, &root, &e) == SOUK_OK)
        check(header_hash(j, &other, &root, &e) == SOUK_OK &&
              memcmp(&hash, &other, sizeof hash) == 0);
    arena_release(&a);
    json_free(j);
    return 0;
}
