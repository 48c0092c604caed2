#include "eth/trie.h"

#include <string.h>

#include "eth/rlp.h"

#include "base/banned.h"

/*
 * Nodes of the trie are written bottom up and never kept: what a node above needs of one below is
 * only how it is referred to, its hash, or itself when it is shorter than a hash.
 */
struct ref {
    uint8_t b[33]; /* RLP, as it stands in the node above */
    size_t n;
};

enum { KEY_MAX = 9, NIBBLES_MAX = 2 * KEY_MAX }; /* the RLP of a u64 */

struct key {
    uint8_t nibble[NIBBLES_MAX];
    size_t n;
};

struct items {
    const struct trie_item *item;
    size_t n;
};

/* In the order of their keys: below 0x80 an index is its own key, and that of 0 is 0x80. */
static size_t index_at(const struct items *l, size_t place)
{
    size_t small = l->n - 1 < 0x7f ? l->n - 1 : 0x7f;
    return place < small ? place + 1 : place == small ? 0 : place;
}

static struct key key_at(const struct items *l, size_t place)
{
    struct key k = {{0}, 0};
    size_t index = index_at(l, place), bytes = 0;
    uint8_t b[KEY_MAX];
    if (index > 0 && index < 0x80) {
        b[bytes++] = (uint8_t)index;
    } else {
        for (size_t v = index; v > 0; v >>= 8)
            bytes++;
        b[0] = (uint8_t)(0x80 + bytes);
        for (size_t i = bytes, v = index; i > 0; i--, v >>= 8)
            b[i] = (uint8_t)v;
        bytes++;
    }
    for (size_t i = 0; i < bytes; i++) {
        k.nibble[k.n++] = b[i] >> 4;
        k.nibble[k.n++] = b[i] & 15;
    }
    return k;
}

/* Nibbles from..to of a key as a path in a leaf or an extension. */
static size_t path(const struct key *k, size_t from, size_t to, bool leaf, uint8_t *out)
{
    size_t n = 0;
    unsigned flag = leaf ? 2 : 0;
    if ((to - from) % 2 == 1)
        out[n++] = (uint8_t)((flag + 1) << 4 | k->nibble[from++]);
    else
        out[n++] = (uint8_t)(flag << 4);
    for (; from < to; from += 2)
        out[n++] = (uint8_t)(k->nibble[from] << 4 | k->nibble[from + 1]);
    return n;
}

/* How to refer to the node that `write` writes. */
typedef void (*write_fn)(const void *node, struct rlp_out *o);

static bytes32 hash_of(write_fn write, const void *node)
{
    struct keccak k = {{0}, 0};
    write(node, &(struct rlp_out){.hash = &k});
    return keccak_end(&k);
}

static struct ref refer(write_fn write, const void *node)
{
    struct ref r = {{0}, 0};
    struct rlp_out size = {0}, out = {.place = r.b};
    write(node, &size);
    if (size.n < sizeof(bytes32)) {
        write(node, &out);
    } else {
        bytes32 h = hash_of(write, node);
        rlp_bytes(&out, h.b, sizeof h.b);
    }
    r.n = out.n;
    return r;
}

/* --- the kinds of nodes */

struct leaf {
    struct key key;
    size_t from;
    struct trie_item value;
};

static void write_leaf(const void *node, struct rlp_out *o)
{
    const struct leaf *l = node;
    uint8_t p[KEY_MAX + 1];
    size_t n = path(&l->key, l->from, l->key.n, true, p);
    struct rlp_out size = {0};
    rlp_bytes(&size, p, n);
    rlp_bytes(&size, l->value.p, l->value.n);
    rlp_list(o, size.n);
    rlp_bytes(o, p, n);
    rlp_bytes(o, l->value.p, l->value.n);
}

struct extension {
    struct key key;
    size_t from, to;
    struct ref below;
};

static void write_extension(const void *node, struct rlp_out *o)
{
    const struct extension *x = node;
    uint8_t p[KEY_MAX + 1];
    size_t n = path(&x->key, x->from, x->to, false, p);
    struct rlp_out size = {0};
    rlp_bytes(&size, p, n);
    rlp_list(o, size.n + x->below.n);
    rlp_bytes(o, p, n);
    rlp_raw(o, x->below.b, x->below.n);
}

struct branch {
    struct ref below[16];
};

/* No key of a list is the beginning of another, so no branch has a value. */
static void write_branch(const void *node, struct rlp_out *o)
{
    const struct branch *b = node;
    size_t payload = 1;
    for (size_t i = 0; i < 16; i++)
        payload += b->below[i].n;
    rlp_list(o, payload);
    for (size_t i = 0; i < 16; i++)
        rlp_raw(o, b->below[i].b, b->below[i].n);
    rlp_bytes(o, "", 0);
}

/* --- the trie */

union node {
    struct leaf leaf;
    struct extension extension;
    struct branch branch;
};

static write_fn build(const struct items *l, size_t first, size_t end, size_t at, union node *out);

static struct ref build_ref(const struct items *l, size_t first, size_t end, size_t at)
{
    union node node;
    write_fn write = build(l, first, end, at, &node);
    return refer(write, &node);
}

/* The node of the items at places first..end, whose keys are alike in their first `at` nibbles. It
 * calls itself at most once a nibble. */
static write_fn build(const struct items *l, size_t first, size_t end, size_t at, union node *out)
{
    struct key key = key_at(l, first), last = key_at(l, end - 1);
    size_t to = at;
    if (end - first == 1) {
        out->leaf = (struct leaf){key, at, l->item[index_at(l, first)]};
        return write_leaf;
    }
    while (key.nibble[to] == last.nibble[to])
        to++;
    if (to > at) {
        struct ref below = build_ref(l, first, end, to);
        out->extension = (struct extension){key, at, to, below};
        return write_extension;
    }
    for (size_t i = 0; i < 16; i++)
        out->branch.below[i] = (struct ref){{0x80}, 1}; /* nothing: the empty string */
    for (size_t i = first, next; i < end; i = next) {
        unsigned nibble = key_at(l, i).nibble[at];
        for (next = i + 1; next < end && key_at(l, next).nibble[at] == nibble; next++)
            continue;
        out->branch.below[nibble] = build_ref(l, i, next, at + 1);
    }
    return write_branch;
}

bytes32 trie_list_root(const struct trie_item *item, size_t n)
{
    struct items l = {item, n};
    union node node;
    if (n == 0)
        return keccak256("\x80", 1);
    write_fn write = build(&l, 0, n, 0, &node);
    return hash_of(write, &node);
}
